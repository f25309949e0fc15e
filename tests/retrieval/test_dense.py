"""Exact search and fusion, by exact numbers."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval import dense
from retrieval.dense import TopK, best, exact
from retrieval.fusion import fuse


def _top(*rows: list[tuple[int, float]]) -> TopK:
    positions = np.array([[p for p, _ in row] for row in rows], np.int32)
    return TopK(positions, np.array([[s for _, s in row] for row in rows], np.float32))


def test_ties_go_to_the_lower_position_also_at_the_cut() -> None:
    top = best(np.array([[1, 3, 2, 3, 2, 2]], np.float32), 4)
    assert top.positions.tolist() == [[1, 3, 2, 4]]
    assert top.scores.tolist() == [[3, 3, 2, 2]]


def test_short_rows_are_padded() -> None:
    top = best(np.array([[1, -np.inf, 2]], np.float32), 5)
    assert top.positions.tolist() == [[2, 0, -1, -1, -1]]
    assert top.scores[0, 2] == -np.inf


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(0)
    queries, documents = (draw.normal(size=(n, 8)).astype(np.float32) for n in (17, 50))
    whole = exact(queries, documents, 7)
    monkeypatch.setattr(dense, "_SCORES_AT_ONCE", 100)
    blocks = exact(queries, documents, 7)
    assert (whole.positions == blocks.positions).all()
    assert (whole.positions == np.argsort(-(queries @ documents.T), axis=1, kind="stable")[:, :7]).all()


def test_no_queries_give_an_empty_result() -> None:
    assert exact(np.zeros((0, 4), np.float32), np.ones((3, 4), np.float32), 2).positions.shape == (0, 2)


def test_minmax_is_the_convex_combination_of_scaled_scores() -> None:
    fused = fuse(_top([(0, 0.9), (1, 0.8), (2, 0.7)]), _top([(2, 10.0), (3, 5.0), (0, 0.0)]), 4, weight=0.5)
    # dense: 0 → 1, 1 → .5, 2 → 0; lexical: 2 → 1, 3 → .5, 0 → 0
    assert fused.positions.tolist() == [[0, 2, 1, 3]]
    assert fused.scores[0].tolist() == pytest.approx([0.5, 0.5, 0.25, 0.25], abs=1e-6)


def test_weight_moves_the_balance() -> None:
    sides = _top([(0, 2.0), (1, 1.0)]), _top([(1, 2.0), (0, 1.0)])
    assert fuse(*sides, 1, weight=0.9).positions.tolist() == [[0]]
    assert fuse(*sides, 1, weight=0.1).positions.tolist() == [[1]]


def test_reciprocal_ranks() -> None:
    fused = fuse(_top([(4, 0.9), (5, 0.8)]), _top([(5, 9.0), (4, -1.0)]), 2, weight=0.5, fusion="rrf")
    assert fused.scores[0].tolist() == pytest.approx([0.5 / 61 + 0.5 / 62] * 2, abs=1e-7)
    assert fused.positions.tolist() == [[4, 5]]


def test_a_side_without_hits_adds_nothing() -> None:
    nothing = TopK(np.full((1, 2), -1, np.int32), np.full((1, 2), -np.inf, np.float32))
    fused = fuse(_top([(7, 0.9), (8, 0.1)]), nothing, 2)
    assert fused.positions.tolist() == [[7, 8]]
    assert fused.scores[0].tolist() == [0.5, 0.0]
