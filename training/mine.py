"""The stage that finds hard negatives: passages that look right and are not the source of the question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from retrieval import lexical, tokens
from retrieval.artifact import key_of
from retrieval.beir import open_corpus
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.records import Qrels, Query
from training import artefacts, shards
from training.config import Mine, Recipe
from training.journal import Journal
from training.mining import known
from training.mining.candidates import RANDOM, REFUSED, Asked, Pool
from training.split import Shares

NAME = "mine"
_QUESTIONS_A_SHARD = 4096


def run(run_path: Path, recipe: Recipe, generated: Path, languages: Sequence[Shares], journal: Journal) -> Path:
    """Write, for each training question, its passage and its negatives, from the language of the passage only.

    Rows are ``{"query", "lang", "positive", "negatives": [{"id", "rank", "from"}]}``, one for each passage
    that the question's judgments call right.

    :param generated: The folder of the generate stage.
    :returns: The stage's folder, complete.
    :raises BakehouseError: if no question has its passage in any of the pools.
    """
    models = {
        name: resolve(recipe.base if name == "base" else name) for name in recipe.mine.retrievers if name != "bm25"
    }
    corpus = open_corpus(recipe.corpus)
    queries, qrels = known.generated(generated)
    answers = known.answers(corpus, queries, qrels)
    made_of = _made_of(generated, recipe.mine, models, answers)
    artefact = artefacts.begin(run_path, NAME, made_of, journal)
    if artefact.complete:
        return artefact.folder
    asked = {share.lang: _asked(share, queries, qrels, answers) for share in languages}
    if not any(asked.values()):
        raise BakehouseError(
            f"none of the {len(qrels)} training questions in {generated.name} has its passage among the documents "
            "that negatives may come from: they were made from other documents, or from those kept out for dev."
        )
    with artefact.building() as partial:
        for share in languages:
            if asked[share.lang]:
                same = {name: made_of[name] for name in ("mine", "retrievers")}
                _fill(partial, share, recipe.mine, models, asked[share.lang], same, journal)
        counts = _counts(partial)
        artefact.describe(partial, counts)
    _tell(counts, journal)
    return artefact.folder


def _made_of(generated: Path, settings: Mine, models: Mapping[str, Model], answers: known.Answers) -> dict[str, object]:
    """Everything that decides the rows. Retrievers count by what they are: a model may lie elsewhere elsewhere."""
    bm25 = f"bm25 {lexical.K1} {lexical.B} {tokens.VERSION}"
    return {
        "generate": generated.name,
        "mine": settings.model_dump(mode="json", exclude={"memory_mb", "retrievers"}),
        "retrievers": [models[name].fingerprint if name in models else bm25 for name in settings.retrievers],
        "known": key_of(answers={text: sorted(ids) for text, ids in answers.items()}),
    }


def _asked(share: Shares, queries: Sequence[Query], qrels: Qrels, answers: known.Answers) -> list[Asked]:
    """The questions whose passages lie in the pool of a language, one for each such passage."""
    position_of = {document.id: position for position, document in enumerate(share.pool)}
    found: list[Asked] = []
    for query in queries:
        right = tuple(sorted(position_of[name] for name in answers[known.same(query.text)] if name in position_of))
        for doc_id, grade in qrels.get(query.id, {}).items():
            if grade > 0 and doc_id in position_of:
                found.append(Asked(query, position_of[doc_id], right))
    return found


def _fill(
    partial: Path,
    share: Shares,
    settings: Mine,
    models: Mapping[str, Model],
    asked: Sequence[Asked],
    made_of: Mapping[str, object],
    journal: Journal,
) -> None:
    """Every row depends on the whole pool: where no document of a language changed, its shards stay."""
    pools: list[Pool] = []

    def mine(batch: Sequence[Asked]) -> list[shards.Row]:
        if not pools:  # not before the first shard that is missing: a language that stays needs no index
            encoders = {name: Encoder(model) for name, model in models.items()}
            pools.append(Pool.of(share, settings, encoders, journal.counting(f"{share.lang}: texts encoded", NAME)))
        pool = pools[0]
        return [
            {
                "query": each.query.id,
                "lang": pool.lang,
                "positive": pool.documents[each.positive].id,
                "negatives": [
                    {"id": pool.documents[one.position].id, "rank": one.rank, "from": one.source} for one in negatives
                ],
            }
            for each, negatives in zip(batch, pool.negatives(batch), strict=True)
        ]

    documents = key_of(pool=[[document.id, document.full_text] for document in share.pool])
    shards.fill(
        partial,
        share.lang,
        asked,
        _QUESTIONS_A_SHARD,
        mine,
        journal,
        digest=lambda each: key_of(id=each.query.id, text=each.query.text, positive=each.positive, right=each.right),
        made_of={**made_of, "documents": documents},
    )


def _counts(partial: Path) -> dict[str, int]:
    rows = 0
    sources: Counter[str] = Counter()
    for row in shards.read_rows(partial):
        rows += 1
        sources.update(negative["from"] for negative in row["negatives"])
    return {
        "queries": rows,
        "negatives": sources.total(),
        "random": sources[RANDOM],
        "refused": sources[REFUSED],
    }


def _tell(counts: Mapping[str, int], journal: Journal) -> None:
    extra = ""
    if counts["random"]:
        extra = f", {counts['random']:,} of them drawn at random for want of candidates"
    if counts["refused"]:
        extra += (
            f", {counts['refused']:,} although a guard refused them, for the pool held no others: give more documents, "
            "or raise mine.ceiling"
        )
    journal.event(f"{counts['negatives']:,} negatives for {counts['queries']:,} questions{extra}", metrics=dict(counts))
