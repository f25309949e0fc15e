"""Scores as a table, as bars, as curves and as CSV."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

from made_results import made

from eval.page.curves import curves, lines
from eval.page.scores import board, nothing_yet
from eval.page.standing import Kind, Standing
from eval.page.tables import View, bars, heat_table, leaders, query_languages, to_csv
from eval.places import Place
from eval.results import RERANKED
from retrieval.page import html

EVIL = "<script>alert(1)</script>"
LANGUAGES = ("de", "en")


def row(name: str, kind: Kind, scores: tuple[float, float, float | None], *, run: str = "", step: int = 0) -> Standing:
    """A system with its scores: of all queries, in German, in English."""
    by_language = {
        lang: {"ndcg@10": score, "queries": 2}
        for lang, score in zip(LANGUAGES, scores[1:], strict=True)
        if score is not None
    }
    mode = "lexical" if kind == "lexical" else "hybrid"
    result = made(
        {"q1": 0.5, "q2": 0.5},
        id=name,
        model=f"org/{name}",
        label=name,
        mode=mode,
        metrics={"ndcg@10": scores[0]},
        by_language=by_language,
        run=run or None,
        step=step if run else None,
    )
    return Standing(result.summary, kind, run, step, best=step == 4)


ROWS = [
    row("BM25", "lexical", (0.40, 0.50, 0.30)),
    row("e5", "base", (0.60, 0.7004, 0.50)),
    row("big", "teacher", (0.90, 0.90, 0.90)),
    row("two", "tuned", (0.55, 0.7001, 0.40), run="r1", step=2),
    row("four", "tuned", (0.65, 0.60, None), run="r1", step=4),
]


def view(rows: list[Standing] = ROWS) -> View:
    """All of the rows in both languages."""
    colours = html.series(LANGUAGES)
    return View(Place.of(rows[0].summary), "ndcg@10", rows, LANGUAGES, colours)


def cells(markup: str, name: str) -> list[str]:
    """The cells of a row, without what stands around their words."""
    found = re.search(rf'<tr[^>]*data-result="{name}".*?</tr>', markup)
    assert found
    return re.findall(r"<td[^>]*>.*?</td>", found[0])


def test_the_best_of_each_column_is_marked_and_a_teacher_does_not_compete() -> None:
    markup = str(heat_table(view()))
    best = {
        each: [cell for cell in cells(markup, each) if "is-best" in cell]
        for each in ("BM25", "e5", "big", "two", "four")
    }
    assert [len(found) for found in best.values()] == [0, 2, 0, 1, 1]
    assert ".650" in best["four"][0] and ".700" in best["two"][0] and ".500" in best["e5"][1]


def test_a_column_puts_its_best_first_and_what_was_not_measured_last() -> None:
    markup = str(heat_table(replace(view(), sort="en")))
    assert re.findall(r'<tr[^>]*data-result="(\w+)"', markup) == ["big", "e5", "two", "BM25", "four"]
    assert re.findall(r'<th[^>]*aria-sort="descending"[^>]*>.*?data-column="(\w+)"', markup) == ["en"]
    by_all = replace(view(), sort="all")
    ordered = [each.summary.id for each in by_all.ordered]
    assert ordered == ["big", "four", "e5", "two", "BM25"]
    assert [line["result"] for line in csv.DictReader(io.StringIO(to_csv(by_all)))] == ordered


def test_heat_grows_with_the_score_and_a_missing_score_has_none() -> None:
    markup = str(heat_table(view()))
    assert "--heat:0.000" in cells(markup, "BM25")[2] and "--heat:1.000" in cells(markup, "four")[2]
    assert "--heat:0.800" in cells(markup, "e5")[2]
    assert "bh-heat" not in cells(markup, "four")[4] and "–" in cells(markup, "four")[4]


def test_small_differences_do_not_look_large() -> None:
    close = [row("e5", "base", (0.719, 0.7, 0.7)), row("four", "tuned", (0.724, 0.7, 0.7), run="r1", step=4)]
    assert "--heat:0.950" in cells(str(heat_table(view(close))), "e5")[2]


def test_what_was_there_before_is_set_apart_and_a_run_is_named_once() -> None:
    markup = str(heat_table(view()))
    assert markup.count('class="is-bound"') == 3 and markup.count('class="is-tuned"') == 2
    assert markup.count(">r1<") == 1
    assert "lexical" in cells(markup, "BM25")[1] and "hybrid" in cells(markup, "four")[1]


def test_the_leaders_are_the_best_of_each_kind() -> None:
    assert [each.summary.id for each in leaders(ROWS, "ndcg@10")] == ["BM25", "e5", "big", "four"]
    more = [*ROWS, row("six", "tuned", (0.99, 0.9, 0.9), run="r2", step=6)]
    assert [each.summary.id for each in leaders(more, "ndcg@10")] == ["BM25", "e5", "big", "six"]


def test_bars_are_as_long_as_the_scores() -> None:
    markup = str(bars(view()))
    assert markup.count("<li>") == 3
    assert "inline-size:65.00%" in markup and "inline-size:40.00%" in markup
    # the missing English score of the last system leaves its bar out
    assert markup.count('class="bh-bar"') == 11


def test_languages_with_most_queries_come_first() -> None:
    assert query_languages(ROWS) == {"de": 2, "en": 2}


def test_csv_has_full_precision_and_no_formulas() -> None:
    evil = row("=SUM(A1)", "base", (0.5, 0.123456789, None))
    read = list(csv.reader(io.StringIO(to_csv(view([evil, ROWS[4]])))))
    assert read[0][:5] == ["system", "kind", "run", "step", "mode"] and read[0][-3:] == ["all", "de", "en"]
    assert read[1][0] == "'=SUM(A1)" and read[1][-3:] == ["0.5", "0.123456789", ""]
    assert read[2][:5] == ["step 4 · best", "tuned", "r1", "4", "hybrid"]


def test_curves_need_two_steps_and_the_axis_begins_where_the_scores_do() -> None:
    steps = [row("e5", "base", (0.50, 0.7, 0.5), run="r1"), ROWS[3], ROWS[4]]
    drawn = lines(view(), steps, "hybrid")
    assert [(line.name, len(line.points)) for line in drawn] == [("all", 3), ("de", 3), ("en", 2)]
    markup = str(curves(view(), steps, "hybrid"))
    assert markup.count("<polyline") == 3 and markup.count("<circle") == 8 + 1
    assert ">base<" in markup and ">step 2<" in markup and ">step 4<" in markup
    assert "best, step 4: .650" in markup and "en, step 2: .400" in markup
    told = "nDCG@10 of hybrid search over the training steps: .500 at step 0, .650 at step 4"
    assert f'aria-label="{told}"' in markup
    assert ">.40<" in markup and ">.10<" not in markup
    assert curves(view(), steps[:1], "hybrid") == "" and curves(view(), steps, "dense") == ""


def test_the_board_says_synthetic_escapes_names_and_links_to_itself(home: Path) -> None:
    evil = made({"q": 0.5}, model=f"org{EVIL}", synthetic=True, warnings=(EVIL,), by_language={})
    of = Standing(evil.summary, "base")
    seen = View(Place.of(evil.summary), "ndcg@10", [of], [], {})
    markup = str(board(seen, [evil.summary], ["hybrid"], {"tab": "scores", "split": "dev~1&2"}))
    assert "<script" not in markup and "&lt;script" in markup
    assert "synthetic quer" in markup and 'data-meaning="Judged on questions made by a machine' in markup
    assert 'href="?tab=scores&amp;split=dev~1%262"' in markup


def test_an_empty_board_says_what_to_do() -> None:
    assert "Nothing has been judged on loaves yet." in nothing_yet("loaves", ["rolls"])
    assert "There are scores of rolls" in nothing_yet("loaves", ["rolls"])
    assert "There are scores" not in nothing_yet("loaves", [])


def broken_down(name: str, breakdown: dict[str, dict[str, float]] | None, kind: Kind = "base") -> Standing:
    """A system whose scores of each group of kinds are given."""
    groups = {
        of: {group: {"ndcg@10": score, "queries": 3} for group, score in scores.items()}
        for of, scores in (breakdown or {}).items()
    }
    return Standing(replace(row(name, kind, (0.5, 0.5, 0.5)).summary, breakdown=groups), kind)


def test_columns_can_be_other_groups_than_languages() -> None:
    rows = [broken_down("a", {"length": {"1–4 words": 0.25, "5–8 words": 0.75}}), broken_down("old", None)]
    seen = replace(view(rows), by="length")
    assert seen.columns == ["1–4 words", "5–8 words"]
    markup = str(heat_table(seen))
    assert "systems by query length" in markup and markup.count("<th ") == 5
    assert [cell.count("–") for cell in cells(markup, "old")[3:]] == [1, 1]
    assert ".250" in cells(markup, "a")[3] and "is-best" in cells(markup, "a")[4]
    assert "1–4 words" in bars(seen) and "inline-size:75.00%" in bars(seen)
    read = list(csv.reader(io.StringIO(to_csv(seen))))
    assert read[0][-2:] == ["1–4 words", "5–8 words"] and read[1][-2:] == ["0.25", "0.75"] and read[2][-2:] == ["", ""]


def test_pairs_follow_the_chosen_query_languages() -> None:
    rows = [broken_down("a", {"documents": {"en → en": 0.5, "en → de": 0.25, "de → de": 0.5}})]
    assert replace(view(rows), by="documents", languages=["en"]).columns == ["en → en", "en → de"]
    seen = replace(view(rows), by="documents")
    markup = str(board(seen, [], ["hybrid"], {"by": "documents"}))
    assert 'title="questions in English, passages in Deutsch"' in markup
    assert "in that language alone count" in markup and 'href="?by=documents"' in markup
    assert "The leading systems by document language" in markup
    many = [broken_down("a", {"documents": {f"en → {number}": 0.5 for number in range(25)}})]
    assert "The leading systems" not in board(replace(view(many), by="documents"), [], [], {})


def test_a_missing_breakdown_is_said() -> None:
    old, single = broken_down("old", None), broken_down("one", {"length": {"1–4 words": 0.5}})
    assert "Evaluate them again" in board(replace(view([old]), by="documents"), [], [], {})
    assert "By document language there is nothing to tell apart" in board(
        replace(view([single]), by="documents"), [], [], {}
    )


def test_a_bound_stands_apart_and_does_not_compete() -> None:
    bound = row("mono", "bound", (0.95, 0.95, 0.95))
    settings = {"depth": 50, RERANKED: {"label": "e5", "mode": "hybrid"}}
    bound = Standing(
        replace(bound.summary, settings=settings, system=replace(bound.summary.system, mode=RERANKED)), "bound"
    )
    markup = str(heat_table(view([bound, *ROWS])))
    assert not [cell for cell in cells(markup, "mono") if "is-best" in cell]
    assert markup.count('class="is-upper"') == 1 and markup.index("is-upper") < markup.index("is-bound")
    assert "mono · first 50 of e5 · hybrid" in markup and "· upper bound" in markup
    assert bound not in leaders([bound, *ROWS], "ndcg@10") and "mono" not in bars(view([bound, *ROWS]))
