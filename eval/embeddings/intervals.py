"""95 % intervals of what the kinds measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.measures import Floats
from eval.significance import CONFIDENCE, Interval

RESAMPLES = 1999
"""Fewer than for a comparison: ranking anew in each resample is what costs."""
_AT_ONCE = 1_000_000


def of_share(share: float, rows: int) -> Interval:
    """The interval of a share of rows (Wilson, 1927): unlike a bootstrap's, it is honest next to 0 and 1 too."""
    from scipy.stats import binomtest

    found = binomtest(round(share * rows), rows).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def of_correlations(gold: Sequence[float], values: Floats, seed: int = 0) -> dict[str, Interval]:
    """The intervals of Pearson's and Spearman's correlation: percentiles of a bootstrap over the pairs.

    :param values: Shape (pairs,), what is correlated with ``gold``.
    :return: ``pearson`` and ``spearman``; neither where a resample is constant, which has no correlation.
    """
    import warnings

    from scipy.stats import ConstantInputWarning, DegenerateDataWarning, bootstrap, pearsonr, rankdata

    def pearson(a: Floats, b: Floats, axis: int) -> Floats:
        return np.asarray(pearsonr(a, b, axis=axis).statistic)

    def spearman(a: Floats, b: Floats, axis: int) -> Floats:
        return pearson(rankdata(a, axis=axis), rankdata(b, axis=axis), axis)

    intervals = {}
    for statistic in (pearson, spearman):
        with warnings.catch_warnings():
            for expected in (ConstantInputWarning, DegenerateDataWarning):  # such an interval is seen and left out
                warnings.simplefilter("ignore", expected)
            found = bootstrap(
                (gold, values),
                statistic,
                paired=True,
                n_resamples=RESAMPLES,
                batch=max(1, _AT_ONCE // len(values)),
                confidence_level=CONFIDENCE,
                method="percentile",
                rng=np.random.default_rng(seed),
            ).confidence_interval
        if np.isfinite(found).all():
            intervals[statistic.__name__] = (float(found.low), float(found.high))
    return intervals
