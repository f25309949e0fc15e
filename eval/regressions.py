"""What got worse by more than a person wants to put up with: languages, queries, and the passages behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.compare import Change, Comparison, LanguageVerdict
from eval.results import TOP, Result
from retrieval.errors import BakehouseError

THRESHOLD = 0.1
"""A loss beyond which a query is named where nobody says otherwise: ten points."""
_GONE = TOP + 1


@dataclass(frozen=True, slots=True)
class Moved:
    """A passage that one of two rankings holds higher than the other.

    :param was: Its rank in A, from 1; None if it is not among the first ten.
    :param now: Its rank in B, likewise.
    """

    doc_id: str
    was: int | None
    now: int | None

    @property
    def by(self) -> int:
        """How many ranks it rose, negative if it fell; beyond the tenth counts as the eleventh."""
        return (self.was or _GONE) - (self.now or _GONE)


@dataclass(frozen=True, slots=True)
class Regression:
    """A query that lost more than the threshold, and the passages that moved, the farthest first."""

    change: Change
    rose: tuple[Moved, ...]
    fell: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Regressions:
    """What got worse.

    :param languages: Those whose mean lost more than the threshold, or is worse beyond doubt.
    :param queries: The worst first.
    """

    threshold: float
    languages: tuple[LanguageVerdict, ...]
    queries: tuple[Regression, ...]


def regressions(a: Result, b: Result, comparison: Comparison, threshold: float = THRESHOLD) -> Regressions:
    """Name what B is worse at than A.

    :param comparison: Of these two.
    :param threshold: In the measure's own unit, 0 to 1.
    :raises BakehouseError: if the threshold is no such loss.
    """
    if not 0 <= threshold <= 1:
        raise BakehouseError(f"a loss of more than {100 * threshold:g} points cannot be: wanted 0 to 100.")
    of_a, of_b = (dict(zip(each.per_query.query_ids, each.per_query.top, strict=True)) for each in (a, b))
    lost = [change for change in comparison.fallers if -change.difference > threshold]
    return Regressions(
        threshold,
        tuple(each for each in comparison.by_language if each.verdict == "worse" or -each.difference > threshold),
        tuple(_regression(change, of_a[change.query_id], of_b[change.query_id]) for change in lost),
    )


def _regression(change: Change, was: Sequence[tuple[str, float]], now: Sequence[tuple[str, float]]) -> Regression:
    ranks_a, ranks_b = ({doc_id: rank for rank, (doc_id, _) in enumerate(top, 1)} for top in (was, now))
    moved = [Moved(doc_id, ranks_a.get(doc_id), ranks_b.get(doc_id)) for doc_id in {**ranks_a, **ranks_b}]
    moved.sort(key=lambda one: (-abs(one.by), one.doc_id))
    return Regression(change, tuple(one for one in moved if one.by > 0), tuple(one for one in moved if one.by < 0))
