"""Which passages are known to answer a question: no draw may take them for wrong ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from retrieval.beir import Corpus, read_qrels, read_queries, splits
from retrieval.records import Document, IntArray, Qrels, Query

Answers = Mapping[str, frozenset[str]]
"""A question, as :func:`same` writes it → the ids of all passages that are known to answer it."""
TRAIN = "train"


def same(text: str) -> str:
    """What two texts have in common that differ in case and white space alone."""
    return " ".join(text.split()).casefold()


def answers(corpus: Corpus, queries: Iterable[Query], qrels: Qrels) -> Answers:
    """Everything that the questions' own judgments and the corpus's train judgments call right, by question text.

    The dev and test judgments of the corpus are not looked at: they judge, and must not teach.
    """
    found: dict[str, set[str]] = {}
    judged = judgments(corpus)
    own = corpus.queries if judged else []
    for each, grades in ((queries, qrels), (own, judged)):
        for query in each:
            right = {doc_id for doc_id, grade in grades.get(query.id, {}).items() if grade > 0}
            found.setdefault(same(query.text), set()).update(right)
    return {text: frozenset(right) for text, right in found.items()}


def judgments(corpus: Corpus) -> Qrels:
    """The corpus's train judgments; none if there are none."""
    return corpus.qrels(TRAIN) if TRAIN in splits(corpus.folder) else {}


def generated(folder: Path) -> tuple[list[Query], Qrels]:
    """The questions of a generate stage, and their train judgments."""
    return list(read_queries(folder)), read_qrels(folder, TRAIN)


def passages(documents: Iterable[Document]) -> IntArray:
    """A number for each document, shape (documents,), the same for those with the same text under any title."""
    hashes = np.fromiter((hash(same(document.text or document.title)) for document in documents), np.int64)
    return np.unique(hashes, return_inverse=True)[1].astype(np.int32)
