"""The Compare tab: A against B, the verdict, and the queries behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from eval import duels, latest
from eval.evidence import evidence
from eval.kept import Duel, duel
from eval.measures import STANDARD
from eval.places import Place, Places, find, places, titles
from eval.sides import sides
from eval.standing import Standing, standings
from eval.wording import measure_title
from retrieval.errors import BakehouseError
from retrieval.home import home
from retrieval.models import BEST, known
from retrieval.page import SURFACE, PageState, html
from retrieval.page.menus import model_choices, model_title

MORE = 50
_MANY = 5000
"""Queries from which on a comparison takes long enough to say so."""


class Pair(NamedTuple):
    """The two systems, as they stand in the menus."""

    a: Standing
    b: Standing


def build(page: PageState, wanted: gr.State) -> None:
    """Draw and wire the tab.

    :param wanted: The id of a result that a person chose under Scores: it becomes B.
    """
    with gr.Row(elem_classes="bh-options bh-against"):
        place = gr.Dropdown([], label="Judged on", elem_id="compare-place", min_width=190)
        a = gr.Dropdown([], label="A", elem_id="compare-a", min_width=240)
        b = gr.Dropdown([], label="B, against A", elem_id="compare-b", min_width=240)
        measure = gr.Dropdown([], label="Measure", elem_id="compare-measure", min_width=120)
    said = gr.HTML(elem_id="verdict", **SURFACE)
    with gr.Row(elem_classes="bh-split"):
        with gr.Column(scale=5, min_width=300):
            dots = gr.HTML(elem_id="dots", **SURFACE)
        with gr.Column(scale=6, min_width=300):
            by_language = gr.HTML(elem_id="verdicts", **SURFACE)
            side = gr.HTML(elem_id="sides", **SURFACE)
    moved = gr.HTML(elem_id="moved", **SURFACE)
    state, chosen, shown = gr.State(""), gr.State(""), gr.State(duels.SHOWN)

    menus = [place, a, b, measure]
    parts = [said, by_language, dots, moved, side, chosen, shown]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    work: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": 2}
    show = page.guard(_show, show=lambda sentence: (html.error(sentence), "", "", "", "", "", duels.SHOWN))
    opened = page.opened.then(page.guard(_opened), [page.corpus], [*menus, state, page.tabs], **quiet)
    opened.then(show, menus, parts, **work)
    page.corpus.change(page.guard(_follow), [page.corpus], [*menus, state], **quiet).then(show, menus, parts, **work)
    wanted.change(page.guard(_against), [wanted], menus, **quiet).then(show, menus, parts, **work)
    place.input(page.guard(_at), [place], menus, **quiet).then(show, menus, parts, **work)
    gr.on([a.input, b.input, measure.input], show, menus, parts, trigger_mode="always_last", **work)
    page.clock.tick(page.guard(_tick), [state, page.corpus, *menus], [*menus, state], **quiet)
    state.change(show, menus, parts, **work)
    said.click(page.guard(_use), menus, [page.model, page.tabs], **quiet)
    rows = [*menus, chosen, shown]
    gr.on([moved.click, dots.click], page.guard(_choose), rows, [dots, moved, side, chosen, shown], **quiet)
