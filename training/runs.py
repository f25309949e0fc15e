"""The run folder: what a job writes and what everyone else reads.

A running job appends one JSON object a line to ``events.jsonl`` and replaces ``status.json``. The
page, the commands and the tests read these files and nothing else, so a run is in the state its
files say, whoever is watching.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from retrieval.artifact import write_atomic, write_json
from retrieval.errors import BakehouseError, nearest
from retrieval.home import home
from training.config import Recipe
from training.settings import parse_recipe, to_toml

State = Literal["waiting", "running", "finished", "stopped", "failed"]
ALIVE: tuple[State, ...] = ("waiting", "running")
STALE_AFTER = 120.0
"""Seconds without a heartbeat after which a job of another machine counts as dead."""

CONFIG, STATUS, EVENTS, LOG, STOP = "config.toml", "status.json", "events.jsonl", "log.txt", "STOP"


@dataclass(frozen=True, slots=True)
class Status:
    """What ``status.json`` says.

    :param pid: The job's process; 0 before it has one. ``started`` is that process's start time in
        seconds since the epoch, which tells it from a later process with the same number.
    :param folder: Where the run lay when its job began: a copy of it has no process of its own.
    :param heartbeat: When the job last gave a sign of life, in seconds since the epoch.
    :param base: nDCG and the like of the base model: ``{"dev": {"hybrid": {...}}, "test": {...}}``.
    :param best: The same of the best checkpoint, with its ``step``.
    :param report: After the end: the verdicts and what is recommended.
    :param fit: What the fit found before its first step: parameters, batch size, memory; :mod:`training.fitting.settle`.
    """

    state: State
    stage: str = ""
    step: int = 0
    total: int = 0
    message: str = ""
    reason: str = ""
    remedy: str = ""
    pid: int = 0
    started: float = 0.0
    host: str = ""
    folder: str = ""
    heartbeat: float = 0.0
    created: float = 0.0
    base: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        """Whether the job waits or runs."""
        return self.state in ALIVE


@dataclass(frozen=True)
class RunFolder:
    """One run on disk."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    def recipe(self) -> Recipe:
        """The settings it was started with."""
        return parse_recipe((self.path / CONFIG).read_text(encoding="utf-8"))

    def status(self) -> Status:
        """The state of the run as it really is: a job whose process is gone has failed, whatever it wrote last."""
        written = self.written_status()
        return written if not written.alive or _lives(written, self.path) else _died(written, self)

    def written_status(self) -> Status:
        """``status.json`` as it stands."""
        values = json.loads((self.path / STATUS).read_text(encoding="utf-8"))
        known = {f.name for f in fields(Status)}
        return Status(**{name: value for name, value in values.items() if name in known})

    def write_status(self, status: Status) -> None:
        """Replace ``status.json``."""
        write_json(self.path / STATUS, asdict(status))

    def events(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """The events from line ``after`` on; a line that is still being written is left for later."""
        path = self.path / EVENTS
        if not path.is_file():
            return
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if number >= after and line.endswith("\n"):
                    yield json.loads(line)

    def write_recipe(self, recipe: Recipe) -> None:
        """Replace the settings: what depends on the changed ones is made again."""
        write_atomic(self.path / CONFIG, to_toml(recipe))

    def append_event(self, event: dict[str, Any]) -> None:
        """Add one line to ``events.jsonl``."""
        with (self.path / EVENTS).open("a", encoding="utf-8") as out:
            out.write(json.dumps(event, ensure_ascii=False) + "\n")

    def drop_torn_event(self) -> None:
        """Take back the end of a line that a killed job did not finish: the next event would be written behind it."""
        path = self.path / EVENTS
        if path.is_file() and not (data := path.read_bytes()).endswith(b"\n"):
            os.truncate(path, data.rfind(b"\n") + 1)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of ``log.txt``."""
        path = self.path / LOG
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 65_536))
            text = stream.read().decode("utf-8", "replace")
        return "\n".join(text.rstrip().splitlines()[-lines:])

    @property
    def stop_asked(self) -> bool:
        """Whether someone asked the job to stop."""
        return (self.path / STOP).exists()

    def ask_stop(self, asked: bool = True) -> None:
        """Ask the job to stop at the next safe point, or take the request back."""
        if asked:
            write_atomic(self.path / STOP, "")
        else:
            (self.path / STOP).unlink(missing_ok=True)


def runs_home() -> Path:
    """The folder of all runs."""
    return home() / "runs"


def create(recipe: Recipe, corpus_name: str) -> RunFolder:
    """Make a run folder with its settings, waiting for a process.

    The id is the start time in UTC, the corpus and the preset; two runs of the same second differ by a number.
    """
    stem = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{corpus_name}-{recipe.preset}"
    for number in range(1, 1000):
        path = runs_home() / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir(parents=True)
            break
        except FileExistsError:
            continue
    run = RunFolder(path)
    run.write_recipe(recipe)
    now = time.time()
    run.write_status(
        Status("waiting", created=now, heartbeat=now, host=socket.gethostname(), folder=str(path.resolve()))
    )
    return run


def all_runs() -> list[RunFolder]:
    """Every run, the newest first."""
    return [RunFolder(path.parent) for path in sorted(runs_home().glob(f"*/{STATUS}"), reverse=True)]


def recipe_of(run: RunFolder) -> Recipe:
    """The settings of a run, read once as long as they stay the same."""
    return _recipe(run, (run.path / CONFIG).stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _recipe(run: RunFolder, changed: int) -> Recipe:
    return run.recipe()


def find(name: str) -> RunFolder:
    """A run by its id, the path of its folder, or ``last``.

    :raises BakehouseError: if there is none.
    """
    runs = all_runs()
    if name == "last" and runs:
        return runs[0]
    for path in (runs_home() / name, Path(name)):
        if name and (path / STATUS).is_file():
            return RunFolder(path.resolve())
    known = [run.id for run in runs]
    raise BakehouseError(f"there is no run '{name}' in {runs_home()}.{nearest(name, known)} `list` shows all.")


def process_start(pid: int) -> float | None:
    """When a process started, in seconds since the epoch; None if it is gone or only waits to be reaped."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def _lives(status: Status, path: Path) -> bool:
    if not status.pid or not is_here(status, path):
        return time.time() - status.heartbeat < STALE_AFTER
    started = process_start(status.pid)
    return started is not None and abs(started - status.started) < 2


def is_here(status: Status, path: Path) -> bool:
    """Whether the process that wrote a status belongs to this folder on this machine, so that it can be asked for."""
    return status.host == socket.gethostname() and status.folder in ("", str(path.resolve()))


def _died(status: Status, run: RunFolder) -> Status:
    stage = status.stage or "its start"
    on = "it goes on from its last complete shard or checkpoint"
    if not is_here(status, run.path):
        return replace(
            status,
            state="failed",
            reason=f"the job of {status.folder or run.id} on {status.host} is not heard of any more, during {stage}",
            remedy=f"If this is a copy, resume it here (`python -m training resume {run.id}`): {on}.",
        )
    last_line = run.log_tail(1) or "(nothing)"
    return replace(
        status,
        state="failed",
        reason=f"the job's process is gone, during {stage}. Its log ends with: {last_line}",
        remedy=f"Resume it (`python -m training resume {run.id}`): {on}. "
        "If it is killed again at the same place, memory may be short: lower fit.batch_size or fit.max_length.",
    )
