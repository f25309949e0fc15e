"""Which passages are trained on and which are kept out, language by language."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from retrieval.artifact import read_manifest
from retrieval.beir import Corpus, splits
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
    :param pool: All documents of the language but ``dev`` and those held out: where negatives come from.
    :param held_out: Ids of the documents that :func:`held_out` names.
    """

    lang: str
    train: list[Document]
    dev: list[Document]
    pool: list[Document]
    held_out: tuple[str, ...] = ()


def held_out(corpus: Corpus, settings: Split) -> frozenset[str]:
    """Ids of the documents that a division by document gave to dev or test, and of the other passages of these.

    Neither questions are made from them, nor negatives taken, nor their texts learnt: what chooses a checkpoint and
    what judges it was not trained on. None where judgments came in splits of their own, which are used as they are.
    """
    manifest = read_manifest(corpus.folder) or {}
    if not settings.held_out or not isinstance(manifest.get("splits"), dict):
        return frozenset()
    qrels = [corpus.qrels(split) for split in splits(corpus.folder) if split != "train"]
    judged = {document for of_split in qrels for grades in of_split.values() for document in grades}
    parents = {document.parent for document in corpus.documents if document.id in judged}
    return frozenset(document.id for document in corpus.documents if document.parent in parents)


def trained_on(corpus: Corpus, settings: Split) -> dict[str, Document]:
    """The documents that are not held out, by id."""
    out = held_out(corpus, settings)
    return {document.id: document for document in corpus.documents if document.id not in out}


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
        out=held_out(corpus, recipe.split),
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
    out: Collection[str] = (),
) -> list[Shares]:
    """Split a corpus by language, then the passages of each into train and dev by seeded draw.

    :param judged: Whether the corpus has dev judgments, so that no passage need be kept out.
    :param languages: The language of each document, if known; otherwise it is identified where it is not stated.
    :param asked: Ids of the only passages to draw from; if None, all that are long enough.
    :param total: About how many passages all languages together may give, if that is limited.
    :param out: Ids of documents that nothing is taken from.
    """
    by_language: dict[str, list[Document]] = {}
    left_out: dict[str, list[str]] = {}
    for document, lang in zip(documents, languages or document_languages(documents), strict=True):
        if settings.languages and lang not in settings.languages:
            continue
        if document.id in out:
            left_out.setdefault(lang, []).append(document.id)
        else:
            by_language.setdefault(lang, []).append(document)
    telling = {lang: _telling(of_language, asked) for lang, of_language in by_language.items()}
    available = {lang: len(passages) for lang, passages in telling.items()}
    counts = balanced(available, settings.balance, settings.max_passages, total)
    shares = {
        lang: _share(lang, by_language[lang], telling[lang], counts[lang], settings, judged) for lang in by_language
    }
    return [replace(shares[lang], held_out=tuple(left_out.get(lang, ()))) for lang in sorted(shares)]


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
    out = sum(len(share.held_out) for share in shares)
    kept = f"; {out:,} documents are left out, for dev and test judge them or other passages of theirs" if out else ""
    return f"passages to ask about: {sizes} ({settings.balance}: {rule}){kept}"
