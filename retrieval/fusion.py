"""Two rankings become one."""

from __future__ import annotations

from typing import Literal

import numpy as np

from retrieval.dense import TopK
from retrieval.records import FloatArray, IntArray

Fusion = Literal["minmax", "rrf"]
DEPTH = 200
"""How many of each ranking are fused."""
RRF_K = 60


def fuse(dense: TopK, lexical: TopK, k: int, weight: float = 0.5, fusion: Fusion = "minmax") -> TopK:
    """Fuse two rankings of the same queries over the same documents; ties go to the lower position.

    ``minmax`` is the convex combination ``weight * dense + (1 - weight) * lexical`` of scores scaled
    to [0, 1] a query, which Bruch, Gai and Ingber found to beat rank fusion ("An Analysis of Fusion
    Functions for Hybrid Retrieval", 2022). ``rrf`` is reciprocal rank fusion (Cormack et al., 2009)
    with the same weights. A document that one side did not return gets 0 from it.
    """
    unit = _minmax if fusion == "minmax" else _reciprocal
    rows = len(dense.positions)
    positions = np.full((rows, k), -1, np.int32)
    scores = np.full((rows, k), -np.inf, np.float32)
    for row in range(rows):
        sides = [_found(dense, row), _found(lexical, row)]
        union = np.union1d(sides[0][0], sides[1][0])
        total = np.zeros(len(union), np.float32)
        for (found, values), share in zip(sides, (weight, 1 - weight), strict=True):
            total[np.searchsorted(union, found)] += np.float32(share) * unit(values)
        order = np.argsort(-total, kind="stable")[:k]
        positions[row, : len(order)] = union[order]
        scores[row, : len(order)] = total[order]
    return TopK(positions, scores)


def _found(side: TopK, row: int) -> tuple[IntArray, FloatArray]:
    present = side.positions[row] >= 0
    return side.positions[row][present], side.scores[row][present]


def _minmax(scores: FloatArray) -> FloatArray:
    if not len(scores) or scores.max() == scores.min():
        return np.ones_like(scores)
    return np.asarray((scores - scores.min()) / (scores.max() - scores.min()), np.float32)


def _reciprocal(scores: FloatArray) -> FloatArray:
    return np.asarray(1 / (RRF_K + 1 + np.arange(len(scores))), np.float32)
