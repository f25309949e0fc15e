"""Every row of a table, or an error: for files whose rows are all needed, where a conversion would reject some."""

from __future__ import annotations

from pathlib import Path

from retrieval.convert import jsons, parquet, tables
from retrieval.convert.encoding import detect
from retrieval.convert.options import Options
from retrieval.convert.rows import Row, Rows
from retrieval.errors import BakehouseError

ENDINGS = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet")


def read_rows(path: Path, what: str) -> list[Row]:
    """The rows of a CSV, TSV, JSON, JSON Lines or Parquet file.

    :param what: What they are, for errors: ``training data``.
    :raises BakehouseError: if the file is of another format or holds no rows, or a row cannot be read.
    """
    rows = list(_reader(path, what)())
    if not rows:
        raise BakehouseError(f"{path} holds no rows: wanted {what}. Check that it was saved whole.")
    for row in rows:
        if row.problem:
            raise BakehouseError(f"{path}, {place_of(row)}: {row.problem.reason}. {row.problem.remedy}")
    return rows


def place_of(row: Row) -> str:
    """Where a row stands in its file, in words: its line, or its number where rows are no lines."""
    return f"line {row.origin.line}" if row.origin.line else f"row {row.origin.row}"


def _reader(path: Path, what: str) -> Rows:
    ending, options = path.suffix.lower(), Options()
    if ending not in ENDINGS or not path.is_file():
        raise BakehouseError(f"{path}: {what} can be read from files of {', '.join(ENDINGS)}. Save it as one of these.")
    if not path.stat().st_size:
        raise BakehouseError(f"{path} is empty: wanted {what}. Check that it was saved whole.")
    if ending == ".parquet":
        return parquet.rows(path, path.name)
    encoding = detect(path)
    if ending in (".csv", ".tsv", ".tab"):
        return tables.Table(path, encoding, tables.detect(path, encoding, options), path.name)
    return jsons.find(path, encoding, path.name).rows
