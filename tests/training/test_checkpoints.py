"""What is kept, what it takes on disk, and a run that waits for room."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import finished, losses, said, tiny_run

from retrieval.encoder import encode, load
from retrieval.errors import BakehouseError
from retrieval.models import BEST, resolve
from training import pipeline
from training.config import Checkpoints
from training.keeping import average, checkpoints, disk
from training.keeping.checkpoints import Checkpoint, commit, keep_as_best, prune, record

pytestmark = pytest.mark.usefixtures("home")

STATE = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "training_args.bin", "trainer_state.json")


def _checkpoint(run: Path, step: int, score: float | None, key: str = "k") -> Checkpoint:
    written = run / "trainer.partial" / f"checkpoint-{step}"
    (written / "1_Pooling").mkdir(parents=True)
    for name in ("model.safetensors", "modules.json", "1_Pooling/config.json", *STATE):
        (written / name).write_text(f"{name} of {step}")
    made = commit(written, run, step, key, card=f"card of {step}")
    if score is not None:
        made = record(Checkpoint(made.folder, step, key, score, "questions"))
    prune(run, Checkpoints(keep=1, best=3))
    return made


def _kept(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "checkpoints").iterdir())


def test_the_latest_and_the_best_are_kept_and_only_the_last_can_be_resumed_from(tmp_path: Path) -> None:
    for step, score in ((1, 0.5), (2, 0.9), (3, 0.7), (4, 0.7), (5, None), (6, 0.1)):
        _checkpoint(tmp_path, step, score)
    assert _kept(tmp_path) == ["step-2", "step-3", "step-4", "step-6"]
    last = tmp_path / "checkpoints" / "step-6"
    assert {path.name for path in last.iterdir()} > set(STATE)
    assert (last / "README.md").read_text() == "card of 6"
    for step in (2, 3, 4):
        left = {path.name for path in (tmp_path / "checkpoints" / f"step-{step}").iterdir()}
        assert left == {"model.safetensors", "modules.json", "1_Pooling", "README.md", "manifest.json"}
    assert [one.step for one in checkpoints.checkpoints(tmp_path) if one.score == 0.7] == [3, 4]


def test_one_best_needs_no_folder_beside_its_own(tmp_path: Path) -> None:
    first = _checkpoint(tmp_path, 1, 0.9)
    keep_as_best(first, first.folder, tmp_path)
    shared = disk.used(tmp_path)
    _checkpoint(tmp_path, 2, 0.1)
    prune(tmp_path, Checkpoints(keep=1, best=1))
    assert _kept(tmp_path) == ["best", "step-2"]
    best = checkpoints.best(tmp_path)
    assert best is not None
    assert (best.step, best.score) == (1, 0.9)
    assert (tmp_path / BEST / "model.safetensors").read_text() == "model.safetensors of 1"
    assert disk.used(tmp_path) < 2 * shared


def test_checkpoints_of_other_settings_are_dropped_and_other_figures_forgotten(tmp_path: Path) -> None:
    old = _checkpoint(tmp_path, 7, 0.9, key="old")
    keep_as_best(old, old.folder, tmp_path)
    assert checkpoints.drop_others(tmp_path, "k") == 2
    assert _kept(tmp_path) == []
    new = _checkpoint(tmp_path, 2, 0.4)
    keep_as_best(new, new.folder, tmp_path)
    assert checkpoints.drop_others(tmp_path, "k") == 0
    assert checkpoints.forget_scores(tmp_path, "questions") == 0
    assert checkpoints.forget_scores(tmp_path, "other questions") == 1
    assert _kept(tmp_path) == ["step-2"]
    assert checkpoints.checkpoints(tmp_path)[0].score is None


def test_the_disk_a_run_needs_is_told_and_refused_if_it_is_not_there(tmp_path: Path) -> None:
    each = disk.size(model=100_000_000, trainable=10_000_000, optimizer="adamw")
    assert (each.model, each.state, each.whole) == (100_000_000, 81_000_000, 181_000_000)
    assert each.kept(Checkpoints(keep=2, best=3)) == 6 * 100_000_000 + 2 * 81_000_000
    assert disk.size(1, 1000, "adamw-8bit").state < disk.size(1, 1000, "adamw").state
    assert disk.reserve(tmp_path, each, Checkpoints()).startswith("checkpoints will take up to 0.462 GB of the ")
    with pytest.raises(BakehouseError, match=r"GB free .* need 1e\+04 GB.* lower checkpoints.keep"):
        disk.reserve(tmp_path, each, Checkpoints(keep=100_000))


@pytest.fixture
def quick_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.keeping.disk._PAUSE", 0.01)


def _guard(tmp_path: Path, free: Iterator[int], told: list[str], stop: Iterator[bool]) -> disk.Guard:
    return disk.Guard(tmp_path, 50, free=lambda: next(free), say=told.append, stop=lambda: next(stop))


@pytest.mark.usefixtures("quick_waits")
def test_a_guard_waits_until_there_is_room(tmp_path: Path) -> None:
    told: list[str] = []
    assert _guard(tmp_path, iter([150]), told, iter([])).wait(100)
    assert told == []
    assert _guard(tmp_path, iter([149, 20, 150]), told, iter([False] * 2)).wait(100)
    assert len(told) == 2
    assert told[0].startswith("paused: disk nearly full, needs 0.00015 MB, has 0.000149 MB below")
    assert told[1] == "the disk has room again: going on"


@pytest.mark.usefixtures("quick_waits")
def test_a_guard_lets_go_when_asked_to_stop(tmp_path: Path) -> None:
    told: list[str] = []
    assert not _guard(tmp_path, iter([0] * 3), told, iter([False, False, True])).wait(100)
    assert len(told) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 12 MB; without the right to mount one the test is skipped."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"needs the right to mount a small disk: {mount.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.usefixtures("quick_waits")
def test_a_run_pauses_before_the_disk_is_full_and_goes_on_when_there_is_room(
    small_disk: Path, tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEHOUSE_HOME", str(small_disk))
    run = tiny_run(tiny_corpus, tiny_bert, checkpoints={"spare_gb": 0.001})
    filler = small_disk / "filler"
    seen: list[str] = []

    def make_room_once_it_pauses() -> None:
        while not run.status().message.startswith("paused"):
            time.sleep(0.01)
        seen.extend([run.status().state, run.status().message])
        filler.unlink()

    def fill(event: dict[str, object]) -> None:
        if str(event["message"]).startswith("step 1 of"):
            filler.write_bytes(bytes(disk.free(small_disk) - 900_000))
            threading.Thread(target=make_room_once_it_pauses, daemon=True).start()

    pipeline.work(run, fill)
    assert run.status().state == "finished", run.status().reason
    assert seen[0] == "running"
    assert seen[1].startswith("paused: disk nearly full, needs 2.")
    assert re.search(r"has 0\.[89]\d* MB below", seen[1])
    assert len(said(run, "the disk has room again")) == 1
    assert len(losses(run)) == 4


@pytest.mark.usefixtures("quick_waits")
def test_a_paused_run_stops_on_request(
    small_disk: Path, tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEHOUSE_HOME", str(small_disk))
    run = tiny_run(tiny_corpus, tiny_bert, checkpoints={"spare_gb": 0.001}, evaluate={"times": 4})

    def fill_and_stop(event: dict[str, object]) -> None:
        message = str(event["message"])
        if message.startswith("step 2 of"):
            (small_disk / "filler").write_bytes(bytes(disk.free(small_disk) - 900_000))
        if message.startswith("paused"):
            threading.Timer(0.1, run.ask_stop).start()

    pipeline.work(run, fill_and_stop)
    assert run.status().state == "stopped"
    [told] = said(run, "there is no room for a checkpoint of step")
    assert "resuming goes on from step" in told
    (small_disk / "filler").unlink()
    run.ask_stop(False)
    finished(run)


def test_each_kept_checkpoint_loads_and_encodes_by_itself(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = tiny_run(tiny_corpus, tiny_bert, checkpoints={"keep": 2, "best": 2})
    finished(run)
    from sentence_transformers import SentenceTransformer

    for folder in (run.path / "checkpoints").iterdir():
        vectors = SentenceTransformer(str(folder), device="cpu").encode_query(["feed the starter"])
        assert vectors.shape == (1, 32)
    assert resolve(run.id).folder == run.path / BEST


def test_an_average_lies_between_the_base_and_the_tuned(tiny_corpus: Path, tiny_bert: Path, tmp_path: Path) -> None:
    run = tiny_run(tiny_corpus, tiny_bert, fit={"average": 0.25, "trainable": "all"}, evaluate={"times": 1})
    finished(run)
    step = run.path / "checkpoints" / "step-4"
    base, tuned, kept = (load(resolve(str(name))).state_dict() for name in (tiny_bert, step, run.id))
    changed = 0
    for name, tensor in kept.items():
        wanted = base[name] + 0.25 * (tuned[name] - base[name])
        np.testing.assert_allclose(tensor, wanted, atol=1e-6)
        changed += not tuned[name].equal(base[name])
    assert changed > 20
    assert not (run.path / "checkpoints" / "averaged.partial").exists()
    whole = average.between(resolve(str(tiny_bert)), step, 1.0, tmp_path / "whole")
    texts = ["feed the starter", "salt slows the yeast"]
    vectors = [encode(load(resolve(str(folder))), texts, "query") for folder in (whole, step)]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


def test_where_no_hard_link_reaches_the_best_is_a_copy(tmp_path: Path, small_disk: Path) -> None:
    first = _checkpoint(tmp_path, 1, 0.9)
    keep_as_best(first, first.folder, small_disk)
    shutil.rmtree(first.folder)
    assert (small_disk / BEST / "1_Pooling" / "config.json").is_file()
