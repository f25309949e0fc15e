"""The rules by which the filter stage rejects questions, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retrieval.encoder import Encoder
from retrieval.languages import code_of, identify, known_codes
from retrieval.models import Model
from retrieval.records import UNKNOWN, Document, Query
from retrieval.vectors import Progress
from training.config import Filter, Generate
from training.generate import EXTRACT
from training.questions.roundtrip import Asked, Finder
from training.questions.words import Words, folded
from training.split import Shares

_AT_ONCE = 4096
"""Questions that are identified together, of all languages: each set of languages loads models of its own."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question, its split and its judgments."""

    query: Query
    split: str
    grades: dict[str, int]

    @property
    def passage(self) -> str:
        """The first passage that it is about."""
        return next(iter(self.grades))


Rejected = Iterator[tuple[Item, str]]
"""Questions that a rule rejects, each with the reason."""


def wording(items: Sequence[Item], settings: Generate) -> Rejected:
    """Empty questions, and those without a wanted word or with an unwanted one, whoever wrote them."""
    words = Words(settings.must, settings.must_not)
    for item in items:
        if not item.query.text.strip():
            yield item, "empty"
        elif words.lacking(item.query.text):
            yield item, "lacks a wanted word"
        elif words.unwanted(item.query.text):
            yield item, "holds an unwanted word"


def duplicates(items: Sequence[Item]) -> Rejected:
    """A question asked of several passages tells none apart, so all of them go; of one passage, all but the first."""
    about: dict[tuple[str, str], set[str]] = {}
    for item in items:
        about.setdefault(_same(item), set()).update(item.grades)
    seen: set[tuple[str, str]] = set()
    for item in items:
        if len(about[_same(item)]) > len(item.grades):
            yield item, "asked of several passages"
        elif _same(item) in seen:
            yield item, "asked twice"
        seen.add(_same(item))


def _same(item: Item) -> tuple[str, str]:
    """Parallel texts may ask the same in two languages: each is searched in its own."""
    return item.query.lang, " ".join(item.query.text.casefold().split())


def copies(items: Sequence[Item], documents: Mapping[str, Document]) -> Rejected:
    """Extracted questions are copies by intent: the passage is trained on without them."""
    for item in items:
        if item.query.metadata.get("by") != EXTRACT:
            text = folded(item.query.text).strip(" .,;:!?…؟。！？")
            if text and any(text in folded(documents[doc_id].full_text) for doc_id in item.grades):
                yield item, "copied from the passage"


def wrong_language(items: Sequence[Item]) -> Rejected:
    """Only those that are surely in another language: a terse question may look like several.

    Of extracted spans of the handbook this finds 21 of 1,026: names of rules, commands and losses amid a few words.
    """
    known = [item for item in items if code_of(item.query.lang) in known_codes()]
    for at in range(0, len(known), _AT_ONCE):
        several = known[at : at + _AT_ONCE]
        expected = [code_of(item.query.lang) or item.query.lang for item in several]
        found = identify([item.query.text for item in several], weights=[{code: 1.0} for code in expected])
        for item, code, named in zip(several, expected, found, strict=True):
            if named not in (UNKNOWN, code):
                yield item, "in another language"


def lost(
    items: Sequence[Item],
    settings: Filter,
    languages: Sequence[Shares],
    model: Model | None,
    progress: Progress | None = None,
) -> Rejected:
    """Questions that do not find their passage among the first ``filter.round_trip`` of their language."""
    for share in languages:
        documents = [*share.pool, *share.dev]
        position_of = {document.id: position for position, document in enumerate(documents)}
        of_language = [item for item in items if item.query.lang == share.lang]
        asked = [Asked(item.query.text, tuple(position_of[doc_id] for doc_id in item.grades)) for item in of_language]
        finder = Finder(documents, share.lang, Encoder(model) if model else None, progress)
        for item, rank in zip(of_language, finder.ranks(asked), strict=True):
            if rank > settings.round_trip:
                yield item, "does not find its passage"
