"""What a system takes: measured on a tiny real model, kept with its results."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from made_results import TAKEN, made

from eval import efficiency
from eval.efficiency import Gauge, Machine, rate
from eval.evaluate import evaluate
from eval.results import load, read_summary, save
from eval.task import open_task
from retrieval.beir import Corpus
from retrieval.encoder import load as load_model
from retrieval.models import resolve
from retrieval.searcher import Options, Searcher


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less is measured: what is tested here is not the machine."""
    monkeypatch.setattr(efficiency, "_LEAST", 0.01)
    monkeypatch.setattr(efficiency, "QUESTIONS", 20)


def test_each_mode_is_measured(tiny_corpus: Path, tiny_bert: Path, home: Path, quick: None) -> None:
    hybrid, dense, lexical = (
        result.summary.efficiency
        for result in evaluate(open_task(Corpus(tiny_corpus), "test"), str(tiny_bert), efficiency=True)
    )
    assert hybrid and dense and lexical
    counted = sum(parameter.numel() for parameter in load_model(resolve(str(tiny_bert))).parameters())
    [index] = (home / "indexes").glob("[!.]*")
    on_disk = sum(path.stat().st_size for path in index.iterdir())
    assert (hybrid.parameters, dense.parameters, lexical.parameters) == (counted, counted, None)
    assert dense.index_bytes == 24 * 32 * 4, "24 documents of 32 dimensions in float32"
    assert lexical.index_bytes == on_disk and hybrid.index_bytes == dense.index_bytes + on_disk
    assert lexical.passages_per_second is None and lexical.queries_per_second is None
    assert hybrid.passages_per_second == dense.passages_per_second, "measured once for both"
    for each in (hybrid, dense, lexical):
        assert 0 < each.latency_p50 <= each.latency_p99
        assert (each.machine.threads, each.machine.device) == (torch.get_num_threads(), "cpu")
        assert each.machine.processor


def test_nothing_comes_from_the_cache(tiny_corpus: Path, tiny_bert: Path, home: Path, quick: None) -> None:
    corpus = Corpus(tiny_corpus)
    searcher = Searcher(corpus, str(tiny_bert))
    before = searcher.prepare().nbytes
    kept = sorted((home / "vectors").rglob("*.npy"))
    taken = Gauge(searcher, corpus.queries).efficiency(Options(mode="dense"))
    assert taken.index_bytes == before
    assert sorted((home / "vectors").rglob("*.npy")) == kept, "no query was looked up, and none was kept"


def test_an_approximate_index_is_not_what_is_timed(tiny_corpus: Path, tiny_bert: Path, home: Path, quick: None) -> None:
    corpus = Corpus(tiny_corpus)
    searcher = Searcher(corpus, str(tiny_bert))
    searcher.build_hnsw()
    Gauge(searcher, corpus.queries).efficiency(Options(mode="dense"))
    assert searcher.hnsw is None


def test_a_rate_leaves_out_the_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter([0.4, 0.4, 0.4])
    monkeypatch.setattr(efficiency, "_seconds", lambda work: work() or next(took))
    calls: list[int] = []
    assert rate(lambda: calls.append(1), 12) == pytest.approx(30.0), "3 times 12 in 1.2 seconds"
    assert len(calls) == 4


def test_what_was_measured_is_kept_with_the_result(tmp_path: Path) -> None:
    result = made({"q": 1.0}, efficiency=TAKEN)
    path = save(result, tmp_path).summary.file
    assert load(path).summary == result.summary and read_summary(path).efficiency == TAKEN
    assert json.loads(path.read_text())["efficiency"] == asdict(TAKEN)


def test_results_without_it_load_and_do_not_mention_it(tmp_path: Path) -> None:
    path = save(made({"q": 1.0}), tmp_path).summary.file
    assert "efficiency" not in json.loads(path.read_text())
    assert read_summary(path).efficiency is None


def test_judging_again_does_not_forget_it(tmp_path: Path) -> None:
    save(made({"q": 1.0}, efficiency=TAKEN), tmp_path)
    again = save(made({"q": 0.5}), tmp_path).summary
    assert again.efficiency == TAKEN == read_summary(again.file).efficiency
    newer = replace(TAKEN, latency_p50=9.0)
    assert save(made({"q": 0.5}, efficiency=newer), tmp_path).summary.efficiency == newer
    again.file.write_text("{")
    assert save(made({"q": 0.5}), tmp_path).summary.efficiency is None, "a damaged result is replaced"


def test_a_machine_in_words() -> None:
    assert str(Machine("EPYC", 1, "cpu")) == "EPYC, 1 thread"
    assert str(Machine("EPYC", 16, "NVIDIA H200")) == "EPYC, 16 threads, NVIDIA H200"
