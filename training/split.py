"""Which passages are trained on and which are kept out, language by language."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from retrieval.beir import Corpus
from retrieval.lexical import document_languages
from retrieval.records import Document
from training.amounts import balanced, passages_at_most, questions_each
from training.config import Generate, Recipe, Split

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


def shares_of(corpus: Corpus, recipe: Recipe, *, judged: bool, languages: Sequence[str] | None = None) -> list[Shares]:
    """Split a corpus as a recipe wants it; languages without a passage to train on are left out.

    Where the person brings the questions, only passages that these ask about are drawn.

    :param judged: See :func:`split_by_language`, also for ``languages``.
    :raises BakehouseError: if the questions that are brought do not belong to this corpus.
    """
    asked = None
    if recipe.generate.generator == "bring":
        from training.generators.bring import brought

        asked = brought(recipe.generate.source, dict.fromkeys(document.id for document in corpus.documents)).passages
    shares = split_by_language(
        corpus.documents,
        recipe.split,
        judged=judged,
        languages=languages,
        asked=asked,
        total=passages_at_most(recipe.generate.queries_per_passage),
    )
    return [share for share in shares if share.train]


def questions_a_passage(settings: Generate, shares: Sequence[Shares]) -> int:
    """How many questions each passage is asked for; see :func:`~training.amounts.questions_each`."""
    return questions_each(settings.queries_per_passage, sum(len(share.train) + len(share.dev) for share in shares))


def split_by_language(
    documents: Sequence[Document],
    settings: Split,
    *,
    judged: bool,
    languages: Sequence[str] | None = None,
    asked: Collection[str] | None = None,
    total: int | None = None,
) -> list[Shares]:
    """Split a corpus by language, then the passages of each into train and dev by seeded draw.

    :param judged: Whether the corpus has dev judgments, so that no passage need be kept out.
    :param languages: The language of each document, if known; otherwise it is identified where it is not stated.
    :param asked: Ids of the only passages to draw from; if None, all that are long enough.
    :param total: About how many passages all languages together may give, if that is limited.
    """
    by_language: dict[str, list[Document]] = {}
    for document, lang in zip(documents, languages or document_languages(documents), strict=True):
        if not settings.languages or lang in settings.languages:
            by_language.setdefault(lang, []).append(document)
    telling = {lang: _telling(of_language, asked) for lang, of_language in by_language.items()}
    available = {lang: len(passages) for lang, passages in telling.items()}
    counts = balanced(available, settings.balance, settings.max_passages, total)
    return [
        _share(lang, by_language[lang], telling[lang], counts[lang], settings, judged) for lang in sorted(by_language)
    ]


def _telling(documents: list[Document], asked: Collection[str] | None) -> list[Document]:
    if asked is not None:
        return [document for document in documents if document.id in asked]
    return [document for document in documents if len(document.text) >= LEAST_CHARACTERS]


def _share(
    lang: str, documents: list[Document], telling: list[Document], count: int, settings: Split, judged: bool
) -> Shares:
    drawn = random.Random(f"{settings.seed}:{lang}").sample(telling, count)
    kept_out = 0 if judged else min(max(1, round(len(drawn) * settings.dev_share)), len(drawn) - 1)
    dev = drawn[: max(kept_out, 0)]
    names = {document.id for document in dev}
    return Shares(lang, drawn[len(dev) :], dev, [document for document in documents if document.id not in names])


def told(shares: Sequence[Shares], settings: Split) -> str:
    """The balance in a sentence, for the event and the manifest."""
    sizes = ", ".join(f"{share.lang} {len(share.train)}" for share in shares)
    smallest = min(shares, key=lambda share: len(share.train)).lang
    rule = {
        "natural": f"as many as each language has, {settings.max_passages} at most",
        "root": f"by the square root of what each language has, measured by {smallest}, the smallest",
        "equal": f"the same of each language, measured by {smallest}, the smallest",
    }[settings.balance]
    return f"passages to ask about: {sizes} ({settings.balance}: {rule})"
