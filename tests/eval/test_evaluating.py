"""An evaluation that goes on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.page import latest
from eval.page.evaluating import Bench
from retrieval.beir import Corpus
from retrieval.errors import BakehouseError

SECONDS = 120


def test_an_evaluation_is_done_once_and_saved(home: Path, tiny_corpus: Path, tiny_bert: Path) -> None:
    bench, before = Bench(), latest.stamp()
    work = bench.work(Corpus(tiny_corpus), str(tiny_bert), "test")
    assert bench.work(Corpus(tiny_corpus), str(tiny_bert), "test") is work
    assert work.finished.wait(SECONDS) and work.error is None
    assert (work.done, work.total) == (24, 24)
    assert sorted(each.system.mode for each in latest.known()) == ["dense", "hybrid", "lexical"]
    assert latest.stamp() != before
    assert {latest.by_id(each.id).id for each in latest.known()} == {
        path.stem for path in home.glob("scores/*[0-9a-f].json")
    }
    with pytest.raises(BakehouseError, match="is gone"):
        latest.by_id("0000")


def test_a_wrong_split_is_told_to_whoever_waits(home: Path, tiny_corpus: Path) -> None:
    work = Bench().work(Corpus(tiny_corpus), "no-model", "tset")
    assert work.finished.wait(SECONDS)
    assert "has no split 'tset'" in str(work.error)


def test_visitors_of_a_space_cannot_evaluate(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from eval.tabs.scores import _evaluator

    monkeypatch.setenv("SYSTEM", "spaces")
    bench = Bench()
    with pytest.raises(BakehouseError, match="Visitors of this Space"):
        next(_evaluator(bench)("handbook", "m", "test", None))
    assert bench._works == {}
