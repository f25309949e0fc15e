"""A long text becomes spans that a model can read whole: cut between sentences where that is possible.

A sentence that is longer than a passage may be is cut between lines, a line between words, a word between
graphemes, and none of these between its characters. Spans lie end to end, or overlap by whole sentences;
nothing of the text is lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from retrieval.lengths import Ruler
from retrieval.sentences import borders, is_border
from retrieval.tokens import UNSPACED

_BATCH = 500
"""Sentences that are counted at a time."""

_SLAB = 20_000
"""Characters of a single sentence that are looked at together, so that memory does not grow with it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text: positions of characters, the second one exclusive."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The stretch, without the white space around it."""
        return text[self.start : self.end].strip()


@dataclass(frozen=True, slots=True)
class _Unit:
    """A stretch that is not cut any further, and its tokens."""

    span: Span
    tokens: int


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts texts for one model.

    :param budget: The most tokens of a passage; title, prompt and special tokens included.
    :param overlap: The most tokens that a passage repeats of the one before it, in whole sentences.
    """

    ruler: Ruler
    budget: int
    overlap: int = 0

    def cut(self, text: str, lang: str, title: str = "") -> list[Span]:
        """The passages of a text in their order; a single one where it fits.

        None is longer than the budget, unless a single grapheme is.

        :param title: What stands before every passage.
        """
        whole = Span(0, len(text))
        room = max(1, self.budget - self.ruler.whole([title])[0])
        found: list[Span] = []
        for spans in _batches(_pack(self._units(text, whole, lang, room), room, self.overlap)):
            for span, over in zip(spans, self._over(text, spans, title), strict=True):
                if over > 0:
                    fresh = Span(max(span.start, found[-1].end if found else 0), span.end)
                    found += self._smaller(text, fresh, lang, title, room, over)
                else:
                    found.append(span)
        return found

    def short_title(self, title: str, lang: str) -> str:
        """The title, or as much of it as leaves passages half of the budget."""
        room = (self.budget - self.ruler.whole([""])[0]) // 2
        if self.ruler.parts([title])[0] <= room:
            return title
        first = next(_pack(self._units(title, Span(0, len(title)), lang, max(1, room - 1)), max(1, room - 1), 0))
        return first.of(title) + "…"

    def _over(self, text: str, spans: list[Span], title: str) -> list[int]:
        """By how many tokens each span is longer than the budget when the model reads it."""
        return [
            length - self.budget for length in self.ruler.whole([f"{title} {span.of(text)}".strip() for span in spans])
        ]

    def _smaller(self, text: str, span: Span, lang: str, title: str, room: int, over: int) -> Iterator[Span]:
        """A span whose tokens are more together than one by one, cut again with as much less room."""
        room -= over
        if room < 1:
            yield span
            return
        spans = list(_pack(self._units(text, span, lang, room), room, 0))
        for inner, still in zip(spans, self._over(text, spans, title), strict=True):
            if still > 0:
                yield from self._smaller(text, inner, lang, title, room, still)
            else:
                yield inner

    def _units(self, text: str, within: Span, lang: str, room: int) -> Iterator[_Unit]:
        """Sentences, and the parts of those that are longer than the room."""
        for sentences in _batches(_sentences(text, within, lang)):
            short = [span for span in sentences if span.end - span.start <= _SLAB]
            tokens = dict(zip(short, self.ruler.parts([span.of(text) for span in short]), strict=True))
            for span in sentences:
                if tokens.get(span, room + 1) <= room:
                    yield _Unit(span, tokens[span])
                else:
                    yield from self._parts(text, span, room)

    def _parts(self, text: str, sentence: Span, room: int) -> Iterator[_Unit]:
        for slab in _slabs(text, sentence):
            starts = self.ruler.starts(text[slab.start : slab.end])
            yield from _descend(text, slab, [slab.start + start for start in starts], room, 0)


def _descend(text: str, span: Span, starts: list[int], room: int, level: int) -> Iterator[_Unit]:
    """Lines, of too long ones the words, of too long ones the graphemes."""
    patterns = _levels()
    for part in _matches(patterns[level], text, span):
        tokens = bisect_left(starts, part.end) - bisect_left(starts, part.start)
        if tokens <= room or level == len(patterns) - 1:
            yield _Unit(part, tokens)
        else:
            yield from _descend(text, part, starts, room, level + 1)


@lru_cache(maxsize=1)
def _levels() -> tuple[Any, ...]:
    import regex

    unspaced = rf"(?!\p{{Hangul}})[{UNSPACED}]"  # Korean has spaces between words
    words = rf"(?:{unspaced}[\p{{M}}\p{{P}}]*|(?:(?!{unspaced})\S)+)\s*|\s+"
    patterns = (r"[^\n]*(?:\n\s*|$)", words, r"\X(?:(?=\s)\X)*")
    return tuple(map(regex.compile, patterns))


def _matches(pattern: Any, text: str, span: Span) -> Iterator[Span]:
    """The matches one after the other; those that end within a grapheme together with the next."""
    start = span.start
    for match in pattern.finditer(text, span.start, span.end):
        if match.end() > start and (match.end() == span.end or is_border(text, match.end())):
            yield Span(start, match.end())
            start = match.end()


def _sentences(text: str, within: Span, lang: str) -> Iterator[Span]:
    start = within.start
    for end in borders(text[within.start : within.end], lang):
        yield Span(start, within.start + end)
        start = within.start + end


def _slabs(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    while start < span.end:
        end = min(start + _SLAB, span.end)
        while end < span.end and not is_border(text, end):
            end += 1
        yield Span(start, end)
        start = end


def _pack(units: Iterable[_Unit], room: int, overlap: int) -> Iterator[Span]:
    """As many units a span as fit; the last ones of it stand again in the next, where they fit into ``overlap``."""
    held: list[_Unit] = []
    total = 0
    for unit in units:
        if held and total + unit.tokens > room:
            yield Span(held[0].span.start, held[-1].span.end)
            held, total = _last(held, min(overlap, room - unit.tokens)) if overlap else ([], 0)
        held.append(unit)
        total += unit.tokens
    if held:
        yield Span(held[0].span.start, held[-1].span.end)


def _last(units: list[_Unit], room: int) -> tuple[list[_Unit], int]:
    """The last units that fit, and their tokens."""
    total, first = 0, len(units)
    while first and total + units[first - 1].tokens <= room:
        first -= 1
        total += units[first].tokens
    return units[first:], total


def _batches(spans: Iterable[Span]) -> Iterator[list[Span]]:
    several = iter(spans)
    while batch := list(islice(several, _BATCH)):
        yield batch
