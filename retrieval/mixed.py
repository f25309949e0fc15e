"""Which texts are in several languages.

Every long text is looked at in a few places, with the few languages that most texts are in: a small part of
what naming it costs. Where two places differ, the whole text is cut into pieces, and the pieces that seem to
be in one language are named together, as carefully as a text of their own. What is no prose (names, titles,
code, tables) has no say, and what is only quoted is too little.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from retrieval.languages import LEAD, confidences, plain
from retrieval.records import UNKNOWN

PLACE = 100
"""Characters of a place, and about those of a piece."""

EVERY = 1000
"""Characters of a text for every place; two where they fit, and ``PLACES`` at most."""
PLACES = 8

PIECES = 40
"""The most pieces of a text, evenly spread."""

SEEMS = 0.9
"""The confidence from which a place seems to be in a language."""

FAR = 1e-9
"""The confidence in the other language at which a passage is surely not in that: not Malay for Indonesian."""

LEAST = 150
"""The fewest characters of prose that make a text one of a further language; a wide character counts as three."""

SHARE = 0.15
"""The share of a text's prose that does."""

RUN = 300
"""The characters in one stretch that do, whatever their share: an abstract before a long article."""

COVERED = 0.75
"""The share that these languages must have together: one that is not known seems to be in many."""

_COMMON = (
    "ar", "bn", "cs", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ka", "ko", "nl",
    "pl", "pt", "ro", "ru", "sv", "ta", "te", "th", "tr", "vi", "zh",
)  # fmt: skip
"""Languages that are far from each other, and what the others seem to be: without Latin, which terms resemble."""

_LIKE = {"ms": "id", "nn": "nb", "da": "nb", "bs": "hr", "sr": "hr", "sk": "cs"}
"""Languages whose pieces are told apart too seldom to say that a text is in both."""

_MARKS = re.compile(r"[`$|=<>{}\[\]\\_/#*~^@+;]")
"""What code and tables are full of."""

_USUAL = 0.02
"""The share of a batch from which its other languages are looked for in places too."""


@dataclass(slots=True)
class _Part:
    """The pieces of a text that seem to be in one language."""

    pieces: list[str] = field(default_factory=list)
    size: int = 0
    run: int = 0


def languages_in(
    texts: Sequence[str], languages: Sequence[str], candidates: Iterable[str] | None = None
) -> list[tuple[str, ...]]:
    """The languages of each text that is in several; none of the others.

    :param languages: What each text was taken for.
    :param candidates: The only languages to choose from; any if None.
    :return: One tuple a text, the commonest language first.
    """
    among = _among(languages) if candidates is None else tuple(sorted(set(candidates)))
    found: list[tuple[str, ...]] = [() for _ in texts]
    rows = _seem_mixed(texts, languages, among)
    several = [_parts(pieces, seems) for pieces, seems in _seeming([_pieces(texts[row]) for row in rows], among)]
    beginnings = [" ".join(part.pieces)[:LEAD] for parts in several for part in parts]
    values = iter(confidences(beginnings, None if candidates is None else among, is_long=True))
    for row, parts in zip(rows, several, strict=True):
        found[row] = _different([dict(next(values)) for _ in parts])
    return found


def _among(languages: Sequence[str]) -> tuple[str, ...]:
    """The languages that places of a batch are looked at with."""
    usual = {code for code, count in Counter(languages).items() if count >= _USUAL * len(languages)}
    return tuple(sorted((usual | {*_COMMON}) - {UNKNOWN}))


def _seem_mixed(texts: Sequence[str], languages: Sequence[str], among: tuple[str, ...]) -> list[int]:
    """The rows whose places differ from each other, or from what the text was taken for."""
    seeming = _seeming([_places(text) for text in texts], among)
    return [
        row
        for row, (language, (_, seems)) in enumerate(zip(languages, seeming, strict=True))
        if len({_LIKE.get(language, language), *seems} - {UNKNOWN}) > 1
    ]


def _seeming(texts: Sequence[list[str]], among: tuple[str, ...]) -> Iterator[tuple[list[str], list[str]]]:
    """The pieces of each text, and what language each seems to be in."""
    every = iter(confidences([piece for pieces in texts for piece in pieces], among, True))
    for pieces in texts:
        values = [next(every) for _ in pieces]
        codes = [each[0][0] if each and each[0][1] >= SEEMS else UNKNOWN for each in values]
        yield pieces, [_LIKE.get(code, code) for code in codes]


def _places(text: str) -> list[str]:
    if len(text) < 2 * PLACE:
        return []
    count = min(PLACES, max(2, len(text) // EVERY))
    step = (len(text) - PLACE) / (count - 1)
    return [plain(text[int(place * step) : int(place * step) + PLACE]) for place in range(count)]


def _pieces(text: str) -> list[str]:
    """The prose of a text, in pieces that end with their line."""
    cut = (_cut(line) for line in plain(text).splitlines() if line.strip())
    pieces = [piece for several in cut for piece in several if _is_prose(piece)]
    every = max(1.0, len(pieces) / PIECES)
    return [pieces[int(number * every)] for number in range(int(len(pieces) / every))]


def _cut(line: str) -> list[str]:
    count = max(1, round(len(line) / PLACE))
    borders = [round(number * len(line) / count) for number in range(count + 1)]
    return [line[start:end] for start, end in pairwise(borders)]


def _is_prose(piece: str) -> bool:
    """Letters without many marks, in words of which most begin with a small one, where the script has such."""
    words = piece.split()
    letters = sum(unicodedata.category(character)[0] in "LMZ" for character in piece)
    marks = len(_MARKS.findall(piece))
    capitals = sum(word[0].isupper() for word in words)
    return letters >= 0.75 * len(piece) and marks <= 0.03 * len(piece) and capitals <= len(words) / 2


def _parts(pieces: Sequence[str], seems: Sequence[str]) -> list[_Part]:
    """The parts that make enough of a text, the largest first; none if there is only one."""
    parts: dict[str, _Part] = {}
    whole, run, before = 0, 0, ""
    for piece, code in zip(pieces, seems, strict=True):
        size = len(piece) + 2 * sum(unicodedata.east_asian_width(character) in "WF" for character in piece)
        whole += size
        if code == UNKNOWN:
            continue
        part = parts.setdefault(code, _Part())
        run, before = (run + size if code == before else size), code
        part.pieces.append(piece)
        part.size += size
        part.run = max(part.run, run)
    enough = [p for p in parts.values() if p.size >= LEAST and (p.size >= SHARE * whole or p.run >= RUN)]
    covered = sum(part.size for part in enough) >= COVERED * whole
    return sorted(enough, key=lambda part: -part.size) if covered and len(enough) > 1 else []


def _different(values: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """The languages of the parts that are surely in none of those before; none if there is only one."""
    found: list[str] = []
    for each in values:
        if all(each.get(other, 0.0) <= FAR for other in found):
            found += list(each)[:1]
    return tuple(found) if len(found) > 1 else ()
