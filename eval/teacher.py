"""A teacher orders the first hits of a ranking anew: how much a student of it could gain, at most."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.measures import Integers
from retrieval import rerank
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.records import Document, FloatArray, Query, Run
from retrieval.vectors import Vectors

DEPTH = 100
"""How many hits of each query are scored where nobody says otherwise."""
_AT_ONCE = 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Teacher:
    """A model that scores question and passage: a cross-encoder, or a bi-encoder by the cosine of its vectors.

    :param depth: How many hits of each query it scores.
    """

    model: Model
    depth: int = DEPTH

    @classmethod
    def named(cls, name: str, depth: int = DEPTH) -> Teacher:
        """Find a teacher; it is loaded when it is asked.

        :raises BakehouseError: if the model is not to be had, or the depth is below 1.
        """
        if depth < 1:
            raise BakehouseError(f"the teacher's depth is {depth}: wanted a whole number of 1 or more.")
        return cls(resolve(name), depth)

    @property
    def kind(self) -> str:
        """``cross-encoder``, or ``bi-encoder`` where the model has no head."""
        return "bi-encoder" if rerank.is_bare(self.model) else "cross-encoder"

    def rerank(self, run: Run, queries: Sequence[Query], documents: Sequence[Document]) -> Run:
        """The same hits, the first ``depth`` of each query by the teacher's scores, equal ones as they were.

        Those beyond keep their order behind, with their old scores lowered to below the teacher's.

        :param documents: In the order of ``run.doc_ids``.
        :raises BakehouseError: if the model can score no pairs.
        """
        head = run.ranking[:, : self.depth]
        rows, columns = np.nonzero(head >= 0)
        given = np.full(head.shape, -np.inf, np.float32)
        positions = head[rows, columns].astype(np.int64)
        given[rows, columns] = self._scores(rows, positions, _texts(run, queries), documents)
        order = np.argsort(-given, axis=1, kind="stable")
        ranking, scores = run.ranking.copy(), run.scores.copy()
        ranking[:, : self.depth] = np.take_along_axis(head, order, 1)
        scores[:, : self.depth] = np.take_along_axis(given, order, 1)
        last = slice(self.depth - 1, self.depth)
        fall = np.where(head[:, last] >= 0, run.scores[:, last], 0) - np.where(head[:, last] >= 0, scores[:, last], 0)
        scores[:, self.depth :] -= fall
        return Run(run.query_ids, run.doc_ids, ranking, scores)

    def _scores(
        self, rows: Integers, positions: Integers, queries: Sequence[str], documents: Sequence[Document]
    ) -> FloatArray:
        """Of each pair of a row of ``queries`` and a position in ``documents``, shape (pairs,)."""
        wanted, place = np.unique(positions, return_inverse=True)
        passages = [documents[position].full_text for position in wanted]
        score = self._logits if self.kind == "cross-encoder" else self._cosines
        return score(rows, place, queries, passages)

    def _logits(self, rows: Integers, place: Integers, queries: Sequence[str], passages: Sequence[str]) -> FloatArray:
        loaded = rerank.load_cross_encoder(self.model)
        # the longest first, by bytes, which tell the tokens of any script better than letters do
        order = np.argsort(-(_octets(queries)[rows] + _octets(passages)[place]), kind="stable")
        scores = np.empty(len(rows), np.float32)
        start = time.perf_counter()
        for at in range(0, len(order), _AT_ONCE):
            some = order[at : at + _AT_ONCE]
            pairs = [(queries[rows[pair]], passages[place[pair]]) for pair in some]
            scores[some] = rerank.pair_scores(loaded, pairs)
            done = at + len(some)
            rate = done / (time.perf_counter() - start)
            log.info("%s: scored %d of %d pairs (%.0f a second)", self.model.title, done, len(order), rate)
        return scores

    def _cosines(self, rows: Integers, place: Integers, queries: Sequence[str], passages: Sequence[str]) -> FloatArray:
        encoder = Encoder(self.model)
        asked, answers = Vectors(encoder, "query").get(queries), Vectors(encoder, "document").get(passages)
        scores = np.empty(len(rows), np.float32)
        for at in range(0, len(rows), _AT_ONCE):
            some = slice(at, at + _AT_ONCE)
            scores[some] = np.einsum("nd,nd->n", asked[rows[some]], answers[place[some]])
        return scores


def _texts(run: Run, queries: Sequence[Query]) -> list[str]:
    text_of = {query.id: query.text for query in queries}
    return [text_of[query_id] for query_id in run.query_ids]


def _octets(texts: Sequence[str]) -> Integers:
    return np.array([len(text.encode()) for text in texts], np.int64)
