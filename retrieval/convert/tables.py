"""CSV, TSV and their like.

A row with more or fewer cells than the header is rejected: which cell is missing cannot be known.
So is a row with bytes that are not UTF-8 in a file that otherwise is. Blank lines are no rows.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TextIO

from retrieval.convert.blocks import Block
from retrieval.convert.clean import has_stray_bytes
from retrieval.convert.encoding import Encoding, open_text
from retrieval.convert.entries import Origin, Problem
from retrieval.convert.files import File
from retrieval.convert.names import ROLES, fit
from retrieval.convert.options import Options
from retrieval.convert.rows import Row
from retrieval.errors import BakehouseError

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
_SAMPLE = 1 << 18
_ONE_COLUMN = "\x1f"
STRAY_BYTES = Problem("bytes that are not UTF-8, in a file that otherwise is", "Save this row as UTF-8 too.")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    :param quoting: ``quoted`` (a quote within is doubled), ``escaped`` (by a backslash) or ``raw``.
    :param columns: The names in the header, or made-up ones; no two the same.
    """

    delimiter: str
    quoting: str
    columns: tuple[str, ...]
    header: bool
    evidence: str


def detect(path: File, encoding: Encoding, options: Options) -> Dialect:
    """Find delimiter, quoting and header from the start of the file.

    :raises BakehouseError: if there is nothing but white space.
    """
    with open_text(path, encoding) as stream:
        sample = stream.read(_SAMPLE)
    if not sample.strip():
        raise BakehouseError(f"{path} is empty: wanted a table with a header and at least one row.")
    preferred = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    delimiter, quoting, rows = _best(sample, options.delimiter, preferred)
    first = [cell.strip() for cell in rows[0]]
    header = is_header(first) if options.header is None else options.header
    columns = unique(first if header else [""] * len(first))
    name = DELIMITERS.get(delimiter, repr(delimiter))
    evidence = "it has one column" if delimiter == _ONE_COLUMN else f"a {name} parts its rows most evenly"
    return Dialect(delimiter, quoting, columns, header, evidence + ("" if header else "; its first line is no header"))


@dataclass(frozen=True, slots=True)
class Table:
    """A table to read.

    :param file: The name to give in reports.
    """

    path: File
    encoding: Encoding
    dialect: Dialect
    file: str

    def __call__(self) -> Iterator[Row]:
        """The rows from the beginning."""
        return self.rows_in(Block(None, 1), 0)

    def rows_in(self, block: Block, row: int) -> Iterator[Row]:
        """The rows of a block.

        :param row: How many rows came before it.
        """
        with self._open(block) as stream:
            yield from self._rows(stream, row, block.line)

    def _open(self, block: Block) -> TextIO:
        if block.content is not None:
            return io.StringIO(block.content.decode(), newline="")
        stream = open_text(self.path, self.encoding)
        for _ in islice(stream, block.line - 1):
            pass
        return stream

    def _rows(self, stream: Iterator[str], number: int, line: int) -> Iterator[Row]:
        reader = _reader(stream, self.dialect.delimiter, self.dialect.quoting)
        before, header = line, self.dialect.header and line == 1
        for cells in reader:
            first_line, line = line, before + reader.line_num
            if not any(map(str.strip, cells)) and len(cells) <= 1:
                continue
            if header:
                header = False
                continue
            number += 1
            origin = Origin(self.file, number, first_line)
            problem = _problem(cells, self.dialect, self.encoding)
            if problem:
                yield Row(origin, raw=cells, problem=problem)
            else:
                values = dict(zip(self.dialect.columns, cells, strict=True))
                yield Row(origin, values, values)


def _problem(cells: Sequence[str], dialect: Dialect, encoding: Encoding) -> Problem | None:
    if encoding.mixed and any(map(has_stray_bytes, cells)):
        return STRAY_BYTES
    if len(cells) == len(dialect.columns):
        return None
    return Problem(
        f"{len(cells)} cells where there are {len(dialect.columns)} columns",
        "Give the row a cell for each column, and put a cell that holds the delimiter or a line break in quotes.",
    )


def _reader(lines: Iterator[str], delimiter: str, quoting: str) -> csv._reader:  # type: ignore[name-defined]
    csv.field_size_limit(sys.maxsize)  # the default refuses cells of over 128 KB
    if quoting == "raw":
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    if quoting == "escaped":
        return csv.reader(lines, delimiter=delimiter, doublequote=False, escapechar="\\")
    return csv.reader(lines, delimiter=delimiter)


def _best(sample: str, told: str, preferred: str) -> tuple[str, str, list[list[str]]]:
    """The delimiter and quoting that part the sample most evenly, and its rows."""
    best: tuple[tuple[float, ...], str, str, list[list[str]]] | None = None
    for place, delimiter in enumerate([told] if told else [preferred, *DELIMITERS]):
        for quoting in _quotings(sample, delimiter):
            rows = _parse(sample, delimiter, quoting)
            width = len(rows[0])
            even = Counter(map(len, rows))[width] / len(rows)
            parts = width > 1 and (even >= 0.5 or is_header(rows[0]))
            rank = (parts or bool(told), round(even, 2), -place)
            if best is None or rank > best[0]:
                best = (rank, delimiter, quoting, rows)
    assert best is not None
    if best[0][0]:
        return best[1:]
    quoting = "quoted" if sample.startswith('"') or '\n"' in sample else "raw"
    return _ONE_COLUMN, quoting, _parse(sample, _ONE_COLUMN, quoting)


def _quotings(sample: str, delimiter: str) -> list[str]:
    """The ways of quoting worth trying, best first. Tab-separated files mostly have none."""
    if '"' not in sample:
        return ["quoted"] if delimiter != "\t" else ["raw"]
    quoted = delimiter != "\t" or f'{delimiter}"' in sample or sample.startswith('"') or '\n"' in sample
    escaped = ["escaped"] if '\\"' in sample else []
    return [*escaped, "quoted", "raw"] if quoted else ["raw"]


def _parse(sample: str, delimiter: str, quoting: str) -> list[list[str]]:
    return [row for row in _reader(io.StringIO(sample, newline=""), delimiter, quoting) if any(map(str.strip, row))]


def is_header(cells: Sequence[str]) -> bool:
    """Whether a first row holds names: known ones, or short, distinct ones that are no values."""
    if any(fit(cell, role) for cell in cells for role in ROLES):
        return True
    named = [cell for cell in cells if cell]
    short = all(len(cell) <= 60 and not cell.endswith((".", "!", "?", "。")) for cell in named)
    return bool(named) and short and len(set(named)) == len(named) and not any(map(_is_value, named))


def _is_value(cell: str) -> bool:
    return re.sub(r"[-.,:/% ]", "", cell).isdigit() or "://" in cell


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names for all columns: ``column 3`` where there is none, ``text (2)`` where it stands twice."""
    unique: list[str] = []
    for place, name in enumerate(names, 1):
        wanted = name or f"column {place}"
        copies = sum(other == wanted or other.startswith(f"{wanted} (") for other in unique)
        unique.append(f"{wanted} ({copies + 1})" if copies else wanted)
    return tuple(unique)
