"""Several processes train one model together: here two on a CPU, joined by gloo."""

from __future__ import annotations

import json
import os
import threading
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any

import pytest
from tiny_texts import PASSAGES

from retrieval.artifact import read_manifest
from retrieval.encoder import load
from retrieval.errors import BakehouseError
from retrieval.models import BEST, resolve
from training import pipeline, runs
from training.config import Fit
from training.fitting import processes
from training.fitting.processes import Relay, Told
from training.journal import Journal
from training.runs import RunFolder
from training.settings import load_recipe

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def still_bert(tiny_bert: Path, tmp_path: Path) -> Path:
    """The tiny BERT without dropout, whose random numbers differ from process to process."""
    import shutil

    folder = shutil.copytree(tiny_bert, tmp_path / "still-bert")
    config = folder / "config.json"
    config.write_text(config.read_text().replace('_dropout_prob": 0.1', '_dropout_prob": 0.0'))
    return folder


def _run(corpus: Path, base: Path, **fit: Any) -> RunFolder:
    settings = {"max_steps": 4, "epochs": 9.0, "learning_rate": 0.001, "precision": "fp32", "trainable": "all", **fit}
    return runs.create(
        load_recipe({"corpus": str(corpus), "base": str(base), "fit": settings, "evaluate": {"times": 1}}), "tiny"
    )


def _curve(run: RunFolder) -> list[tuple[int, float, float]]:
    points = [event for event in run.events() if "loss" in event["metrics"]]
    return [(point["step"], point["metrics"]["loss"], point["metrics"]["grad_norm"]) for point in points]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Eight pairs in English: as many whole batches of two for two processes as for one."""
    file = tmp_path / "pairs.csv"
    rows = [f'"{title}","{text}",en\n' for title, text in PASSAGES["en"].values()]
    file.write_text("query,positive,lang\n" + "".join(rows), encoding="utf-8")
    return file


@pytest.mark.slow
def test_two_processes_do_what_two_accumulated_batches_do(
    tiny_corpus: Path, still_bert: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    data = {"data": str(pairs), "data_only": True}
    together = _run(tiny_corpus, still_bert, batch_size=4, processes=2, **data)
    assert pipeline.work(together), together.status().reason
    status = together.status()
    assert (status.state, status.pid) == ("finished", os.getpid())  # the job itself has written all of it
    [command] = [event["message"] for event in together.events() if "--num_processes" in event["message"]]
    assert "accelerate.commands.launch --multi_gpu --num_processes 2" in command
    assert command.endswith(f"--module training.fitting.rank {together.path}")
    checkpoint = together.path / "checkpoints" / "step-4"
    assert {path.name for path in checkpoint.glob("rng_state*")} == {"rng_state_0.pth", "rng_state_1.pth"}
    assert read_manifest(together.path / BEST)["step"] == 4
    assert status.best["step"] == 4
    assert status.fit["batch_size"] == 4

    alone = _run(tiny_corpus, still_bert, batch_size=2, accumulate=2, **data)
    assert pipeline.work(alone), alone.status().reason
    assert [step for step, _, _ in _curve(together)] == [1, 2, 3, 4]
    for of_two, of_one in zip(_curve(together), _curve(alone), strict=True):
        assert of_two == pytest.approx(of_one, rel=1e-4)
    weights = [load(resolve(run.id)).state_dict() for run in (together, alone)]
    name = "0.model.encoder.layer.1.output.dense.weight"
    assert float((weights[0][name] - weights[1][name]).abs().median()) < 1e-6


class _Line:
    """A job that listens, and a first process that has its address."""

    def __init__(self, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.listener = Listener(authkey=b"secret")
        monkeypatch.setenv(processes._ADDRESS, json.dumps(self.listener.address))
        monkeypatch.setenv(processes._SECRET, b"secret".hex())
        hearing = (self.listener, journal, self.told)
        threading.Thread(target=processes._hear, args=hearing, daemon=True).start()


def test_what_the_first_process_says_stands_in_the_job_s_journal(
    tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(tiny_corpus, tiny_bert)
    heard: list[Any] = []
    with Journal(run, heard.append) as journal:
        line = _Line(journal, monkeypatch)
        relay = Relay()
        first = Told(run, relay)
        first.event("step 3 of 9", stage="fit", step=3, total=9, metrics={"loss": 0.25})
        first.update(best={"step": 3})
        assert (first.status.step, first.status.total, first.status.best) == (3, 9, {"step": 3})
        assert (journal.status.step, journal.status.best) == (3, {"step": 3})
        assert [event["metrics"] for event in heard] == [{"loss": 0.25}]
        relay.end("not enough of something")
        assert line.told == ["not enough of something"]
    assert [event["message"] for event in run.events()] == ["step 3 of 9"]


def test_the_others_write_nothing(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    before = (run.path / "status.json").read_bytes()
    other = Told(run, lambda what, changes: None)
    other.event("step 1", stage="fit", step=1)
    other.update(best={"step": 1})
    assert not list(run.events())
    assert (run.path / "status.json").read_bytes() == before


def test_settings_that_several_processes_cannot_share_are_refused_at_once(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert, batch_size=3, processes=2)
    assert not pipeline.work(run)
    assert "fit.batch_size=3 cannot be shared by fit.processes=2" in run.status().reason


def test_the_command_by_hand_needs_the_job_s_plan(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    with pytest.raises(BakehouseError, match=r"processes\.json is missing: a job with fit\.processes above 1"):
        processes.read_plan(run.path)
    words = processes.command(run.path, 4)
    assert words[words.index("--num_processes") + 1] == "4"
    assert Fit().processes == 1
