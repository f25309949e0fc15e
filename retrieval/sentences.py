"""Where sentences end, in the scripts of many languages.

A border stands behind the white space that follows a sentence. The marks are the commoner ones of the
property Sentence_Terminal of Unicode's text segmentation (UAX #29), with the exceptions that its rules leave
to the language: abbreviations, ordinals, quotations that go on. Thai and Lao have no such marks: there, the
space between two phrases is the border.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_CLOSERS = r"[\p{Pe}\p{Pf}\"'*_]*+"
_ORDINALS = {
    "de", "da", "nb", "nn", "no", "fi", "is", "et", "lv", "cs", "sk", "pl", "hu", "hr", "sr", "bs", "sl", "tr", "eu", "lb",
}  # fmt: skip
"""Languages that write a full stop after an ordinal number."""

_FAR = 40
"""Characters in which a grapheme begins, seen from its end; only hostile texts have longer ones."""

_WORD = 24
"""Characters before a full stop in which an abbreviation is looked for."""

_SPACED = ("th", "lo")
"""Languages whose sentences end in nothing but a space."""

_ABBREVIATIONS = {
    "en": "mr mrs ms dr prof st vs fig figs eq no nos vol pp cf al inc ltd co jr sr gen col lt rev hon dept est approx",
    "de": "dr prof hr fr nr bzw ca vgl abb bd st str tel evtl ggf inkl zzgl mio mrd jh geb hrsg aufl kap",
    "nl": "dr prof dhr mevr nr bijv blz ca drs ir mr",
    "fr": "m mm mme mlle dr st ste art fig vol av env cf chap éd réf",
    "es": "sr sra srta dr dra prof ud uds núm pág págs art fig vol aprox avda",
    "pt": "sr sra dr dra prof núm pág págs art fig vol av eng exmo",
    "it": "sig dott prof ing avv art fig vol pag pagg ecc cap",
    "sv": "dr prof nr ca kap",
    "da": "dr prof nr ca kap hr",
    "nb": "dr prof nr ca kap hr",
    "pl": "dr prof inż mgr ul al nr np tzn św ok rys tab",
    "cs": "dr prof ing mgr č čís např tzv obr tab sv str",
    "tr": "dr prof doç sn bkz örn yy vb no cad sok",
    "ru": "др проф им ул рис табл стр гл см ср тыс млн млрд руб акад",
    "uk": "проф ім вул рис табл стор див тис млн млрд грн акад",
    "id": "dr prof ir hal no tgl jl",
}
"""Words that a full stop follows within a sentence."""


@lru_cache(maxsize=32)
def _abbreviations(lang: str) -> frozenset[str]:
    """Those of a language; of an unknown one the English ones."""
    return frozenset(_ABBREVIATIONS.get(lang, _ABBREVIATIONS["en"]).split())


@lru_cache(maxsize=4)
def _ends(kind: str) -> Any:
    import regex

    marks = [
        rf"(?P<stop>\.){_CLOSERS}\s+",
        rf"(?P<spaced>(?<![.!?…])[.!?…]++){_CLOSERS}\s+",
        rf"[。！？｡．]+{_CLOSERS}(?!(?<=[\p{{Pe}}\p{{Pf}}])[とっ、，])\s*",
        rf"[؟۔।॥։።፧။។៕།༎᙮꓿𑅁]+{_CLOSERS}\s*",
        r"\n[^\S\n]*\n\s*|\n(?=\s*(?:[-*+•#>|]|\d+[.)])\s)",
    ]
    if kind == "el":
        marks.append(rf"[;\u037e]{_CLOSERS}\s+")
    if kind in _SPACED:
        marks.append(r"(?<=[\p{Thai}\p{Lao}]|[.!?])\s+(?=[\p{Thai}\p{Lao}])|\n\s*")
    return regex.compile("|".join(marks))


@lru_cache(maxsize=1)
def _patterns() -> tuple[Any, Any]:
    import regex

    return regex.compile(r"\X"), regex.compile(r"(?:^|(?<=[\s\p{Ps}\p{Pi}\"'*_]))(?:[\w.’-]+)$")


def is_border(text: str, place: int) -> bool:
    """Whether a text may be cut at a place: not within a grapheme (UAX #29), what readers see as one character."""
    if not 0 < place < len(text):
        return True
    start = place - 1
    while start > max(0, place - _FAR) and not text[start].isascii():  # an ASCII character begins a grapheme
        start -= 1
    ends = (match.end() for match in _patterns()[0].finditer(text, start))
    return next(end for end in ends if end >= place) == place


def borders(text: str, lang: str) -> Iterator[int]:
    """The places where sentences end, ascending; the last is the end of the text.

    :param lang: A language code; ``"und"`` where it is unknown, which costs the languages' own exceptions.
    """
    primary = lang.split("-")[0].lower()
    pattern = _ends(primary if primary == "el" or primary in _SPACED else "")
    for match in pattern.finditer(text):
        place = match.end()
        if place < len(text) and not _goes_on(text, match, primary) and is_border(text, place):
            yield place
    if text:
        yield len(text)


def _goes_on(text: str, match: Any, lang: str) -> bool:
    """Whether a mark stands before a small letter, or a full stop belongs to an abbreviation, initial or ordinal."""
    if not match["stop"]:
        return bool(match["spaced"]) and text[match.end()].islower()
    if text[match.end()].islower():
        return True
    before = text[max(0, match.start() - _WORD) : match.start()]
    found = _patterns()[1].search(before)
    word = found.group().casefold() if found else ""
    if word.isdecimal():
        begins_line = not before.rpartition("\n")[2].strip(f"{word} \t")
        return len(word) <= 2 and (lang in _ORDINALS or begins_line)
    initials = len(word) == 1 or (len(word) > 2 and all(len(part) <= 1 for part in word.split(".")))
    return (initials and word.replace(".", "").isalpha()) or word in _abbreviations(lang)
