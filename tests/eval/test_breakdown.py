"""Means by group: exact on a few queries, and each part judged as if its judgments were all there are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eval.breakdown import divisions, means, words
from eval.evaluate import judge
from eval.measures import STANDARD, Judged, measure
from eval.parts import Parts, measure_parts
from retrieval.records import Document, Query, Run

DOCUMENTS = [
    Document("d1", "rye", metadata={"lang": "en"}),
    Document("d2", "Roggen " * 60, metadata={"lang": "de"}),
    Document("d3", "Weizen", metadata={"lang": "de"}),
]
QUERIES = [
    Query("a", "what is rye bread made of", {"lang": "en"}),
    Query("b", "rye", {"lang": "en"}),
    Query("c", "Roggen", {"lang": "de"}),
]


def run_of(*ranking: list[int]) -> Run:
    scores = np.tile(-np.arange(3, dtype=np.float32), (len(ranking), 1))
    return Run(["a", "b", "c"][: len(ranking)], ["d1", "d2", "d3"], np.array(ranking, np.int32), scores)


def broken_down(run: Run, qrels: dict[str, dict[str, int]], queries: list[Query] = QUERIES) -> dict[str, dict]:
    judged = Judged.of(qrels, run.doc_ids)
    scores = judge(run, judged, queries, ["mrr@10", "hole@2"], divisions(judged, queries, DOCUMENTS))
    return {kind: dict(groups) for kind, groups in scores.breakdown.items()}


def test_pairs_of_languages_judge_the_ranking_as_it_is() -> None:
    found = broken_down(
        run_of([0, 1, 2], [2, 1, 0], [1, 0, 2]),
        {"a": {"d1": 1, "d2": 2}, "b": {"d1": 1, "d3": 0}, "c": {"d3": 1}},
    )
    assert found["documents"] == {
        "en → en": {"mrr@10": pytest.approx((1 + 1 / 3) / 2), "queries": 2},
        "en → de": {"mrr@10": 1 / 2, "queries": 1},  # b has no relevant document in German
        "de → de": {"mrr@10": 1 / 3, "queries": 1},
    }
    assert list(found["documents"]) == ["en → en", "en → de", "de → de"]


def test_lengths_and_numbers_of_relevant_documents() -> None:
    found = broken_down(
        run_of([0, 1, 2], [2, 1, 0], [1, 0, 2]), {"a": {"d1": 1, "d2": 2}, "b": {"d1": 1}, "c": {"d1": 0}}
    )
    assert found["length"] == {
        "1–4 words": {"mrr@10": pytest.approx(1 / 6), "hole@2": pytest.approx(3 / 4), "queries": 2},
        "5–8 words": {"mrr@10": 1, "hole@2": 0, "queries": 1},
    }
    assert {group: of["queries"] for group, of in found["relevant"].items()} == {"1": 1, "2–4": 1}
    assert {group: of["mrr@10"] for group, of in found["passage"].items()} == {
        "1–49 words": pytest.approx((1 + 1 / 3) / 2),
        "50–99 words": 1 / 2,
    }


def test_one_pair_of_languages_tells_nothing_apart() -> None:
    found = broken_down(run_of([0, 1, 2], [2, 1, 0]), {"a": {"d1": 1}, "b": {"d1": 1}})
    assert set(found) == {"length", "relevant", "passage"}


def test_what_is_unknown_is_in_no_group() -> None:
    found = broken_down(run_of([0, 1, 2]), {"a": {"gone": 1}, "lost": {"d1": 1}}, QUERIES[:1])
    assert found["length"] == {"5–8 words": {"mrr@10": 0, "hole@2": 1, "queries": 1}}
    assert found["relevant"] == {"1": {"mrr@10": 0, "hole@2": 1 / 2, "queries": 2}}
    assert found["passage"] == {"1–49 words": {"mrr@10": 0, "queries": 1}} and "documents" not in found
    assert set(broken_down(run_of([0, 1, 2]), {"a": {"gone": 1}})) == {"length", "relevant"}
    assert set(broken_down(run_of([0, 1, 2]), {"a": {"d1": 0}})) == {"length"}


def test_a_part_is_judged_as_if_its_judgments_were_all_there_are() -> None:
    draw = np.random.default_rng(5)
    doc_ids = [f"d{at:03}" for at in range(200)]
    groups = draw.integers(-1, 4, 200)
    query_ids = [f"q{at}" for at in range(60)]
    qrels = {query: {doc_ids[at]: int(draw.integers(0, 4)) for at in draw.integers(0, 200, 9)} for query in query_ids}
    ranking = np.array([draw.permutation(200)[:100] for _ in query_ids], np.int32)
    run = Run(query_ids, doc_ids, ranking, np.tile(-np.arange(100, dtype=np.float32), (60, 1)))
    judged = Judged.of(qrels, doc_ids)
    parts = Parts.of(judged, groups)
    found = measure_parts(run, judged, parts, [*STANDARD, "rcap@10", "precision@5", "hole@10"])
    assert "hole@10" not in found
    place = dict(zip(doc_ids, groups, strict=True))
    seen = 0
    for group in range(4):
        alone = {
            query: {doc: grade for doc, grade in of.items() if place[doc] == group and grade > 0}
            for query, of in qrels.items()
        }
        expected = measure(run, Judged.of(alone, doc_ids), found)
        mine = np.flatnonzero(parts.groups == group)
        assert [query_ids[row] for row in parts.rows[mine]] == list(expected.query_ids)
        for name, values in found.items():
            assert values[mine] == pytest.approx(expected.values[name])
        seen += len(mine)
    assert seen == len(parts.rows) > 100


def test_words_of_every_script() -> None:
    texts = [
        "How long does it keep?",
        "面包能放多久？",
        "パンは何日もちますか",
        "ขนมปังเก็บได้นานแค่ไหน",
        "कितने दिन?",
        "",
        "BM25 是什么",
    ]
    assert [words(text) for text in texts] == [5, 4, 5, 5, 2, 0, 3]


def test_means_leave_out_empty_groups() -> None:
    values = {"x": np.array([1.0, 0.0, 0.5])}
    assert means(values, np.array([2, 2, -1]), ["a", "b", "c"]) == {"c": {"x": 0.5, "queries": 2}}
    assert means(values, np.array([-1, -1, -1]), ["a"]) == {}
    assert math.isclose(means(values, np.array([0, 0, 0]), ["a"])["a"]["x"], 0.5)
