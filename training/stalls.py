"""A job that lives and says nothing: its process hangs, or was suspended, or does something very long."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from training.runs import EVENTS, RunFolder, Status, is_here

LEAST_SILENCE = 600.0
"""Seconds without an event before a job may count as stalled."""
_TIMES_USUAL = 20
_READ = 65_536
"""Bytes at the end of the events that are looked at."""


@dataclass(frozen=True, slots=True)
class Stall:
    """How long a job has been silent, in seconds, what it said last, and what to do."""

    silent: float
    last: str
    remedy: str


def stall_of(run: RunFolder, status: Status, least: float = LEAST_SILENCE) -> Stall | None:
    """Whether a running job has written no event for longer than ``least`` and than 20 times its usual gap.

    Nothing is done about it: the job may still go on.

    :param least: In seconds.
    """
    events = _last_events(run)
    if status.state != "running" or not events:
        return None
    times = [float(event["time"]) for event in events]
    silent = time.time() - times[-1]
    usual = median(later - earlier for earlier, later in pairwise(times)) if len(times) > 1 else 0.0
    if silent <= max(least, _TIMES_USUAL * usual):
        return None
    last = next((f"{event['stage']}: {event['message']}" for event in reversed(events) if event["message"]), "nothing")
    where = f" on {status.host}" if not is_here(status, run.path) else ""
    remedy = (
        f"Look at {run.path / 'log.txt'}, and at what process {status.pid}{where} does. It may still go on. If not, "
        f"end it (`kill -9 {status.pid}`) and resume: `python -m training resume {run.id}` loses one shard, or the "
        "steps since the last checkpoint."
    )
    return Stall(silent, last, remedy)


def _last_events(run: RunFolder) -> list[dict[str, Any]]:
    path = run.path / EVENTS
    if not path.is_file():
        return []
    with path.open("rb") as stream:
        start = max(0, path.stat().st_size - _READ)
        stream.seek(start)
        lines = stream.read().split(b"\n")
    # The first line may have lost its head, the last is empty or still being written
    return [json.loads(line) for line in lines[1 if start else 0 : -1]]
