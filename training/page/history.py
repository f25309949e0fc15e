"""A run's events as curves and words, read on from where the last look ended."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from training.runs import RunFolder

POINTS = 240
"""Points that a curve is drawn with, at most."""
TOLD = 60
"""Events in words that are remembered."""
DRAWN = ("loss", "learning_rate", "memory_mb", "cpu_percent", "gpu_memory_mb", "gpu_percent", "gpu_celsius")

Point = tuple[float, float]
Curve = list[Point]


@dataclass(frozen=True, slots=True)
class Said:
    """One event in words. ``time`` in seconds since the epoch."""

    time: float
    stage: str
    message: str


@dataclass
class History:
    """What the events of a run say so far.

    :param curves: Metric → (step, value) in order of steps.
    :param dev: Mode → series → nDCG@10 at each examined step; the series ``""`` is the whole, others are languages.
    :param said: The last events in words.
    :param stages: Stage → seconds that it took, all its jobs together; 0 until it is complete.
    :param spent: Seconds of all steps and of all examinations so far.
    """

    seen: int = 0
    total: int = 0
    curves: dict[str, dict[int, float]] = field(default_factory=dict)
    dev: dict[str, dict[str, dict[int, float]]] = field(default_factory=dict)
    said: deque[Said] = field(default_factory=lambda: deque(maxlen=TOLD))
    stages: dict[str, float] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def hear(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take in further events. A step done again after a resume replaces what stood there, a fit made anew all of it."""
        for event in events:
            self.seen += 1
            metrics, step = event["metrics"], int(event["step"])
            if event["stage"] == "fit" and metrics.get("made_again"):
                self._forget()
            if event["stage"] == "fit":
                self.total = max(self.total, int(event["total"]))
            self.stages.setdefault(event["stage"], 0.0)
            self.stages[event["stage"]] += float(metrics.get("stage_seconds", 0.0))
            self.spent = metrics.get("seconds", self.spent)
            for name in DRAWN:
                if name in metrics:
                    self.curves.setdefault(name, {})[step] = float(metrics[name])
            for mode, found in metrics.get("dev", {}).items():
                self._examined(mode, step, found)
            if event["message"] and "epoch" not in metrics and not _drawn_elsewhere(event["message"]):
                self.said.append(Said(event["time"], event["stage"], event["message"]))

    def _forget(self) -> None:
        """Another fit begins, with its own data or settings: its curves do not go on from those of the last."""
        self.total, self.spent = 0, {}
        self.curves.clear()
        self.dev.clear()

    def _examined(self, mode: str, step: int, found: Mapping[str, Any]) -> None:
        of_mode = self.dev.setdefault(mode, {})
        for series, value in {"": found["ndcg@10"], **found.get("by_language", {})}.items():
            of_mode.setdefault(series, {})[step] = float(value)

    def curve(self, name: str) -> Curve:
        """One metric, thinned to what can be seen."""
        return thinned(sorted(self.curves.get(name, {}).items()))


def _drawn_elsewhere(message: str) -> bool:
    """Whether it is a line of the scale doctor's histograms, which have a fold of their own."""
    return "│" in message or (message.startswith("margins of ") and message.endswith(":"))


def thinned(points: Iterable[tuple[int, float]], most: int = POINTS) -> Curve:
    """Means of neighbouring points, so that at most ``most`` are left."""
    curve = [(float(step), value) for step, value in points]
    size = -(-len(curve) // most)
    if size <= 1:
        return curve
    groups = (curve[at : at + size] for at in range(0, len(curve), size))
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def history_of(run: RunFolder) -> History:
    """The history of a run up to now. Lines already read are not parsed again."""
    history = _kept(run)
    with history.lock:
        history.hear(run.events(after=history.seen))
    return history


@lru_cache(maxsize=16)
def _kept(run: RunFolder) -> History:
    return History()
