"""Comparisons kept in memory: what costs seconds is done once for all who look at it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eval.compare import Comparison, compare
from eval.results import Result, Summary, load


@dataclass(frozen=True, slots=True, eq=False)
class Duel:
    """Two results with their queries, and how they compare."""

    a: Result
    b: Result
    comparison: Comparison


def duel(a: Summary, b: Summary, measure: str) -> Duel:
    """Compare two saved results; the same two are compared once as long as their files are unchanged.

    :raises BakehouseError: if they cannot be compared, or a file is missing or damaged.
    """
    return _duel(_place(a), _place(b), measure)


def _place(summary: Summary) -> tuple[Path, int]:
    if summary.path is None:
        raise ValueError("this result was never saved: it has no file")
    return summary.path, summary.path.stat().st_mtime_ns


@lru_cache(maxsize=4)
def _duel(a: tuple[Path, int], b: tuple[Path, int], measure: str) -> Duel:
    of_a, of_b = load(a[0]), load(b[0])
    return Duel(of_a, of_b, compare(of_a, of_b, measure))
