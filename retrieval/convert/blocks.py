"""A table in large blocks of whole rows, found without reading the rows.

A block ends at a line end outside of quotes. Which line ends these are is only sure where each quote opens a cell,
closes one, or is doubled within one (RFC 4180, section 2); a table that has another quote is one block from there on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.convert.encoding import Encoding, open_text
from retrieval.convert.files import File

SIZE = 2 << 20
"""Bytes of a block, about."""

LONGEST = 8 << 20
"""Bytes without the end of a row from which on a table is not held in blocks: half of what a cell may have."""

_QUOTE, _LINE_FEED, _RETURN = b'"'[0], b"\n"[0], b"\r"[0]
_UTF8 = ("utf-8", "utf-8-sig")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows.

    :param content: As UTF-8; None for all of the table that is left, which is not held.
    :param line: The number of its first line in the file, counted from 1.
    :param lines: How many lines end in it.
    """

    content: bytes | None
    line: int
    lines: int = 0


def split(path: File, encoding: Encoding, delimiter: str, *, quoted: bool) -> Iterator[Block]:
    """The blocks of a table, its header in the first.

    :param quoted: Whether cells may stand in quotes, with quotes within doubled.
    """
    content, line = b"", 1
    for piece in _pieces(path, encoding):
        content += piece
        ends = _ends(content, delimiter, quoted=quoted)
        if ends is None or (not len(ends.rows) and len(content) > LONGEST):
            yield Block(None, line)
            return
        if len(ends.rows) and (line > 1 or content.strip()):
            end = int(ends.rows[-1]) + 1
            block = Block(content[:end], line, ends.lines_before(end) + _lone_returns(content[:end]))
            yield block
            line += block.lines
            content = content[end:]
    if content:
        ends = _ends(content, delimiter, quoted=quoted)
        lines = ends.lines_before(len(content)) + _lone_returns(content) if ends else 0
        yield Block(content if ends else None, line, lines)


def _pieces(path: File, encoding: Encoding) -> Iterator[bytes]:
    """The file as UTF-8, without its byte order mark."""
    if encoding.name not in _UTF8:
        with open_text(path, encoding) as text:
            while piece := text.read(SIZE):
                yield piece.encode()
        return
    with path.open("rb") as stream:
        stream.read(3 if encoding.name == "utf-8-sig" else 0)
        while content := stream.read(SIZE):
            yield content


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where line feeds stand: all, and those that end a row."""

    lines: npt.NDArray[np.intp]
    rows: npt.NDArray[np.intp]

    def lines_before(self, end: int) -> int:
        return int(np.searchsorted(self.lines, end))


def _ends(content: bytes, delimiter: str, *, quoted: bool) -> _Ends | None:
    """None if quotes do not say what ends a row."""
    letters = np.frombuffer(content, np.uint8)
    lines = np.flatnonzero(letters == _LINE_FEED)
    if not quoted or b'"' not in content:
        return _Ends(lines, lines)
    quotes = np.flatnonzero(letters == _QUOTE)
    outside = np.searchsorted(quotes, lines) % 2 == 0
    return _Ends(lines, lines[outside]) if _regular(letters, quotes, delimiter) else None


def _regular(letters: npt.NDArray[np.uint8], quotes: npt.NDArray[np.intp], delimiter: str) -> bool:
    """Whether quotes by turns open a cell and close it; a doubled one closes it and opens it again."""
    borders = np.array([_QUOTE, _LINE_FEED, _RETURN, ord(delimiter)], np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    before = letters[opening[opening > 0] - 1]
    after = letters[closing[closing < len(letters) - 1] + 1]
    return bool(np.isin(before, borders).all() and np.isin(after, borders).all())


def _lone_returns(content: bytes) -> int:
    """Line ends of old Macs."""
    return content.count(b"\r") - content.count(b"\r\n") if b"\r" in content else 0
