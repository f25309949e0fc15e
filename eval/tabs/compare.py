"""The Compare tab: A against B, the verdict, and the queries behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import gradio as gr
from markupsafe import Markup

from eval.compare import Change, Comparison
from eval.measures import STANDARD
from eval.page import comparison, latest
from eval.page.cache import Duel, duel, is_kept
from eval.page.comparison_files import of_queries
from eval.page.evidence import evidence
from eval.page.losses import losses
from eval.page.rankings import rankings
from eval.page.remedy import remedy
from eval.page.sides import Sides, loadable, sides
from eval.page.standing import standings
from eval.places import Place, Places, find, places, titles
from eval.regressions import THRESHOLD
from eval.wording import measure_title
from retrieval.errors import BakehouseError
from retrieval.page import SURFACE, PageState, html, numbers
from retrieval.page.guard import sentence_for
from retrieval.page.menus import model_choices

MORE = 50
_NOTHING_MORE = ("", "", "", "", "", "", comparison.SHOWN, "")
"""What stands after the verdict where nothing is compared."""
NOTHING = html.empty(
    "There is nothing to compare yet.",
    "A comparison needs two systems that were judged on the same queries. Evaluate a model under Scores: "
    "BM25, dense and hybrid search stand beside one another at once. Or train: a run judges its base and its checkpoints.",
)
SCROLL = "() => document.querySelector('#sides')?.scrollIntoView({block: 'nearest', behavior: 'smooth'})"


def build(page: PageState, board: gr.HTML) -> None:
    """Draw and wire the tab.

    :param board: Of the Scores tab: a click on one of its rows makes that result B.
    """
    with gr.Row(elem_classes="bh-options", elem_id="compare-menus"):
        place = gr.Dropdown([], label="Judged on", elem_id="compare-place", min_width=150, scale=2)
        a = gr.Dropdown([], label="A", elem_id="compare-a", min_width=240, scale=4)
        b = gr.Dropdown([], label="B, against A", elem_id="compare-b", min_width=240, scale=4)
        measure = gr.Dropdown([], label="Measure", elem_id="compare-measure", min_width=110, scale=1)
    said = gr.HTML(elem_id="compare-verdict", **SURFACE)
    with gr.Row(elem_classes="bh-split"):
        with gr.Column(scale=5, min_width=300):
            dots = gr.HTML(elem_id="dots", **SURFACE)
            moved = gr.HTML(elem_id="moved", **SURFACE)
            taken = gr.HTML(elem_id="every-query", **SURFACE)
        with gr.Column(scale=6, min_width=300, elem_classes="bh-beside"):
            by_language = gr.HTML(elem_id="verdicts", **SURFACE)
            beside = gr.HTML(elem_id="sides", **SURFACE)
    threshold = gr.Number(
        100 * THRESHOLD,
        label="Name what lost more points than",
        elem_id="lost-threshold",
        min_width=100,
    )
    lost = gr.HTML(elem_id="lost", **SURFACE)
    state, chosen, shown = gr.State(""), gr.State(""), gr.State(comparison.SHOWN)

    menus = [place, a, b, measure]
    asked = [*menus, threshold]
    parts = [said, by_language, taken, dots, moved, beside, chosen, shown, lost]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    work: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": 2}
    show = page.guard(_show, show=lambda sentence: (html.error(sentence), *_NOTHING_MORE))
    page.opened.then(page.guard(_opened), [page.corpus], [*menus, state], **quiet).then(show, asked, parts, **work)
    page.corpus.input(page.guard(_follow), [page.corpus], menus, **quiet).then(show, asked, parts, **work)
    board.click(page.guard(_against), outputs=[*menus, page.tabs], **quiet).then(show, asked, parts, **work)
    place.input(page.guard(_at), [place, measure], menus, **quiet).then(show, asked, parts, **work)
    gr.on([a.input, b.input, measure.input], show, asked, parts, trigger_mode="always_last", **work)
    threshold.input(page.guard(_lost), asked, [lost], trigger_mode="always_last", **work)
    page.clock.tick(page.guard(_tick), [state, page.corpus, *menus], [*menus, state], **quiet)
    said.click(page.guard(_use), menus, [page.model, page.tabs], **quiet)
    row = [*menus, chosen, shown]
    gr.on(
        [moved.click, dots.click, lost.click], page.guard(_choose), row, [dots, moved, beside, chosen, shown], **quiet
    ).then(None, None, None, js=SCROLL, api_visibility="private")


def _opened(corpus: str, request: gr.Request) -> tuple[Any, ...]:
    """What the address asks for."""
    asked = dict(request.query_params)
    if asked.get("tab") != "compare":
        return *_menus(corpus), latest.stamp()
    menus = _menus(corpus, asked.get("split"), asked.get("a"), asked.get("b"), asked.get("measure"))
    return *menus, latest.stamp()


def _follow(corpus: str) -> tuple[Any, ...]:
    return _menus(corpus)


def _at(place: str, measure: str) -> tuple[Any, ...]:
    corpus, _, key = place.partition("/")
    return _menus(corpus, key, measure=measure)


def _against(event: gr.EventData) -> tuple[Any, ...]:
    """A result from the Scores tab becomes B, against what it should beat."""
    summary = latest.by_id(str(event.result))
    place = Place.of(summary)
    return *_menus(place.corpus, place.key, b=summary.id), gr.Tabs(selected="compare")


def _tick(state: str, corpus: str, place: str | None, a: str | None, b: str | None, measure: str | None) -> Any:
    """New results come into the menus; what is being looked at stays."""
    now = latest.stamp()
    if now == state:
        return tuple(gr.skip() for _ in range(5))
    of_corpus, _, key = (place or "").partition("/")
    return *_menus(of_corpus or corpus, key, a, b, measure), now


def _menus(
    corpus: str, key: str | None = None, a: str | None = None, b: str | None = None, measure: str | None = None
) -> tuple[Any, ...]:
    """The menus: places, systems of the chosen place, measures of both."""
    everywhere = _comparable()
    place = find({each: of for each, of in everywhere.items() if each.corpus == corpus}, key) or find(everywhere, key)
    if place is None:
        return tuple(gr.Dropdown(choices=[], value=None) for _ in range(4))
    systems = sides(everywhere[place], a, b)
    choices = [(each.full_name, each.summary.id) for each in standings(everywhere[place])]
    named = titles(everywhere)
    measures = [name for name in systems.b.summary.metrics if name in systems.a.summary.metrics]
    return (
        gr.Dropdown(
            choices=[(f"{each.corpus} · {named[each]}", _value(each)) for each in everywhere], value=_value(place)
        ),
        gr.Dropdown(choices=choices, value=systems.a.summary.id),
        gr.Dropdown(choices=choices, value=systems.b.summary.id),
        gr.Dropdown(
            choices=[(measure_title(name), name) for name in measures],
            value=measure if measure in measures else measures[0],
        ),
    )


def _comparable() -> Places:
    """The places with two systems or more."""
    return {place: of for place, of in places(latest.known()).items() if len(standings(of)) > 1}


def _value(place: Place) -> str:
    return f"{place.corpus}/{place.key}"


def _show(
    place: str | None, a: str | None, b: str | None, measure: str | None, threshold: float | None
) -> Iterator[tuple[Any, ...]]:
    """Compare, and show everything with the first query that changed."""
    if not place or not a or not b:
        yield NOTHING, *_NOTHING_MORE
        return
    systems = _systems(place, a, b)
    name = measure or STANDARD[0]
    if a == b:
        raise BakehouseError("A and B are the same: choose two different systems.")
    if not is_kept(systems.a.summary, systems.b.summary, name):
        queries = numbers.counted(systems.b.summary.counts["queries"], "query", "queries")
        yield (
            html.waiting(f"Comparing on {queries}.", "Many thousands take a few seconds."),
            *[gr.skip()] * len(_NOTHING_MORE),
        )
    found = duel(systems.a.summary, systems.b.summary, name)
    colours = comparison.colours_of(found.comparison)
    chosen = next((change.query_id for change in _by_interest(found.comparison)), "")
    yield (
        _verdict(place, found, systems),
        comparison.languages(found.comparison, colours),
        of_queries(found.comparison, colours),  # once, not with each query that is looked at: it holds them all
        *_queries(found, chosen, comparison.SHOWN),
        chosen,
        comparison.SHOWN,
        _losses(found, threshold, colours),
    )


def _lost(place: str | None, a: str | None, b: str | None, measure: str | None, threshold: float | None) -> Markup:
    """What lost more than another threshold; nothing where nothing is compared."""
    if not place or not a or not b or a == b:
        return Markup("")
    systems = _systems(place, a, b)
    found = duel(systems.a.summary, systems.b.summary, measure or STANDARD[0])
    return _losses(found, threshold, comparison.colours_of(found.comparison))


def _losses(found: Duel, points: float | None, colours: Mapping[str, int]) -> Markup:
    """By the usual threshold where the field is empty; one that cannot be spoils nothing else of the comparison."""
    try:
        return losses(found, THRESHOLD if points is None else points / 100, colours)
    except BakehouseError as error:
        return html.error(sentence_for(error))


def _by_interest(found: Comparison) -> list[Change]:
    """The queries that got better, those that got worse, then the rest: the first one is shown unasked."""
    return [*found.risers, *found.fallers, *found.changes]


def _systems(place: str, a: str, b: str) -> Sides:
    corpus, _, key = place.partition("/")
    here = places(latest.known(), corpus)
    found = find(here, key)
    if found is None:
        raise BakehouseError(f"the results on {corpus} are gone. Evaluate again under Scores.")
    named = {each.summary.id: each for each in standings(here[found])}
    if a not in named or b not in named:
        raise BakehouseError("one of these results was replaced by a newer one. Choose again.")
    return Sides(named[a], named[b])


def _verdict(place: str, found: Duel, systems: Sides) -> Markup:
    corpus, _, key = place.partition("/")
    a, b = systems.a.summary.id, systems.b.summary.id
    address = {"tab": "compare", "corpus": corpus, "split": key, "a": a, "b": b, "measure": found.comparison.measure}
    link = html.element("a", "link to this comparison", href="?" + urlencode(address))
    return comparison.verdict(found.comparison, systems, remedy(found.comparison, systems), link)


def _queries(found: Duel, chosen: str, shown: int) -> tuple[Markup, Markup, Markup]:
    """The dots, the lists, and both rankings of the chosen query."""
    colours = comparison.colours_of(found.comparison)
    change = next((each for each in found.comparison.changes if each.query_id == chosen), None)
    beside = rankings(evidence(found.a, found.b, chosen), change, colours) if change else Markup("")
    return (
        comparison.scatter(found.comparison, colours, chosen),
        comparison.moved(found.comparison, colours, chosen, shown),
        beside,
    )


def _choose(
    place: str, a: str, b: str, measure: str, chosen: str, shown: int, event: gr.EventData
) -> tuple[Markup, Markup, Markup, str, int]:
    systems = _systems(place, a, b)
    found = duel(systems.a.summary, systems.b.summary, measure)
    if event.act == "more":
        shown += MORE
    else:
        chosen = str(event.query)
    return *_queries(found, chosen, shown), chosen, shown


def _use(place: str, a: str, b: str, measure: str, event: gr.EventData) -> tuple[gr.Dropdown, gr.Tabs]:
    """Search with the model of one side from now on."""
    systems = _systems(place, a, b)
    name = loadable(systems.b if event.side == "b" else systems.a)
    if name is None:
        raise BakehouseError("the weights of this checkpoint are not kept any more. Choose another.")
    choices = model_choices()
    if name not in [value for _, value in choices]:
        choices.append((name, name))
    return gr.Dropdown(choices=choices, value=name), gr.Tabs(selected="search")
