"""Bitext: how often a sentence's nearest neighbour in the other language is its translation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.embeddings.embedder import Embedder, Roles
from eval.embeddings.intervals import of_share
from eval.embeddings.parallel import COLUMNS, read
from eval.embeddings.records import Kind, Part, Scores
from retrieval.dense import exact
from retrieval.records import IntArray
from retrieval.vectors import Vectors


def judge(part: Part, embedder: Embedder) -> Scores:
    """Judge in both directions, among all sentences of the other side.

    The accuracies are those of sentence-transformers' ``TranslationEvaluator``, which holds every similarity at
    once; here memory stays flat. Sentences that stand twice count as one, as they do there. The error rate is the
    mean of both directions (Artetxe and Schwenk, "Massively Multilingual Sentence Embeddings", 2019); F1 is that of
    the sentences found from the source, weighted by how often each stands, as MTEB has it (Muennighoff et al., 2023).
    """
    from sklearn.metrics import f1_score

    source, target = part.values["source"], part.values["target"]
    there, there_right = _found(source, target, embedder.first, embedder.second)
    back, back_right = _found(target, source, embedder.first, embedder.second)
    accuracies = {
        "src2trg_accuracy": float(np.mean(there == there_right)),
        "trg2src_accuracy": float(np.mean(back == back_right)),
    }
    metrics = {
        **accuracies,
        "error_rate": 1 - sum(accuracies.values()) / 2,
        "f1": float(f1_score(there_right, there, average="weighted", zero_division=0)),
    }
    return Scores(metrics, {name: of_share(value, part.rows) for name, value in accuracies.items()})


def _found(texts: Sequence[str], among: Sequence[str], first: Vectors, second: Vectors) -> tuple[IntArray, IntArray]:
    """The sentence nearest to each text, and the right one, as numbers; equal sentences have the same number."""
    nearest = exact(first.get(texts), second.stored(among), 1).positions[:, 0]
    number = {text: place for place, text in enumerate(among)}
    right = np.array([number[text] for text in among], np.int32)
    return right[nearest], right


KIND = Kind(
    name="bitext",
    summary="is a sentence's nearest neighbour in the other language its translation?",
    rows="sentences",
    columns=COLUMNS,
    roles=Roles(),
    titles={"src2trg_accuracy": "accuracy →", "trg2src_accuracy": "accuracy ←", "error_rate": "error rate", "f1": "F1"},
    note="→: the translation is sought for each sentence of the first language, ←: of the second; error rate: the mean "
    "of both; F1: →.",
    settings={"similarity": "cosine"},
    read=read,
    judge=judge,
)
