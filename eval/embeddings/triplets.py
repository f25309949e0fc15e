"""Triplets: how often the anchor is nearer to its positive than to its negative."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.embeddings.columns import Column, read_table
from eval.embeddings.embedder import Embedder, Roles
from eval.embeddings.intervals import of_share
from eval.embeddings.records import Kind, Options, Part, Scores
from retrieval.errors import BakehouseError

ACCURACY = "cosine_accuracy"
COLUMNS = (
    Column("anchor", "anchor query question sentence", like="query"),
    Column("positive", "positive pos passage entailment", like="answer"),
    Column("negative", "negative neg hard_negative negative_1 contradiction"),
)


def read(paths: Sequence[Path], options: Options) -> list[Part]:
    """Read files of triplets, one part each.

    :raises BakehouseError: if a column or a cell is missing, or a positive is its own negative.
    """
    return [_read(path, options) for path in paths]


def _read(path: Path, options: Options) -> Part:
    table = read_table(path, COLUMNS, options.columns, "triplets")
    values = {each.role: table.texts(each.role) for each in COLUMNS}
    for place, (positive, negative) in enumerate(zip(values["positive"], values["negative"], strict=True)):
        if positive == negative:
            raise table.fault(place, "the positive and the negative are the same text", "Remove or mend the row.")
    if len(table.rows) < 2:
        raise BakehouseError(f"{path} holds a single triplet: an accuracy wants many more. Add rows.")
    return Part(path.name, values, table.columns)


def judge(part: Part, embedder: Embedder) -> Scores:
    """Judge with sentence-transformers' ``TripletEvaluator``; equal similarities count as wrong."""
    from sentence_transformers.sentence_transformer.evaluation import TripletEvaluator

    anchors, positives, negatives = (part.values[each.role] for each in COLUMNS)
    evaluator = TripletEvaluator(anchors, positives, negatives, similarity_fn_names=["cosine"])
    found = evaluator(embedder)  # type: ignore[arg-type]
    return Scores(found, {ACCURACY: of_share(found[ACCURACY], part.rows)})


KIND = Kind(
    name="triplets",
    summary="is the anchor nearer to its positive than to its negative?",
    rows="triplets",
    columns=COLUMNS,
    roles=Roles("query", "document"),
    titles={ACCURACY: "accuracy"},
    note="accuracy: the share of anchors nearer to their positive than to their negative; luck gives 0.5.",
    settings={"similarity": "cosine"},
    read=read,
    judge=judge,
)
