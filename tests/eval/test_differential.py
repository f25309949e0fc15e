"""Ranking and measures against pytrec_eval and beir, on whatever hypothesis thinks of."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import pytrec_eval
from beir.retrieval import custom_metrics
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eval.measures import Judged, measure
from retrieval.dense import best
from retrieval.records import Qrels, Run

PEERS = {"ndcg": "ndcg_cut", "recall": "recall", "map": "map_cut", "precision": "P", "hit": "success"}
NAMES = ("a", "b", "ab", "B", "1", "10", "é", "文", "q d", "_")
"""Queries and documents are named from the same few: their ids collide."""
compared: Counter[str] = Counter()
"""Measure → queries on which it was compared."""


@dataclass(frozen=True)
class Case:
    """Scores of every document for every query; ``-inf`` where a system did not return it."""

    doc_ids: Sequence[str]
    scores: Mapping[str, Sequence[float]]
    qrels: Qrels
    k: int

    @property
    def run(self) -> Run:
        """As the house ranks: by score, ties to the smaller id."""
        top = best(np.array(list(self.scores.values()), np.float32).reshape(-1, len(self.doc_ids)), self.k)
        return Run(list(self.scores), self.doc_ids, top.positions, top.scores)

    def ranked(self, query: str) -> list[str]:
        """The same by plain sorting."""
        present = [(-score, doc_id) for doc_id, score in zip(self.doc_ids, self.scores[query], strict=True)]
        return [doc_id for score, doc_id in sorted(present) if score < math.inf][: self.k]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Ties, near ties, missing and strange and empty queries, graded, zero and negative judgments, deep cuts.

    No grade is below -1: pytrec_eval reads beyond its memory there.
    """
    doc_ids = sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1)))
    near = float(np.nextafter(np.float32(0.5), np.float32(1)))
    score = st.one_of(
        st.sampled_from([0.0, -0.0, 0.5, near, -1.0, -math.inf]),
        st.floats(-1, 1, width=32, allow_subnormal=False),
    )
    asked = sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1, max_size=5)))
    scores = {query: draw(st.lists(score, min_size=len(doc_ids), max_size=len(doc_ids))) for query in asked}
    grades = st.dictionaries(st.sampled_from([*doc_ids, "gone"]), st.integers(-1, 4), min_size=1)
    judged = sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1, max_size=5)))
    return Case(doc_ids, scores, {query: draw(grades) for query in judged}, draw(st.integers(1, 15)))


ONE = Case(["a"], {"a": [0.5]}, {"a": {"a": 1}}, 1)
"""One query, one document, of the same name."""
many = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def check(case: Case, kind: str, k: int, theirs: Mapping[str, float]) -> None:
    measured = measure(case.run, Judged.of(case.qrels, case.doc_ids), [f"{kind}@{k}"])
    wanted = [theirs.get(query, 0.0) for query in measured.query_ids]
    np.testing.assert_allclose(measured.values[f"{kind}@{k}"], wanted, rtol=0, atol=1e-9)
    compared[kind] += len(wanted)


@many
@given(cases())
@example(ONE)
def test_the_ranking_is_the_plain_sort(case: Case) -> None:
    for row, query in enumerate(case.scores):
        assert [doc_id for doc_id, _ in case.run.top(row)] == case.ranked(query)


@pytest.mark.parametrize("kind", [*PEERS, "mrr"])
@many
@given(cases(), st.integers(1, 15))
@example(ONE, 1)
def test_equal_to_pytrec_eval(kind: str, case: Case, k: int) -> None:
    """It gets K − rank as score: it would round scores and order ties its own way. It has no cut for MRR."""
    cut = k if kind == "mrr" else case.k
    asked, answer = ("recip_rank", "recip_rank") if kind == "mrr" else (f"{PEERS[kind]}.{k}", f"{PEERS[kind]}_{k}")
    scored = {
        query: {doc_id: float(100 - rank) for rank, doc_id in enumerate(case.ranked(query)[:cut])}
        for query in case.scores
    }
    found = pytrec_eval.RelevanceEvaluator(case.qrels, {asked}).evaluate(scored)
    check(case, kind, k, {query: values[answer] for query, values in found.items()})


@many
@given(cases(), st.integers(1, 15))
@example(ONE, 1)
def test_capped_recall_is_that_of_beir(case: Case, k: int) -> None:
    """Which gives means of five decimals, and divides by zero where nothing is relevant: it gets a query at a time."""
    theirs = {}
    for query in case.qrels.keys() & case.scores.keys():
        if any(grade > 0 for grade in case.qrels[query].values()):
            scored = {query: {doc_id: float(100 - rank) for rank, doc_id in enumerate(case.ranked(query))}}
            theirs[query] = custom_metrics.recall_cap({query: case.qrels[query]}, scored, [k])[f"R_cap@{k}"]
    measured = measure(case.run, Judged.of(case.qrels, case.doc_ids), [f"rcap@{k}"])
    wanted = [theirs.get(query, 0.0) for query in measured.query_ids]
    np.testing.assert_allclose(measured.values[f"rcap@{k}"], wanted, rtol=0, atol=5.1e-6)
    compared["rcap"] += len(wanted)


@many
@given(cases(), st.integers(1, 15))
@example(ONE, 1)
def test_holes_are_what_nobody_judged(case: Case, k: int) -> None:
    theirs = {
        query: sum(doc_id not in case.qrels[query] for doc_id in case.ranked(query)[:k]) / k
        for query in case.qrels.keys() & case.scores.keys()
    }
    check(case, "hole", k, theirs)


def test_enough_was_compared() -> None:
    """Runs last: hypothesis must have found cases that count."""
    if len(compared) < len(PEERS) + 3:
        pytest.skip("the tests above were not all run")
    assert min(compared.values()) > 400, compared
