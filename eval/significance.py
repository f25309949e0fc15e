"""Is a difference between two systems more than luck? Paired over queries, seeded, deterministic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from eval.measures import Floats

CONFIDENCE = 0.95
RESAMPLES = 9999
SEED = 0
"""Of all that is drawn, so that the same results give the same verdict."""
_EXACT = 13
"""Up to so many non-zero differences, all 2 ** n sign patterns are fewer than the resamples."""
_BCA_QUERIES = 5000
"""Beyond so many, the jackknife costs seconds and moves the interval by nothing that is printed."""
_AT_ONCE = 4_000_000
"""Numbers held in memory at a time."""

POWER = 0.8
_QUANTILES = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) + NormalDist().inv_cdf(POWER)

Interval = tuple[float, float]
Method = Literal["bca", "percentile", "equal", "none"]


@dataclass(frozen=True, slots=True)
class Paired:
    """A paired comparison of two systems on the same queries.

    :param difference: Mean of b − a, in the measure's own unit (−1 to 1).
    :param interval: 95 % interval of the difference.
    :param p_value: Two-sided; how often luck alone makes a difference at least as large.
    :param queries: How many queries both systems were judged on.
    :param spread: The standard deviation of the differences; 0 for a single query.
    :param method: How the interval was made: ``bca``, or ``percentile`` where BCa is undefined or there
        are more than 5,000 queries, ``equal`` where every query has the same difference, ``none`` for a single query, which
        says nothing about others: its interval is (−1, 1).
    """

    difference: float
    interval: Interval
    p_value: float
    queries: int
    spread: float
    method: Method


def paired(a: Floats, b: Floats, strata: Sequence[str] | None = None, seed: int = SEED) -> Paired:
    """Compare the values of two systems, query by query.

    The p-value is that of the sign-flip permutation test (Smucker, Allan and Carterette, 2007): exact
    for few queries, from 9,999 seeded resamples otherwise. The interval is a bias-corrected and
    accelerated bootstrap (Efron, 1987) that resamples within each stratum. Flipping signs already
    keeps every query in its stratum, so strata do not change the p-value.

    :param a: Shape (queries,), values in [0, 1].
    :param b: Shape (queries,), the same queries in the same order.
    :param strata: One label a query, such as its language.
    :raises ValueError: if the shapes differ, there is no query, or a value is not finite.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or a.ndim != 1 or not len(a) or not np.isfinite([a, b]).all():
        raise ValueError(f"wanted two finite arrays over the same queries, found shapes {a.shape} and {b.shape}")
    if strata is not None and len(strata) != len(a):
        raise ValueError(f"{len(strata)} strata for {len(a)} queries")
    differences = b - a
    interval, method = _interval(differences, strata, seed)
    return Paired(
        float(differences.mean()), interval, _sign_flip(differences, seed), len(a), _spread(differences), method
    )


def detectable(spread: float, queries: int) -> float:
    """The difference that so many queries show four times in five, if it is there; in the measure's own unit.

    The usual power of a paired test (Sakai, "Statistical Reform in Information Retrieval?", 2014), by the normal
    approximation: honest from some twenty queries on.

    :param spread: The standard deviation of the differences between the two systems.
    """
    return _QUANTILES * spread / queries**0.5


def queries_needed(spread: float, difference: float) -> int:
    """How many queries it takes to show a difference four times in five; the reverse of :func:`detectable`."""
    return max(2, math.ceil((_QUANTILES * spread / abs(difference)) ** 2 - 1e-9))


def _spread(differences: Floats) -> float:
    return float(differences.std(ddof=1)) if len(differences) > 1 else 0.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct for the number of comparisons made (Holm, 1979); order is kept, values stay within 1."""
    values = np.asarray(p_values, np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(value) for value in corrected]


def _sign_flip(differences: Floats, seed: int) -> float:
    moved = differences[differences != 0]  # flipping a zero changes nothing
    if not len(moved):
        return 1.0
    # sums that differ only by rounding count as equal, else the observed sum could miss itself
    least = abs(moved.sum()) - 1e-12 * np.abs(moved).sum()
    if len(moved) <= _EXACT:
        patterns = np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1
        return float(np.mean(np.abs((1 - 2 * patterns) @ moved) >= least))
    as_large = sum(int(np.count_nonzero(np.abs(sums) >= least)) for sums in _random_sums(moved, seed))
    return (as_large + 1) / (RESAMPLES + 1)


def _random_sums(moved: Floats, seed: int) -> list[Floats]:
    """Sums under random signs, ``RESAMPLES`` in all."""
    random = np.random.default_rng(seed)
    block = max(1, _AT_ONCE // len(moved))
    sums = []
    for at in range(0, RESAMPLES, block):
        rows = min(block, RESAMPLES - at)
        packed = np.frombuffer(random.bytes(rows * -(-len(moved) // 8)), np.uint8).reshape(rows, -1)
        flipped = np.unpackbits(packed, axis=1, count=len(moved))
        sums.append(moved.sum() - 2 * (flipped @ moved))
    return sums


def _interval(differences: Floats, strata: Sequence[str] | None, seed: int) -> tuple[Interval, Method]:
    if len(differences) == 1:
        return (-1.0, 1.0), "none"
    parts = _parts(differences, strata)
    if all(np.ptp(part) == 0 for part in parts):
        if np.ptp(differences) > 0:  # constant within each stratum: only the pool still varies
            parts = [differences]
        else:
            return (float(differences[0]), float(differences[0])), "equal"
    if len(differences) <= _BCA_QUERIES:
        interval = _bootstrap(parts, "BCa", seed)
        if np.isfinite(interval).all():
            return interval, "bca"
    return _bootstrap(parts, "percentile", seed), "percentile"


def _parts(differences: Floats, strata: Sequence[str] | None) -> list[Floats]:
    """The differences of each stratum; those of a single query, which cannot be resampled, are pooled."""
    if strata is None:
        return [differences]
    labels, inverse = np.unique(np.asarray(strata), return_inverse=True)
    groups = [differences[inverse == index] for index in range(len(labels))]
    parts = [group for group in groups if len(group) > 1]
    alone = [group for group in groups if len(group) == 1]
    if len(alone) == 1:  # no other to be pooled with: it joins the first stratum
        alone.append(parts.pop(0))
    return [*parts, np.concatenate(alone)] if alone else parts


def _bootstrap(parts: list[Floats], method: Literal["BCa", "percentile"], seed: int) -> Interval:
    import warnings

    from scipy.stats import DegenerateDataWarning, bootstrap

    total = sum(map(len, parts))

    def mean(*samples: Floats, axis: int) -> Floats:
        return np.asarray(sum(sample.sum(axis=axis) for sample in samples) / total)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # a BCa without a value is seen and replaced
        found = bootstrap(
            parts,
            mean,
            n_resamples=RESAMPLES,
            batch=max(1, _AT_ONCE // total),
            confidence_level=CONFIDENCE,
            method=method,
            rng=np.random.default_rng(seed),
        ).confidence_interval
    return float(found.low), float(found.high)
