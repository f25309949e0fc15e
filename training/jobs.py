"""Start, stop, resume and queue jobs, and watch over them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.beir import Corpus, open_corpus
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from training import places, runs, settings, snapshot, tracking
from training.config import Recipe
from training.data import pairs
from training.journal import Journal
from training.keeping import examine
from training.launchers import local
from training.needed import check_models
from training.runs import RunFolder
from training.stages import check_has

if TYPE_CHECKING:
    from filelock import BaseFileLock

_POLL = 0.5


def start(recipe: Recipe, until: str = "") -> RunFolder:
    """Check what a run needs before anything expensive, then start it as a process of its own.

    :param until: The stage after which it stops; empty for the whole run.
    :raises BakehouseError: if the corpus or a model is not to be had.
    """
    if until:
        check_has(recipe, until)
    corpus = open_corpus(recipe.corpus)
    check_models(recipe, corpus, until)
    run = _created(recipe, corpus)
    _launch(run, until)
    return run


def create(recipe: Recipe) -> RunFolder:
    """Check the same and make the run's folder, without starting anything.

    :raises BakehouseError: if the corpus or the base model is not to be had.
    """
    return _created(recipe, open_corpus(recipe.corpus))


def _created(recipe: Recipe, corpus: Corpus) -> RunFolder:
    if len(corpus.documents) < 2:
        raise BakehouseError(
            f"{corpus.folder} has a single document: training needs other documents to tell it from. Convert more."
        )
    resolve(recipe.base)
    tracking.check(recipe)
    pairs.check(recipe)
    examine.check_judged(corpus, generates=not recipe.fit.data_only)
    run = runs.create(_anchored(recipe.model_copy(update={"corpus": str(corpus.folder)})), corpus.name)
    snapshot.keep(run, run.recipe())
    remedy = f"Start it: python -m training resume {run.id}"
    run.write_status(replace(run.written_status(), state="stopped", message="made, not started", remedy=remedy))
    return run


def _anchored(recipe: Recipe) -> Recipe:
    """The recipe with whole paths where it names files: the job works in another folder than the person."""

    def whole(name: str) -> str:
        path = Path(name).expanduser()
        return str(path.resolve()) if path.exists() else name

    return places.renamed(recipe, (*places.MODELS, *places.FILES), whole)


def resume(run: RunFolder, changes: Mapping[str, Any] | None = None, until: str = "") -> RunFolder:
    """Start a stopped or failed run again from what it has completed.

    :param changes: Other settings, nested; what depends on them is made again.
    :param until: The stage after which it stops; empty for the whole run.
    :raises BakehouseError: if it is still alive, or finished and no setting changes.
    """
    status = run.status()
    if status.state == "finished" and not changes:
        raise BakehouseError(
            f"{run.id} is finished: there is nothing to resume. Change a setting with --set, or start a new run."
        )
    take(run, changes, until)
    _launch(run, until)
    return run


def take(run: RunFolder, changes: Mapping[str, Any] | None = None, stage: str = "") -> RunFolder:
    """Make a run ready to be worked on: nobody else works on it, it lies where its results go, its settings are these.

    :raises BakehouseError: if it is not, or it has no such stage.
    """
    status = run.status()
    if status.alive:
        where = "" if runs.is_here(status, run.path) else f" in {status.folder} on {status.host}"
        raise BakehouseError(f"{run.id} is {status.state} already{where}. Stop it first, or watch it with `show`.")
    if run.path.parent != runs.runs_home():
        raise BakehouseError(
            f"{run.path} lies outside of {runs.runs_home()}, where runs are worked on: move it there, "
            "or set BAKEHOUSE_HOME to the folder above its folder `runs`."
        )
    recipe = settings.changed(run.recipe(), changes or {})
    if stage:
        check_has(recipe, stage)
    if changes:
        run.write_recipe(recipe)
    run.ask_stop(False)
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


def _launch(run: RunFolder, until: str) -> None:
    waiting = replace(
        run.written_status(),
        state="waiting",
        pid=0,
        started=0.0,
        host=socket.gethostname(),
        folder=str(run.path.resolve()),
        heartbeat=time.time(),
        reason="",
        remedy="",
        message="waiting to start",
    )
    run.write_status(waiting)
    pid = local.spawn(run, *(["--until", until] if until else []))
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
