"""Exact nearest neighbours over vectors.

Ties are broken by position, the lower first; :class:`~retrieval.searcher.Searcher` sorts documents
by id, so that a tie goes to the smaller id.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.records import FloatArray, IntArray

_SCORES_AT_ONCE = 1 << 25  # 128 MB of float32


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """The best k of each row: ``positions`` (rows, k) int32, padded with -1, and ``scores`` float32, with -inf."""

    positions: IntArray
    scores: FloatArray


def best(scores: FloatArray, k: int) -> TopK:
    """The k largest of each row, ties to the lower position. ``-inf`` counts as absent.

    :param scores: Shape (rows, columns), float32.
    """
    rows, columns = scores.shape
    k_real = min(k, columns)
    positions = np.full((rows, k), -1, np.int32)
    values = np.full((rows, k), -np.inf, np.float32)
    for row in range(rows if k_real else 0):
        line = scores[row]
        threshold = np.partition(line, columns - k_real)[columns - k_real]
        candidates = np.flatnonzero((line >= threshold) & (line > -np.inf))
        order = candidates[np.argsort(-line[candidates], kind="stable")][:k_real]
        positions[row, : len(order)] = order
        values[row, : len(order)] = line[order]
    return TopK(positions, values)


def exact(queries: FloatArray, documents: FloatArray, k: int) -> TopK:
    """Inner products of all pairs, in blocks that bound the memory.

    :param queries: Shape (queries, d), float32.
    :param documents: Shape (documents, d), float32.
    """
    block = max(1, _SCORES_AT_ONCE // max(1, len(documents)))
    parts = [best(queries[at : at + block] @ documents.T, k) for at in range(0, len(queries), block)]
    if not parts:
        return TopK(np.zeros((0, k), np.int32), np.zeros((0, k), np.float32))
    return TopK(np.concatenate([p.positions for p in parts]), np.concatenate([p.scores for p in parts]))
