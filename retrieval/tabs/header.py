"""What stands above all tabs: the wordmark, the corpus and the model in use, the jobs, the guided path."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from retrieval.corpora import HANDBOOK
from retrieval.home import on_space
from retrieval.models import DEFAULT
from retrieval.page import SURFACE, PageState, QueueLine, QueueReader, html
from retrieval.page.guard import Guard
from retrieval.page.menus import chosen, corpus_choices, model_choices

TABS = ("search", "data", "train", "scores", "compare")
STEPS = {"data": "Your documents", "train": "Tune", "scores": "Prove", "search": "Search"}


@dataclass(frozen=True, slots=True)
class Header:
    """The components of the header that the tabs below are given."""

    corpus: gr.Dropdown
    model: gr.Dropdown
    run: gr.State
    clock: gr.Timer
    queue: gr.HTML
    path: gr.HTML
    guard: Guard


def build() -> Header:
    """Draw the header; :func:`connect` wires it once the tabs exist."""
    corpora = corpus_choices()
    with gr.Row(elem_classes="bh-head"):
        gr.HTML(html.element("h1", "Bakehouse", cls="bh-wordmark"), elem_classes="bh-brand", **SURFACE)
        corpus = gr.Dropdown(
            corpora,
            value=chosen(corpora, HANDBOOK),
            label="Corpus",
            elem_classes="bh-menu",
            elem_id="corpus",
            min_width=150,
        )
        model = gr.Dropdown(
            model_choices(),
            value=DEFAULT,
            label="Model",
            elem_classes="bh-menu",
            elem_id="model",
            min_width=150,
            # A visitor of a Space may not make it download whatever they name.
            allow_custom_value=not on_space(),
        )
        if os.environ.get("SPACE_ID") and os.environ.get("OAUTH_CLIENT_ID"):
            gr.LoginButton(size="sm", elem_classes="bh-quiet")
    path = gr.HTML(_path(), elem_classes="bh-path-place", **SURFACE)
    queue = gr.HTML("", elem_classes="bh-queue", elem_id="queue", **SURFACE)
    return Header(corpus, model, gr.State(""), gr.Timer(3), queue, path, Guard(_toast))


def connect(header: Header, blocks: gr.Blocks, tabs: gr.Tabs, jobs: QueueReader) -> PageState:
    """Wire the header and hand out what the tabs share."""
    opened = blocks.load(
        header.guard(_opened),
        outputs=[header.corpus, header.model, tabs],
        api_visibility="private",
        show_progress="hidden",
        queue=False,
    )
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    header.clock.tick(header.guard(_queue_reader(jobs)), outputs=[header.queue], **quiet)
    blocks.load(header.guard(_queue_reader(jobs)), outputs=[header.queue], **quiet)
    header.queue.click(header.guard(_to_run), outputs=[tabs, header.run], **quiet)
    header.path.click(header.guard(_to_step), outputs=[tabs], **quiet)
    return PageState(opened, tabs, header.corpus, header.model, header.run, header.clock, header.guard)


def _toast(sentence: str) -> Exception:
    return gr.Error(sentence, title="That did not work", print_exception=False)


def _opened(request: gr.Request) -> tuple[gr.Dropdown, gr.Dropdown, Any]:
    """The menus as they are now, with what the address of the page names chosen in them, and the tab it names."""
    corpora, models = corpus_choices(), model_choices()
    wanted = dict(request.query_params)
    return (
        gr.Dropdown(choices=corpora, value=chosen(corpora, wanted.get("corpus"), HANDBOOK)),
        gr.Dropdown(choices=models, value=chosen(models, wanted.get("model"), DEFAULT)),
        gr.Tabs(selected=tab) if (tab := _tab(wanted)) else gr.skip(),
    )


def _tab(wanted: dict[str, str]) -> str:
    """The tab that the address names: by itself, or by a run it points at; empty for none."""
    named = wanted.get("tab", "")
    if named in TABS:
        return named
    return "train" if wanted.get("run") and not wanted.get("q") else ""


def _queue_reader(jobs: QueueReader) -> Callable[[], str]:
    def read() -> str:
        return _queue(jobs())

    return read


def _queue(line: QueueLine) -> str:
    if not line.text:
        return ""
    meter = html.bar(line.share) if line.share is not None else ""
    return html.act(html.join([line.text, meter]), "run", title="Show this run", run=line.run)


def _to_run(event: gr.EventData) -> tuple[gr.Tabs, str]:
    return gr.Tabs(selected="train"), str(event.run)


def _to_step(event: gr.EventData) -> gr.Tabs:
    return gr.Tabs(selected=str(event.step))


def _path() -> str:
    steps = (html.element("li", html.act(title, "go", step=step, quiet=True)) for step, title in STEPS.items())
    close = html.element(
        "button", "×", type="button", cls="bh-path-close", aria_label="Close the guided path", data_close="path"
    )
    return html.element("nav", html.element("ol", html.join(steps)) + close, cls="bh-path", aria_label="Guided path")
