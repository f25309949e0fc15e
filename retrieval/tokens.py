"""Words for lexical search, in every language of a corpus.

Words are folded and stemmed by Snowball where it knows the language. Scripts that put no spaces
between words (Chinese, Japanese, Thai, …), and Korean, whose particles cling to the noun, become
overlapping pairs of characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

VERSION = 1
"""Part of each lexical index's key: raise it when the tokens of any text change."""

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "nb": "norwegian",
    "nn": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Hangul}々ー"
_VOWEL_SIGNS = r"[\u0591-\u05C7\u0610-\u061A\u064B-\u065F\u0670\u0640]"
"""Hebrew points, Arabic vowel signs and the stretching tatweel: written or not, the word is the same."""


@lru_cache(maxsize=1)
def _patterns() -> tuple[Any, Any]:
    import regex

    # \w of `regex`, unlike that of `re`, includes the vowel signs of Indic and Thai scripts
    word = regex.compile(rf"(?P<run>[{UNSPACED}][{UNSPACED}\p{{M}}]*)|(?:(?![{UNSPACED}])\w)+")
    return word, regex.compile(_VOWEL_SIGNS)


@lru_cache(maxsize=64)
def stemmer(lang: str) -> Callable[[list[str]], list[str]]:
    """The Snowball stemmer of a language code, or a function that changes nothing."""
    import Stemmer

    algorithm = _STEMMERS.get(lang.split("-")[0].lower())
    if algorithm is None or algorithm not in Stemmer.algorithms():
        return lambda words: words
    stem: Callable[[list[str]], list[str]] = Stemmer.Stemmer(algorithm).stemWords
    return stem


def tokens(text: str, lang: str) -> list[str]:
    """The index terms of a text: its stemmed words, then its pairs of characters.

    >>> tokens("Running dogs", "en"), tokens("東京都", "ja")
    (['run', 'dog'], ['東京', '京都'])
    """
    word, vowel_signs = _patterns()
    folded = vowel_signs.sub("", unicodedata.normalize("NFKC", text)).casefold()
    words: list[str] = []
    pairs: list[str] = []
    for match in word.finditer(folded):
        if run := match.group("run"):
            pairs += [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            words.append(match.group())
    return stemmer(lang)(words) + pairs
