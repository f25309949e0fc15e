"""What stands behind a score: the documents that were ranked, and the judgments on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from eval.results import Result, Summary
from retrieval.beir import CORPUS, QRELS, QUERIES, Corpus, read_qrels, read_queries, splits
from retrieval.home import home
from retrieval.records import Document, Hit, Qrels


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
    opened = _corpus(summary)
    documents = opened.documents if opened else {}
    grades = _grades(summary, opened, query_id)
    return Evidence(
        query_id,
        b.per_query.texts[row_b] or a.per_query.texts[row_a],
        b.per_query.languages[row_b],
        _hits(a.per_query.top[row_a], documents),
        _hits(b.per_query.top[row_b], documents),
        grades,
        documents,
        list(_notes(summary, opened, grades)),
    )


def _hits(top: Iterable[tuple[str, float]], documents: dict[str, Document]) -> list[Hit]:
    return [
        Hit(rank, score, documents.get(doc_id, Document(doc_id, ""))) for rank, (doc_id, score) in enumerate(top, 1)
    ]


def _corpus(summary: Summary) -> Opened | None:
    """The corpus where it lay, or the one of that name in the workspace; None if it is gone."""
    for folder in (Path(summary.corpus.folder), home() / "corpora" / summary.corpus.name):
        file = folder / CORPUS
        if file.is_file():
            state = file.stat()
            return _opened(folder, state.st_mtime_ns, state.st_size)
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A corpus with its documents by id."""

    corpus: Corpus
    documents: dict[str, Document]


@lru_cache(maxsize=2)
def _opened(folder: Path, changed: int, octets: int) -> Opened:
    corpus = Corpus(folder)
    return Opened(corpus, {document.id: document for document in corpus.documents})


def _grades(summary: Summary, opened: Opened | None, query_id: str) -> dict[str, int]:
    if summary.synthetic:
        return _generated(summary, query_id)
    if opened is None or summary.split not in splits(opened.corpus.folder):
        return {}
    file = opened.corpus.folder / QRELS / f"{summary.split}.tsv"
    return _judgments(opened.corpus.folder, summary.split, file.stat().st_mtime_ns).get(query_id, {})


@lru_cache(maxsize=2)
def _judgments(folder: Path, split: str, changed: int) -> Qrels:
    return read_qrels(folder, split)


def _generated(summary: Summary, query_id: str) -> dict[str, int]:
    """The judgment of a generated query, from the folder of the run that made it."""
    for folder in sorted((home() / "runs" / str(summary.run) / "stages").glob("generate-*")):
        if (folder / QUERIES).is_file() and summary.split in splits(folder):
            grades = read_qrels(folder, summary.split).get(query_id)
            if grades and any(query.id == query_id for query in read_queries(folder)):
                return grades
    return {}


def _notes(summary: Summary, opened: Opened | None, grades: dict[str, int]) -> Iterable[str]:
    name = summary.corpus.name
    if opened is None:
        yield f"The corpus {name} is not where it was ({summary.corpus.folder}): only the ids of documents are left."
    elif opened.corpus.fingerprint != summary.corpus.fingerprint:
        yield f"The corpus {name} has changed since this was judged: texts may differ, and documents may be missing."
    if not grades:
        yield "The judgments on this query are not there any more, so nothing is marked as right."
