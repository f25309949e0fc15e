"""How alike two texts are: the share of their shingles that both have.

A shingle is three words in a row; of scripts without spaces between words (Chinese, Japanese, Thai, …) three
characters. Case, punctuation and white space do not count. The similarity is that of Jaccard: shingles that both
texts have, of those that at least one has. Source: Broder, "On the resemblance and containment of documents" (1997).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from retrieval.tokens import UNSPACED

SIZE = 3
"""Words in a shingle."""

Shingles = frozenset[tuple[str, ...]]

_WITHIN, _ALONE = 1, 2
_DIGITS = re.compile(r"\d+")
_ROMAN = {
    f"{tens}{ones}"
    for tens in ("", "x", "xx")
    for ones in ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"]
}
_NUMERALS = frozenset(_ROMAN.union("〇零一二三四五六七八九十百千万亿億"))


@dataclass(frozen=True, slots=True)
class Words:
    """Where words stand in a text.

    :param starts: Positions of characters, int64.
    :param ends: Those after the last character of each word.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


def folded(text: str) -> str:
    """A text as it is compared: one form of each character, and of each letter."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def codes_of(text: str) -> npt.NDArray[np.uint32]:
    """The characters of a text as numbers."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def find_words(codes: npt.NDArray[np.uint32]) -> Words:
    """The words in the characters of a folded text; where no spaces part them, each character is one."""
    kinds = _kinds()[codes]
    alone, within = kinds == _ALONE, kinds == _WITHIN
    starts, ends = within.copy(), within.copy()
    starts[1:] &= ~within[:-1]
    ends[:-1] &= ~within[1:]
    return Words(np.flatnonzero(starts | alone), np.flatnonzero(ends | alone) + 1)


def words_of(text: str) -> list[str]:
    """The words of a folded text.

    >>> words_of("bread, made in 東京")
    ['bread', 'made', 'in', '東', '京']
    """
    found = find_words(codes_of(text))
    return [text[start:end] for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]


def shingles_of(words: list[str]) -> Shingles:
    """What stands in a text three in a row."""
    return frozenset(zip(*(words[first:] for first in range(SIZE)), strict=False))


def numbers_of(words: list[str]) -> list[str]:
    """The numbers among the words of a text: in digits, then Roman and Chinese ones, each in their order.

    >>> numbers_of(words_of("invoice 17b of 2021-05, part iii, 第四章"))
    ['17', '2021', '05', 'iii', '四']
    """
    return _DIGITS.findall(" ".join(words)) + [word for word in words if word in _NUMERALS]


def similarity(one: Shingles, other: Shingles) -> float:
    """Jaccard's, between 0 and 1; 0 where both are empty."""
    both = len(one & other)
    return both / max(1, len(one) + len(other) - both)


@lru_cache(maxsize=1)
def _kinds() -> npt.NDArray[np.uint8]:
    """Of each character, whether it is part of a word, or one alone. Planes 4 and higher hold no letters."""
    import regex

    every = "".join(map(chr, range(0x40000)))
    kinds = np.zeros(0x110000, np.uint8)
    for pattern, kind in ((r"\w+", _WITHIN), (rf"[[{UNSPACED}]--\p{{Hangul}}]+", _ALONE)):  # Korean has spaces
        for run in regex.finditer(pattern, every, regex.V1):
            kinds[run.start() : run.end()] = kind
    return kinds
