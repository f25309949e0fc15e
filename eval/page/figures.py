"""Results as a picture that stands alone: their heat table, or their quality against what they take."""

from __future__ import annotations

from collections.abc import Sequence

from eval.measures import parse
from eval.page import sheets
from eval.page.standing import standings
from eval.page.tables import View, query_languages, sheet
from eval.page.tradeoff import plot, plots
from eval.page.tradeoff_chart import draw
from eval.places import Place, places, titles
from eval.quantities import costs_of, quantity
from eval.results import Summary, all_results
from retrieval.errors import BakehouseError, nearest
from retrieval.page import html
from retrieval.page.standalone import standalone


def table(results: Sequence[Summary], measure: str) -> str:
    """The heat table of systems by query language, as an SVG file.

    :raises BakehouseError: if the results cannot stand in one table, or none has the measure.
    """
    return sheets.draw(sheet(_view(results, measure)))


def against(results: Sequence[Summary], measure: str, name: str) -> str:
    """Quality against a quantity, as an SVG file.

    :param name: Of the quantity: see :data:`eval.quantities.NAMES`.
    :raises BakehouseError: likewise, or if the quantity is not known of two systems.
    """
    view, wanted = _view(results, measure), quantity(name)
    costs = costs_of([row.summary for row in view.rows], all_results())
    drawn = plot(view, costs, wanted)
    if not drawn.tells:
        can = ", ".join(plots(view, costs)) or "none"
        raise BakehouseError(
            f"'{name}' is not known of two of these systems that differ in it, so there is nothing to plot (known: {can}). "
            "Measure with `python -m eval run DIR --model M --efficiency`; what training took stands in its run."
        )
    return standalone(draw(drawn))


def _view(results: Sequence[Summary], measure: str) -> View:
    name = parse(measure).name
    here = places(results)
    if len(here) > 1:
        named = titles(here)
        found = "; ".join(f"{place.corpus} · {named[place]}" for place in here)
        raise BakehouseError(
            f"these results were judged on {len(here)} different things, which no single table may hold: {found}. "
            "Narrow them with --corpus and --split, or name results of one."
        )
    rows = standings(results)
    have = list(dict.fromkeys(known for row in rows for known in row.summary.metrics))
    if name not in have:
        raise BakehouseError(f"none of these results has {measure}: they have {', '.join(have)}.{nearest(name, have)}")
    languages = query_languages(rows)
    shown = list(languages) if len(languages) > 1 else []
    return View(Place.of(rows[0].summary), name, rows, shown, html.series(languages))
