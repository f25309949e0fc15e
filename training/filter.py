"""The stage that sorts the questions: what is kept is trained on, what is rejected can be read with its reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.artifact import hash_files, write_atomic
from retrieval.beir import QRELS, QUERIES, read_qrels, read_queries, splits
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.records import Document, Query
from training import artefacts
from training.config import Recipe
from training.generate import Questions
from training.generators.bring import DEV, TRAIN
from training.journal import Journal
from training.questions import rules
from training.questions.rules import Item, Rejected
from training.split import Shares

NAME = "filter"
REJECTED = "rejected.jsonl"
BM25 = "bm25"


def run(
    run_path: Path,
    recipe: Recipe,
    generated: Path,
    documents: Mapping[str, Document],
    languages: Sequence[Shares],
    journal: Journal,
) -> Path:
    """Write what is kept as ``queries.jsonl`` and ``qrels/``, and ``rejected.jsonl`` beside it.

    Rows of the latter are ``{"query", "text", "passage", "lang", "reason"}``.

    :param generated: The folder of the generate stage. Its content counts beside its key: a person may edit it.
    :param documents: By id.
    :returns: The stage's folder, complete.
    :raises BakehouseError: if nothing is left to train on, or to judge by.
    """
    model = _retriever(recipe)
    made_of = {
        "generate": generated.name,
        "questions": content_of(generated),
        "filter": recipe.filter.model_dump(mode="json", exclude={"retriever"}),
        "must": recipe.generate.must,
        "must_not": recipe.generate.must_not,
        "retriever": model.fingerprint if model else "",
    }
    artefact = artefacts.begin(run_path, NAME, made_of, journal)
    if artefact.complete:
        return artefact.folder
    items = _placed(list(read_items(generated)), languages, generated)
    rejected = _rejected(items, recipe, documents, languages, model, journal)
    kept = Questions()
    for item in items:
        if item.query.id not in rejected:
            kept.add(item.query, item.split, item.grades)
    _check(items, kept, rejected, generated)
    with artefact.building() as partial:
        lines = [_line(item, rejected[item.query.id]) for item in items if item.query.id in rejected]
        write_atomic(partial / REJECTED, "".join(lines))
        counts = kept.write(partial)
        by_language = _counts(items, rejected)
        artefact.describe(partial, {**counts, "rejected": len(rejected), "by_language": by_language})
    journal.event(_told(len(items), rejected, by_language), stage=NAME)
    return artefact.folder


def content_of(folder: Path) -> str:
    """A hash of the questions and judgments of a folder, whoever wrote them."""
    return hash_files([folder / QUERIES, *sorted((folder / QRELS).glob("*.tsv"))])


def read_items(folder: Path) -> Iterator[Item]:
    """The questions of a folder that are judged, in file order.

    :raises BakehouseError: if a question is judged and not there.
    """
    judged = {split: read_qrels(folder, split) for split in splits(folder)}
    left = {query_id for qrels in judged.values() for query_id in qrels}
    for query in read_queries(folder):
        for split, qrels in judged.items():
            if query.id in qrels:
                yield Item(query, split, qrels[query.id])
        left.discard(query.id)
    if left:
        raise BakehouseError(
            f"{folder} judges {len(left)} questions that {QUERIES} does not hold, such as '{min(left)}'. "
            "Edit both files, or use `python -m training queries RUN --replace FILE`."
        )


def _placed(items: Sequence[Item], languages: Sequence[Shares], generated: Path) -> list[Item]:
    """The questions, each in the language of its passage: whoever edits the files need not write it.

    :raises BakehouseError: on passages that are in none of the languages, or kept out and to be trained on.
    """
    lang_of = {passage.id: share.lang for share in languages for passage in [*share.pool, *share.dev]}
    kept_out = {passage.id for share in languages for passage in share.dev}
    strangers = [item for item in items if any(doc_id not in lang_of for doc_id in item.grades)]
    leaks = [item for item in items if item.split == TRAIN and kept_out & item.grades.keys()]
    for wrong, why in (
        (strangers, "are not among this run's"),
        (leaks, "are kept out to judge by, so belong in dev.tsv"),
    ):
        if wrong:
            raise BakehouseError(
                f"{generated}: the passages of {len(wrong)} of {len(items)} questions {why}, such as "
                f"'{wrong[0].passage}' of '{wrong[0].query.id}'. Mend it, or use `python -m training queries RUN --replace`."
            )
    return [replace(item, query=_in_language(item.query, lang_of[item.passage])) for item in items]


def _in_language(query: Query, lang: str) -> Query:
    return query if query.lang == lang else replace(query, metadata={**query.metadata, "lang": lang})


def _retriever(recipe: Recipe) -> Model | None:
    """The model that looks for the passages; None if nobody does, or BM25."""
    if not recipe.filter.round_trip or recipe.filter.retriever == BM25:
        return None
    return resolve(recipe.base if recipe.filter.retriever == "base" else recipe.filter.retriever)


def _rejected(
    items: Sequence[Item],
    recipe: Recipe,
    documents: Mapping[str, Document],
    languages: Sequence[Shares],
    model: Model | None,
    journal: Journal,
) -> dict[str, str]:
    """Question id → the first reason against it. What costs most is asked last, of those that are left."""
    settings = recipe.filter
    count = journal.counting("texts encoded for the round trip")
    chain: list[Callable[[Sequence[Item]], Rejected]] = [
        lambda left: rules.wording(left, recipe.generate),
        rules.duplicates,
        lambda left: rules.copies(left, documents) if settings.copies else iter(()),
        lambda left: rules.wrong_language(left) if settings.wrong_language else iter(()),
        lambda left: rules.lost(left, settings, languages, model, count) if settings.round_trip else iter(()),
    ]
    rejected: dict[str, str] = {}
    for rule in chain:
        journal.check_stop()
        left = [item for item in items if item.query.id not in rejected]
        rejected |= {item.query.id: reason for item, reason in rule(left)}
    return rejected


def _check(items: Sequence[Item], kept: Questions, rejected: Mapping[str, str], generated: Path) -> None:
    """:raises BakehouseError: if a split that had questions has none left."""
    for split, use in ((TRAIN, "train on"), (DEV, "judge checkpoints by")):
        of_split = [item for item in items if item.split == split]
        if not kept.qrels[split] and (of_split or split == TRAIN):
            reasons = Counter(rejected[item.query.id] for item in of_split)
            raise BakehouseError(
                f"no question is left to {use}: of {len(of_split)} in {generated}, {_listed(reasons)}. "
                "Give longer or more documents, another generate.generator, or loosen filter."
            )


def _counts(items: Sequence[Item], rejected: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Language → how many are kept, and how many fell for each reason."""
    counts: dict[str, Counter[str]] = {}
    for item in items:
        counts.setdefault(item.query.lang, Counter())[rejected.get(item.query.id, "kept")] += 1
    return {lang: dict(of_language.most_common()) for lang, of_language in sorted(counts.items())}


def _told(total: int, rejected: Mapping[str, str], by_language: Mapping[str, Mapping[str, int]]) -> str:
    kept = ", ".join(
        f"{lang} {counts.get('kept', 0)} of {sum(counts.values())}" for lang, counts in by_language.items()
    )
    why = f"; rejected: {_listed(Counter(rejected.values()))}" if rejected else ""
    return f"{total - len(rejected)} of {total} questions are kept ({kept}){why}"


def _listed(reasons: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()) or "none was rejected"


def _line(item: Item, reason: str) -> str:
    row = {
        "query": item.query.id,
        "text": item.query.text,
        "passage": item.passage,
        "lang": item.query.lang,
        "reason": reason,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"
