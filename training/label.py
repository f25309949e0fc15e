"""The stage in which a teacher scores each question against its passage and its negatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from retrieval.artifact import MANIFEST, building, key_of, read_manifest, write_json
from retrieval.beir import read_queries
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.records import Document, FloatArray
from retrieval.vectors import Vectors
from training import shards
from training.config import Recipe
from training.journal import Journal

NAME = "label"
_QUERIES_A_SHARD = 128
Pairs = Sequence[tuple[str, str]]
Teacher = Callable[[Pairs], FloatArray]


def run(
    run_path: Path, recipe: Recipe, generated: Path, mined: Path, documents: dict[str, Document], journal: Journal
) -> Path:
    """Write rows of ``{"query", "lang", "positive": [id, score], "negatives": [[id, score], …]}``.

    Each pair is scored once, the positive too, however often it is drawn in training.

    :param mined: The folder of the mine stage.
    :param documents: By id.
    :returns: The stage's folder, complete.
    """
    model = _teacher_model(recipe)
    made_of = {"mine": mined.name, "kind": recipe.label.kind, "teacher": model.fingerprint}
    key = key_of(stage=NAME, **made_of)
    folder = shards.stage_folder(run_path, NAME, key)
    if read_manifest(folder) is not None:
        return folder
    texts = {query.id: query.text for query in read_queries(generated)}
    teacher = make_teacher(model, recipe)

    def score(rows: Sequence[shards.Row]) -> list[shards.Row]:
        pairs = [
            (texts[row["query"]], documents[doc_id].full_text)
            for row in rows
            for doc_id in [row["positive"], *(negative["id"] for negative in row["negatives"])]
        ]
        scores = iter(teacher(pairs).tolist())
        return [_labelled(row, scores.__next__) for row in rows]

    with building(folder) as partial:
        rows = list(shards.read_rows(mined))
        shards.fill(partial, "pairs", rows, _QUERIES_A_SHARD, score, journal)
        counts = {"queries": len(rows), "pairs": sum(1 + len(row["negatives"]) for row in rows)}
        write_json(partial / MANIFEST, shards.described(NAME, key, made_of, counts))
    return folder


def _labelled(row: shards.Row, score: Callable[[], float]) -> shards.Row:
    positive = [row["positive"], score()]
    negatives = [[negative["id"], score()] for negative in row["negatives"]]
    return {"query": row["query"], "lang": row["lang"], "positive": positive, "negatives": negatives}


def _teacher_model(recipe: Recipe) -> Model:
    if not recipe.label.teacher:
        raise BakehouseError(
            f"label.kind is {recipe.label.kind} and label.teacher is empty: name a model, or set label.kind=none."
        )
    return resolve(recipe.label.teacher)


def make_teacher(model: Model, recipe: Recipe) -> Teacher:
    """A function from (question, passage) pairs to scores: logits, or cosines of a bi-encoder."""
    if recipe.label.kind == "cross-encoder":
        from retrieval.rerank import load_cross_encoder, pair_scores

        loaded = load_cross_encoder(model)
        return lambda pairs: pair_scores(loaded, pairs, recipe.label.batch_size)
    encoder = Encoder(model)

    def cosines(pairs: Pairs) -> FloatArray:
        queries = Vectors(encoder, "query").get([query for query, _ in pairs])
        passages = Vectors(encoder, "document").get([passage for _, passage in pairs])
        return np.einsum("nd,nd->n", queries, passages)

    return cosines
