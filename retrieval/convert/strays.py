"""Files of two encodings: lines of UTF-8 beside lines of an older one, as where files were joined.

The older one is named only where there is one way to read its lines: in every Western encoding that
gives them letters of the language that the rest of the file is in, and no others, they say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.convert.letters import LETTERS, fit
from retrieval.languages import identify

_WESTERN = ("cp1252", "cp1250", "cp1254", "cp1257", "iso8859_2")
"""What programs of Windows and the web still write."""

_SAMPLE = 1 << 16
_ESCAPED = re.compile("[\udc80-\udcff]+")
_LETTERS = re.compile("[^\x00-\x7f\udc80-\udcff]+")


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a sample that are not ASCII, read as UTF-8 with surrogate escapes.

    :param whole: Those that are UTF-8.
    :param others: Those that are not.
    """

    whole: Sequence[str]
    others: Sequence[str]

    @property
    def places(self) -> int:
        """The runs of bytes that are not UTF-8."""
        return sum(len(_ESCAPED.findall(line)) for line in self.others)

    @property
    def mixed(self) -> bool:
        """Whether it is UTF-8 with strays.

        Either most runs of letters beyond ASCII are UTF-8; or a tenth of the lines are that have two
        letters or more, which in lines of other encodings is rarer by chance.
        """
        letters = sum(len(_LETTERS.findall(line)) for line in (*self.whole, *self.others))
        surely = sum(sum(map(len, _LETTERS.findall(line))) > 1 for line in self.whole)
        return letters >= 4 * self.places or (surely >= 3 and 10 * surely >= len(self.others))

    @property
    def encoding(self) -> str:
        """The encoding of the other lines, or an empty string where that is not sure."""
        lines = "\n".join(line for line in self.others if not _LETTERS.search(line))[:_SAMPLE]
        (language,) = identify(["\n".join(self.whole)[:_SAMPLE]])
        if not lines or language not in LETTERS:
            return ""
        content = lines.encode("utf-8", "surrogateescape")
        texts = {name: text for name in _WESTERN if (text := _decoded(content, name)) and fit(text, language) == 1}
        return next(iter(texts)) if len(set(texts.values())) == 1 else ""


def parted(content: bytes, *, cut_before: bool = False, cut_after: bool = False) -> Lines:
    """The lines of a file, or of a part of it that may begin or end amid a line."""
    cut = content.split(b"\n")
    whole = cut[cut_before : len(cut) - cut_after] or cut
    lines = [line.decode("utf-8", "surrogateescape") for line in whole if not line.isascii()]
    return Lines(
        [line for line in lines if not _ESCAPED.search(line)], [each for each in lines if _ESCAPED.search(each)]
    )


def reread(text: str, name: str) -> str | None:
    """A line, or a cell, read in the encoding of those that are not UTF-8; None if it cannot be in that."""
    if text.isascii():
        return text
    return None if _LETTERS.search(text) else _decoded(text.encode("utf-8", "surrogateescape"), name)


def _decoded(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except UnicodeDecodeError:  # which is an answer here, not a fault
        return None
