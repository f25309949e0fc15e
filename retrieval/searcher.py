"""Dense, lexical or hybrid search over one corpus with one model."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from retrieval import hnsw
from retrieval.beir import Corpus
from retrieval.dense import TopK, best, exact, less, longest_of
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError, nearest
from retrieval.fusion import DEPTH, Fusion, fuse
from retrieval.grouping import grouped, search_grouped
from retrieval.languages import identify_query
from retrieval.lexical import Lexical, document_languages, open_lexical
from retrieval.models import DEFAULT, resolve
from retrieval.records import UNKNOWN, Document, FloatArray, Hit, IntArray, Query, Run
from retrieval.vectors import Progress, Vectors

Mode = Literal["hybrid", "dense", "lexical"]
MODES: tuple[Mode, ...] = ("hybrid", "dense", "lexical")


@dataclass(frozen=True, slots=True)
class Options:
    """How to search.

    :param weight: Share of the dense side in a hybrid, 0 to 1.
    :param languages: Only documents in these languages; all if empty.
    :param exclude_self: In :meth:`Searcher.run`, leave out the document that has the query's own id.
    :param rerank: A cross-encoder that orders the first ``rerank_depth`` hits anew; none if empty.
    :param group: In :meth:`Searcher.search`, give the best passage of each parent, and how many further ones rank.
    """

    mode: Mode = "hybrid"
    k: int = 10
    weight: float = 0.5
    fusion: Fusion = "minmax"
    languages: tuple[str, ...] = ()
    exclude_self: bool = False
    rerank: str = ""
    rerank_depth: int = 50
    group: bool = False

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise BakehouseError(f"unknown mode '{self.mode}': choose {', '.join(MODES)}.{nearest(self.mode, MODES)}")
        if self.k < 1:
            raise BakehouseError(f"k is {self.k}: wanted a whole number of 1 or more.")
        if not 0 <= self.weight <= 1:
            raise BakehouseError(f"weight is {self.weight}: wanted a share between 0 (lexical) and 1 (dense).")


class Searcher:
    """Cheap to make; reads, encodes and indexes on first use. Documents are held sorted by id."""

    def __init__(self, corpus: Corpus, model_name: str = DEFAULT) -> None:
        self.corpus = corpus
        self.model_name = model_name
        self._lock = threading.RLock()

    @cached_property
    def documents(self) -> list[Document]:
        """The documents, sorted by id, so that equal scores are ordered by id."""
        return sorted(self.corpus.documents, key=lambda document: document.id)

    @cached_property
    def doc_ids(self) -> list[str]:
        """The documents' ids; positions in rankings refer to this list."""
        return [document.id for document in self.documents]

    @cached_property
    def languages(self) -> list[str]:
        """The language of each document."""
        return document_languages(self.documents)

    @cached_property
    def encoder(self) -> Encoder:
        """The model, found but not loaded."""
        return Encoder(resolve(self.model_name))

    @cached_property
    def lexical(self) -> Lexical:
        """The BM25 index, built if it is not on disk."""
        return open_lexical(self.documents, self.corpus.fingerprint)

    @cached_property
    def matrix(self) -> FloatArray:
        """The documents' vectors, shape (documents, d), encoded if they are not on disk."""
        return self.prepare()

    @cached_property
    def _longest(self) -> float:
        return longest_of(self.matrix)

    @cached_property
    def hnsw(self) -> hnsw.Hnsw | None:
        """The approximate index that ``index --hnsw`` built, or None: then single questions are answered exactly too."""
        return hnsw.opened(self.corpus.fingerprint, self.encoder.model.fingerprint)

    def build_hnsw(self) -> None:
        """Build the approximate index, which :meth:`search` uses from then on."""
        self.hnsw = hnsw.build(self.matrix, self.corpus.fingerprint, self.encoder.model.fingerprint)

    def prepare(self, progress: Progress | None = None) -> FloatArray:
        """The documents' vectors; ``progress`` hears how many of those to encode are done."""
        if "matrix" not in vars(self):
            texts = [document.full_text for document in self.documents]
            self.matrix = Vectors(self.encoder, "document").get(texts, progress)
        return self.matrix

    def search(self, text: str, options: Options | None = None) -> list[Hit]:
        """The best hits of one question, each with the parts of its score.

        :raises BakehouseError: if the question is empty or no document is in the wanted languages.
        """
        options = options or Options()
        if not text.strip():
            raise BakehouseError("the question is empty: type a few words.")
        if options.rerank:
            first = self.search(text, replace(options, rerank="", group=False, k=max(options.k, options.rerank_depth)))
            found = _reranked(options.rerank, text, first)
            return grouped(found, options.k) if options.group else found[: options.k]
        if options.group:
            return search_grouped(lambda k: self.search(text, replace(options, group=False, k=k)), options.k)
        with self._lock:
            allowed = self._allowed(options.languages)
            lang = identify_query(text, self._distinct_languages)
            sides = self._sides([Query("", text, {"lang": lang})], options, allowed, cached=False)
        return self._hits(self._combine(sides, options), sides)

    def run(self, queries: Sequence[Query], options: Options | None = None) -> Run:
        """The rankings of many queries, exact and without reranking; their vectors are cached."""
        options = options or Options(k=100)
        named = [self._with_language(query) for query in queries]
        own = own_positions([query.id for query in queries], self.doc_ids) if options.exclude_self else None
        sides = self._sides(named, options, self._allowed(options.languages), own, cached=True)
        top = self._combine(sides, options)
        return Run([query.id for query in queries], self.doc_ids, top.positions, top.scores)

    @cached_property
    def _distinct_languages(self) -> list[str]:
        return sorted(set(self.languages) - {UNKNOWN})

    def _with_language(self, query: Query) -> Query:
        if query.lang != UNKNOWN:
            return query
        lang = identify_query(query.text, self._distinct_languages)
        return Query(query.id, query.text, {**query.metadata, "lang": lang})

    def _allowed(self, languages: tuple[str, ...]) -> IntArray | None:
        if not languages:
            return None
        missing = sorted(set(languages) - set(self.languages))
        if len(missing) == len(set(languages)):
            raise BakehouseError(
                f"no document is in {' or '.join(missing)}: the corpus '{self.corpus.name}' has "
                f"{', '.join(self._distinct_languages) or 'no named language'}. Choose one of these."
            )
        return np.flatnonzero(np.isin(self.languages, languages)).astype(np.int32)

    def _sides(
        self,
        queries: Sequence[Query],
        options: Options,
        allowed: IntArray | None,
        own: IntArray | None = None,
        *,
        cached: bool,
    ) -> dict[str, TopK]:
        """The rankings that the mode asks for, each deep enough to be fused.

        :param own: What each query shall not find; see :func:`retrieval.dense.less`.
        """
        depth = (max(options.k, DEPTH) if options.mode == "hybrid" else options.k) + (own is not None)
        sides = {}
        if options.mode != "lexical":
            texts = [query.text for query in queries]
            vectors = Vectors(self.encoder, "query").get(texts) if cached else self.encoder(texts, "query")
            if not cached and allowed is None and self.hnsw is not None:
                sides["dense"] = self.hnsw.search(vectors, depth)
            else:
                sides["dense"] = self._exact(vectors, depth, allowed)
        if options.mode != "dense":
            sides["lexical"] = self.lexical.search([(q.text, q.lang) for q in queries], depth, allowed)
        return sides if own is None else {name: less(side, own) for name, side in sides.items()}

    def _exact(self, queries: FloatArray, k: int, allowed: IntArray | None) -> TopK:
        if allowed is None:
            return exact(queries, self.matrix, k, longest=self._longest)
        top = exact(queries, self.matrix[allowed], k, longest=self._longest)
        return TopK(np.where(top.positions >= 0, allowed[top.positions], -1).astype(np.int32), top.scores)

    def _combine(self, sides: dict[str, TopK], options: Options) -> TopK:
        if options.mode != "hybrid":
            return sides[options.mode]
        return fuse(sides["dense"], sides["lexical"], options.k, options.weight, options.fusion)

    def _hits(self, top: TopK, sides: dict[str, TopK]) -> list[Hit]:
        parts = {name: dict(zip(side.positions[0], side.scores[0], strict=True)) for name, side in sides.items()}
        found = [(p, s) for p, s in zip(top.positions[0], top.scores[0], strict=True) if p >= 0]
        return [
            Hit(
                rank,
                float(score),
                self.documents[position],
                {name: float(scores[position]) for name, scores in parts.items() if position in scores},
            )
            for rank, (position, score) in enumerate(found, 1)
        ]


def own_positions(query_ids: Sequence[str], doc_ids: Sequence[str]) -> IntArray:
    """The position of the document that has each query's id, or -1; shape (queries,)."""
    position_of = {doc_id: position for position, doc_id in enumerate(doc_ids)}
    return np.array([position_of.get(query_id, -1) for query_id in query_ids], np.int32)


def _reranked(name: str, text: str, hits: Sequence[Hit]) -> list[Hit]:
    from retrieval.rerank import rerank_scores

    scores = rerank_scores(name, text, [hit.document.full_text for hit in hits])
    order = best(scores[None], len(hits)).positions[0]
    return [
        Hit(rank, float(scores[i]), hits[i].document, {**hits[i].why, "rerank": float(scores[i])})
        for rank, i in enumerate(order, 1)
    ]
