"""Verdicts: when they are given, and how they are said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_results import DATA, made

from eval.compare import Comparison, compare, compare_each, verdict_of
from eval.results import Result
from eval.significance import holm, queries_needed
from eval.wording import language_name, listed, points, power, sentence, table
from retrieval.errors import BakehouseError

QUERIES = [f"q{at:03}" for at in range(90)]
LANGUAGES = ["de"] * 40 + ["ar"] * 30 + ["zh"] * 20


def system(shift: dict[str, float], label: str, seed: int = 0, **changes: object) -> Result:
    """Ninety queries around .5 in three languages, each language moved by its shift."""
    noise = np.random.default_rng(seed).normal(0, 0.02, len(QUERIES))
    values = [0.5 + shift.get(lang, 0.0) + wobble for lang, wobble in zip(LANGUAGES, noise, strict=True)]
    return made(dict(zip(QUERIES, values, strict=True)), languages=LANGUAGES, label=label, **changes)


@pytest.fixture(scope="module")
def better() -> Comparison:
    return compare(system({}, "small"), system({"de": 0.1, "ar": 0.05}, "x best", seed=1))


def test_better_overall_and_where(better: Comparison) -> None:
    assert better.verdict == "better"
    assert better.queries == 90
    assert better.difference == pytest.approx(better.b_value - better.a_value)
    assert better.difference == pytest.approx((0.1 * 40 + 0.05 * 30) / 90, abs=0.01)
    assert 0 < better.interval[0] < better.difference < better.interval[1]
    assert [(each.language, each.queries, each.verdict) for each in better.by_language] == [
        ("de", 40, "better"),
        ("ar", 30, "better"),
        ("zh", 20, "no difference shown"),
    ]


def test_the_sentence_says_it_all(better: Comparison) -> None:
    low, high = map(points, better.interval)
    assert sentence(better) == (
        f"x best is better than small by {points(better.difference)} points of nDCG@10 in hybrid search "
        f"(between {low} and {high}; 90 queries); better in German and Arabic, no difference shown in Chinese."
    )


def test_worse_is_said_in_positive_numbers() -> None:
    comparison = compare(system({}, "small"), system({"de": -0.1, "ar": -0.1, "zh": -0.1}, "x best", seed=1))
    assert comparison.verdict == "worse"
    high, low = (points(-value) for value in comparison.interval)
    assert sentence(comparison) == (
        f"x best is worse than small by {points(-comparison.difference)} points of nDCG@10 in hybrid search "
        f"(between {low} and {high}; 90 queries); worse in German, Arabic and Chinese."
    )


def test_no_difference_is_said_as_such() -> None:
    comparison = compare(made({"q1": 0.5, "q2": 0.25}), made({"q1": 0.25, "q2": 0.625}, label="big"))
    assert comparison.verdict == "no difference shown"
    assert comparison.p_value == 1.0
    assert sentence(comparison).startswith(
        "No difference shown between big and small: big is 6.2 points higher in nDCG@10 in hybrid search (between −25.0"
    )
    same = compare(made({"q1": 0.5, "q2": 0.25}), made({"q1": 0.5, "q2": 0.25}, label="big"))
    assert sentence(same) == (
        "No difference shown between big and small: big is the same in nDCG@10 in hybrid search "
        "(between 0.0 and 0.0; 2 queries)."
    )


def test_one_query_never_gives_a_verdict() -> None:
    comparison = compare(made({"q1": 0.0}), made({"q1": 1.0}, label="big"))
    assert (comparison.verdict, comparison.interval) == ("no difference shown", (-1.0, 1.0))
    assert "1 query)" in sentence(comparison)


def test_p_values_of_languages_are_corrected() -> None:
    # six queries all better: p is 2/64 = .031 in one language, and .094 after Holm over three
    languages = ["de"] * 6 + ["ar"] * 6 + ["zh"] * 6
    names = [f"q{at}" for at in range(18)]
    a = made(dict.fromkeys(names, 0.1), languages=languages)
    b = made(dict.fromkeys(names, 0.4), languages=languages, label="big")
    comparison = compare(a, b)
    assert [each.p_value for each in comparison.by_language] == [pytest.approx(6 / 64)] * 3
    assert {each.verdict for each in comparison.by_language} == {"no difference shown"}
    assert comparison.verdict == "better"


@pytest.mark.parametrize(
    ("difference", "interval", "p_value", "verdict"),
    [
        (0.1, (0.02, 0.2), 0.049, "better"),
        (-0.1, (-0.2, -0.02), 0.049, "worse"),
        (0.1, (0.02, 0.2), 0.05, "no difference shown"),
        (0.1, (-0.01, 0.2), 0.01, "no difference shown"),
        (0.1, (0.0, 0.2), 0.01, "no difference shown"),
    ],
)
def test_a_verdict_needs_both_the_test_and_the_interval(
    difference: float, interval: tuple[float, float], p_value: float, verdict: str
) -> None:
    assert verdict_of(difference, interval, p_value) == verdict


def test_of_many_systems_one_is_better_by_luck() -> None:
    base, queries = system({}, "base"), [f"try {n}" for n in range(20)]
    tries = [system({}, name, seed=n + 1) for n, name in enumerate(queries)]
    alone = [compare(base, each) for each in tries]
    together = compare_each(base, tries)
    assert any(each.verdict != "no difference shown" for each in alone), "twenty tries at the level of 5 %"
    assert all(each.verdict == "no difference shown" for each in together)
    assert [each.p_value for each in together] == holm([each.p_value for each in alone])
    [only] = compare_each(base, [tries[0]])
    assert only == compare(base, tries[0])


def test_what_so_many_queries_can_show() -> None:
    loud = {f"q{at:02}": 0.5 + (0.1 if at % 2 else -0.1) for at in range(40)}
    comparison = compare(made(dict.fromkeys(loud, 0.5)), made(loud))
    assert comparison.spread == pytest.approx(0.1 * (40 / 39) ** 0.5)
    assert power(comparison) == (
        "40 queries show a difference of 4.5 points or more four times in five; for one of 1 point it would take 806."
    )
    assert queries_needed(comparison.spread, 0.01) == 806
    alike = compare(made(dict.fromkeys(loud, 0.5)), made(dict.fromkeys(loud, 0.5)))
    assert power(alike) == "", "two systems without any difference say nothing about others"
    few = dict(list(loud.items())[:19])
    assert power(compare(made(dict.fromkeys(few, 0.5)), made(few))) == ""


def test_changes_are_sorted_by_how_much_b_rose() -> None:
    comparison = compare(
        made({"q1": 0.5, "q2": 0.5, "q3": 0.5, "q4": 0.5}),
        made({"q1": 0.4, "q2": 0.9, "q3": 0.5, "q4": 0.1}, label="b"),
    )
    assert [change.query_id for change in comparison.changes] == ["q2", "q3", "q1", "q4"]
    assert [change.query_id for change in comparison.risers] == ["q2"]
    assert [change.query_id for change in comparison.fallers] == ["q4", "q1"]
    assert comparison.risers[0].text == "what about q2?"
    assert comparison.risers[0].difference == pytest.approx(0.4)


def test_common_queries_only_and_said() -> None:
    b = made({"q3": 0.9, "q2": 0.5}, label="b", corpus=replace(DATA, judgments="other"))
    comparison = compare(made({"q1": 0.1, "q2": 0.5, "q3": 0.7}), b)
    assert comparison.queries == 2
    assert comparison.difference == pytest.approx(0.1)
    assert (comparison.a_value, comparison.b_value) == (pytest.approx(0.6), pytest.approx(0.7))
    assert "Only the 2 queries" in comparison.notes[0] and "A has 3 and B 2" in comparison.notes[0]
    assert "judgments changed" in comparison.notes[1]


def test_no_common_query_is_an_error() -> None:
    with pytest.raises(BakehouseError, match=r"no query in common.*Run both evaluations again"):
        compare(made({"q1": 0.1}), made({"q2": 0.1}))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"corpus": replace(DATA, name="rolls")}, "corpus: found 'loaves' and 'rolls'"),
        ({"split": "dev"}, "split: found 'test' and 'dev'"),
        ({"corpus": replace(DATA, fingerprint="beef")}, "state of the corpus"),
        ({"synthetic": True}, "kind of queries"),
        ({"settings": {"ranked": 5}}, "number of documents: found '9' and '5'"),
    ],
)
def test_different_data_is_an_error(changes: dict[str, object], what: str) -> None:
    with pytest.raises(BakehouseError, match=f"not judged on the same {what}"):
        compare(made({"q1": 0.1}), made({"q1": 0.1}, **changes))


def test_synthetic_queries_are_called_so_and_must_be_the_same_ones() -> None:
    a, b = made({"q1": 0.1}, synthetic=True), made({"q1": 0.1}, synthetic=True, label="b")
    comparison = compare(a, b)
    assert "1 synthetic query" in sentence(comparison)
    assert "synthetic" in comparison.notes[0]
    other = made({"q1": 0.1}, synthetic=True, corpus=replace(DATA, judgments="other"))
    with pytest.raises(BakehouseError, match=r"different generated queries.*human judgments"):
        compare(a, other)


def test_a_missing_measure_is_named() -> None:
    with pytest.raises(BakehouseError, match=r"small was not judged by ndcg@20: it has ndcg@10.*--measure ndcg@20"):
        compare(made({"q1": 0.1}), made({"q1": 0.2}), "nDCG@20")


def test_modes_are_named_where_they_set_systems_apart() -> None:
    dense, hybrid = made({"q1": 0.5}, mode="dense"), made({"q1": 0.5})
    bm25 = made({"q1": 0.5}, mode="lexical", label="BM25")
    assert "between small (hybrid) and small (dense): " in sentence(compare(dense, hybrid))
    assert "between small (hybrid) and BM25: " in sentence(compare(bm25, hybrid))


def test_many_languages_are_not_all_named() -> None:
    languages = [lang for lang in ("ar", "de", "el", "en", "es", "xx") for _ in range(2)]
    names = [f"q{at}" for at in range(12)]
    a, b = (made(dict.fromkeys(names, 0.5), languages=languages, label=label) for label in "ab")
    assert "no difference shown in Arabic, German, Greek and 3 more languages." in sentence(compare(a, b))


def test_language_names() -> None:
    assert [language_name(code) for code in ("de", "nb", "no", "zh-Hant", "und", "qqq")] == [
        "German",
        "Norwegian",
        "Norwegian",
        "Chinese (zh-Hant)",
        "queries of unknown language",
        "qqq",
    ]


def test_long_lists_are_counted() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(list("abcdef")), listed(list("abcde"), "loaves")] == [
        "",
        "a",
        "a and b",
        "a, b, c and 3 more",
        "a, b, c and 2 more loaves",
    ]


def test_points_and_table() -> None:
    assert [points(value) for value in (0.031, -0.004, 0.0, -0.0001)] == ["3.1", "−0.4", "0.0", "0.0"]
    assert table(["name", "queries"], [["e5", "1,024"], ["BM25", "3"]]) == "name  queries\ne5      1,024\nBM25        3"
