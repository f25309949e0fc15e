"""Parquet, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from retrieval.convert.entries import Origin
from retrieval.convert.jsons import object_row
from retrieval.convert.rows import Row, Rows
from retrieval.errors import BakehouseError

_BATCH = 1000


def rows(path: Path, file: str) -> Rows:
    """The rows of a Parquet file.

    :raises BakehouseError: if it is none.
    """
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise BakehouseError(
            f"{path} is no Parquet file in spite of its name: wanted one, or a CSV or JSON file."
        ) from error

    def read() -> Iterator[Row]:
        number = 0
        for batch in table.iter_batches(_BATCH):
            for value in batch.to_pylist():
                number += 1
                yield object_row(value, Origin(file, number))

    return read
