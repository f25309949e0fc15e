"""The job's own pen: events, status and heartbeat."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from training.runs import RunFolder, State, Status, process_start

BEAT = 2.0
Listener = Callable[[Mapping[str, Any]], None]


class Stopped(Exception):
    """Raised at a safe point after someone asked the job to stop."""


class Journal:
    """Writes what happens in a run. Only the job's process holds one; use it as a context manager.

    :param run: The folder to write into.
    :param listeners: Hear each event too, such as Weights & Biases.
    """

    def __init__(self, run: RunFolder, *listeners: Listener) -> None:
        self.run = run
        self.listeners = listeners
        self._lock = threading.Lock()
        self._ended = threading.Event()
        pid = os.getpid()
        self.status = replace(
            run.written_status(),
            pid=pid,
            started=process_start(pid) or 0.0,
            host=socket.gethostname(),
            reason="",
            remedy="",
        )

    def __enter__(self) -> Journal:
        self._write(self.status)
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            self._write(self.status)

    def _write(self, status: Status) -> None:
        with self._lock:
            self.status = replace(status, heartbeat=time.time())
            self.run.write_status(self.status)

    def update(self, **changes: Any) -> None:
        """Change fields of the status without an event."""
        self._write(replace(self.status, **changes))

    def event(
        self,
        message: str = "",
        *,
        stage: str | None = None,
        step: int = 0,
        total: int = 0,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one event and show it as the status.

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
        self._write(replace(self.status, stage=stage, step=step, total=total, message=message or self.status.message))
        for listener in self.listeners:
            listener(event)

    def end(self, state: State, message: str, *, reason: str = "", remedy: str = "") -> None:
        """Write the final state."""
        self.event(message)
        self._ended.set()
        self._write(replace(self.status, state=state, reason=reason, remedy=remedy))

    def check_stop(self) -> None:
        """Call at every safe point.

        :raises Stopped: if someone asked the job to stop.
        """
        if self.run.stop_asked:
            raise Stopped
