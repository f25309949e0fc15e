"""Fitting a tiny model: what learns, what is kept, and that a stopped run ends where an uninterrupted one does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retrieval.beir import write_qrels
from retrieval.models import BEST, resolve
from training import pipeline, runs
from training.keeping import checkpoints
from training.runs import RunFolder, Status
from training.settings import load_recipe

pytestmark = pytest.mark.usefixtures("home")


def _run(corpus: Path, base: Path, **fit: Any) -> RunFolder:
    settings = {"max_steps": 4, "epochs": 9.0, "batch_size": 4, "learning_rate": 0.01, "precision": "fp32", **fit}
    recipe = load_recipe(
        {
            "corpus": str(corpus),
            "base": str(base),
            "fit": settings,
            "evaluate": {"times": 2, "share": 1e9},  # none is left out, however slow the machine
            "checkpoints": {"keep": 1},
        }
    )
    return runs.create(recipe, "tiny")


def _losses(run: RunFolder) -> list[float]:
    return [event["metrics"]["loss"] for event in run.events() if "loss" in event["metrics"]]


def _finished(run: RunFolder) -> Status:
    pipeline.work(run)
    status = run.status()
    assert status.state == "finished", (status.reason, run.log_tail())
    return status


def test_a_whole_run(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    status = _finished(run)
    assert len(_losses(run)) == 4
    assert {path.name for path in (run.path / "checkpoints").iterdir()} == {"step-4", "best"}
    assert resolve(run.id).folder == run.path / BEST
    assert status.base["step"] == 0
    assert status.best["step"] in (2, 4)
    for split in ("dev", "test"):
        for mode in ("hybrid", "dense"):
            told = status.report[split][mode]
            assert told["base"] == pytest.approx(status.base[split][mode]["ndcg@10"], abs=1e-5)
            assert told["best"] == pytest.approx(status.best[split][mode]["ndcg@10"], abs=1e-5)
            assert told["difference"] == pytest.approx(told["best"] - told["base"], abs=1e-12)
    assert status.report["synthetic_dev"] is False
    beaten = status.best["dev"]["hybrid"]["ndcg@10"] > status.base["dev"]["hybrid"]["ndcg@10"]
    assert status.report["recommended"] == (run.id if beaten else str(tiny_bert))
    card = (run.path / BEST / "README.md").read_text()
    assert run.id in card
    assert "Sauerteig" not in card  # the trainer's own card would quote training texts


def test_test_judgments_are_read_only_when_the_run_is_over(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    (tiny_corpus / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nbroken\n")
    pipeline.work(run)
    status = run.status()
    assert status.state == "failed"
    assert status.stage == "verdict"
    assert "test.tsv, line 2" in status.reason
    assert len(_losses(run)) == 4


def test_without_dev_judgments_the_examination_is_synthetic(tiny_corpus: Path, tiny_bert: Path) -> None:
    for split in ("dev", "test"):
        (tiny_corpus / "qrels" / f"{split}.tsv").unlink()
    run = _run(tiny_corpus, tiny_bert)
    status = _finished(run)
    assert status.report["synthetic_dev"] is True
    assert "test" not in status.report
    summary = json.loads(next(path for path in (run.path / "scores").glob("*.json")).read_text())
    assert summary["synthetic"] is True


def test_a_stopped_run_goes_on_to_the_same_losses(tiny_corpus: Path, tiny_bert: Path) -> None:
    whole = _run(tiny_corpus, tiny_bert)
    _finished(whole)
    stopped = _run(tiny_corpus, tiny_bert)
    pipeline.work(stopped, _stop_at(stopped, step=2))
    assert stopped.status().state == "stopped"
    assert [checkpoint.step for checkpoint in checkpoints.checkpoints(stopped.path)] == [3]
    stopped.ask_stop(False)
    status = _finished(stopped)
    assert _losses(stopped) == pytest.approx(_losses(whole), abs=1e-6)
    assert status.best["dev"] == whole.status().best["dev"]
    assert resolve(stopped.id).fingerprint == resolve(whole.id).fingerprint


def _stop_at(run: RunFolder, step: int) -> Any:
    def listen(event: Any) -> None:
        if event["step"] == step and "loss" in event["metrics"]:
            run.ask_stop()

    return listen


def test_a_teacher_gives_margins_and_marginmse(tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    recipe = run.recipe()
    settings = recipe.label.model_copy(update={"kind": "cross-encoder", "teacher": str(tiny_cross_encoder)})
    run = runs.create(recipe.model_copy(update={"label": settings}), "taught")
    _finished(run)
    [told] = [event for event in run.events() if "trainable_parameters" in event["metrics"]]
    assert "parameters learn (margin-mse on " in told["message"]
    assert told["metrics"] == {"trainable_parameters": 17_088, "total_parameters": 32_896}


def test_dev_names_of_unknown_documents_are_refused(tiny_corpus: Path, tiny_bert: Path) -> None:
    write_qrels(tiny_corpus, "dev", {"en-q-starter": {"nowhere": 1}})
    run = _run(tiny_corpus, tiny_bert)
    pipeline.work(run)
    assert run.status().state == "failed"
    assert "document 'nowhere'" in run.status().reason
