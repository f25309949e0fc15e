"""How far a conversion is, told now and then to whoever watches it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from retrieval.convert.entries import Origin

INTERVAL = 0.2
"""Seconds between two reports at least."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done, and how much of it is done.

    :param doing: ``opening``, ``reading``, ``cutting`` or ``dividing``.
    :param rows: Rows read so far of all sources; while cutting, documents looked at.
    :param origin: The row that was read last.
    :param total: How many rows or documents there are, where that is known; else 0.
    """

    doing: str
    rows: int = 0
    origin: Origin | None = None
    total: int = 0


Watch = Callable[[Progress], None]


@dataclass(slots=True)
class Pace:
    """Counts, and tells a watcher no more often than every :data:`INTERVAL`.

    :param watch: May raise to end the conversion, of which nothing is left then.
    """

    watch: Watch | None
    _rows: int = 0
    _next: float = field(default=0.0)

    def step(self, doing: str, origin: Origin | None = None, total: int = 0) -> None:
        """One more is done."""
        self._rows += 1
        if self.watch is not None and (now := time.monotonic()) >= self._next:
            self._next = now + INTERVAL
            self.watch(Progress(doing, self._rows, origin, total))

    def start(self, doing: str, total: int = 0) -> None:
        """Begin something else, and tell it at once."""
        self._rows = 0
        if self.watch is not None:
            self.watch(Progress(doing, total=total))
