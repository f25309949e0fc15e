"""The lines of a file, split and decoded as beir reads them, and what is wrong with them as such."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrieval.beir import QRELS
from retrieval.validate.fault import Tally

LONG = 10_000_000
BACKUP = ".bak"
"""The end of the name under which --fix leaves what was there before."""
_MARK = "\ufeff"
_PIECE = 1 << 20


@dataclass(slots=True)
class Line:
    """One line without its end.

    :param text: What the line should be: None if it should not be there. Bytes that are no UTF-8 stand in it as
        Python's ``surrogateescape`` gives them.
    :param sound: Whether its content is worth a look, and then, whether it is a line at all.
    :param lone: Whether it ended with ``\\r`` alone.
    :param end: What it should end with.
    """

    number: int
    text: str | None
    sound: bool = True
    lone: bool = False
    end: str = "\n"


def source_of(folder: Path, file: str) -> Path | None:
    """Where a file is read from: itself or, where only that is there, its ``.gz``."""
    packed = folder / f"{file}.gz"
    return next((path for path in (folder / file, packed) if path.is_file()), None)


def read_lines(source: Path, file: str, tally: Tally) -> Iterator[Line]:
    """Each line of a file, blank ones too, with ``\\n``, ``\\r\\n`` and ``\\r`` as ends.

    Memory: one line. Faults of encoding and of lines as such go to the tally.
    """
    if source.suffix == ".gz":
        message = f"it is there as {source.name} only, which beir does not read: unpack it."
        tally.note("compressed", file, 0, message, fixable=True)
    with _open(source) as stream:
        begun = False
        for number, raw in enumerate(stream, 1):
            line = _line(raw, number, file, begun, tally)
            begun = begun or line.text is not None
            yield line


def breaks_off(source: Path) -> str:
    """Why a ``.gz`` cannot be read to its end; empty if it can, and for other files."""
    if source.suffix != ".gz":
        return ""
    try:
        with gzip.open(source, "rb") as stream:
            while stream.read(_PIECE):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        return str(error)
    return ""


def _open(source: Path) -> io.TextIOWrapper:
    binary = gzip.open(source, "rb") if source.suffix == ".gz" else source.open("rb")  # noqa: SIM115 - the wrapper closes it
    return io.TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="")


def _line(raw: str, number: int, file: str, begun: bool, tally: Tally) -> Line:
    text, lone = raw.rstrip("\r\n"), raw.endswith("\r")
    if raw.endswith("\r\n"):
        tally.note("line-ending", file, number, "the line ends with \\r\\n: wanted \\n.", fixable=True)
    is_judgment = file.startswith(QRELS)
    if text.startswith(_MARK) and not (is_judgment and begun):  # an id may begin with one
        text = text.lstrip(_MARK)
        message = "the line begins with a byte order mark: wanted UTF-8 without one."
        tally.note("qrels-mark" if is_judgment else "byte-order-mark", file, number, message, fixable=True)
    if not text.strip():
        tally.note("blank-line", file, number, "the line is blank: wanted none such.", fixable=True)
        return Line(number, None, sound=False, lone=lone)
    if len(text) > LONG:
        message = f"the line has {len(text):,} characters: wanted {LONG:,} at most. Cut the text into passages."
        tally.note("long-line", file, number, message)
    return Line(number, text, _is_utf8(text, file, number, tally), lone)


def settle_end(line: Line, file: str, tally: Tally) -> None:
    """Say what a line should end with, once it is known whether it is one.

    beir takes a ``\\r`` alone for an end. Where what stands before it is no line, it may stand within a text that
    another reader keeps whole, so it stays.
    """
    if line.lone:
        mended = line.sound or line.text is None
        line.end = "\n" if mended else "\r"
        message = "the line ends with \\r: wanted \\n, or \\r escaped where it belongs to a text."
        tally.note("line-ending", file, line.number, message, fixable=mended)


def _is_utf8(text: str, file: str, number: int, tally: Tally) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        byte = len(text[: error.start].encode()) + 1
        remedy = "convert the folder with `python -m retrieval convert`, which finds its encoding."
        tally.note("utf-8", file, number, f"byte {byte} of the line is not UTF-8: {remedy}")
        return False
    return True
