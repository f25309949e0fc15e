"""Exact search and fusion, by exact numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.dense import TopK, best, exact
from retrieval.encoder import Encoder
from retrieval.fusion import fuse
from retrieval.models import resolve
from retrieval.vectors import Vectors


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


def _unit(draw: np.random.Generator, rows: int, columns: int = 32) -> np.ndarray:
    vectors = draw.normal(size=(rows, columns)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _sorted(queries: np.ndarray, documents: np.ndarray, k: int) -> TopK:
    """By the book: every score as one sum in float32, then a stable sort."""
    scores = np.stack([np.einsum("nd,d->n", documents, query) for query in queries])
    positions = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
    return TopK(positions, np.take_along_axis(scores, positions, axis=1))


@pytest.mark.parametrize("queries", [3, 200], ids=["a few, in float32", "many, in bfloat16 where there is any"])
@pytest.mark.parametrize("memory_mb", [1, 3, 64])
def test_the_result_is_that_of_a_full_sort_however_little_memory(queries: int, memory_mb: int) -> None:
    draw = np.random.default_rng(7)
    asked, documents = _unit(draw, queries), _unit(draw, 9000)
    found, wanted = exact(asked, documents, 11, memory_mb), _sorted(asked, documents, 11)
    assert found.positions.tolist() == wanted.positions.tolist()
    assert found.scores.tolist() == wanted.scores.tolist()


def test_near_twins_by_the_thousand_are_told_apart() -> None:
    """Closer together than bfloat16 can see, so that the fast product alone would take any of them."""
    draw = np.random.default_rng(8)
    asked, documents = _unit(draw, 80), _unit(draw, 5000)
    documents[1000:4000] = asked[0] + draw.normal(size=(3000, 32)).astype(np.float32) * 1e-4
    documents[4500:4600] = documents[1500]  # and a hundred that are the very same
    found, wanted = exact(asked, documents, 120, 1), _sorted(asked, documents, 120)
    assert found.positions.tolist() == wanted.positions.tolist()


def test_what_rounding_the_vectors_loses_is_allowed_for() -> None:
    """Large vectors at nearly right angles to the question: the rounding is larger than the scores."""
    draw = np.random.default_rng(11)
    asked, documents = np.repeat(_unit(draw, 1), 70, axis=0), _unit(draw, 4000)
    documents += asked[:1] * (draw.uniform(0, 0.01, (4000, 1)).astype(np.float32) - documents @ asked[0][:, None])
    found, wanted = exact(asked, documents, 10, 1), _sorted(asked, documents, 10)
    assert found.positions.tolist() == wanted.positions.tolist()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_vectors_of_any_length_far_from_the_origin(scale: float) -> None:
    draw = np.random.default_rng(9)
    asked = (draw.normal(size=(100, 16)) * scale).astype(np.float32)
    documents = ((draw.normal(size=(3000, 16)) + 40) * scale).astype(np.float32)
    found, wanted = exact(asked, documents, 5, 1), _sorted(asked, documents, 5)
    assert found.positions.tolist() == wanted.positions.tolist()


def test_fewer_documents_than_wanted_are_all_found() -> None:
    draw = np.random.default_rng(10)
    asked, documents = _unit(draw, 70), _unit(draw, 4)
    found = exact(asked, documents, 6)
    assert found.positions[:, :4].tolist() == _sorted(asked, documents, 4).positions.tolist()
    assert (found.positions[:, 4:] == -1).all()
    assert (found.scores[:, 4:] == -np.inf).all()


def test_vectors_on_disk_are_found_as_those_in_memory(home: Path, tiny_bert: Path) -> None:
    texts = [f"passage number {number} of the loaf" for number in range(60)]
    cache = Vectors(Encoder(resolve(str(tiny_bert))), "document")
    cache.get(texts[30:])
    stored = cache.stored(texts)
    whole = cache.get(texts)
    assert len(stored.shards) == 2
    assert (stored[:] == whole).all()
    assert (stored[7:40] == whole[7:40]).all()
    assert (stored[np.array([50, 2, 50], np.int32)] == whole[[50, 2, 50]]).all()
    assert exact(whole[:5], stored, 3).positions.tolist() == exact(whole[:5], whole, 3).positions.tolist()


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
