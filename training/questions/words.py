"""Words that a question must or must not contain, in any script.

Case and accents do not count, nor does the way a character is encoded. A word matches whole words where
the script puts spaces between them, and anywhere where it does not (Chinese, Japanese, Thai, …, and Korean,
whose particles cling to the noun).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Hangul}々ー"
_ACCENTED = r"\p{Latin}\p{Greek}\p{Cyrillic}\p{Hebrew}\p{Arabic}"
"""Scripts whose marks are accents or optional vowels; in others, as Devanagari, they tell words apart."""
_SHORT_I = "\N{COMBINING BREVE}"
"""Cyrillic й is a letter of its own, no accented и."""


@lru_cache(maxsize=1)
def _marks() -> Any:
    import regex

    return regex.compile(rf"(?<=[{_ACCENTED}]\p{{M}}*)(?!(?<=[иИ]){_SHORT_I})\p{{M}}|\N{{ARABIC TATWEEL}}")


def folded(text: str) -> str:
    """The text without case, accents and differences of encoding, its white space made single.

    >>> folded("Crème  BRÛLÉE, Straße"), folded("Мой ёж"), folded("がか")
    ('creme brulee, strasse', 'мой еж', 'がか')
    """
    bare = _marks().sub("", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFKD", bare)).split())


@lru_cache(maxsize=256)
def _pattern(word: str) -> Any:
    """The word with its boundaries; at an edge of an unspaced script there is none to find."""
    import regex

    letter = rf"[\w--[{_UNSPACED}]]"
    spaced = regex.compile(rf"(?V1){letter}")
    before = rf"(?<!{letter})" if spaced.match(word[0]) else ""
    after = rf"(?!{letter})" if spaced.match(word[-1]) else ""
    return regex.compile(rf"(?V1){before}{regex.escape(word)}{after}")


def contains(text: str, word: str) -> bool:
    """Whether a word, or several in a row, stands in a text.

    >>> contains("Wie viel SALZ?", "salz"), contains("salty", "salt"), contains("面包要烤多久", "烤")
    (True, False, True)
    """
    wanted = folded(word)
    return bool(wanted) and bool(_pattern(wanted).search(folded(text)))


@dataclass(frozen=True, slots=True)
class Words:
    """What controlled generation asks for: one of ``must``, none of ``must_not``."""

    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()

    def lacking(self, text: str) -> bool:
        """Whether none of the wanted words stands in the text."""
        return bool(self.must) and not any(contains(text, word) for word in self.must)

    def unwanted(self, text: str) -> bool:
        """Whether one of the unwanted words stands in the text."""
        return any(contains(text, word) for word in self.must_not)

    def allow(self, text: str) -> bool:
        """Whether the text is as it was asked for."""
        return not self.lacking(text) and not self.unwanted(text)

    def allowed(self, texts: Iterable[str]) -> list[str]:
        """Those of the texts that are as asked for, in order."""
        return [text for text in texts if self.allow(text)]
