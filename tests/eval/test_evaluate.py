"""Evaluation end to end on a tiny corpus: BM25 alone, and a real two-layer model."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from eval.evaluate import evaluate, evaluate_run, judge
from eval.measures import STANDARD, Judged
from eval.task import Task, open_task
from retrieval.beir import Corpus, write_documents, write_qrels, write_queries
from retrieval.errors import BakehouseError
from retrieval.models import DEFAULT
from retrieval.records import Document, Qrels, Query, Run
from retrieval.searcher import MODES


def write(folder: Path, documents: list[Document], queries: list[Query], qrels: Qrels) -> Corpus:
    write_documents(folder, documents)
    write_queries(folder, queries)
    write_qrels(folder, "test", qrels)
    return Corpus(folder)


DOCUMENTS = [
    Document("d1", "rye bread rises slowly", metadata={"lang": "en"}),
    Document("d2", "rye rye rye", metadata={"lang": "en"}),
    Document("d3", "Roggen klebt", metadata={"lang": "de"}),
]


def test_judge_by_language() -> None:
    run = Run(
        ["a", "b", "c"],
        ["d1", "d2", "d3"],
        np.array([[0, 1], [1, 0], [2, -1]], np.int32),
        np.array([[2, 1], [2, 1], [1, -np.inf]], np.float32),
    )
    judged = Judged.of({"a": {"d1": 1}, "b": {"d1": 1}, "c": {"d1": 1}, "lost": {"d1": 1}}, run.doc_ids)
    queries = [Query("a", "x", {"lang": "en"}), Query("b", "y", {"lang": "en"}), Query("c", "z", {"lang": "de"})]
    scores = judge(run, judged, queries, ["mrr@10", "ndcg@10"])
    assert scores.metrics == pytest.approx({"mrr@10": 1.5 / 4, "ndcg@10": (1 + 1 / math.log2(3)) / 4})
    assert scores.by_language == {
        "en": {"mrr@10": 0.75, "ndcg@10": pytest.approx((1 + 1 / math.log2(3)) / 2), "queries": 2},
        "de": {"mrr@10": 0, "ndcg@10": 0, "queries": 1},
        "und": {"mrr@10": 0, "ndcg@10": 0, "queries": 1},
    }
    assert next(iter(scores.by_language)) == "en"
    assert scores.per_query.query_ids == ["a", "b", "c", "lost"]
    assert scores.per_query.texts == ["x", "y", "z", ""]
    assert scores.per_query.top == [[("d1", 2), ("d2", 1)], [("d2", 2), ("d1", 1)], [("d3", 1)], []]


def test_bm25_needs_no_model(tmp_path: Path, home: Path) -> None:
    queries = [Query("q1", "rye", {"lang": "en"}), Query("q2", "klebt", {"lang": "de"}), Query("q3", "unasked")]
    corpus = write(tmp_path / "loaves", DOCUMENTS, queries, {"q1": {"d1": 1}, "q2": {"d3": 2}})
    [result] = evaluate(open_task(corpus, "test"), "no-such-model", ("lexical",))
    summary = result.summary
    assert summary.metrics == pytest.approx(
        {"ndcg@10": (1 / math.log2(3) + 1) / 2, "recall@100": 1.0, "mrr@10": 0.75, "map@100": 0.75}
    )
    assert summary.by_language["de"]["ndcg@10"] == 1
    assert (summary.system.label, summary.system.model, summary.system.mode) == ("BM25", "", "lexical")
    assert (summary.corpus.name, summary.split, summary.synthetic) == ("loaves", "test", False)
    assert summary.counts == {
        "queries": 2,
        "documents": 3,
        "unjudged": 1,
        "without_results": 0,
        "without_relevant": 0,
        "unknown_documents": 0,
        "unknown_queries": 0,
        "in_languages_without_documents": 0,
    }
    assert [[doc for doc, _ in top] for top in result.per_query.top] == [["d2", "d1"], ["d3"]]
    assert summary.settings["bm25"]["k1"] == 1.2
    assert summary.warnings == ()


def test_three_modes_with_a_real_model(tiny_corpus: Path, tiny_bert: Path, home: Path) -> None:
    task = open_task(Corpus(tiny_corpus), "dev")
    results = evaluate(task, str(tiny_bert), run="r1", step=5, label="r1 · step 5", measures=[*STANDARD, "hit@1"])
    modes = {each.summary.system.mode: each.summary for each in results}
    assert list(modes) == ["hybrid", "dense", "lexical"]
    assert [each.system.label for each in modes.values()] == ["r1 · step 5", "r1 · step 5", "BM25"]
    assert modes["dense"].system.model_fingerprint == modes["hybrid"].system.model_fingerprint != ""
    assert len({each.id for each in modes.values()}) == 3
    for each in modes.values():
        assert (each.run, each.step, each.counts["queries"]) == ("r1", 5, 6)
        assert list(each.metrics) == [*STANDARD, "hit@1"]
        assert {lang: of["queries"] for lang, of in each.by_language.items()} == {"ar": 2, "de": 2, "en": 2}
    assert modes["dense"].metrics["recall@100"] == 1  # 24 documents: a dense ranking of depth 100 holds them all
    assert modes["lexical"].metrics["ndcg@10"] > 0.5
    assert modes["hybrid"].settings | {"fusion": "minmax", "weight": 0.5, "depth": 200} == modes["hybrid"].settings
    assert "fusion" not in modes["dense"].settings and "bm25" not in modes["dense"].settings


def test_the_id_follows_what_was_judged(tiny_corpus: Path, home: Path) -> None:
    def id_of(split: str = "dev", **changes: object) -> str:
        task = open_task(Corpus(tiny_corpus), split)
        return evaluate(task, DEFAULT, ("lexical",), **changes)[0].summary.id  # type: ignore[arg-type]

    first = id_of()
    assert first == id_of()
    assert len({first, id_of("test"), id_of(k=200), id_of(run="r1", step=0), id_of(run="r1", step=5)}) == 5


def test_too_short_rankings_are_refused(tiny_corpus: Path, home: Path) -> None:
    with pytest.raises(BakehouseError, match=r"depth 10 are too short for recall@100: give -k 100"):
        evaluate(open_task(Corpus(tiny_corpus), "dev"), DEFAULT, ("lexical",), k=10)


def test_unknown_ids_are_refused_or_counted(tmp_path: Path, home: Path) -> None:
    corpus = write(
        tmp_path / "c", DOCUMENTS, [Query("q1", "rye", {"lang": "en"})], {"q1": {"d1": 1, "d9": 1}, "q9": {"d1": 1}}
    )
    with pytest.raises(BakehouseError, match=r"test\.tsv names document 'd9'.*query 'q9'.*--allow-unknown"):
        open_task(corpus, "test")
    [result] = evaluate(open_task(corpus, "test", allow_unknown=True), DEFAULT, ("lexical",))
    counts = result.summary.counts
    assert (counts["unknown_documents"], counts["unknown_queries"], counts["without_results"]) == (1, 1, 1)
    assert result.summary.metrics["recall@100"] == 0.25
    assert len(result.summary.warnings) == 2 and "'d9'" in result.summary.warnings[0]


def test_a_query_language_without_documents_is_said(tmp_path: Path) -> None:
    queries = [Query("q1", "rye", {"lang": "en"}), Query("q2", "seigle", {"lang": "fr"}), Query("q3", "?")]
    qrels = {"q1": {"d1": 1}, "q2": {"d1": 1}, "q3": {"d1": 1}}
    task = open_task(write(tmp_path / "c", DOCUMENTS, queries, qrels), "test")
    assert task.foreign == {"fr": 1}
    assert "without documents: fr (1)" in task.warnings[0]
    unknown = [*DOCUMENTS, Document("d4", "?")]
    assert open_task(write(tmp_path / "u", unknown, queries, qrels), "test").foreign == {}


@pytest.mark.parametrize(
    ("split", "message"),
    [("tset", "no split 'tset'.*Did you mean 'test'"), ("empty", "no judgment in qrels/empty.tsv")],
)
def test_a_split_must_be_there(tmp_path: Path, split: str, message: str) -> None:
    corpus = write(tmp_path / "c", DOCUMENTS, [Query("q1", "rye")], {"q1": {"d1": 1}})
    write_qrels(corpus.folder, "empty", {})
    with pytest.raises(BakehouseError, match=message):
        open_task(corpus, split)


def test_a_query_id_twice_is_refused(tmp_path: Path) -> None:
    corpus = write(tmp_path / "c", DOCUMENTS, [Query("q1", "rye"), Query("q1", "bread")], {"q1": {"d1": 1}})
    with pytest.raises(BakehouseError, match="an id twice"):
        open_task(corpus, "test")


def test_the_fingerprint_of_a_task_is_of_judgments_and_texts(tmp_path: Path) -> None:
    corpus = write(tmp_path / "c", DOCUMENTS, [], {"q1": {"d1": 1}})

    def of(text: str, grade: int) -> str:
        return Task(corpus, "dev", (Query("q1", text),), {"q1": {"d1": grade}}, synthetic=True).fingerprint

    assert of("rye", 1) == of("rye", 1)
    assert len({of("rye", 1), of("rye", 2), of("bread", 1)}) == 3


@pytest.mark.data
def test_bm25_on_cranfield(shared_data: Path, home: Path) -> None:
    [result] = evaluate(open_task(Corpus(shared_data / "beir" / "cranfield"), "test"), DEFAULT, ("lexical",))
    assert result.summary.counts["queries"] == 225
    assert result.summary.metrics["ndcg@10"] == pytest.approx(0.507, abs=0.005)


def test_a_query_that_is_a_document_does_not_find_itself(tmp_path: Path, home: Path, tiny_bert: Path) -> None:
    """As in ArguAna: before the cut, before fusion, in every mode; and only where the corpus or the person says so."""
    queries = [Query("d2", "rye rye rye", {"lang": "en"}), Query("x", "klebt", {"lang": "de"})]
    corpus = write(tmp_path / "self", DOCUMENTS, queries, {"d2": {"d1": 1}, "x": {"d3": 1}})
    assert not open_task(corpus, "test").exclude_self
    (corpus.folder / "manifest.json").write_text('{"exclude_self": true}')
    for mode in MODES:
        for excludes in (True, False):
            task = open_task(corpus, "test", exclude_self=None if excludes else False)
            [result] = evaluate(task, str(tiny_bert), (mode,), k=2, measures=["mrr@2"])
            found = [doc_id for doc_id, _ in result.per_query.top[0]]
            assert ("d2" in found) != excludes
            assert result.summary.settings.get("exclude_self", False) == excludes
            if mode == "lexical":
                assert found == (["d1"] if excludes else ["d2", "d1"])
            if mode == "dense":
                assert len(found) == 2, "the ranking is as deep as it was"


def test_a_brought_run_leaves_out_the_query_itself_too(tmp_path: Path, home: Path) -> None:
    corpus = write(tmp_path / "self", DOCUMENTS, [Query("d2", "rye")], {"d2": {"d1": 1}})
    (tmp_path / "x.run").write_text("d2 Q0 d2 1 3 x\nd2 Q0 d3 2 2 x\nd2 Q0 d1 3 1 x\n")
    ranks = {
        excludes: evaluate_run(open_task(corpus, "test", exclude_self=excludes), tmp_path / "x.run").per_query
        for excludes in (True, False)
    }
    assert ranks[True].values["mrr@10"].tolist() == [1 / 2]
    assert ranks[False].values["mrr@10"].tolist() == [1 / 3]
    assert [doc_id for doc_id, _ in ranks[True].top[0]] == ["d3", "d1"]


def test_other_judgments_make_another_result(tmp_path: Path, home: Path) -> None:
    queries = [Query("q1", "rye", {"lang": "en"})]
    ids = []
    for name, grades in (("a", {"d1": 1}), ("b", {"d2": 1}), ("c", {"d1": 1})):
        corpus = write(tmp_path / name, DOCUMENTS, queries, {"q1": grades})
        [result] = evaluate(open_task(corpus, "test"), "no-such-model", ("lexical",))
        ids.append(result.summary.id)
    assert ids[0] != ids[1]
    assert ids[0] == ids[2]
