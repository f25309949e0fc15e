"""Parquet, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from retrieval.convert.files import File, seekable
from retrieval.convert.jsons import object_rows
from retrieval.convert.rows import Rows
from retrieval.errors import BakehouseError

_BATCH = 1000


def rows(path: File, file: str) -> Rows:
    """The rows of a Parquet file.

    :raises BakehouseError: if it is none; while reading, if it is damaged further on.
    """
    return object_rows(partial(_values, path), file)


def _values(path: File) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    with seekable(path) as stream:
        try:
            for batch in parquet.ParquetFile(stream).iter_batches(_BATCH):
                yield from batch.to_pylist()
        except (pyarrow.ArrowException, OSError, ValueError) as error:  # ValueError: text that is not UTF-8
            raise BakehouseError(
                f"{path} is no Parquet file in spite of its name, or damaged: wanted one, or a CSV or JSON file."
            ) from error
