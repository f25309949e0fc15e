"""The paired test and interval, against scipy and against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap, permutation_test

from eval.significance import _sign_flip, detectable, holm, paired, queries_needed


def values(seed: int, queries: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    a = random.random(queries) * 0.8
    b = np.clip(a + random.normal(shift, 0.1, queries) * (random.random(queries) < 0.6), 0, 1)
    return a, b


def test_few_queries_are_tested_exactly() -> None:
    a, b = np.zeros(4), np.array([0.4, 0.2, 0.1, -0.1])
    # of the 16 sign patterns, those that reach ±.6 are ++++ (.8), +++- (.6), ++-+ (.6) and their mirrors
    assert paired(a, b).p_value == 6 / 16


def test_sums_equal_up_to_rounding_count_as_equal() -> None:
    a, b = np.zeros(3), np.array([0.1, 0.2, -0.3])
    assert paired(a, b).p_value == 1.0


@pytest.mark.parametrize(("queries", "shift"), [(8, 0.1), (13, 0.05), (60, 0.02), (500, 0.01)])
def test_p_value_is_that_of_scipy(queries: int, shift: float) -> None:
    a, b = values(queries, queries, shift)
    peer = permutation_test(
        (b - a,),
        lambda d, axis: d.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9999,
        rng=1,
    ).pvalue
    tolerance = 1e-12 if queries <= 13 else 0.02
    assert paired(a, b).p_value == pytest.approx(peer, abs=tolerance)


def test_interval_is_the_bca_interval() -> None:
    b = np.random.default_rng(3).exponential(0.1, 40) ** 2  # skewed: other intervals lie elsewhere
    a = np.full(40, 0.01)
    found = paired(a, b)
    peer = bootstrap((b - a,), np.mean, method="BCa", rng=np.random.default_rng(7)).confidence_interval
    plain = bootstrap((b - a,), np.mean, method="percentile", rng=np.random.default_rng(7)).confidence_interval
    assert abs(plain.high - peer.high) > 2e-3
    assert found.method == "bca"
    assert found.difference == pytest.approx(float(np.mean(b - a)), abs=1e-15)
    assert found.interval == pytest.approx((peer.low, peer.high), abs=1e-3)
    assert found.queries == 40


def test_the_power_is_what_it_says() -> None:
    """Drawn again and again with the difference that it names, four of five tests find it."""
    spread, queries = 0.1, 100
    shift = detectable(spread, queries)
    assert shift == pytest.approx((1.959964 + 0.841621) * 0.01, abs=1e-6)
    draw = np.random.default_rng(3)
    found = [_sign_flip(draw.normal(shift, spread, queries), seed) < 0.05 for seed in range(300)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.06)
    assert queries_needed(spread, shift) == queries
    assert queries_needed(spread, -shift / 2) == 4 * queries
    a, b = values(4, 50, 0.1)
    assert paired(a, b).spread == pytest.approx(float(np.std(b - a, ddof=1)))
    assert paired(a[:1], b[:1]).spread == 0


def test_same_seed_same_answer_and_sides_mirror() -> None:
    a, b = values(5, 300, 0.01)
    assert paired(a, b, seed=4) == paired(a, b, seed=4)
    assert paired(a, b, seed=4) != paired(a, b, seed=5)
    assert paired(b, a).difference == -paired(a, b).difference
    assert paired(b, a).p_value == paired(a, b).p_value


def test_resampling_within_strata_narrows_the_interval() -> None:
    random = np.random.default_rng(0)
    strata = ["de"] * 100 + ["ar"] * 100
    b = np.concatenate([np.full(100, 0.5), np.zeros(100)]) + random.normal(0, 0.02, 200)
    a = np.zeros(200)
    low, high = paired(a, b).interval
    low_within, high_within = paired(a, b, strata).interval
    assert (high_within - low_within) < 0.2 * (high - low)
    assert low_within < float(b.mean()) < high_within


def test_strata_of_one_query_are_pooled() -> None:
    a, b = values(1, 40, 0.1)
    for strata in (["en"] * 39 + ["de"], ["en"] * 37 + ["de", "ar", "fr"], [str(row) for row in range(40)]):
        found = paired(a, b, strata)
        assert found.method == "bca"
        assert found.interval[0] < found.difference < found.interval[1]


def test_one_query_says_nothing_about_others() -> None:
    found = paired(np.array([0.2]), np.array([0.9]))
    assert (found.method, found.interval, found.p_value, found.queries) == ("none", (-1.0, 1.0), 1.0, 1)


def test_equal_differences() -> None:
    same = paired(np.full(5, 0.3), np.full(5, 0.3))
    assert (same.method, same.interval, same.p_value) == ("equal", (0.0, 0.0), 1.0)
    shifted = paired(np.zeros(6), np.full(6, 0.5))
    assert (shifted.method, shifted.interval, shifted.p_value) == ("equal", (0.5, 0.5), 2 / 64)


def test_constant_strata_fall_back_to_the_pool() -> None:
    b = np.array([0.5] * 5 + [-0.5] * 5)
    low, high = paired(np.zeros(10), b, ["en"] * 5 + ["de"] * 5).interval
    assert low < 0 < high


def test_many_queries_stay_within_memory_and_time() -> None:
    a, b = values(2, 20_000, 0.01)
    found = paired(a, b, ["en", "de"] * 10_000)
    assert found.method == "percentile"
    assert found.p_value == pytest.approx(1 / 10_000)
    assert 0 < found.interval[0] < found.difference < found.interval[1] < 0.02


@pytest.mark.parametrize(("a", "b"), [([0.1], [0.1, 0.2]), ([], []), ([0.1, np.nan], [0.1, 0.2]), ([[0.1]], [[0.2]])])
def test_wrong_shapes_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="two finite arrays over the same queries"):
        paired(np.array(a), np.array(b))


def test_strata_must_fit() -> None:
    with pytest.raises(ValueError, match="1 strata for 2 queries"):
        paired(np.zeros(2), np.ones(2), ["en"])


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
