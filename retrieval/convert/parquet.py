"""Parquet, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retrieval.convert.entries import Origin
from retrieval.convert.files import File, seekable
from retrieval.convert.jsons import object_row
from retrieval.convert.rows import Row, Rows
from retrieval.errors import BakehouseError

_BATCH = 1000


def rows(path: File, file: str) -> Rows:
    """The rows of a Parquet file.

    :raises BakehouseError: if it is none; while reading, if it is damaged further on.
    """
    next(_values(path), None)

    def read() -> Iterator[Row]:
        for number, value in enumerate(_values(path), 1):
            yield object_row(value, Origin(file, number))

    return read


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
