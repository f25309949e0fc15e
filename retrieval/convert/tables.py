"""CSV, TSV and their like.

A row with more or fewer cells than the header is rejected: which cell is missing cannot be known.
So is a row with bytes that are not UTF-8 in a file that otherwise is, unless they can be read in one
way only; a row with a quote that never closes; and the header, where it comes again. Blank lines are
no rows.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TextIO, cast

from retrieval.convert.blocks import Block
from retrieval.convert.clean import clean, has_stray_bytes
from retrieval.convert.encoding import Encoding, open_text
from retrieval.convert.entries import Origin, Problem
from retrieval.convert.files import File
from retrieval.convert.names import ROLES, fit
from retrieval.convert.options import Options
from retrieval.convert.quotes import Cells, read
from retrieval.convert.rows import Row
from retrieval.convert.strays import reread
from retrieval.errors import BakehouseError

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
_SAMPLE = 1 << 18
_ONE_COLUMN = "\x1f"
STRAY_BYTES = Problem("bytes that are not UTF-8, in a file that otherwise is", "Save this row as UTF-8 too.")
HEADER_AGAIN = Problem("the header again, as where files were joined", "Nothing to do: it holds no data.")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    :param quoting: ``quoted`` (a quote within is doubled), ``escaped`` (by a backslash, or doubled) or ``raw``.
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
    first = [clean(cell) for cell in (_reread(rows[0], encoding) if encoding.other else rows[0])]
    header = is_header(first) if options.header is None else options.header
    columns = unique(first if header else [""] * len(first))
    name = DELIMITERS.get(delimiter, repr(delimiter))
    evidence = "it has one column" if delimiter == _ONE_COLUMN else f"a {name} parts its rows most evenly"
    evidence += "" if header else "; its first line is no header"
    evidence += "; quotes in it are letters" if quoting == "raw" and '"' in sample else ""
    return Dialect(delimiter, quoting, columns, header, evidence)


@dataclass(frozen=True)
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
        number, header_follows = row, self.dialect.header and block.line == 1
        with self._open(block) as stream:
            for read_row in self._read(stream):
                if header_follows and _is_header(read_row):
                    header_follows = False
                    continue
                number += 1
                yield self._row(read_row, Origin(self.file, number, read_row.line + block.line - 1))

    @cached_property
    def header(self) -> list[str]:
        """The cells of the header as they stand; none if there is no header."""
        if not self.dialect.header:
            return []
        with open_text(self.path, self.encoding) as stream:
            return next((row.cells for row in self._read(stream) if _is_header(row)), [])

    def _open(self, block: Block) -> TextIO:
        if block.content is not None:
            return io.StringIO(block.content.decode(), newline="")
        stream = open_text(self.path, self.encoding)
        for _ in islice(stream, block.line - 1):
            pass
        return stream

    def _read(self, stream: Iterator[str]) -> Iterator[Cells]:
        rows = read(stream, self.dialect.delimiter, self.dialect.quoting)
        return (row for row in rows if not _is_blank(row.cells))

    def _row(self, row: Cells, origin: Origin) -> Row:
        cells, notes = row.cells, (row.note,) if row.note else ()
        if self.encoding.other and any(map(has_stray_bytes, cells)):
            cells, notes = _reread(cells, self.encoding), (*notes, self.encoding.note)
        if problem := row.problem or _problem(cells, self.dialect, self.encoding, self.header):
            return Row(origin, raw=row.cells, problem=problem)
        values = dict(zip(self.dialect.columns, cells, strict=True))
        return Row(origin, values, values, notes=notes)


def _is_header(row: Cells) -> bool:
    return not row.problem and any(map(str.strip, row.cells))


def _reread(cells: list[str], encoding: Encoding) -> list[str]:
    """The cells in the encoding of other lines, if all of them can be in that."""
    read_anew = [reread(cell, encoding.other) for cell in cells]
    return cells if None in read_anew else cast(list[str], read_anew)


def _is_blank(cells: Sequence[str]) -> bool:
    """Whether a line holds white space only."""
    return len(cells) <= 1 and not any(map(str.strip, cells))


def _problem(
    cells: Sequence[str], dialect: Dialect, encoding: Encoding, header: Sequence[str] | None
) -> Problem | None:
    if encoding.mixed and any(map(has_stray_bytes, cells)):
        return STRAY_BYTES
    if cells == header:
        return HEADER_AGAIN
    if len(cells) == len(dialect.columns):
        return None
    return Problem(
        f"{len(cells)} cells where there are {len(dialect.columns)} columns",
        "Give the row a cell for each column, and put a cell that holds the delimiter or a line break in quotes.",
    )


def _best(sample: str, told: str, preferred: str) -> tuple[str, str, list[list[str]]]:
    """The delimiter and quoting that part the sample most evenly, and its rows."""
    best: tuple[tuple[float, ...], str, str, list[list[str]]] | None = None
    for place, delimiter in enumerate([told] if told else [preferred, *DELIMITERS]):
        for quoting in _quotings(sample, delimiter):
            parsed = _parse(sample, delimiter, quoting)
            rows = [row.cells for row in parsed if not row.problem]
            if not rows:
                continue
            width = len(rows[0])
            even = Counter(map(len, rows))[width] / _counted(sample, delimiter, parsed)
            parts = width > 1 and (even >= 0.5 or is_header(rows[0]))
            odd = sum(_is_odd(row, quoting) for row in parsed) / len(parsed)
            rank = (parts or bool(told), round(even, 2), -round(odd, 3), -place)
            if best is None or rank > best[0]:
                best = (rank, delimiter, quoting, rows)
    if best and best[0][0]:
        return best[1:]
    quoting = "quoted" if sample.startswith('"') or '\n"' in sample else "raw"
    rows = [row.cells for row in _parse(sample, _ONE_COLUMN, quoting) if not row.problem]
    return (_ONE_COLUMN, quoting, rows) if rows else (_ONE_COLUMN, "raw", [[line] for line in sample.split("\n")])


def _is_odd(row: Cells, quoting: str) -> bool:
    """Whether the quotes of a row speak against this way of quoting."""
    if quoting == "raw":
        return any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in map(str.strip, row.cells))
    return row.problem is not None or bool(row.note)


def _counted(sample: str, delimiter: str, parsed: Sequence[Cells]) -> int:
    """The rows to count. Those with an open quote do only where quoted cells are no more: there, quotes are letters."""
    broken = sum(row.problem is not None for row in parsed)
    if not broken:
        return len(parsed)
    around = re.escape(delimiter)
    quoted = len(re.findall(rf'(?:^|{around})"[^"]*"(?=\s*$|{around})', sample, re.M))
    return len(parsed) if broken >= quoted else len(parsed) - broken


def _quotings(sample: str, delimiter: str) -> list[str]:
    """The ways of quoting worth trying, best first. Tab-separated files mostly have none."""
    if '"' not in sample:
        return ["quoted"] if delimiter != "\t" else ["raw"]
    quoted = delimiter != "\t" or f'{delimiter}"' in sample or sample.startswith('"') or '\n"' in sample
    escaped = ["escaped"] if '\\"' in sample else []
    return [*escaped, "quoted", "raw"] if quoted else ["raw"]


def _parse(sample: str, delimiter: str, quoting: str) -> list[Cells]:
    lines = io.StringIO(sample, newline="")
    return [
        row for row in read(lines, delimiter, quoting, cut=len(sample) >= _SAMPLE) if any(map(str.strip, row.cells))
    ]


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
