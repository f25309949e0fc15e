"""Which passages are trained on and which are kept out, language by language."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.lexical import document_languages
from retrieval.records import Document
from training.config import Split

LEAST_CHARACTERS = 20
"""A passage shorter than this says too little to ask about."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The passages of one language.

    :param train: Questions made from these are trained on.
    :param dev: Kept out: questions made from these judge the checkpoints. Empty if there are human judgments.
    :param pool: All documents of the language but ``dev``: where negatives come from.
    """

    lang: str
    train: list[Document]
    dev: list[Document]
    pool: list[Document]


def split_by_language(
    documents: Sequence[Document], settings: Split, *, judged: bool, languages: Sequence[str] | None = None
) -> list[Shares]:
    """Split a corpus by language, then the passages of each into train and dev by seeded draw.

    :param judged: Whether the corpus has dev judgments, so that no passage need be kept out.
    :param languages: The language of each document, if known; otherwise it is identified where it is not stated.
    """
    by_language: dict[str, list[Document]] = {}
    for document, lang in zip(documents, languages or document_languages(documents), strict=True):
        if not settings.languages or lang in settings.languages:
            by_language.setdefault(lang, []).append(document)
    return [_share(lang, of_language, settings, judged) for lang, of_language in sorted(by_language.items())]


def _share(lang: str, documents: list[Document], settings: Split, judged: bool) -> Shares:
    telling = [document for document in documents if len(document.text) >= LEAST_CHARACTERS]
    drawn = random.Random(f"{settings.seed}:{lang}").sample(telling, min(len(telling), settings.max_passages))
    kept_out = 0 if judged else min(max(1, round(len(drawn) * settings.dev_share)), len(drawn) - 1)
    dev = drawn[: max(kept_out, 0)]
    names = {document.id for document in dev}
    return Shares(lang, drawn[len(dev) :], dev, [document for document in documents if document.id not in names])
