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
    next(_batches(path), None)

    def read() -> Iterator[Row]:
        number = 0
        for batch in _batches(path):
            for value in batch.to_pylist():
                number += 1
                yield object_row(value, Origin(file, number))

    return read


def _batches(path: File) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    with seekable(path) as stream:
        try:
            yield from parquet.ParquetFile(stream).iter_batches(_BATCH)
        except (pyarrow.ArrowException, OSError) as error:
            raise BakehouseError(
                f"{path} is no Parquet file in spite of its name, or damaged: wanted one, or a CSV or JSON file."
            ) from error
