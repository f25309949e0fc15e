"""What got worse is named, with the passages that moved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_results import made

from eval.compare import compare
from eval.regressions import regressions
from eval.report import compared
from eval.results import Result
from retrieval.errors import BakehouseError

QUERIES = [f"q{at:02}" for at in range(40)]
LANGUAGES = ["de"] * 20 + ["ar"] * 20


def system(values: dict[str, float], tops: dict[str, list[str]]) -> Result:
    whole = made({query: values.get(query, 0.5) for query in QUERIES}, languages=LANGUAGES)
    top = [[(doc_id, 1.0 - rank) for rank, doc_id in enumerate(tops.get(query, ["x"]))] for query in QUERIES]
    return replace(whole, per_query=replace(whole.per_query, top=top))


def test_queries_with_the_passages_behind_them() -> None:
    a = system({}, {"q01": ["d1", "d2", "d3"]})
    b = system({"q00": 0.45, "q01": 0.3, "q30": 0.9}, {"q01": ["d3", "d2", "new", "d1"]})
    comparison = compare(a, b)
    lost = regressions(a, b, comparison)
    [only] = lost.queries
    assert (only.change.query_id, only.change.difference) == ("q01", pytest.approx(-0.2))
    assert [(one.doc_id, one.was, one.now) for one in only.rose] == [("new", None, 3), ("d3", 3, 1)]
    assert [(one.doc_id, one.was, one.now) for one in only.fell] == [("d1", 1, 4)]
    assert lost.languages == ()
    told = compared(comparison, lost).human
    assert told.endswith(
        "Worse by more than 10.0 points: 1 query\n20.0  [de] q01\n      rose: new (– → 3), d3 (3 → 1)\n      fell: d1 (1 → 4)"
    )
    assert [each.change.query_id for each in regressions(a, b, comparison, 0.04).queries] == ["q01", "q00"]
    assert "Worse by more" not in compared(comparison, regressions(a, a, compare(a, a))).human


@pytest.mark.parametrize("threshold", [-0.05, 1.01, float("nan")])
def test_a_loss_that_cannot_be_is_refused(threshold: float) -> None:
    a = system({}, {})
    with pytest.raises(BakehouseError, match="points cannot be: wanted 0 to 100"):
        regressions(a, a, compare(a, a), threshold)


def test_languages_that_lost() -> None:
    a = system({}, {})
    b = system({query: 0.45 + 0.001 * at for at, query in enumerate(QUERIES[20:])}, {})
    lost = regressions(a, b, compare(a, b))
    assert [each.language for each in lost.languages] == ["ar"], "beyond doubt, if by less than the threshold"
    assert "Languages that lost: Arabic by " in compared(compare(a, b), lost).human
