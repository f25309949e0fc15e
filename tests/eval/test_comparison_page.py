"""A comparison as a person sees it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from made_results import DATA, made

from eval.compare import Change, compare
from eval.page import comparison
from eval.page.cache import Duel, duel, is_kept
from eval.page.evidence import evidence
from eval.page.losses import SHOWN, losses
from eval.page.rankings import rankings
from eval.page.remedy import remedy
from eval.page.scatter import MOST, dots, legend, picture
from eval.page.sides import Sides, loadable, sides, winner
from eval.page.standing import Standing, standings
from eval.results import Result, save
from retrieval.beir import Corpus
from retrieval.errors import BakehouseError
from retrieval.models import BEST

EVIL = "<script>alert(1)</script>"
QUERIES = [f"q{number:02}" for number in range(20)]


def pair(a: float, b: float, **changes: object) -> tuple[Result, Result]:
    """Twenty queries with nearly the same score each."""
    low = {query: a + number / 1000 for number, query in enumerate(QUERIES)}
    high = {query: b + (number % 7) / 1000 for number, query in enumerate(QUERIES)}
    return made(low, id="a" * 16, **changes), made(high, id="b" * 16, label="tuned", **changes)


def systems(a: Result, b: Result) -> Sides:
    return Sides(Standing(a.summary, "base"), Standing(b.summary, "tuned", "r1", 4, best=True))


def test_the_sentence_names_size_and_interval() -> None:
    better, worse, same = (compare(*pair(0.4, b)) for b in (0.5, 0.3, 0.4065))
    assert re.fullmatch(
        r"B is better than A by 9\.3 points of nDCG@10, between 9\.\d and 9\.\d\.", comparison.sentence(better)
    )
    assert re.fullmatch(
        r"B is worse than A by 10\.7 points of nDCG@10, between 10\.\d and 1\d\.\d\.", comparison.sentence(worse)
    )
    assert re.fullmatch(
        r"No difference shown: B is just as high in nDCG@10, and the true difference is likely between −0\.\d and 0\.\d\.",
        comparison.sentence(same),
    )
    assert (winner(better), winner(worse), winner(same)) == ("b", "a", "a")


def test_an_interval_without_zero_is_explained_when_nothing_is_shown() -> None:
    base = compare(*pair(0.4, 0.4065))
    odd = replace(base, interval=(0.001, 0.01), p_value=0.0586, verdict="no difference shown")
    who = systems(*pair(0.4, 0.4065))
    assert "in 6% of such comparisons" in comparison.verdict(odd, who, "")
    assert "leaves out 0" not in comparison.verdict(base, who, "")


def test_synthetic_queries_are_said_in_the_verdict() -> None:
    a, b = pair(0.4, 0.5, synthetic=True)
    markup = comparison.verdict(compare(a, b), systems(a, b), "")
    assert 'data-meaning="Judged on questions made by a machine' in markup and "generated from the documents" in markup


def test_queries_are_listed_by_difference_and_escaped() -> None:
    a = made({"q1": 0.0, "q2": 1.0, "q3": 0.5, EVIL: 0.5}, languages=["en", "en", "de", EVIL])
    b = made({"q1": 1.0, "q2": 0.5, "q3": 0.5, EVIL: 0.9}, languages=["en", "en", "de", EVIL], label="tuned")
    found = compare(a, b)
    colours = comparison.colours_of(found)
    markup = str(comparison.moved(found, colours, "q1"))
    assert re.findall(r'data-query="(q\d)', markup) == ["q1", "q2"]
    assert markup.index('data-query="q1"') < markup.index("Got worse") < markup.index('data-query="q2"')
    assert ".00 → 1.00" in markup and "1 query with the same score" in markup
    everything = markup + comparison.languages(found, colours) + comparison.scatter(found, colours, "q1")
    assert "<script" not in everything and everything.count("is-chosen") == 1
    assert list(colours) == ["en", EVIL, "de"]
    assert "Show more" in comparison.moved(found, colours, "", shown=1)


def test_queries_that_would_hide_one_another_become_one_larger_dot() -> None:
    changes = [Change(f"q{n}", "en", "", 1.0, 1.0) for n in range(9)]
    changes += [Change("x", "de", "", 1.0, 1.0), Change("y", "de", "", 0.0, 0.504)]
    found = dots(changes)
    assert [(dot.language, dot.a, dot.b, dot.queries) for dot in found] == [
        ("de", 0.0, 0.5, 1), ("en", 1.0, 1.0, 9), ("de", 1.0, 1.0, 1),
    ]  # fmt: skip
    markup = str(picture(found, {"en": 0, "de": 1}, "y"))
    radii = {name: float(r) for r, name in re.findall(r'r="([\d.]+)"[^>]*data-query="(\w+)"', markup)}
    assert radii["q0"] == pytest.approx(3 * radii["y"], abs=0.2)
    places = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', markup)
    assert len(set(places)) == 3
    assert "9 queries: A 1.00, B 1.00" in markup


def test_dots_stay_inside_and_are_capped() -> None:
    many = [Change(f"q{n}", lang, "", 1.0, 1.0) for lang in ("en", "de", "fr") for n in range(3000)]
    many += [Change(f"z{n}", "en", "", n / 1000, 0.0) for n in range(1000)]
    spread = [replace(each, b=(number % 101) / 100) for number, each in enumerate(many[-1000:])]
    found = dots([*many, *spread])
    assert len(found) > MOST
    markup = str(picture(found, {"en": 0, "de": 1, "fr": 2}))
    assert markup.count("<circle") == MOST
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', markup).groups())  # type: ignore[union-attr]
    for x, y, r in re.findall(
        r'cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"', str(picture(dots(many[:9000]), {"en": 0, "de": 1, "fr": 2}))
    ):
        assert float(r) <= float(x) <= width - float(r) and float(r) <= float(y) <= height - float(r)
    assert f"Drawn are the {MOST} dots farthest from the line" in legend(found, {"en": 0, "de": 1, "fr": 2})


def test_both_rankings_show_judgments_and_moves(home: Path, tiny_corpus: Path) -> None:
    at = replace(DATA, name="tiny", folder=str(tiny_corpus), fingerprint=Corpus(tiny_corpus).fingerprint)
    a, b = (made({"de-q-rye": value}, corpus=at, languages=["de"]) for value in (0.5, 1.0))
    a.per_query.top[0][:] = [("de-salt", 0.9), ("de-rye", 0.8), ("de-oven", 0.7)]
    b.per_query.top[0][:] = [("de-rye", 0.9), ("de-salt", 0.8), ("en-rye", 0.7)]
    found = evidence(a, b, "de-q-rye")
    assert found.grades == {"de-rye": 1} and found.notes == []
    markup = str(rankings(found, Change("de-q-rye", "de", "", 0.5, 1.0), {"de": 0, "en": 1}))
    assert markup.count("✓ right") == 2 and "Roggenbrot" in markup
    assert [move for move in ("▲1", "▼1", "new", "gone") if move in markup] == ["▲1", "▼1", "new", "gone"]
    assert markup.count('title="English"') == 1 and 'title="Deutsch"' not in markup


def test_without_the_corpus_ids_are_left_and_said(home: Path) -> None:
    a, b = made({"q": 0.5}), made({"q": 1.0})
    b.per_query.top[0][:] = [(EVIL, 1.0)]
    found = evidence(a, b, "q")
    assert "The corpus loaves is not where it was (/loaves): only the ids" in found.notes[0]
    markup = str(rankings(found, Change("q", "en", EVIL, 0.5, 1.0), {}))
    assert ">d1</code>" in markup and "<script" not in markup


def test_a_changed_corpus_and_a_missed_document_are_said(home: Path, tiny_corpus: Path) -> None:
    at = replace(DATA, name="tiny", folder=str(tiny_corpus))
    found = evidence(*(made({"de-q-rye": value}, corpus=at) for value in (0.0, 0.0)), "de-q-rye")
    assert "has changed since this was judged" in found.notes[0]
    assert "Right, but in neither of the two: " in rankings(found, Change("de-q-rye", "de", "", 0, 0), {})


def test_a_comparison_is_made_once(home: Path) -> None:
    a, b = (save(each, home / "scores").summary for each in pair(0.4, 0.5))
    assert not is_kept(a, b, "ndcg@10")
    first = duel(a, b, "ndcg@10")
    assert is_kept(a, b, "ndcg@10") and duel(a, b, "ndcg@10") is first
    save(pair(0.4, 0.9)[1], home / "scores")
    assert duel(a, b, "ndcg@10").comparison.b_value == pytest.approx(0.9, abs=0.01)


def test_the_newest_best_meets_its_base_in_the_same_mode(home: Path) -> None:
    (home / "runs" / "r2" / BEST).mkdir(parents=True)
    (home / "runs" / "r2" / BEST / "manifest.json").write_text('{"step": 4}')
    results = []
    for at, (run, step, mode) in enumerate(
        [
            ("r1", 0, "hybrid"),
            ("r1", 9, "hybrid"),
            ("r2", 0, "dense"),
            ("r2", 2, "hybrid"),
            ("r2", 4, "hybrid"),
            ("r2", 4, "dense"),
        ]
    ):
        one = made({"q": 0.5}, id=f"id{at}", mode=mode, run=run, step=step, model=f"org/m{step}").summary
        results.append(replace(one, system=replace(one.system, model_fingerprint=f"f{run if step else ''}{step}")))
    found = sides(results)
    assert [(each.run, each.step, each.mode) for each in found] == [("", 0, "hybrid"), ("r2", 4, "hybrid")]
    assert [each.summary.id for each in sides(results, b="id5")] == ["id2", "id5"]
    assert [each.summary.id for each in sides(results, a="id3", b="id1")] == ["id3", "id1"]
    with pytest.raises(BakehouseError, match="two systems"):
        sides(results[:1])


def test_the_remedy_follows_the_verdict(home: Path) -> None:
    a, b = pair(0.4, 0.5)
    who = systems(a, b)
    assert loadable(who.b) is None and "not kept any more" in remedy(compare(a, b), who)
    (home / "runs" / "r1" / BEST).mkdir(parents=True)
    (home / "runs" / "r1" / BEST / "modules.json").write_text("[]")
    assert loadable(who.b) == "r1"
    said = str(remedy(compare(a, b), who))
    assert "Use B for search" in said and 'data-side="b"' in said
    lost = Sides(who.b, who.a)
    assert "Keep A" in remedy(compare(b, a), lost) and "B lost" in remedy(compare(b, a), lost)
    lexical = Sides(Standing(a.summary, "lexical"), who.b)
    assert "choose the mode lexical" in remedy(compare(b, a), lexical)
    assert len(standings([a.summary, b.summary])) == 1  # the same weights, mode and settings


def test_losses_are_named_with_the_passages_behind_them(home: Path, tiny_corpus: Path) -> None:
    at = replace(DATA, name="tiny", folder=str(tiny_corpus), fingerprint=Corpus(tiny_corpus).fingerprint)
    queries = {"de-q-rye": 1.0, "en-q-rye": 0.5}
    a = made(queries, corpus=at, languages=["de", "en"])
    b = made({**queries, "de-q-rye": 0.63}, corpus=at, languages=["de", "en"])
    a.per_query.top[0][:] = [("de-rye", 0.9), ("de-salt", 0.8)]
    b.per_query.top[0][:] = [("de-salt", 0.9), ("de-rye", 0.8), (EVIL, 0.7)]
    found = Duel(a, b, compare(a, b))
    markup = str(losses(found, 0.1, {"de": 0, "en": 1}))
    assert re.findall(r'data-query="([\w-]+)"', markup) == ["de-q-rye"] and "−37.0" in markup
    assert "Worse by more than 10.0 points" in markup and "Languages that lost: " in markup
    rose, fell = (re.search(rf'<p class="bh-behind">{how}: (.*?)</p>', markup)[1] for how in ("rose", "fell"))  # type: ignore[index]
    assert "(–\u00a0→\u00a03)" in rose and "Salz" in rose and "(2\u00a0→\u00a01)" in rose
    assert "Roggenbrot" in fell and "✓ right" in fell and "(1\u00a0→\u00a02)" in fell
    assert "<script" not in markup
    calm = str(losses(found, 0.4, {"de": 0, "en": 1}))
    assert "No question." in calm and "data-query" not in calm


def test_of_many_losses_the_worst_are_shown(home: Path) -> None:
    a = made({f"q{number:02}": 1.0 for number in range(30)})
    b = made({f"q{number:02}": number / 100 for number in range(30)})
    markup = str(losses(Duel(a, b, compare(a, b)), 0.1, {"en": 0}))
    assert re.findall(r'data-query="q(\d+)"', markup) == [f"{number:02}" for number in range(SHOWN)]
    assert "The 10 that lost most are shown." in markup


def test_an_upper_bound_is_not_searched_with(home: Path) -> None:
    a, b = pair(0.4, 0.5)
    bound = Sides(Standing(a.summary, "base"), Standing(b.summary, "bound"))
    said = remedy(compare(a, b), bound)
    assert "upper bound" in said and "data-act" not in said
