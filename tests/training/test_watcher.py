"""When a run saves and examines, what that costs, and how it ends: by patience, on request, or after its last step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tiny_runs import examined, finished, losses, said, tiny_run

from retrieval.artifact import MANIFEST
from retrieval.models import BEST, resolve
from training import pipeline
from training.keeping import checkpoints
from training.keeping.milestones import Spent, affordable, evaluations, regularly
from training.runs import RunFolder

pytestmark = pytest.mark.usefixtures("home")


def test_milestones_are_counts_shares_or_steps() -> None:
    assert evaluations(100, 5, 0) == {20, 40, 60, 80, 100}
    assert evaluations(3, 5, 0) == {1, 2, 3}
    assert evaluations(100, 5, 0.3) == {30, 60, 90, 100}
    assert evaluations(100, 5, 40) == {40, 80, 100}
    assert regularly(100, 25) == {25, 50, 75, 100}
    assert regularly(10, 0.05) == set(range(1, 11))
    assert regularly(100, 0) == set()


@pytest.mark.parametrize(
    ("room", "held"), [(100.0, [1, 2, 3, 4, 5]), (5.0, [1, 2, 3, 4, 5]), (3.0, [1, 3, 5]), (2.0, [3, 5]), (0.5, [5])]
)
def test_examinations_that_do_not_fit_are_left_out_evenly(room: float, held: list[int]) -> None:
    """Five are wanted, each takes a second."""
    found = []
    for place in range(1, 6):
        if affordable(ahead=6 - place, cost=1.0, room=room - len(found)):
            found.append(place)
    assert found == held


def test_what_was_spent() -> None:
    spent = Spent().step(2.0).step(4.0).examination(0.5)
    assert (spent.share, spent.cost, spent.expected(10)) == (0.5 / 6, 0.5, 30.0)
    assert Spent(**spent.rounded()) == spent


def test_examinations_change_nothing_that_is_learned(tiny_corpus: Path, tiny_bert: Path) -> None:
    often = tiny_run(tiny_corpus, tiny_bert, fit={"trainable": "all"}, evaluate={"times": 4})
    seldom = tiny_run(tiny_corpus, tiny_bert, fit={"trainable": "all"}, evaluate={"times": 1})
    for run in (often, seldom):
        finished(run)
    assert (examined(often), examined(seldom)) == ([0, 1, 2, 3, 4], [0, 4])
    assert losses(often) == losses(seldom)
    steps = [checkpoints.checkpoints(run.path)[-1].folder for run in (often, seldom)]
    assert len({resolve(str(folder)).fingerprint for folder in steps}) == 1


def test_examinations_are_timed_and_left_out_where_they_take_too_long(
    tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.keeping.milestones.TOO_LITTLE", 0.0)
    run = tiny_run(tiny_corpus, tiny_bert, evaluate={"times": 4, "share": 1e-9})
    status = finished(run)
    assert examined(run) == [0, 4]
    assert len(said(run, "is saved and not examined")) == 3
    told, _ = said(run, "of the steps' time: 1 of")
    assert f"E{told[1:]}." in status.message


def test_evaluations_and_saves_follow_their_own_cadence(tiny_corpus: Path, tiny_bert: Path) -> None:
    sections = {"evaluate": {"every": 3}, "checkpoints": {"every": 0.25, "keep": 9}}
    run = tiny_run(tiny_corpus, tiny_bert, **sections)
    finished(run)
    assert examined(run) == [0, 3, 4]
    assert [checkpoint.step for checkpoint in checkpoints.checkpoints(run.path)] == [1, 2, 3, 4]


def test_patience_ends_a_run_early_and_a_resumed_one_trains_no_further(tiny_corpus: Path, tiny_bert: Path) -> None:
    """At a learning rate that no figure survives, the first examination is the best."""
    sections: Mapping[str, Any] = {"fit": {"learning_rate": 1e-12}, "evaluate": {"times": 4, "patience": 2}}
    run = tiny_run(tiny_corpus, tiny_bert, **sections)
    status = finished(run)
    assert (examined(run), len(losses(run))) == ([0, 1, 2, 3], 3)
    assert (status.best["step"], checkpoints.checkpoints(run.path)[-1].waited) == (1, 2)
    assert "Stopped early: 2 examinations without a better one, at step 3" in status.message
    finished(run)
    assert len(losses(run)) == 3


def test_a_killed_run_remembers_its_patience(tiny_corpus: Path, tiny_bert: Path) -> None:
    sections: Mapping[str, Any] = {"fit": {"learning_rate": 1e-12}, "evaluate": {"times": 4, "patience": 2}}
    run = tiny_run(tiny_corpus, tiny_bert, **sections)
    pipeline.work(run, _stop_at(run, step=2))
    assert run.status().state == "stopped"
    run.ask_stop(False)
    finished(run)
    assert examined(run) == [0, 1, 2, 3]
    assert len(losses(run)) == 3


def _stop_at(run: RunFolder, step: int) -> Callable[[Mapping[str, Any]], None]:
    """Asks to stop once a step's checkpoint is examined."""

    def listen(event: Mapping[str, Any]) -> None:
        if event["step"] == step and "dev" in event["metrics"]:
            run.ask_stop()

    return listen


def test_a_checkpoint_whose_examination_was_lost_is_examined_on_resuming(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = tiny_run(tiny_corpus, tiny_bert)
    finished(run)
    manifest = run.path / "checkpoints" / "step-4" / MANIFEST
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"score": None, "examination": ""}))
    _forget_that_fit_is_complete(run)
    finished(run)
    assert examined(run) == [0, 2, 4, 4]
    assert len(losses(run)) == 4
    assert run.status().best["step"] == json.loads((run.path / BEST / MANIFEST).read_text())["step"]


def _forget_that_fit_is_complete(run: RunFolder) -> None:
    for manifest in run.path.glob(f"stages/fit-*/{MANIFEST}"):
        manifest.unlink()


def test_figures_of_other_dev_questions_do_not_count(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = tiny_run(tiny_corpus, tiny_bert)
    pipeline.work(run, _stop_at(run, step=2))
    dev = tiny_corpus / "qrels" / "dev.tsv"
    dev.write_text("".join(dev.read_text().splitlines(keepends=True)[:-1]))
    run.ask_stop(False)
    finished(run)
    assert said(run, "the dev questions have changed")
    assert examined(run) == [0, 2, 0, 4]
    assert run.status().best["step"] == 4
