"""How far a conversion is, told now and then to whoever watches it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from retrieval.convert.entries import Origin

INTERVAL, LOGGED = 0.2, 10.0
"""Seconds between two reports to a watcher, and to the log, at least."""

_log = logging.getLogger(__name__)


Doing = Literal["opening", "reading", "comparing", "cutting", "dividing"]
"""The parts of a conversion, in their order."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done, and how much of it is done.

    :param rows: Rows read so far of all sources; while cutting, documents looked at.
    :param origin: The row that was read last.
    :param total: How many rows or documents there are, where that is known; else 0.
    """

    doing: Doing
    rows: int = 0
    origin: Origin | None = None
    total: int = 0


Watch = Callable[[Progress], None]


@dataclass(slots=True)
class Pace:
    """Counts, times, tells a watcher every :data:`INTERVAL`, and the log every :data:`LOGGED`.

    :param watch: May raise to end the conversion, of which nothing is left then.
    """

    watch: Watch | None
    _doing: Doing | None = None
    _rows: int = 0
    _next: float = 0.0
    _log_next: float = 0.0
    _since: float = 0.0
    _seconds: dict[str, float] = field(default_factory=dict)

    def start(self, doing: Doing, total: int = 0) -> None:
        """Begin something else, and tell it at once."""
        self._note()
        self._doing, self._rows, self._log_next = doing, 0, time.monotonic() + LOGGED
        if self.watch is not None:
            self.watch(Progress(doing, total=total))

    def step(self, origin: Origin | None = None, total: int = 0, rows: int = 1) -> None:
        """One more is done, or several."""
        self._rows += rows
        now = time.monotonic()
        if self.watch is not None and self._doing and now >= self._next:
            self._next = now + INTERVAL
            self.watch(Progress(self._doing, self._rows, origin, total))
        if now >= self._log_next:
            self._log_next = now + LOGGED
            _log.info("  %s: %s%s", self._doing, f"{self._rows:,}", f" of {total:,}" if total else "")

    def seconds(self, **within: float) -> dict[str, float]:
        """What took how long, up to now.

        :param within: What was done while reading, and how long that took.
        """
        self._note()
        reading = {"reading": self._seconds.get("reading", 0.0) - sum(within.values())}
        return {doing: round(took, 3) for doing, took in (self._seconds | reading | within).items()}

    def _note(self) -> None:
        now = time.perf_counter()
        if self._doing:
            self._seconds[self._doing] = self._seconds.get(self._doing, 0.0) + now - self._since
        self._since = now
