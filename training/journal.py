"""The job's own pen: events, status and heartbeat."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from retrieval.errors import BakehouseError
from training.runs import RunFolder, State, process_start

BEAT = 2.0
APART = 0.5
"""Seconds between two writes of the status, while nothing but its step changes."""
Listener = Callable[[Mapping[str, Any]], None]


class Stopped(Exception):
    """Raised at a safe point after someone asked the job to stop."""


class NotReady(BakehouseError):
    """A stage was asked for alone, and one before it is not complete."""


class Journal:
    """Writes what happens in a run. Only the job's process holds one; use it as a context manager.

    :param run: The folder to write into.
    :param listeners: Hear each event too, such as Weights & Biases.
    :param only: The one stage that this job is to make; empty for all.
    """

    def __init__(self, run: RunFolder, *listeners: Listener, only: str = "") -> None:
        self.run = run
        self.listeners = listeners
        self.only = only
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._written = 0.0
        pid = os.getpid()
        self.status = replace(
            run.written_status(),
            pid=pid,
            started=process_start(pid) or 0.0,
            host=socket.gethostname(),
            folder=str(run.path.resolve()),
            reason="",
            remedy="",
        )

    def __enter__(self) -> Journal:
        self.run.drop_torn_event()
        self._change()
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            self._change()

    def _change(self, *, soon: bool = False, **changes: Any) -> None:
        """Change the status and write it.

        :param soon: If it was written a moment ago, leave that to the next heartbeat: the file is replaced safely,
            which takes 5 to 10 ms, and a step on a GPU may take no longer.
        """
        with self._lock:
            self.status = replace(self.status, heartbeat=time.time(), **changes)
            if not soon or time.monotonic() - self._written > APART:
                self.run.write_status(self.status)
                self._written = time.monotonic()

    def update(self, **changes: Any) -> None:
        """Change fields of the status without an event."""
        self._change(**changes)

    def event(
        self,
        message: str = "",
        *,
        stage: str | None = None,
        step: int = 0,
        total: int = 0,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one event and show it as the status, within a heartbeat.

        :param metrics: Numbers for the curves, such as ``{"loss": 0.3}``.
        """
        stage = self.status.stage if stage is None else stage
        event = {
            "time": time.time(),
            "stage": stage,
            "step": step,
            "total": total,
            "message": message,
            "metrics": dict(metrics or {}),
        }
        self.run.append_event(event)
        shown = {"step": step, "total": total, "message": message or self.status.message}
        self._change(soon=stage == self.status.stage, stage=stage, **shown)
        for listener in self.listeners:
            listener(event)

    def end(self, state: State, message: str, *, reason: str = "", remedy: str = "") -> None:
        """Write the final state."""
        self.event(message)
        self._ended.set()
        self._change(state=state, reason=reason, remedy=remedy)

    def check_stop(self) -> None:
        """Call at every safe point.

        :raises Stopped: if someone asked the job to stop.
        """
        if self.run.stop_asked:
            raise Stopped

    def counting(self, what: str, stage: str | None = None) -> Callable[[int, int], None]:
        """Something to call with how many of how many are done: an event each time, and a safe point."""

        def count(done: int, total: int) -> None:
            self.event(f"{what}: {done:,} of {total:,}", stage=stage, step=done, total=total)
            self.check_stop()

        return count

    def check_may_make(self, stage: str) -> None:
        """Call before a stage is made that does not stand yet.

        :raises NotReady: if this job is to make another stage alone.
        """
        if self.only and stage != self.only:
            raise NotReady(
                f"{self.run.id} has no complete '{stage}' for its present settings, which {self.only} needs. "
                f"Run it first: python -m training stage {stage} {self.run.id}"
            )
