"""Start, stop, resume and queue jobs, and watch over them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from retrieval.beir import open_corpus
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from training import runs
from training.config import Recipe
from training.journal import Journal
from training.launchers import local
from training.runs import RunFolder

if TYPE_CHECKING:
    from filelock import BaseFileLock

_POLL = 0.5


def start(recipe: Recipe) -> RunFolder:
    """Check what a run needs before anything expensive, then start it as a process of its own.

    :raises BakehouseError: if the corpus or the base model is not to be had.
    """
    corpus = open_corpus(recipe.corpus)
    if len(corpus.documents) < 2:
        raise BakehouseError(
            f"{corpus.folder} has a single document: training needs other documents to tell it from. Convert more."
        )
    resolve(recipe.base)
    run = runs.create(recipe.model_copy(update={"corpus": str(corpus.folder.resolve())}), corpus.name)
    _launch(run)
    return run


def resume(run: RunFolder) -> RunFolder:
    """Start a stopped or failed run again from what it has completed.

    :raises BakehouseError: if it is still alive, or finished.
    """
    status = run.status()
    if status.alive:
        raise BakehouseError(f"{run.id} is {status.state} already. Stop it first, or watch it with `show`.")
    if status.state == "finished":
        raise BakehouseError(f"{run.id} is finished: there is nothing to resume. Start a new run with other settings.")
    run.ask_stop(False)
    _launch(run)
    return run


def stop(run: RunFolder) -> RunFolder:
    """Ask a job to stop: it saves a checkpoint first.

    :raises BakehouseError: if it is not alive.
    """
    status = run.status()
    if not status.alive:
        raise BakehouseError(f"{run.id} is {status.state}: there is nothing to stop.")
    run.ask_stop()
    return run


def _launch(run: RunFolder) -> None:
    waiting = replace(
        run.written_status(),
        state="waiting",
        pid=0,
        started=0.0,
        heartbeat=time.time(),
        reason="",
        remedy="",
        message="waiting to start",
    )
    run.write_status(waiting)
    pid = local.spawn(run)
    # The worker takes a second to import before it writes the same itself
    run.write_status(replace(waiting, pid=pid, started=runs.process_start(pid) or 0.0))


@contextmanager
def turn(journal: Journal) -> Iterator[None]:
    """Wait until no other job runs, the oldest first; a lock that the system frees however the job ends."""
    from filelock import FileLock

    lock = FileLock(runs.runs_home() / ".turn.lock")
    while _elder_waits(journal.run) or not _taken(lock):
        journal.check_stop()
        if journal.status.message != (waiting := "waiting for another job to end"):
            journal.event(waiting, stage="queue")
        time.sleep(_POLL)
    try:
        yield
    finally:
        lock.release()


def _taken(lock: BaseFileLock) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def _elder_waits(run: RunFolder) -> bool:
    """Whether an older run waits too: its turn comes first."""
    return any(other.id < run.id and other.status().state == "waiting" for other in runs.all_runs())


def follow(run: RunFolder, hear: Callable[[dict[str, Any]], None]) -> runs.Status:
    """Hand on each event of a run as it is written, until the run has ended; return its last status."""
    heard = 0
    while True:
        status = run.status()  # before the events: what is written in between is heard next time
        for event in run.events(after=heard):
            hear(event)
            heard += 1
        if not status.alive:
            return status
        time.sleep(_POLL)


def remember_deaths() -> None:
    """Write ``failed`` into the status of each job whose process is gone, so that it stays known."""
    for run in runs.all_runs():
        status = run.status()
        if status.state == "failed" and run.written_status().alive:
            run.write_status(status)
