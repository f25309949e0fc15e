"""The Scores tab as HTML: the table, the bars, the curves, and what can be taken along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from markupsafe import Markup

from eval.page import files, sheets
from eval.page.curves import curves
from eval.page.standing import Standing, of_steps, runs_of
from eval.page.tables import BY, LANGUAGE, View, bars, heat_table, leaders, sheet, to_csv
from eval.results import Summary
from eval.wording import measure_title
from retrieval.page import html, numbers
from retrieval.page.glossary import GLOSSARY

RUNS_DRAWN = 2
BARS = 24
"""Of more groups the table says all there is to see."""
_MODES = ("hybrid", "dense")
_ALONE = "count, in the ranking as it is; questions without a right one among them are left out."
_MEANINGS = {
    "documents": f"Language of the question → of the passages: the judgments on passages in that language alone {_ALONE}",
    "passage": f"The judgments on passages of that length alone {_ALONE}",
    "length": "Words between blanks; in scripts without them, two Chinese or Japanese characters, or five Thai letters.",
}


def board(view: View, results: Sequence[Summary], modes: Sequence[str], address: Mapping[str, str]) -> Markup:
    """Everything below the filters.

    :param results: All results of the place, from which the curves are drawn.
    :param modes: The modes that are looked at.
    :param address: What the page's address must say to show this view again.
    """
    if not view.rows:
        return html.empty("No system has been judged in this mode here.", "Choose another mode above.")
    return html.join(
        [
            html.heading(_title(view), _size(view)),
            heat_table(view),
            _about_groups(view),
            _warnings(view),
            _take_along(view, address),
            *_bars(view),
            *_curves(view, results, modes),
        ]
    )


def nothing_yet(corpus: str, elsewhere: Sequence[str]) -> Markup:
    """No result on this corpus: what to do next."""
    more = f" There are scores of {', '.join(elsewhere)}: choose it under Corpus." if elsewhere else ""
    return html.empty(
        f"Nothing has been judged on {corpus} yet.",
        "Evaluate the model in use below: BM25, dense and hybrid search are judged side by side. "
        f"A training run judges its base and its checkpoints by itself.{more}",
    )


def _title(view: View) -> Markup:
    place = view.place
    known = place.split in ("dev", "test")
    split = html.term(place.split) if known else place.split
    parts: list[str | Markup] = [place.corpus, split]
    if place.synthetic:
        parts.append(html.term("synthetic"))
    return html.join(parts, " · ")


def _measure(view: View) -> Markup | str:
    title = measure_title(view.measure)
    return html.term(title) if title in GLOSSARY else title


def _size(view: View) -> Markup:
    queries = max(row.summary.counts["queries"] for row in view.rows)
    counted = numbers.counted(queries, "synthetic query" if view.place.synthetic else "query", _queries(view))
    return html.join([_measure(view), f"{counted}, {numbers.counted(view.place.ranked, 'document')}"], " · ")


def _queries(view: View) -> str:
    return "synthetic queries" if view.place.synthetic else "queries"


def _bars(view: View) -> list[Markup]:
    if len(view.columns) > BARS or not leaders(view.rows, view.measure):
        return []
    return [html.heading(f"The leading systems by {BY[view.by]}", _measure(view)), bars(view)]


def _about_groups(view: View) -> Markup:
    """How to read the columns, where that is not plain, and what is missing."""
    if not view.columns and view.by != LANGUAGE:
        if any(row.summary.breakdown for row in view.rows):
            return html.note(f"By {BY[view.by]} there is nothing to tell apart here.")
        return html.note("These systems were judged before scores were broken down. Evaluate them again to see more.")
    told = _MEANINGS.get(view.by)
    return html.note(told) if told else Markup("")


def _warnings(view: View) -> Markup:
    said = dict.fromkeys(warning for row in view.rows for warning in row.summary.warnings)
    return html.join(html.note(warning) for warning in said)


def _take_along(view: View, address: Mapping[str, str]) -> Markup:
    name = f"scores-{view.place.corpus}-{view.place.split}"
    csv = files.link("download as CSV", f"{name}.csv", files.CSV, to_csv(view))
    picture = files.link("as a picture", f"{name}.svg", files.SVG, sheets.draw(sheet(view)))
    link = html.element("a", "link to this view", href="?" + urlencode(address))
    told = "A row leads to its comparison."
    return html.element("p", html.join([told, csv, picture, link], " · "), cls="bh-judged")


def _curves(view: View, results: Sequence[Summary], modes: Sequence[str]) -> list[Markup]:
    parts: list[Markup] = []
    drawn = 0
    for run in runs_of(results):
        charts = _charts(view, of_steps(results, run), [mode for mode in _MODES if mode in modes])
        if charts and drawn < RUNS_DRAWN:
            aside = html.join([html.mono(run), _measure(view)], " · ")
            title = "Over the training steps" + (", synthetic queries" if view.place.synthetic else "")
            parts += [html.heading(title, aside), html.block(*charts, cls="bh-curves"), _legend(view)]
        drawn += bool(charts)
    if drawn > RUNS_DRAWN:
        parts.append(html.note(f"The {RUNS_DRAWN} newest of {drawn} runs are drawn; the table has them all."))
    return parts


def _charts(view: View, examined: Sequence[Standing], modes: Sequence[str]) -> list[Markup]:
    made = []
    for mode in modes:
        drawn = curves(view, examined, mode)
        if drawn:
            made.append(html.element("figure", html.element("figcaption", mode) + drawn))
    return made


def _legend(view: View) -> Markup:
    everything = html.element("span", html.element("i", cls="bh-dot bh-ink") + "all", cls="bh-tag")
    tags = (html.tag(lang, series=view.colours[lang]) for lang in view.languages)
    return html.element("p", html.join([everything, *tags], " "), cls="bh-keys")
