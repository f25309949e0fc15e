"""The Compare tab as HTML: the verdict, the languages, the dots, the queries, two rankings side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from eval.compare import Change, Comparison
from eval.page.comparison_files import of_languages
from eval.page.scatter import dots, legend, picture
from eval.page.sides import Sides
from eval.wording import measure_title, points, signed
from retrieval.page import html, numbers
from retrieval.page.glossary import GLOSSARY
from retrieval.page.tongues import language_name

SHOWN = 12
"""How many queries that got better, and how many that got worse, are listed at first."""


def colours_of(comparison: Comparison) -> dict[str, int]:
    """Language → colour number, in the order of the tables: most queries first, then by code."""
    sized = sorted(comparison.by_language, key=lambda each: (-each.queries, each.language))
    return html.series(each.language for each in sized)


def verdict(comparison: Comparison, systems: Sides, remedy: Markup | str, link: Markup | str = "") -> Markup:
    """The large sentence, what it rests on, and what to do now.

    :param remedy: A button, or a sentence.
    :param link: To this comparison.
    """
    return html.block(
        html.verdict(sentence(comparison), _detail(comparison, link)),
        _sides(comparison, systems),
        *(html.note(note) for note in [*_disagreement(comparison), *comparison.notes]),
        html.element("div", remedy, cls="bh-remedy"),
        cls="bh-duel-verdict",
    )


def sentence(comparison: Comparison) -> str:
    """The verdict for somebody who sees above it which system is A and which is B."""
    low, high = (points(each) for each in comparison.interval)
    title = measure_title(comparison.measure)
    size = points(abs(comparison.difference))
    if comparison.verdict == "no difference shown":
        direction = "higher" if comparison.difference > 0 else "lower"
        shift = "just as high" if size == "0.0" else f"{_counted(size)} {direction}"
        return (
            f"No difference shown: B is {shift} in {title}, and the true difference is likely between {low} and {high}."
        )
    least, most = sorted(map(abs, comparison.interval))
    return (
        f"B is {comparison.verdict} than A by {_counted(size)} of {title}, between {points(least)} and {points(most)}."
    )


def _disagreement(comparison: Comparison) -> list[str]:
    """What to make of an interval without 0 when no difference is shown."""
    low, high = comparison.interval
    if comparison.verdict != "no difference shown" or low <= 0 <= high:
        return []
    return [
        f"The interval leaves out 0, but chance alone gives a difference this large in {comparison.p_value:.0%} of "
        "such comparisons: more than the 5 % at which it would count as shown."
    ]


def _counted(size: str) -> str:
    return f"{size} {'point' if size == '1.0' else 'points'}"


def _detail(comparison: Comparison, link: Markup | str) -> Markup:
    kind = html.join([html.term("synthetic"), " "]) if comparison.a.synthetic else ""
    noun = "query" if comparison.queries == 1 else "queries"
    p_value = html.join([html.term("p-value"), " ", numbers.p_value(comparison.p_value)])
    where = f"{comparison.a.corpus.name}, {comparison.a.split}"
    asked = html.join([kind, f"{numbers.count(comparison.queries)} ", f"{noun} of {where}"])
    interval = html.join(["95 % ", html.term("interval")])
    parts = [asked, interval, p_value, "a point is a hundredth of the measure", link]
    return html.join(filter(None, parts), " · ")


def _sides(comparison: Comparison, systems: Sides) -> Markup:
    sides = (("A", systems.a, comparison.a_value), ("B", systems.b, comparison.b_value))
    lines = (
        html.element("li", html.join([html.element("b", letter), _score(value), html.element("span", who.full_name)]))
        for letter, who, value in sides
    )
    return html.element("ul", html.join(lines), cls="bh-ab", aria_label=measure_title(comparison.measure))


def _score(value: float) -> Markup:
    return html.element("span", numbers.measure(value), cls="bh-score")


def languages(comparison: Comparison, colours: Mapping[str, int]) -> Markup:
    """One quiet line a language."""
    rows = [
        [
            html.tag(language_name(each.language), series=colours[each.language]),
            numbers.count(each.queries),
            signed(each.difference),
            " … ".join(map(signed, each.interval)),
            numbers.p_value(each.p_value),
            _word(each.verdict),
        ]
        for each in comparison.by_language
    ]
    heads: list[html.Column | str] = [
        "Language",
        *(html.Column(title, html.RIGHT) for title in ("Queries", "Points", "95 % interval")),
        html.Column(html.term("p-value", f"{GLOSSARY['p-value']} Corrected for the number of languages."), html.RIGHT),
        "Verdict",
    ]
    table = html.table(heads, rows, "The verdict in each query language")
    return html.heading("By language") + table + of_languages(comparison)


def _word(word: str) -> Markup:
    return html.element("span", word, cls=f"bh-verdict-word is-{word.split()[0]}")


def scatter(comparison: Comparison, colours: Mapping[str, int], chosen: str) -> Markup:
    """The dots under their heading."""
    found = dots(comparison.changes)
    title = measure_title(comparison.measure)
    head = html.heading("Each query", f"{title}: A across, B up")
    return head + picture(found, colours, chosen) + legend(found, colours)


def moved(comparison: Comparison, colours: Mapping[str, int], chosen: str, shown: int = SHOWN) -> Markup:
    """The queries that got better and those that got worse, the largest change first."""
    better, worse = comparison.risers, comparison.fallers
    same = comparison.queries - len(better) - len(worse)
    lists = _list("Got better", better, colours, chosen, shown) + _list("Got worse", worse, colours, chosen, shown)
    left = max(len(better), len(worse)) - shown
    more = html.act("Show more queries", "more", quiet=True) if left > 0 else ""
    unmoved = html.note(f"{numbers.counted(same, 'query', 'queries')} with the same score under both.")
    return lists + html.block(more, unmoved, cls="bh-rest")


def _list(title: str, changes: Sequence[Change], colours: Mapping[str, int], chosen: str, shown: int) -> Markup:
    items = html.join(_item(change, colours, change.query_id == chosen) for change in changes[:shown])
    body = html.element("ul", items, cls="bh-moved") if changes else html.note("None.")
    return html.heading(title, numbers.count(len(changes))) + body


def _item(change: Change, colours: Mapping[str, int], on: bool) -> Markup:
    tag = html.tag(change.language, language_name(change.language), colours[change.language])
    scores = f"{numbers.measure(change.a, 2)} → {numbers.measure(change.b, 2)}"
    text = html.text(change.text or change.query_id, change.language, cls="bh-question")
    inside = html.join([tag, text, html.element("span", scores, cls="bh-score")])
    return html.element("li", html.act(inside, "query", on=on, query=change.query_id))
