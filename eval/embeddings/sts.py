"""Semantic textual similarity: how well cosines follow the scores that people gave to pairs of texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.embeddings.columns import Column, read_table
from eval.embeddings.embedder import Embedder, Roles
from eval.embeddings.intervals import RESAMPLES, of_correlations
from eval.embeddings.records import Kind, Options, Part, Scores
from retrieval.errors import BakehouseError

COLUMNS = (
    Column("sentence1", "sentence1 sentence_1 sentence_a text1 text_1 text_a question1 question_1 premise"),
    Column("sentence2", "sentence2 sentence_2 sentence_b text2 text_2 text_b question2 question_2 hypothesis"),
    Column("score", "score similarity_score similarity scores label labels gold", like="score"),
)
_LEAST = 4


def read(paths: Sequence[Path], options: Options) -> list[Part]:
    """Read files of scored pairs, one part each.

    :raises BakehouseError: if a column or a cell is missing, pairs are too few, or all scores are the same.
    """
    return [_read(path, options) for path in paths]


def _read(path: Path, options: Options) -> Part:
    table = read_table(path, COLUMNS, options.columns, "scored pairs")
    scores = table.numbers("score")
    if len(scores) < _LEAST:
        raise BakehouseError(
            f"{path} holds {len(scores)} pairs: a correlation wants {_LEAST} at least, and many more. Add rows."
        )
    if len(set(scores)) == 1:
        raise BakehouseError(
            f"{path}: every score in '{table.columns['score']}' is {scores[0]:g}, and nothing correlates with that. "
            "Add pairs that are more and less alike, or say which column it is with --column score=NAME."
        )
    texts = {role: table.texts(role) for role in ("sentence1", "sentence2")}
    return Part(path.name, {**texts, "score": scores}, table.columns)


def judge(part: Part, embedder: Embedder) -> Scores:
    """Judge with sentence-transformers' ``EmbeddingSimilarityEvaluator``.

    :raises BakehouseError: if the model gives every pair the same cosine.
    """
    from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator

    first, second, scores = (list(part.values[each.role]) for each in COLUMNS)
    cosines = np.einsum("nd,nd->n", embedder.encode(first), embedder.encode(second)).astype(np.float64)
    if not np.ptp(cosines) > 0:
        raise BakehouseError(
            f"{part.name}: the model gives every pair the same cosine, and nothing correlates with it."
        )
    evaluator = EmbeddingSimilarityEvaluator(first, second, scores, similarity_fn_names=["cosine"])
    found = evaluator(embedder)  # type: ignore[arg-type]
    intervals = of_correlations(scores, cosines)
    return Scores(found, {f"{name}_cosine": interval for name, interval in intervals.items()})


KIND = Kind(
    name="sts",
    summary="do cosines follow the scores that people gave to pairs of texts?",
    rows="pairs",
    columns=COLUMNS,
    roles=Roles(),
    titles={"spearman_cosine": "Spearman", "pearson_cosine": "Pearson"},
    note="Spearman: how well the order of the cosines follows that of the scores; Pearson: how straight the line is.",
    settings={"similarity": "cosine", "resamples": RESAMPLES, "seed": 0},
    read=read,
    judge=judge,
)
