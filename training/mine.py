"""The stage that finds hard negatives: passages that look right and are not the source of the question."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.artifact import MANIFEST, building, key_of, read_manifest, write_json
from retrieval.beir import read_qrels, read_queries
from retrieval.dense import exact
from retrieval.encoder import Encoder
from retrieval.lexical import Lexical, index_documents
from retrieval.models import resolve
from retrieval.records import Document, FloatArray, Qrels, Query
from retrieval.vectors import Vectors
from training import shards
from training.config import Mine, Recipe
from training.journal import Journal
from training.split import Shares

NAME = "mine"
_QUERIES_A_SHARD = 512


def run(run_path: Path, recipe: Recipe, generated: Path, languages: Sequence[Shares], journal: Journal) -> Path:
    """Write, for each training question, its passage and its negatives; within a language only.

    Rows are ``{"query", "lang", "positive", "negatives": [{"id", "rank", "from"}]}``.

    :param generated: The folder of the generate stage.
    :returns: The stage's folder, complete.
    """
    models = {
        name: resolve(recipe.base if name == "base" else name) for name in recipe.mine.retrievers if name != "bm25"
    }
    made_of = {
        "generate": generated.name,
        "mine": recipe.mine.model_dump(mode="json"),
        "models": {name: model.fingerprint for name, model in models.items()},
    }
    key = key_of(stage=NAME, **made_of)
    folder = shards.stage_folder(run_path, NAME, key)
    if read_manifest(folder) is not None:
        return folder
    queries, qrels = list(read_queries(generated)), read_qrels(generated, "train")
    with building(folder) as partial:
        for share in languages:
            of_language = [query for query in queries if query.lang == share.lang and query.id in qrels]
            if of_language:
                encoders = {name: Encoder(model) for name, model in models.items()}
                pool = Pool.of(share, recipe.mine, encoders)
                _fill(partial, pool, of_language, qrels, journal)
        rows = [len(row["negatives"]) for row in shards.read_rows(partial)]
        counts = {"queries": len(rows), "negatives": sum(rows)}
        write_json(partial / MANIFEST, shards.described(NAME, key, made_of, counts))
    return folder


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that a retriever ranked: its position in the pool, its rank from 1, and who found it."""

    position: int
    rank: int
    source: str


@dataclass(frozen=True)
class Pool:
    """The documents of one language, ready to be searched by each retriever."""

    lang: str
    documents: list[Document]
    settings: Mine
    lexical: Lexical | None
    encoders: dict[str, Encoder]
    matrices: dict[str, FloatArray]

    @classmethod
    def of(cls, share: Shares, settings: Mine, encoders: dict[str, Encoder]) -> Pool:
        """Encode and index the documents of a language."""
        texts = [document.full_text for document in share.pool]
        matrices = {name: Vectors(encoder, "document").get(texts) for name, encoder in encoders.items()}
        lexical = index_documents(share.pool, [share.lang] * len(texts)) if "bm25" in settings.retrievers else None
        return cls(share.lang, share.pool, settings, lexical, encoders, matrices)

    def candidates(self, queries: Sequence[Query], positives: Sequence[int]) -> list[list[Candidate]]:
        """What the retrievers found within the rank window, false negatives guarded against."""
        found: list[list[Candidate]] = [[] for _ in queries]
        barred: list[set[int]] = [{positive} for positive in positives]
        depth = self.settings.skip + self.settings.depth
        for name, encoder in self.encoders.items():
            vectors = Vectors(encoder, "query").get([query.text for query in queries])
            top = exact(vectors, self.matrices[name], depth)
            own = np.einsum("qd,qd->q", vectors, self.matrices[name][list(positives)])
            for row, positions in enumerate(top.positions):
                too_good = top.scores[row] > self.settings.ceiling * own[row]
                barred[row] |= {int(position) for position in positions[too_good]}
                self._collect(found[row], positions, name)
        if self.lexical:
            top = self.lexical.search([(query.text, self.lang) for query in queries], depth)
            for row, positions in enumerate(top.positions):
                self._collect(found[row], positions, "bm25")
        return [[c for c in of_query if c.position not in no] for of_query, no in zip(found, barred, strict=True)]

    def _collect(self, into: list[Candidate], positions: Sequence[int], source: str) -> None:
        for rank, position in enumerate(positions, 1):
            if position >= 0 and rank > self.settings.skip:
                into.append(Candidate(int(position), rank, source))


def _fill(partial: Path, pool: Pool, queries: Sequence[Query], qrels: Qrels, journal: Journal) -> None:
    position_of = {document.id: position for position, document in enumerate(pool.documents)}

    def mine(batch: Sequence[Query]) -> list[shards.Row]:
        positives = [position_of[next(iter(qrels[query.id]))] for query in batch]
        return [
            {
                "query": query.id,
                "lang": pool.lang,
                "positive": pool.documents[positive].id,
                "negatives": _drawn(query, positive, candidates, pool),
            }
            for query, positive, candidates in zip(batch, positives, pool.candidates(batch, positives), strict=True)
        ]

    shards.fill(partial, pool.lang, queries, _QUERIES_A_SHARD, mine, journal)


def _drawn(query: Query, positive: int, candidates: list[Candidate], pool: Pool) -> list[shards.Row]:
    """A seeded draw over all retrievers; where too few were found, filled up with random documents."""
    draw = random.Random(f"{pool.settings.seed}:{query.id}")
    draw.shuffle(candidates)
    chosen: dict[int, Candidate] = {}
    for candidate in candidates:
        if len(chosen) < pool.settings.negatives:
            chosen.setdefault(candidate.position, candidate)
    others = [position for position in range(len(pool.documents)) if position != positive and position not in chosen]
    short = pool.settings.negatives - len(chosen)
    for position in draw.sample(others, min(short, len(others))):
        chosen[position] = Candidate(position, 0, "random")
    return [
        {"id": pool.documents[each.position].id, "rank": each.rank, "from": each.source} for each in chosen.values()
    ]
