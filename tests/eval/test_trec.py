"""TREC's files: what is written is read back, trec_eval's own reader agrees, and bad lines are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pytrec_eval
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval import trec
from eval.measures import Judged, measure
from retrieval.dense import best
from retrieval.errors import BakehouseError
from retrieval.records import Run

DOCS = ["a", "b", "c", "文"]


def run_of(*rows: list[float]) -> Run:
    top = best(np.array(rows, np.float32), 3)
    return Run([f"q{row}" for row in range(len(rows))], DOCS, top.positions, top.scores)


def test_lines_as_trec_eval_wants_them(tmp_path: Path) -> None:
    path = trec.write_run(tmp_path / "x.run", run_of([0.25, 0.5, -1, 0.25], [-np.inf] * 4), "e5 small")
    below = f"{np.nextafter(np.float32(0.25), np.float32(0)):.9g}"
    assert path.read_text() == f"q0 Q0 b 1 0.5 e5_small\nq0 Q0 a 2 0.25 e5_small\nq0 Q0 文 3 {below} e5_small\n"
    assert trec.write_qrels(tmp_path / "x.qrels", {"q0": {"a": 2, "文": -1}}).read_text() == "q0 0 a 2\nq0 0 文 -1\n"
    assert trec.read_qrels(tmp_path / "x.qrels") == {"q0": {"a": 2, "文": -1}}


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.5, 0.50000006, -3.0, 1e-30, 1.0]), min_size=4, max_size=4),
        min_size=1,
        max_size=4,
    ),
    st.dictionaries(
        st.sampled_from(["q0", "q1", "q9"]),
        st.dictionaries(st.sampled_from(DOCS), st.integers(0, 3), min_size=1),
        min_size=1,
    ),
)
def test_trec_eval_judges_a_written_run_as_we_do(
    tmp_path: Path, scores: list[list[float]], qrels: dict[str, dict[str, int]]
) -> None:
    """Ties included: its own order of ties is another one."""
    run = run_of(*scores)
    path = trec.write_run(tmp_path / "x.run", run, "x")
    back = trec.read_run(path, DOCS).run
    assert [[doc for doc, _ in back.top(row)] for row in range(len(scores))] == [
        [doc for doc, _ in run.top(row)] for row in range(len(scores))
    ]
    with path.open() as lines:
        theirs = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.3"}).evaluate(pytrec_eval.parse_run(lines))
    measured = measure(run, Judged.of(qrels, DOCS), ["ndcg@3"])
    wanted = [theirs.get(query, {}).get("ndcg_cut_3", 0.0) for query in measured.query_ids]
    np.testing.assert_allclose(measured.values["ndcg@3"], wanted, rtol=0, atol=1e-9)


def test_a_run_of_another_system(tmp_path: Path) -> None:
    (tmp_path / "x.run").write_text(
        "q Q0 z 1 9 other\nq\tQ0\tb 3 2.5 other\nq Q0 a 2 2.5 other\n\nr Q0 c 1 1e-3 mine\n"
    )
    brought = trec.read_run(tmp_path / "x.run", DOCS)
    assert [doc for doc, _ in brought.run.top(0)] == ["z", "a", "b"], "a stranger keeps its place, ties go by rank"
    assert (brought.strangers, brought.tags) == (1, ["other", "mine"])
    measured = measure(brought.run, Judged.of({"q": {"a": 1}}, brought.run.doc_ids), ["mrr@10"])
    assert measured.values["mrr@10"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("q Q0 a 1 0.5", "line 2: found 5 fields in 'q Q0 a 1 0.5', wanted 6"),
        ("q Q0 a one 0.5 x", "line 2: found 'one', wanted a rank"),
        ("q Q0 a 1 high x", "line 2: found 'high', wanted a score"),
        ("q Q0 a 1 nan x", "'nan' is no finite number"),
        ("q Q0 b 1 0.5 x", "line 2: 'b' stands a second time for query 'q'"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "x.run").write_text(f"q Q0 b 1 0.5 x\n{line}\n")
    with pytest.raises(BakehouseError, match=told):
        trec.read_run(tmp_path / "x.run", DOCS)


def test_what_is_no_such_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, told in (("empty", "holds no line"), ("binary", "cannot be read"), ("none", "cannot be read")):
        with pytest.raises(BakehouseError, match=told):
            trec.read_run(tmp_path / name, DOCS)
    with pytest.raises(BakehouseError, match="holds a blank"):
        trec.write_qrels(tmp_path / "x", {"a query": {"a": 1}})
