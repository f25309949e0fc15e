"""Jobs are processes of their own: found again, stopped, killed, resumed, queued."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from _pytest.capture import CaptureResult

from retrieval.beir import write_documents
from retrieval.errors import BakehouseError
from retrieval.home import ROOT
from retrieval.records import Document
from training import jobs, runs
from training.__main__ import main
from training.runs import RunFolder
from training.settings import load_recipe
from training.stalls import stall_of

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nobody_left(home: Path) -> Iterator[None]:
    """End the jobs of a test that failed: they would train on."""
    yield
    for run in runs.all_runs():
        if (status := run.status()).alive and status.pid not in (0, os.getpid()):
            os.kill(status.pid, signal.SIGKILL)


def _recipe(corpus: Path, base: Path, steps: int) -> Any:
    fit = {"max_steps": steps, "epochs": 10_000.0, "batch_size": 4, "precision": "fp32"}
    return load_recipe({"corpus": str(corpus), "base": str(base), "fit": fit, "evaluate": {"times": 2}})


def _wait(until: Callable[[], object], seconds: float = 90) -> float:
    start = time.monotonic()
    while not until():
        assert time.monotonic() - start < seconds, "waited in vain"
        time.sleep(0.1)
    return time.monotonic() - start


def _training(run: RunFolder) -> bool:
    assert run.status().state != "failed", run.log_tail()
    return run.status().stage == "fit" and run.status().step > 2


def test_a_killed_job_is_failed_within_seconds_and_resumes(home: Path, tiny_corpus: Path, tiny_bert: Path) -> None:
    run = jobs.start(_recipe(tiny_corpus, tiny_bert, steps=400))
    _wait(lambda: _training(run))
    pid = run.status().pid
    assert os.getsid(pid) != os.getsid(0)  # closing the terminal or the app leaves it running
    os.kill(pid, signal.SIGKILL)
    assert _wait(lambda: run.status().state == "failed", 10) < 10
    status = run.status()
    assert "process is gone, during fit" in status.reason
    assert f"python -m training resume {run.id}" in status.remedy
    jobs.remember_deaths()
    assert run.written_status().state == "failed"

    jobs.resume(run)
    with pytest.raises(BakehouseError, match="already"):
        jobs.resume(run)
    _wait(lambda: _training(run))
    jobs.stop(run)
    _wait(lambda: run.status().state == "stopped")
    [step] = [int(path.name.split("-")[1]) for path in (run.path / "checkpoints").glob("step-*")]
    jobs.resume(run)
    _wait(lambda: any(event["message"] == f"going on from step {step}" for event in run.events()))
    jobs.stop(run)
    _wait(lambda: not run.status().alive)


def test_jobs_wait_for_each_other_and_can_be_stopped_while_waiting(
    home: Path, tiny_corpus: Path, tiny_bert: Path
) -> None:
    first = jobs.start(_recipe(tiny_corpus, tiny_bert, steps=100_000))
    _wait(lambda: _training(first))
    second = jobs.start(_recipe(tiny_corpus, tiny_bert, steps=1))
    _wait(lambda: second.status().message == "waiting for another job to end")
    assert second.status().state == "waiting"
    third = jobs.start(_recipe(tiny_corpus, tiny_bert, steps=1))
    jobs.stop(third)
    _wait(lambda: third.status().state == "stopped")
    jobs.stop(first)
    _wait(lambda: second.status().state == "finished")
    assert first.status().state == "stopped"
    assert [run.id for run in runs.all_runs()] == sorted([first.id, second.id, third.id], reverse=True)


class Said(Protocol):
    """Runs a command of ``python -m training`` in this process; what it said, on stdout and on stderr."""

    def __call__(self, *words: str, status: int = 0) -> CaptureResult[str]: ...


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    def run(*words: str, status: int = 0) -> CaptureResult[str]:
        monkeypatch.setattr(sys, "argv", ["training", *words])
        capsys.readouterr()
        assert main() == status
        return capsys.readouterr()

    return run


def test_a_job_that_hangs_is_called_stalled_and_left_alone(
    home: Path, tiny_corpus: Path, tiny_bert: Path, said: Said
) -> None:
    run = jobs.start(_recipe(tiny_corpus, tiny_bert, steps=100_000))
    _wait(lambda: _training(run))
    assert stall_of(run, run.status(), least=60) is None
    os.kill(pid := run.status().pid, signal.SIGSTOP)
    _wait(lambda: stall_of(run, run.status(), least=1.0), 240)  # or 20 times the usual gap, on a busy machine
    stall = stall_of(run, run.status(), least=1.0)
    assert stall
    assert stall.silent > 1
    assert stall.last.startswith("fit: step ")
    assert f"`kill -9 {pid}`" in stall.remedy
    assert stall_of(run, run.status()) is None  # ten minutes, if nothing else is asked
    jobs.remember_deaths()
    assert run.written_status().state == "running"
    [listed] = json.loads(said("list", "--stalled-after=1", "--json").out)["runs"]
    assert (listed["state"], listed["stalled"]["last"]) == ("running", stall.last)
    shown = said("show", "last", "--stalled-after=1").out
    assert "stalled fit" in shown
    assert f"after “{stall.last}”" in shown
    assert f"Remedy: {stall.remedy}" in shown
    assert "stalled" not in said("list").out
    os.kill(pid, signal.SIGCONT)
    jobs.stop(run)
    _wait(lambda: run.status().state == "stopped")
    assert stall_of(run, run.status(), least=0.0) is None


def test_create_stage_and_until(home: Path, tiny_corpus: Path, tiny_bert: Path, said: Said) -> None:
    flags = ["--corpus", str(tiny_corpus), "--base", str(tiny_bert), "--set=fit.max_steps=1", "--set=fit.batch_size=4"]
    made = json.loads(said("create", *flags, "--json").out)
    assert made["state"] == "stopped"
    assert Path(made["folder"]).is_dir()
    alone = said("stage", "generate", made["run"])
    assert "Generate is complete; filter comes next." in alone.out
    assert "passages to ask about" in alone.err
    early = said("stage", "fit", "last", "--json", status=2)
    assert f"python -m training stage filter {made['run']}" in json.loads(early.out)["error"]
    assert "there is no stage 'bake'" in said("stage", "bake", "last", status=2).err
    assert "label.kind=none" in said("run", *flags, "--until", "label", status=2).err
    assert len(json.loads(said("list", "--json").out)["runs"]) == 1
    until = said("run", *flags, "--until", "generate")
    assert "Generate is complete; filter comes next." in until.out
    assert "python -m training resume" in until.out
    said("resume", "last", "--until", "filter", "--set", "mine.depth=5")
    run = runs.find("last")
    _wait(lambda: run.status().state == "stopped")
    assert run.status().message == "filter is complete; mine comes next"
    assert run.recipe().mine.depth == 5
    assert "there is nothing to stop" in said("stop", "last", status=2).err


def test_the_commands(home: Path, tiny_corpus: Path, tiny_bert: Path, tmp_path: Path) -> None:
    def training(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "training", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=dict(os.environ), check=False)

    settings = ["fit.max_steps=2", "fit.batch_size=4", "evaluate.times=1", "fit.learning_rate=0.001"]
    flags = ["--corpus", str(tiny_corpus), "--base", str(tiny_bert), *(f"--set={setting}" for setting in settings)]
    ran = training("run", *flags, "--json")
    answer = json.loads(ran.stdout)
    assert ran.returncode == 0, ran.stderr
    assert answer["state"] == "finished"
    assert answer["base"]["dev"]["hybrid"]["ndcg@10"] > 0
    assert answer["best"]["step"] == 2
    shown = json.loads(training("show", "last", "--json").stdout)
    assert shown["run"] == answer["run"]
    assert shown["report"] == answer["report"]
    assert answer["run"] in training("list").stdout

    unknown = training("run", *flags, "--set", "fit.batchsize=1")
    assert unknown.returncode == 2
    assert "Did you mean 'fit.batch_size'" in unknown.stderr
    offline = training("run", "--corpus", str(tiny_corpus), "--base", "nobody/nothing", "--json")
    assert offline.returncode == 2
    assert "nobody/nothing" in json.loads(offline.stdout)["error"]
    write_documents(tmp_path / "one", [Document("1", "A single loaf of bread lies here.")])
    single = training("run", "--corpus", str(tmp_path / "one"), "--base", str(tiny_bert))
    assert single.returncode == 2
    assert "a single document" in single.stderr
    assert training("stop", answer["run"]).returncode == 2
    assert "finished" in training("resume", answer["run"]).stderr
    assert "there is no run" in training("show", "nothing").stderr
