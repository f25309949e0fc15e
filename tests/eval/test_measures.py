"""Measures against numbers worked out by hand, and against pytrec_eval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import pytrec_eval

from eval.measures import STANDARD, Judged, measure, parse
from retrieval.errors import BakehouseError
from retrieval.records import Qrels, Run

CUTS = (1, 3, 10, 100)
PEERS = {"ndcg": "ndcg_cut", "recall": "recall", "map": "map_cut", "precision": "P", "hit": "success"}
"""Our name for a measure, and pytrec_eval's."""


def run_of(rankings: Mapping[str, Sequence[str]], doc_ids: Sequence[str], k: int) -> Run:
    ranking = np.full((len(rankings), k), -1, np.int32)
    for row, ranked in enumerate(rankings.values()):
        ranking[row, : len(ranked)] = [doc_ids.index(doc_id) for doc_id in ranked]
    scores = np.where(ranking >= 0, -np.arange(k), -np.inf).astype(np.float32)
    return Run(list(rankings), doc_ids, ranking, scores)


def test_graded_judgments_worked_out_by_hand() -> None:
    docs = ["a", "b", "c", "d", "e"]
    qrels = {"q": {"a": 2, "c": 1, "d": 0, "e": 3}}
    measured = measure(
        run_of({"q": ["b", "a", "d", "c"]}, docs, 4),
        Judged.of(qrels, docs),
        [
            "ndcg@3",
            "ndcg@10",
            "recall@3",
            "mrr@10",
            "mrr@1",
            "map@10",
            "map@3",
            "precision@3",
            "hit@1",
            "hit@2",
            "rcap@2",
            "rcap@5",
            "hole@3",
            "hole@5",
        ],
    )
    ideal3 = 3 + 2 / math.log2(3) + 1 / 2
    gain3 = 2 / math.log2(3)
    assert measured.means() == pytest.approx(
        {
            "ndcg@3": gain3 / ideal3,
            "ndcg@10": (gain3 + 1 / math.log2(5)) / ideal3,
            "recall@3": 1 / 3,
            "mrr@10": 1 / 2,
            "mrr@1": 0,
            "map@10": (1 / 2 + 2 / 4) / 3,
            "map@3": (1 / 2) / 3,
            "precision@3": 1 / 3,
            "hit@1": 0,
            "hit@2": 1,
            "rcap@2": 1 / 2,
            "rcap@5": 2 / 3,
            "hole@3": 1 / 3,
            "hole@5": 1 / 5,
        },
        abs=1e-15,
    )


def test_means_are_over_judged_queries_and_everything_else_is_counted() -> None:
    docs = ["a", "b"]
    qrels = {"found": {"a": 1, "gone": 1}, "empty row": {"a": 1}, "not in run": {"b": 1}, "none": {"a": 0}, "bare": {}}
    run = run_of({"stranger": ["a"], "empty row": [], "found": ["a"], "none": ["a"]}, docs, 2)
    measured = measure(run, Judged.of(qrels, docs))
    assert list(measured.query_ids) == ["found", "empty row", "not in run", "none"]
    assert measured.values["recall@100"].tolist() == [0.5, 0, 0, 0]
    assert measured.values["mrr@10"].tolist() == [1, 0, 0, 0]
    counts = measured.counts
    assert (counts.queries, counts.unjudged, counts.without_results) == (4, 1, 2)
    assert (counts.without_relevant, counts.unknown_documents) == (1, 1)


def random_case(seed: int) -> tuple[Qrels, Run]:
    """Graded, zero and negative judgments, unknown documents, missing and strange queries, short rows."""
    random = np.random.default_rng(seed)
    documents, k = int(random.integers(1, 60)), int(random.integers(1, 130))
    docs = [f"d{at}" for at in range(documents)]
    qrels: Qrels = {}
    for query in np.flatnonzero(random.random(30) < 0.95):
        judged = random.choice(documents + 3, int(random.integers(1, documents + 1)), replace=False)
        qrels[f"q{query}"] = {f"d{at}": int(random.integers(-1, 4)) for at in judged}
    rankings = {}
    for query in random.permutation(np.flatnonzero(random.random(30) < 0.9)):
        length = int(random.integers(0, min(k, documents) + 1))
        rankings[f"q{query}"] = [docs[at] for at in random.choice(documents, length, replace=False)]
    return qrels, run_of(rankings, docs, k)


def peer_values(qrels: Qrels, run: Run, kind: str, k: int) -> list[float]:
    """pytrec_eval's values of the judged queries; it gets K − rank as score, so that our order is judged."""
    ranked = {query: [doc for doc, _ in run.top(row)] for row, query in enumerate(run.query_ids)}
    if kind == "mrr":
        ranked, asked, answer = {query: docs[:k] for query, docs in ranked.items()}, "recip_rank", "recip_rank"
    else:
        asked, answer = f"{PEERS[kind]}.{k}", f"{PEERS[kind]}_{k}"
    scored = {query: {doc: 1000 - rank for rank, doc in enumerate(docs)} for query, docs in ranked.items()}
    found = pytrec_eval.RelevanceEvaluator(qrels, {asked}).evaluate(scored)
    return [found.get(query, {}).get(answer, 0.0) for query in qrels]


@pytest.mark.parametrize("kind", ["ndcg", "recall", "map", "precision", "hit", "mrr"])
def test_equal_to_pytrec_eval(kind: str) -> None:
    compared, above_zero = 0, 0
    for seed in range(40):
        qrels, run = random_case(seed)
        measured = measure(run, Judged.of(qrels, run.doc_ids), [f"{kind}@{k}" for k in CUTS])
        for k in CUTS:
            ours = measured.values[f"{kind}@{k}"]
            np.testing.assert_allclose(ours, peer_values(qrels, run, kind, k), rtol=0, atol=1e-9)
            compared, above_zero = compared + len(ours), above_zero + int((ours > 0).sum())
    assert compared > 4000
    assert above_zero > 1000


def test_one_conversion_serves_many_runs() -> None:
    docs = ["a", "b", "c"]
    judged = Judged.of({"q": {"b": 1}}, docs)
    values = [measure(run_of({"q": order}, docs, 3), judged, ["mrr@10"]).means()["mrr@10"] for order in ("abc", "bca")]
    assert values == [0.5, 1.0]


def test_a_run_over_other_documents_is_refused() -> None:
    judged = Judged.of({"q": {"b": 1}}, ["a", "b"])
    with pytest.raises(ValueError, match="same documents"):
        measure(run_of({"q": ["a"]}, ["b", "a"], 1), judged)
    assert measure(run_of({"q": ["b"]}, ["a", "b"], 1), judged).means()["mrr@10"] == 1


def test_a_query_twice_in_a_run_is_refused() -> None:
    run = Run(["q", "q"], ["a"], np.zeros((2, 1), np.int32), np.zeros((2, 1), np.float32))
    with pytest.raises(ValueError, match="twice"):
        measure(run, Judged.of({"q": {"a": 1}}, ["a"]))


def test_no_judgments_is_a_sentence() -> None:
    with pytest.raises(BakehouseError, match="no judgments"):
        Judged.of({"q": {}}, ["a"])


@pytest.mark.parametrize("name", ["ndcg", "ndcg@0", "ndcg@-1", "gain@10", "ndcg@ten", "@10", ""])
def test_unknown_measures_are_refused(name: str) -> None:
    with pytest.raises(BakehouseError, match=r"unknown measure .*ndcg@k, recall@k"):
        parse(name)


def test_names_and_titles() -> None:
    assert [parse(name).title for name in STANDARD] == ["nDCG@10", "Recall@100", "MRR@10", "MAP@100"]
    assert parse(" NDCG@010 ").name == "ndcg@10"
    assert (parse("R_cap@5").name, parse("R-cap@5").title) == ("rcap@5", "R-cap@5")
