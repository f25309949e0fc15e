"""Comparisons kept in memory: what costs seconds is done once for all who look at it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from eval.compare import Comparison, compare
from eval.results import Result, Summary, load

KEPT = 4
"""How many comparisons are held."""


@dataclass(frozen=True, slots=True, eq=False)
class Duel:
    """Two results with their queries, and how they compare."""

    a: Result
    b: Result
    comparison: Comparison


Key = tuple[Path, int, Path, int, str]
_duels: OrderedDict[Key, Duel] = OrderedDict()
_lock = threading.Lock()


def duel(a: Summary, b: Summary, measure: str) -> Duel:
    """Compare two saved results; the same two are compared once as long as their files are unchanged.

    :raises BakehouseError: if they cannot be compared, or a file is missing or damaged.
    """
    key = _key(a, b, measure)
    with _lock:
        found = _duels.get(key)
    if found is None:
        of_a, of_b = load(a), load(b)
        found = Duel(of_a, of_b, compare(of_a, of_b, measure))
    with _lock:
        _duels[key] = found
        _duels.move_to_end(key)
        while len(_duels) > KEPT:
            _duels.popitem(last=False)
    return found


def is_kept(a: Summary, b: Summary, measure: str) -> bool:
    """Whether :func:`duel` answers at once."""
    with _lock:
        return _key(a, b, measure) in _duels


def _key(a: Summary, b: Summary, measure: str) -> Key:
    return a.file, a.file.stat().st_mtime_ns, b.file, b.file.stat().st_mtime_ns, measure
