"""BM25 over every language of a corpus, kept on disk."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from retrieval import tokens
from retrieval.artifact import alone, building, key_of, read_manifest
from retrieval.dense import TopK, best
from retrieval.home import home
from retrieval.languages import identify
from retrieval.records import UNKNOWN, Document, FloatArray, IntArray

if TYPE_CHECKING:
    from bm25s import BM25

K1 = 1.2
B = 0.75
_VOCABULARY = "terms.json"


@dataclass(frozen=True)
class Lexical:
    """A BM25 index (Lucene's variant, k1 1.2, b 0.75; Robertson and Zaragoza, 2009).

    :param octets: What it takes on disk; 0 for one that is only in memory.
    """

    scorer: BM25
    terms: dict[str, int]
    documents: int
    octets: int = 0

    def scores(self, query: str, lang: str) -> FloatArray:
        """BM25 scores of all documents, shape (documents,), float32; 0 where no term is shared."""
        ids = [self.terms[term] for term in tokens.tokens(query, lang) if term in self.terms]
        if not ids:
            return np.zeros(self.documents, np.float32)
        return np.asarray(self.scorer.get_scores_from_ids(ids), np.float32)

    def search(self, queries: Sequence[tuple[str, str]], k: int, allowed: IntArray | None = None) -> TopK:
        """The best k documents of each ``(text, language)`` query; those without a shared term are left out.

        :param allowed: Positions to choose from; all if None.
        """
        positions = np.full((len(queries), k), -1, np.int32)
        values = np.full((len(queries), k), -np.inf, np.float32)
        for row, (text, lang) in enumerate(queries):
            scores = self.scores(text, lang)
            if allowed is not None:
                kept = np.zeros_like(scores)
                kept[allowed] = scores[allowed]
                scores = kept
            top = best(np.where(scores > 0, scores, -np.inf)[None].astype(np.float32), k)
            positions[row], values[row] = top.positions[0], top.scores[0]
        return TopK(positions, values)


def open_lexical(documents: Sequence[Document], fingerprint: str) -> Lexical:
    """Load the index of a corpus, building it first where it is missing.

    :param documents: In the order that positions refer to.
    :param fingerprint: Of the corpus, as the index's key needs it.
    """
    key = key_of(kind="bm25", corpus=fingerprint, tokens=tokens.VERSION, k1=K1, b=B)
    folder = home() / "indexes" / key
    if read_manifest(folder) is None:
        with alone(folder):
            if read_manifest(folder) is None:
                _build(documents, fingerprint, folder)
    return _load(folder, len(documents))


def _build(documents: Sequence[Document], fingerprint: str, folder: Path) -> None:
    about = {"kind": "bm25", "corpus": fingerprint, "documents": len(documents), "k1": K1, "b": B}
    with building(folder, about, fresh=True) as partial:
        _save(index_documents(documents, document_languages(documents)), partial)


def document_languages(documents: Sequence[Document]) -> list[str]:
    """The language of each document: as its metadata says, else identified from its text."""
    languages = [document.lang for document in documents]
    unnamed = [row for row, lang in enumerate(languages) if lang == UNKNOWN]
    if unnamed:
        for row, lang in zip(unnamed, identify([documents[row].full_text for row in unnamed]), strict=True):
            languages[row] = lang
    return languages


def index_documents(documents: Sequence[Document], languages: Sequence[str]) -> Lexical:
    """Build an index in memory.

    :param languages: One code a document: which stemmer reads it.
    """
    bm25s = _quiet_bm25s()
    terms: dict[str, int] = {}
    rows = [
        [terms.setdefault(term, len(terms)) for term in tokens.tokens(document.full_text, lang)]
        for document, lang in zip(documents, languages, strict=True)
    ]
    if not terms:  # a corpus of punctuation still gets an index, one that never answers
        terms, rows[0] = {"": 0}, [0]
    scorer = bm25s.BM25(method="lucene", k1=K1, b=B)
    scorer.index((rows, terms), show_progress=False)
    return Lexical(scorer, terms, len(documents))


def _save(index: Lexical, folder: Path) -> None:
    index.scorer.save(folder, show_progress=False)
    (folder / _VOCABULARY).write_text(json.dumps(index.terms, ensure_ascii=False), encoding="utf-8")


def _load(folder: Path, documents: int) -> Lexical:
    terms = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
    octets = sum(path.stat().st_size for path in folder.iterdir())
    return Lexical(_quiet_bm25s().BM25.load(folder), terms, documents, octets)


def _quiet_bm25s() -> ModuleType:
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # importing it sets DEBUG
    return bm25s
