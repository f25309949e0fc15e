"""Trackers get every number, are closed on every way out, and are never needed."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tiny_runs import finished, losses, tiny_run

from retrieval.errors import BakehouseError
from training import device, jobs, pipeline, tracking
from training.runs import RunFolder
from training.settings import load_recipe

pytestmark = pytest.mark.usefixtures("home", "quiet")

ROOT = Path(__file__).resolve().parents[2]
TOLD = (
    "fit/loss",
    "fit/learning_rate",
    "fit/samples_per_second",
    "fit/dev/hybrid/ndcg@10",
    "fit/dev/dense/by_language/en",
)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No account of the person who runs the tests."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT", "TRACKIO_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def test_weights_and_biases_offline_and_tensorboard_get_every_number(
    tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv("WANDB_MODE", "offline")
    run = tiny_run(tiny_corpus, tiny_bert, track={"to": ["tensorboard"], "project": "loaves"})
    finished(run)
    assert _exit_code(run) == 0
    written = _wandb_file(run).read_bytes()
    assert b"loaves" in written
    events = EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    for name in TOLD:
        assert name.encode() in written
        assert name in events.Tags()["scalars"]
    points = [(point.step, point.value) for point in events.Scalars("fit/loss")]
    assert [step for step, _ in points] == [1, 2, 3, 4]
    assert [loss for _, loss in points] == pytest.approx(losses(run))


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_weights_and_biases_is_finished_however_a_run_ends(
    tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = tiny_run(tiny_corpus, tiny_bert)

    def fail(event: Mapping[str, Any]) -> None:
        if event["message"] == "making questions":
            raise error("enough")

    if error is RuntimeError:
        assert not pipeline.work(run, fail)
        assert run.status().state == "failed"
    else:
        with pytest.raises(error):
            pipeline.work(run, fail)
    assert _exit_code(run) == 1


def test_weights_and_biases_is_finished_when_the_system_ends_the_job(
    tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = tiny_run(tiny_corpus, tiny_bert)

    def end(event: Mapping[str, Any]) -> None:
        if event["message"] == "making questions":
            os.kill(os.getpid(), signal.SIGTERM)

    pipeline.work(run, end)
    assert run.status().state == "stopped"
    assert _exit_code(run) == 0


def _wandb_file(run: RunFolder) -> Path:
    [written] = (run.path / "wandb").glob("offline-run-*/run-*.wandb")
    return written


def _exit_code(run: RunFolder) -> int | None:
    """What the record says of the end; None if it was never finished. W&B's own process writes it a moment later."""
    until = time.monotonic() + 20
    while (code := _written_exit_code(run)) is None and time.monotonic() < until:
        time.sleep(0.05)
    return code


def _written_exit_code(run: RunFolder) -> int | None:
    from wandb.proto.wandb_internal_pb2 import Record

    code = None
    for data in _records(_wandb_file(run).read_bytes()):
        record = Record()
        record.ParseFromString(data)
        if record.HasField("exit"):
            code = record.exit.exit_code
    return code


def _records(data: bytes) -> Iterator[bytes]:
    """LevelDB's log format after a head of seven bytes: blocks of 32 KB, in them checksum, length, kind and piece."""
    at, whole = 7, b""
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        length, kind = struct.unpack("<HB", data[at + 4 : at + 7])
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # a full record, or the last piece of one
            yield whole
            whole = b""


def test_trackio_keeps_its_project_in_the_workspace(home: Path, tiny_corpus: Path) -> None:
    """In a process of its own: where trackio writes is settled once, when it is imported."""
    script = """
import sys
from pathlib import Path
from training import runs, tracking
from training.journal import Journal
from training.settings import load_recipe

recipe = load_recipe({"corpus": sys.argv[1], "track": {"to": ["trackio"], "project": "loaves"}})
run = runs.create(recipe, "tiny")
with tracking.tracked(run, recipe) as tracker, Journal(run, tracker) as journal:
    for step in (1, 2):
        journal.event("step", stage="fit", step=step, metrics={"loss": 1 / step})
    journal.event("words")
    sys.exit(3)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny_corpus)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    with sqlite3.connect(home / "trackio" / "loaves.db") as database:
        rows = database.execute("select step, metrics from metrics order by step").fetchall()
    assert [(step, json.loads(metrics)) for step, metrics in rows] == [
        (1, {"fit/loss": 1.0, "fit/step": 1}),
        (2, {"fit/loss": 0.5, "fit/step": 2}),
    ]


def test_a_tracker_that_cannot_start_is_left_out(
    tiny_corpus: Path, tiny_bert: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = tiny_run(tiny_corpus, tiny_bert, track={"to": ["tensorboard"]})
    (run.path / "tensorboard").write_text("a file where a folder should be")
    with caplog.at_level(logging.ERROR), tracking.tracked(run, run.recipe()) as tracker:
        assert tracker is None
    assert "tensorboard cannot start: the run goes on without it" in caplog.text


def test_a_tracker_that_breaks_falls_silent(caplog: pytest.LogCaptureFixture) -> None:
    heard = []

    def breaks(numbers: Mapping[str, float], step: int) -> None:
        heard.append(step)
        raise OSError("the line is dead")

    listener = tracking.Steady("wandb", breaks)
    with caplog.at_level(logging.ERROR):
        for step in (1, 2):
            listener({"stage": "fit", "step": step, "metrics": {"loss": 0.5}})
    assert heard == [1]
    assert caplog.text.count("wandb has failed") == 1


def test_what_cannot_track_is_refused_before_the_run(
    tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = {"corpus": str(tiny_corpus), "base": str(tiny_bert)}
    asks = load_recipe({**named, "track": {"to": ["wandb"]}})
    with pytest.raises(BakehouseError, match="set WANDB_API_KEY, or WANDB_MODE=offline"):
        jobs.create(asks)
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password secret\n")
    tracking.check(asks)
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # as if it were not there
    with pytest.raises(BakehouseError, match="the package tensorboard is not installed: pip install tensorboard"):
        tracking.check(load_recipe({**named, "track": {"to": ["tensorboard"]}}))


def test_what_is_chosen(tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe({"corpus": str(tiny_corpus), "track": {"to": ["trackio", "wandb"]}})
    plain = load_recipe({"corpus": str(tiny_corpus)})
    assert tracking.chosen(recipe) == ["trackio", "wandb"]
    assert tracking.chosen(plain) == []
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert tracking.chosen(recipe) == ["trackio", "wandb"]
    assert tracking.chosen(plain) == ["wandb"]


def test_events_of_words_alone_are_not_tracked() -> None:
    event = {"stage": "fit", "step": 3, "metrics": {"dev": {"dense": {"by_language": {"en": 0.5}}}, "name": "x"}}
    assert tracking._numbers(event) == {"fit/dev/dense/by_language/en": 0.5, "fit/step": 3}
    assert tracking._numbers({"stage": "fit", "step": 3, "metrics": {}}) == {}


def test_the_machine_is_read_without_a_gpu() -> None:
    found = device.reading()
    assert found["memory_mb"] > 20
    assert 0 < found["ram_percent"] <= 100
    assert device._told(lambda: 7) == 7.0

    def refuses() -> float:
        raise ModuleNotFoundError("pynvml")

    assert device._told(refuses) is None
