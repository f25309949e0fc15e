"""kill -9 at any moment: real processes, killed at drawn places, end where an uninterrupted one does.

A process counts its own file operations inside the run folder and kills itself at the one that was drawn, or
a few lines of Python later: before a file is opened, while it is open and empty, between two writes, links or
renames, wherever they are in the code. The processes are forked from a server that has imported the libraries.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from training import jobs
from training.keeping.checkpoints import checkpoints
from training.runs import RunFolder
from training.settings import load_recipe, parse_assignments

pytestmark = pytest.mark.slow
_CONTEXT = multiprocessing.get_context("forkserver")
_LINES = 5
"""A process is killed up to so many lines of Python after the file operation."""
_WATCHED = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"}


def _worker(path: Path, home: str, stages: dict[str, str], kill_at: int, counted: Any) -> None:
    """Make some stages; kill this process around its file operation ``kill_at``, if that is not 0."""
    os.environ["BAKEHOUSE_HOME"] = home
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from training import generate, mine, pipeline

    generate._PASSAGES_A_SHARD, mine._QUESTIONS_A_SHARD = 2, 4
    inside, main = str(path), threading.main_thread()
    lines_left = kill_at % _LINES

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal lines_left
        lines_left -= event == "line"
        if lines_left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if name in _WATCHED and str(args[0]).startswith(inside) and threading.current_thread() is main:
            counted.value += 1
            if counted.value == kill_at:
                frame: FrameType | None = sys._getframe()
                while frame := frame.f_back if frame else None:
                    frame.f_trace = trace
                sys.settrace(trace)

    sys.addaudithook(hook)
    pipeline.work(RunFolder(path), **stages)


@dataclass
class Stable:
    """A run, and copies of it that are killed."""

    run: RunFolder
    home: Path

    def work(self, run: RunFolder, only: str = "", kill_at: int = 0, until: str = "") -> int:
        """Make a stage, or all up to one, in a process of its own; how many file operations it got to."""
        counted = _CONTEXT.Value("i", 0)
        home, stages = str(run.path.parents[1]), {"only": only, "until": until}
        process = _CONTEXT.Process(target=_worker, args=(run.path, home, stages, kill_at, counted))
        process.start()
        process.join(120)
        assert process.exitcode == (-signal.SIGKILL if kill_at else 0)
        return int(counted.value)

    def copy(self, name: str) -> RunFolder:
        """The run as it is now, in another workspace."""
        return RunFolder(Path(shutil.copytree(self.run.path, self.home / name / "runs" / self.run.id)))


def _known_dead(run: RunFolder) -> None:
    """Nobody takes it for alive; it stands as stopped if it was killed before its first word or after its last."""
    status = run.status()
    assert status.state == "stopped" or "the job's process is gone" in status.reason


def _content(run: RunFolder, stage: str) -> dict[str, bytes]:
    """Every file that a stage has made, but when it was begun."""
    [folder] = (run.path / "stages").glob(f"{stage}-*")
    assert not folder.name.endswith(".partial")
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != "made_of.json")
    return {str(path.relative_to(run.path)): path.read_bytes() for path in sorted(paths)}


def _shards(run: RunFolder, stage: str) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in run.path.glob(f"stages/{stage}-*/*-0*.jsonl")}


def _points(total: int, seed: int, count: int) -> list[int]:
    """Places to be killed at: drawn, one in each of ``count`` equal parts of the way."""
    draw = random.Random(seed)
    return [draw.randint(1 + total * part // count, total * (part + 1) // count) for part in range(count)]


@pytest.fixture
def stable(
    home: Path, tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path, tiny_t5: Path, monkeypatch: Any
) -> Iterator[Stable]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    _CONTEXT.set_forkserver_preload(["sentence_transformers", "datasets", "training.pipeline"])
    settings = [
        "generate.generator='seq2seq'", f"generate.model='{tiny_t5}'", "generate.max_query_tokens=8",
        "generate.queries_per_passage=2", "filter.wrong_language=false", "mine.negatives=2",
        "label.kind='cross-encoder'", f"label.teacher='{tiny_cross_encoder}'", "fit.batch_size=4", "fit.max_steps=8",
        "fit.epochs=9.0", "fit.learning_rate=0.01", 'fit.precision="fp32"', "evaluate.times=4",
        "evaluate.share=1e9",
    ]  # fmt: skip
    recipe = load_recipe(parse_assignments(settings) | {"corpus": str(tiny_corpus), "base": str(tiny_bert)})
    yield Stable(jobs.create(recipe), home.parent)


def test_a_stage_killed_anywhere_ends_as_if_it_had_not_been(stable: Stable) -> None:
    for stage, times in {"generate": 2, "filter": 1, "mine": 1, "label": 2}.items():
        killed = stable.copy(f"before-{stage}")
        total = stable.work(stable.run, stage)
        whole = _content(stable.run, stage)
        for point in _points(total, 13, times):
            stable.work(killed, stage, point)
            _known_dead(killed)
            stood = _shards(killed, stage)
            stable.work(killed, stage)
            assert _content(killed, stage) == whole, (stage, point)
            assert _shards(killed, stage).items() >= stood.items(), (stage, point)  # none was made again
            shutil.rmtree(next((killed.path / "stages").glob(f"{stage}-*")))


def _losses(run: RunFolder) -> list[tuple[int, float]]:
    return [(event["step"], event["metrics"]["loss"]) for event in run.events() if "loss" in event["metrics"]]


def test_a_fit_killed_anywhere_has_the_same_losses_step_by_step(stable: Stable) -> None:
    stable.work(stable.run, until="label")
    copies = [stable.copy(f"killed-{number}") for number in range(2)]
    total = stable.work(stable.run, "fit")
    whole = _losses(stable.run)
    assert [step for step, _ in whole] == [1, 2, 3, 4, 5, 6, 7, 8]
    for killed, point in zip(copies, _points(total, 5, 2), strict=True):
        stable.work(killed, "fit", point)
        last = max((checkpoint.step for checkpoint in checkpoints(killed.path)), default=0)
        reached = len(_losses(killed))
        assert reached - last <= 2  # evaluations every two steps, a checkpoint at each
        stable.work(killed, "fit")
        again = _losses(killed)
        assert [step for step, _ in again] == [*range(1, reached + 1), *range(last + 1, 9)]
        assert again == [whole[step - 1] for step, _ in again], point
        best = [json.loads((run.path / "checkpoints/best/manifest.json").read_text()) for run in (stable.run, killed)]
        assert best[0] == best[1]
        weights = [(run.path / "checkpoints/best/model.safetensors").read_bytes() for run in (stable.run, killed)]
        assert weights[0] == weights[1]
