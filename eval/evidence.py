"""What stands behind a score: the documents that were ranked, and the judgments on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from eval.results import Result, Summary
from retrieval.beir import CORPUS, QUERIES, Corpus, read_qrels, read_queries, splits
from retrieval.home import home
from retrieval.records import Document, Hit


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rankings of one query by two systems, and which documents should have been found.

    :param grades: Judged document → grade; empty where the judgments are gone.
    :param documents: By id; those that are not there any more are missing.
    :param notes: What is missing or has changed, as sentences.
    """

    query_id: str
    text: str
    language: str
    a: list[Hit]
    b: list[Hit]
    grades: dict[str, int] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def document(self, doc_id: str) -> Document:
        """The document, or no more than its id."""
        return self.documents.get(doc_id, Document(doc_id, ""))


def evidence(a: Result, b: Result, query_id: str) -> Evidence:
    """Everything that can be shown of one query.

    :raises ValueError: if one of them did not judge the query.
    """
    row_a, row_b = list(a.per_query.query_ids).index(query_id), list(b.per_query.query_ids).index(query_id)
    summary = b.summary
    corpus = _corpus(summary)
    documents = _documents(corpus)
    grades = _grades(summary, corpus, query_id)
    return Evidence(
        query_id,
        b.per_query.texts[row_b] or a.per_query.texts[row_a],
        b.per_query.languages[row_b],
        _hits(a.per_query.top[row_a], documents),
        _hits(b.per_query.top[row_b], documents),
        grades,
        documents,
        list(_notes(summary, corpus, grades)),
    )


def _hits(top: Iterable[tuple[str, float]], documents: dict[str, Document]) -> list[Hit]:
    return [
        Hit(rank, score, documents.get(doc_id, Document(doc_id, ""))) for rank, (doc_id, score) in enumerate(top, 1)
    ]


def _corpus(summary: Summary) -> Corpus | None:
    """The corpus where it lay, or the one of that name in the workspace; None if it is gone."""
    for folder in (Path(summary.corpus.folder), home() / "corpora" / summary.corpus.name):
        file = folder / CORPUS
        if file.is_file():
            state = file.stat()
            return _opened(folder, state.st_mtime_ns, state.st_size)
    return None


@lru_cache(maxsize=2)
def _opened(folder: Path, changed: int, octets: int) -> Corpus:
    return Corpus(folder)


def _documents(corpus: Corpus | None) -> dict[str, Document]:
    return _by_id(corpus) if corpus else {}


@lru_cache(maxsize=2)
def _by_id(corpus: Corpus) -> dict[str, Document]:
    return {document.id: document for document in corpus.documents}


def _grades(summary: Summary, corpus: Corpus | None, query_id: str) -> dict[str, int]:
    if summary.synthetic:
        return _generated(summary, query_id)
    if corpus is None or summary.split not in splits(corpus.folder):
        return {}
    return corpus.qrels(summary.split).get(query_id, {})


def _generated(summary: Summary, query_id: str) -> dict[str, int]:
    """The judgment of a generated query, from the folder of the run that made it."""
    for folder in sorted((home() / "runs" / str(summary.run) / "stages").glob("generate-*")):
        if (folder / QUERIES).is_file() and summary.split in splits(folder):
            grades = read_qrels(folder, summary.split).get(query_id)
            if grades and any(query.id == query_id for query in read_queries(folder)):
                return grades
    return {}


def _notes(summary: Summary, corpus: Corpus | None, grades: dict[str, int]) -> Iterable[str]:
    name = summary.corpus.name
    if corpus is None:
        yield f"The corpus {name} is not where it was ({summary.corpus.folder}): only the ids of documents are left."
    elif corpus.fingerprint != summary.corpus.fingerprint:
        yield f"The corpus {name} has changed since this was judged: texts may differ, and documents may be missing."
    if not grades:
        yield "The judgments on this query are not there any more, so nothing is marked as right."
