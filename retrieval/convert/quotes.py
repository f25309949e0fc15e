"""From the lines of a table to its rows of cells, with an eye on quotes that do not match.

A quote that opens a cell and is closed by nothing would take all that follows into that cell. It is
noticed by what comes after the next quote, which is neither a delimiter nor a line end, or by there
being no next one. Then the line it stands in is given up, and the lines after it are read anew. A
quote that happens to match one further on, as ``"a`` and ``b"`` in cells of two rows, cannot be told
from a cell of several lines.

Where the fault lies within one line, it is mended if there is one way to: quotes amid the letters
of a quoted cell are letters, though they are not doubled.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from retrieval.convert.entries import Problem

CELL = 1 << 24
"""Characters that a cell of several lines may have; a longer one counts as a quote that never closes."""

BYTE_ORDER_MARK = "\ufeff"
NOT_DOUBLED = "has quotes within quotes that are not doubled, which were read as letters"
AFTER_QUOTE = "has letters after a closing quote, which were added to the cell"
OPEN = Problem(
    "a quote opens a cell here, and none closes it",
    "Close it, or double it if it belongs to the text. The rows that follow are read without it.",
)
_END = "\x1e"
"""A line after the last: it comes as a row of its own only where no quote is open."""


@dataclass(slots=True)
class Cells:
    """The cells of a row; none for a blank line.

    :param line: The first of its lines, counted from 1.
    :param problem: Why it could not be read; then ``cells`` holds that line alone, as it stands.
    :param note: What had to be mended.
    """

    line: int
    cells: list[str]
    problem: Problem | None = None
    note: str = ""


def read(stream: Iterator[str], delimiter: str, quoting: str, *, cut: bool = False) -> Iterator[Cells]:
    """The rows of a table.

    :param stream: Its lines, with their ends.
    :param quoting: ``quoted`` (a quote within is doubled), ``escaped`` (by a backslash, or doubled) or ``raw``.
    :param cut: Whether the lines may end amid a row, which then is none.
    """
    lines = _Lines(stream)
    reader = _reader(lines, delimiter, quoting)
    while True:
        try:
            cells = next(reader)
            broken = lines.ended and cells != [_END]
        except (csv.Error, _TooLongError):
            broken = True
        if lines.ended and (not broken or cut):
            return
        if broken:
            yield _mended(lines.give_up(), delimiter, quoting)
        else:
            yield Cells(lines.next_row(), cells)


class _TooLongError(Exception):
    """More lines in quotes than a cell has."""


class _Lines(Iterator[str]):
    """Lines that can be read again, without the byte order marks that stand where files were joined."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._size = 0
        self._number = 1
        self.ended = False

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines, "")
        if not line:
            if self.ended:
                raise StopIteration
            self.ended = True
            return _END
        if self._row:
            self._size += len(line)
        elif line[0] == BYTE_ORDER_MARK:
            line = line[1:]
        self._row.append(line)
        if self._size > CELL:
            raise _TooLongError
        return line

    def next_row(self) -> int:
        """Begin a row. Returns the number of the last one's first line."""
        first = self._number
        self._number += len(self._row)
        self._row.clear()
        self._size = 0
        return first

    def give_up(self) -> Cells:
        """The first line of a row that cannot be one; the others are read again."""
        first, *others = self._row
        self._again.extendleft(reversed(others))
        self._row = [first]
        self.ended = False
        return Cells(self.next_row(), [first.rstrip("\r\n")], OPEN)


def _reader(lines: Iterator[str], delimiter: str, quoting: str, *, strict: bool = True) -> Iterator[list[str]]:
    csv.field_size_limit(sys.maxsize)  # the default refuses cells of over 128 KB
    if quoting == "raw":
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=delimiter, escapechar="\\" if quoting == "escaped" else None, strict=strict)


def _mended(broken: Cells, delimiter: str, quoting: str) -> Cells:
    """The row of a single line, if all quotes that it opens close in it."""
    (line,) = broken.cells
    around = f'[^{re.escape(delimiter)}"]'
    doubled = re.sub(rf'(?<={around})"(?={around})', '""' if quoting == "quoted" else r'\\"', line)
    for text, strict, note in ((doubled, True, NOT_DOUBLED), (line, False, AFTER_QUOTE)):
        with suppress(csv.Error):
            rows = list(_reader(iter([text, _END]), delimiter, quoting, strict=strict))
            if len(rows) == 2:
                return Cells(broken.line, rows[0], note=note)
    return broken
