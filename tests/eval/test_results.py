"""Results on disk: they come back as they were, and damage is named."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from made_results import made

from eval.results import QUERIES_SUFFIX, all_results, load, read_summary, save, scores_folder
from retrieval.errors import BakehouseError


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    result = made({"q1": 1 / 3, "q2": 0.1}, languages=["de", "ar"], warnings=("Mind this.",), step=20, run="r1")
    saved = save(result, tmp_path)
    again = load(tmp_path / "0123456789abcdef.json")
    assert saved.summary.path == tmp_path / "0123456789abcdef.json"
    assert again.summary == result.summary
    assert again.per_query.values["ndcg@10"].tolist() == [1 / 3, 0.1]
    for member in ("query_ids", "languages", "texts", "top"):
        assert getattr(again.per_query, member) == getattr(result.per_query, member)


def test_a_result_loads_from_its_summary(tmp_path: Path) -> None:
    save(made({"q1": 1.0}), tmp_path)
    summary = read_summary(tmp_path / "0123456789abcdef.json")
    assert load(summary).per_query.query_ids == ["q1"]
    with pytest.raises(ValueError, match="never saved"):
        load(made({"q1": 1.0}).summary)


def test_a_breakdown_comes_back_and_older_results_have_none(tmp_path: Path) -> None:
    breakdown = {"relevant": {"1": {"ndcg@10": 0.5, "queries": 2}}}
    save(made({"q1": 0.5, "q2": 0.5}, breakdown=breakdown), tmp_path)
    path = tmp_path / "0123456789abcdef.json"
    assert load(path).summary.breakdown == breakdown
    older = json.loads(path.read_text())
    del older["breakdown"]
    path.write_text(json.dumps(older))
    assert read_summary(path).breakdown == {}


def test_the_same_id_is_overwritten(tmp_path: Path) -> None:
    save(made({"q1": 0.0}), tmp_path)
    save(made({"q1": 1.0, "q2": 0.5}), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "0123456789abcdef.json",
        f"0123456789abcdef{QUERIES_SUFFIX}",
    ]
    assert load(tmp_path / "0123456789abcdef.json").summary.metrics == {"ndcg@10": 0.75}


def test_all_results_are_those_of_eval_and_of_runs_by_age(home: Path) -> None:
    save(made({"q": 1.0}, id="b" * 16, created="2025-02-01"), scores_folder())
    save(made({"q": 1.0}, id="a" * 16, created="2025-03-01"), scores_folder())
    save(made({"q": 1.0}, id="c" * 16, created="2025-01-01", run="r1", step=0), scores_folder("r1"))
    found = all_results()
    assert [each.id[0] for each in found] == ["c", "b", "a"]
    assert [each.path for each in found] == [
        home / "runs/r1/scores" / f"{'c' * 16}.json",
        home / "scores" / f"{'b' * 16}.json",
        home / "scores" / f"{'a' * 16}.json",
    ]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"id": "x"}', "\xff"])
def test_a_damaged_result_is_named_and_passed_over(home: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    save(made({"q": 1.0}), scores_folder())
    bad = home / "scores" / "bad.json"
    bad.write_bytes(content.encode("latin-1"))
    with caplog.at_level(logging.WARNING):
        assert [each.id for each in all_results()] == ["0123456789abcdef"]
    assert str(bad) in caplog.text and "Delete it and run the evaluation again" in caplog.text
    with pytest.raises(BakehouseError, match="damaged"):
        load(bad)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match="eval list"):
        load(tmp_path / "nothing.json")
    path = save(made({"q": 1.0}), tmp_path).summary.path
    assert path is not None
    path.with_name(path.stem + QUERIES_SUFFIX).unlink()
    with pytest.raises(BakehouseError, match=r"queries\.jsonl is missing.*Copy both"):
        load(path)


def test_damaged_queries_are_named(tmp_path: Path) -> None:
    path = save(made({"q": 1.0}), tmp_path).summary.path
    assert path is not None
    path.with_name(path.stem + QUERIES_SUFFIX).write_text('{"query": "q"}\n')
    with pytest.raises(BakehouseError, match=r"queries\.jsonl is damaged"):
        load(path)


def test_a_member_of_a_later_version_is_left_out(tmp_path: Path) -> None:
    path = save(made({"q": 1.0}), tmp_path).summary.path
    assert path is not None
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "latency": 3}))
    assert read_summary(path) == made({"q": 1.0}).summary
