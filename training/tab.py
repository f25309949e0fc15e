"""The Train tab: the recipe and its plan on the left, the runs on the right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from retrieval.beir import Corpus, open_corpus
from retrieval.corpora import HANDBOOK, known_corpora, open_known
from retrieval.home import on_space
from retrieval.models import DEFAULT
from retrieval.page import SURFACE, PageState, html
from retrieval.page.menus import corpus_choices, model_choices
from retrieval.page.tongues import language_name
from retrieval.page.visitors import require_change
from retrieval.records import UNKNOWN
from training import jobs, runs
from training.config import Recipe
from training.page import board, form, look, sentences
from training.page.curves import curves
from training.page.diagnosed import diagnosed
from training.page.facts import facts
from training.page.form import FOLDS, Setting
from training.page.losses import losses_table
from training.page.plan import plan_table
from training.page.questions import View, questions
from training.page.scripts import ADDRESS, LISTEN
from training.plan import plan
from training.presets import PRESETS
from training.teaching import diagnosis

BUSY, IDLE = 2.0, 8.0
"""Seconds between two looks at the runs, while one is alive and while none is."""

_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
_SURFACE = SURFACE | {"js_on_load": LISTEN}
_PIECES = ("runs", "head", "curves", "events", "questions", "doctor", "log")


@dataclass(frozen=True, slots=True)
class RecipeForm:
    """The left side.

    :param fields: One component a setting, in the order of :func:`training.page.form.settings`.
    :param folds: The four folds, whose labels say what is set.
    """

    corpus: gr.Dropdown
    base: gr.Dropdown
    preset: gr.Radio
    fields: dict[str, Any]
    folds: list[gr.Accordion]
    planned: gr.HTML
    start: gr.Button
    told: gr.HTML
    command: gr.HTML

    @property
    def inputs(self) -> list[Any]:
        """What makes a recipe."""
        return [self.corpus, self.base, self.preset, *self.fields.values()]


@dataclass(frozen=True, slots=True)
class Board:
    """The right side.

    :param pieces: The HTML by name, in the order of :data:`_PIECES`.
    :param one: Around everything of the chosen run.
    :param asked: The fold of its questions.
    :param doctor: The fold of what the scale doctor found, seen only where there is such a thing.
    :param view: What the visitor wants to see of the questions.
    :param drawn: What the visitor has before them, so that only changes are sent.
    """

    pieces: dict[str, gr.HTML]
    one: gr.Column
    asked: gr.Accordion
    doctor: gr.Accordion
    view: gr.State
    drawn: gr.State
    timer: gr.Timer


def build(page: PageState) -> None:
    """Draw and wire the tab."""
    with gr.Row(elem_classes="bh-split bh-train"):
        with gr.Column(scale=5, min_width=320, elem_id="recipe"):
            recipe = _draw_recipe()
        with gr.Column(scale=9, min_width=320, elem_id="runs-side"):
            shown = _draw_board()
    _wire_recipe(page, recipe)
    _wire_board(page, recipe, shown)


def _draw_recipe() -> RecipeForm:
    values = form.start_values("quick")
    gr.HTML(html.heading("Recipe"), **SURFACE)
    corpus = gr.Dropdown(corpus_choices(), value=HANDBOOK, label="Corpus", elem_id="train-corpus")
    base = gr.Dropdown(
        model_choices(), value=DEFAULT, label="Base model", elem_id="train-base", allow_custom_value=not on_space()
    )
    preset = gr.Radio(list(PRESETS), value="quick", label="Preset", elem_id="train-preset")
    fields: dict[str, Any] = {}
    with gr.Column(elem_classes="bh-folds"):
        folds = [_draw_fold(fold, values, fields) for fold in FOLDS]
    gr.HTML(html.heading("The plan"), **SURFACE)
    planned = gr.HTML(html.note("Reading the corpus…"), elem_id="plan", **SURFACE)
    start = gr.Button("Start training", variant="primary", elem_id="train-start")
    told = gr.HTML(elem_id="train-told", **SURFACE)
    command = gr.HTML(elem_id="train-command", **_SURFACE)
    ordered = {name: fields[name] for name in form.settings()}
    return RecipeForm(corpus, base, preset, ordered, folds, planned, start, told, command)


def _draw_fold(fold: form.Fold, values: form.Values, fields: dict[str, Any]) -> gr.Accordion:
    common, others = form.of_fold(fold)
    with gr.Accordion(fold.title, open=False, elem_classes="bh-fold bh-said-fold") as drawn:
        with gr.Column(elem_classes="bh-settings"):
            fields.update({setting.name: _field(setting, values[setting.name]) for setting in common})
        if "fit.loss" in fold.common:
            with gr.Accordion("Which loss fits your data", open=False, elem_classes="bh-fold"):
                gr.HTML(losses_table(), elem_id="losses", **SURFACE)
        with (
            gr.Accordion("All settings", open=False, elem_classes="bh-fold"),
            gr.Column(elem_classes="bh-settings"),
        ):
            fields.update({setting.name: _field(setting, values[setting.name]) for setting in others})
    return drawn


def _field(setting: Setting, value: Any) -> Any:
    """The component for one setting: label, description and start value come from its definition."""
    said: dict[str, Any] = {
        "label": setting.label,
        "info": setting.description,
        "value": value,
        "elem_id": "set-" + setting.name.replace(".", "-"),
        "interactive": True,
    }
    if setting.kind == "choice":
        return gr.Dropdown(list(setting.choices), **said)
    if setting.kind == "switch":
        return gr.Checkbox(**said)
    if setting.kind in ("whole", "number"):
        return gr.Number(**said)
    if setting.kind == "words":
        return gr.Dropdown(list(setting.default), multiselect=True, allow_custom_value=True, **said)
    lines = 3 if setting.kind == "mapping" or len(setting.default) > form.LONG else 1
    return gr.Textbox(lines=lines, max_lines=2 * lines, elem_classes="bh-wide", **said)


def _draw_board() -> Board:
    gr.HTML(html.heading("Runs"), **SURFACE)
    pieces = {"runs": gr.HTML(elem_id="runs", **SURFACE)}
    with gr.Column(visible=False, elem_id="run") as one:
        pieces["head"] = gr.HTML(elem_id="run-head", **(SURFACE | {"js_on_load": ADDRESS}))
        pieces["curves"] = gr.HTML(elem_id="run-curves", **SURFACE)
        with gr.Accordion("What happened", open=True, elem_classes="bh-fold"):
            pieces["events"] = gr.HTML(elem_id="run-events", **SURFACE)
        with gr.Accordion("Questions", open=False, elem_classes="bh-fold") as asked:
            pieces["questions"] = gr.HTML(elem_id="run-questions", **_SURFACE)
        with gr.Accordion("Scale doctor", open=False, visible=False, elem_classes="bh-fold") as doctor:
            pieces["doctor"] = gr.HTML(elem_id="run-doctor", **SURFACE)
        with gr.Accordion("Log", open=False, elem_classes="bh-fold"):
            pieces["log"] = gr.HTML(elem_id="run-log", **SURFACE)
    return Board(pieces, one, asked, doctor, gr.State(View()), gr.State({}), gr.Timer(BUSY))


def _wire_recipe(page: PageState, recipe: RecipeForm) -> None:
    said = [*recipe.folds, recipe.planned, recipe.command]
    show = page.guard(_plan, show=lambda sentence: (*(gr.skip() for _ in FOLDS), html.error(sentence), ""))
    again: dict[str, Any] = {"fn": show, "inputs": recipe.inputs, "outputs": said}
    fields = list(recipe.fields.values())

    opened = page.opened.then(page.guard(_menus), [page.corpus, page.model], [recipe.corpus, recipe.base], **_QUIET)
    opened.then(page.guard(_languages), [recipe.corpus], [recipe.fields["split.languages"]], **_QUIET).then(
        **again, **_QUIET
    )
    gr.on(
        [recipe.base.change, *(field.input for field in fields)],
        **again,
        api_name="plan",
        trigger_mode="always_last",
        show_progress="hidden",
        concurrency_limit=2,
    )
    recipe.corpus.change(page.guard(_languages), [recipe.corpus], [recipe.fields["split.languages"]], **_QUIET).then(
        **again, **_QUIET
    )
    recipe.preset.input(page.guard(_preset), [recipe.preset], fields, **_QUIET).then(**again, **_QUIET)
    page.corpus.input(_same, [page.corpus], [recipe.corpus], **_QUIET)
    page.model.input(_same, [page.model], [recipe.base], **_QUIET)
    recipe.start.click(
        page.guard(_start, show=lambda sentence: (gr.skip(), html.error(sentence))),
        recipe.inputs,
        [page.run, recipe.told],
        api_name="train",
        concurrency_limit=1,
        show_progress="hidden",
    )


def _wire_board(page: PageState, recipe: RecipeForm, shown: Board) -> None:
    parts = [shown.pieces[name] for name in _PIECES]
    others = [shown.one, shown.doctor, shown.drawn, shown.timer, page.model, recipe.base]
    skipped = [gr.skip()] * (len(parts) + len(others) - 1)
    draw: dict[str, Any] = {
        "fn": page.guard(_draw, show=lambda sentence: (html.error(sentence), *skipped)),
        "inputs": [page.run, shown.view, shown.drawn],
        "outputs": [*parts, *others],
    }
    # One after the other: an answer that overtakes a later one would leave the wrong run on the page
    draw |= {"api_visibility": "private", "show_progress": "hidden", "concurrency_id": "runs", "concurrency_limit": 1}
    page.opened.then(page.guard(_from_address), [page.run], [page.run], **_QUIET).then(**draw)
    shown.timer.tick(**draw)
    page.run.change(lambda view: View(open=view.open), [shown.view], [shown.view], **_QUIET).then(**draw)
    shown.pieces["runs"].click(page.guard(_choose), outputs=[page.run], **_QUIET)
    head = shown.pieces["head"]
    head.click(page.guard(_act), outputs=[shown.drawn], **_QUIET).then(**draw)
    head.click(page.guard(_search), outputs=[page.model, page.tabs], **_QUIET)
    cloned = head.click(page.guard(_clone), outputs=recipe.inputs, **_QUIET)
    cloned.then(
        page.guard(_plan, show=lambda sentence: (*(gr.skip() for _ in FOLDS), html.error(sentence), "")),
        recipe.inputs,
        [*recipe.folds, recipe.planned, recipe.command],
        **_QUIET,
    )
    _wire_questions(page, shown, draw)


def _wire_questions(page: PageState, shown: Board, draw: dict[str, Any]) -> None:
    view, fold = [shown.view], shown.asked
    fold.expand(lambda view: replace(view, open=True), view, view, **_QUIET).then(**draw)
    fold.collapse(lambda view: replace(view, open=False), view, view, **_QUIET)
    shown.pieces["questions"].click(page.guard(_turn), view, view, **_QUIET).then(**draw)


def _same(value: str) -> str:
    return value


def _menus(corpus: str, model: str) -> tuple[gr.Dropdown, gr.Dropdown]:
    """The menus as they are now, with the header's choice chosen."""
    return gr.Dropdown(choices=corpus_choices(), value=corpus), gr.Dropdown(choices=model_choices(), value=model)


def _open(corpus: str, request: gr.Request) -> Corpus:
    """A corpus of the menu, or, for those who may, a folder elsewhere that a cloned run was trained on."""
    if corpus in {known.name for known in known_corpora()}:
        return open_known(corpus)
    require_change(request)
    return open_corpus(corpus)


def _languages(request: gr.Request, corpus: str) -> gr.Dropdown:
    stated = [code for code in _open(corpus, request).languages if code != UNKNOWN]
    return gr.Dropdown(choices=[(language_name(code), code) for code in stated])


def _recipe(corpus: Corpus, base: str, preset: str, values: tuple[Any, ...]) -> Recipe:
    named = dict(zip(form.settings(), values, strict=True))
    return form.to_recipe(str(corpus.folder), base or "", preset, named)


def _plan(request: gr.Request, corpus: str, base: str, preset: str, *values: Any) -> tuple[Any, ...]:
    """What a run with these settings would take. Gives the page's HTML."""
    opened = _open(corpus, request)
    recipe = _recipe(opened, base, preset, values)
    titles = [gr.Accordion(label=title) for title in sentences.fold_titles(recipe)]
    return *titles, plan_table(plan(recipe, opened)), board.command(look.command_of(recipe))


def _preset(preset: str) -> list[Any]:
    return list(form.start_values(preset).values())


def _start(request: gr.Request, corpus: str, base: str, preset: str, *values: Any) -> Iterator[tuple[Any, str]]:
    """Start a training run. Gives its id."""
    require_change(request)
    opened = _open(corpus, request)
    recipe = _recipe(opened, base, preset, values)
    plan(recipe, opened)
    yield gr.skip(), html.waiting(f"Looking for {recipe.base}.", "A model that is not here yet is fetched first.")
    run = jobs.start(recipe)
    yield run.id, html.note("Started. It goes on when you close this page.")


def _from_address(request: gr.Request, run: str) -> str:
    """The run that the address of the page names; a reload then leads back to it."""
    wanted = str(dict(request.query_params).get("run") or "")
    return wanted if wanted in {known.id for known in runs.all_runs()} else run


def _draw(chosen: str, view: View, drawn: dict[str, str]) -> tuple[Any, ...]:
    """What has changed since the last look."""
    jobs.remember_deaths()
    lines = look.lines()
    known = {line.run.id: line.run for line in lines}
    run = known.get(chosen) or next(iter(known.values()), None)
    pieces = dict.fromkeys(_PIECES, "") | {"runs": str(board.runs_table(lines, run.id if run else ""))}
    pieces |= _pieces(look.look_at(run), chosen, view) if run else {}
    models = model_choices()
    pieces |= {
        "one": "shown" if run else "",
        "examined": "shown" if pieces["doctor"] else "",
        "pace": "busy" if any(line.status.alive for line in lines) else "idle",
        "models": str(models),
    }
    new = {name for name, piece in pieces.items() if drawn.get(name) != piece}
    return (
        *(pieces[name] if name in new else gr.skip() for name in _PIECES),
        gr.Column(visible=run is not None) if "one" in new else gr.skip(),
        gr.Accordion(visible=bool(pieces["doctor"])) if "examined" in new else gr.skip(),
        pieces if new else gr.skip(),
        gr.Timer(BUSY if pieces["pace"] == "busy" else IDLE) if "pace" in new else gr.skip(),
        *([gr.Dropdown(choices=models)] * 2 if "models" in new else [gr.skip()] * 2),
    )


def _pieces(shown: look.Look, chosen: str, view: View) -> dict[str, str]:
    run = shown.line.run
    address = html.element("span", data_address=chosen, hidden=True) if chosen == run.id else ""
    return {
        "head": str(html.join([address, board.run_head(shown)])),
        "curves": str(html.join([curves(shown), facts(shown)])),
        "events": str(board.events(shown)),
        "questions": str(questions(shown, view)),
        "doctor": str(diagnosed(diagnosis.read(run.path))),
        "log": str(board.log(shown)),
    }


def _turn(view: View, event: gr.EventData) -> View:
    """Another language, page or kind of questions."""
    return view.turned(str(event.lang), str(event.which), str(event.at))


def _choose(event: gr.EventData) -> str:
    return str(event.run)


def _act(request: gr.Request, event: gr.EventData) -> Any:
    """Stop or resume the run."""
    commands = {"stop": jobs.stop, "resume": jobs.resume}
    if event.act in commands:
        require_change(request)
        commands[event.act](runs.find(str(event.run)))
    return gr.skip()


def _search(event: gr.EventData) -> Any:
    """Search with the run's best checkpoint."""
    if event.act != "search":
        return gr.skip(), gr.skip()
    return gr.Dropdown(choices=model_choices(), value=str(event.run)), gr.Tabs(selected="search")


def _clone(event: gr.EventData) -> Any:
    """Fill the form with the run's settings."""
    if event.act != "clone":
        return gr.skip()
    recipe = runs.recipe_of(runs.find(str(event.run)))
    corpus = look.menu_name(recipe.corpus)
    choices = corpus_choices()
    if corpus not in {name for _, name in choices}:
        choices = [*choices, (corpus, corpus)]
    values = form.values_of(recipe)
    return [gr.Dropdown(choices=choices, value=corpus), recipe.base, recipe.preset, *values.values()]
