"""The Scores tab: every evaluated system by language, and the button that evaluates one more."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from eval.measures import STANDARD
from eval.page import latest
from eval.page.against import section
from eval.page.evaluating import Bench, Work
from eval.page.scores import board, nothing_yet
from eval.page.standing import Standing, standings
from eval.page.tables import ALL, BY, LANGUAGE, View, query_languages
from eval.places import Place, find, places, titles
from eval.quantities import costs_of
from eval.results import Summary
from eval.wording import measure_title
from retrieval.beir import splits
from retrieval.corpora import open_known
from retrieval.errors import BakehouseError
from retrieval.page import SURFACE, PageState, html, numbers
from retrieval.page.tongues import language_name
from retrieval.page.visitors import require_change

MODES = (ALL, "hybrid", "dense", "lexical")
CHECKPOINTS = [("every", "every"), ("only the best", "best")]
_GLANCE = 0.5
"""Seconds between two looks at an evaluation under way."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the filters say; what does not exist gives way to the nearest that does."""

    corpus: str = ""
    place: str = ""
    measure: str = STANDARD[0]
    mode: str = ALL
    languages: Sequence[str] = ()
    checkpoints: str = "every"
    by: str = LANGUAGE
    against: str = ""
    sort: str = ""


def build(page: PageState) -> gr.HTML:
    """Draw and wire the tab.

    :returns: The board, whose rows ask for a comparison: the Compare tab hears their clicks.
    """
    with gr.Row(elem_classes="bh-options", elem_id="scores-filters"):
        corpus = gr.Dropdown([], label="Corpus", elem_id="scores-corpus", min_width=150)
        place = gr.Dropdown([], label="Split", elem_id="scores-split", min_width=150)
        measure = gr.Dropdown([], label="Measure", elem_id="scores-measure", min_width=130)
        languages = gr.Dropdown([], multiselect=True, label="Languages", elem_id="scores-languages", min_width=180)
        mode = gr.Radio(list(MODES), value=ALL, label="Mode", elem_id="scores-mode", min_width=260)
        checkpoints = gr.Radio(
            CHECKPOINTS, value="every", label="Checkpoints", elem_id="scores-checkpoints", min_width=200
        )
        by = gr.Radio([(name, kind) for kind, name in BY.items()], value=LANGUAGE, label="By", elem_id="scores-by")
    shown = gr.HTML(elem_id="scores", **SURFACE)
    plotted = gr.HTML(elem_id="scores-against", **SURFACE)
    gr.HTML(html.heading("Evaluate this corpus and model"), elem_id="evaluate-heading", **SURFACE)
    with gr.Row(elem_classes="bh-options bh-evaluate"):
        split = gr.Dropdown([], label="Split to judge", elem_id="evaluate-split", min_width=140, scale=1)
        start = gr.Button(
            "Evaluate this corpus and model", variant="primary", elem_id="evaluate", scale=0, min_width=280
        )
    command = gr.HTML(elem_id="evaluate-command", **SURFACE)
    state, against, sort = gr.State(""), gr.State(""), gr.State("")

    menus: list[Any] = [corpus, place, measure, mode, languages, checkpoints, by]
    filters = [*menus, against, sort]
    drawn = [*filters, shown, plotted, state]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    show = page.guard(_show)
    page.opened.then(page.guard(_opened), [page.corpus], drawn, **quiet)
    gr.on([each.input for each in menus], show, filters, drawn, **quiet)
    plotted.click(page.guard(_against), filters, drawn, **quiet)
    shown.select(page.guard(_sorted), filters, drawn, **quiet)
    page.clock.tick(page.guard(_tick), [state, *filters], drawn, **quiet)
    page.corpus.change(page.guard(_follow), [page.corpus, *filters], drawn, **quiet)

    named = [page.corpus, page.model]
    page.opened.then(page.guard(_splits), [page.corpus, split], [split], **quiet)
    page.corpus.change(page.guard(_splits), [page.corpus, split], [split], **quiet)
    gr.on(
        [page.corpus.change, page.model.change, split.change], page.guard(_command), [*named, split], [command], **quiet
    )
    start.click(
        page.guard(_evaluator(Bench()), show=lambda sentence: html.error(sentence)),
        [*named, split],
        [command],
        api_name="evaluate",
        concurrency_id="model",
        concurrency_limit=2,
        show_progress="hidden",
    ).then(show, filters, drawn, **quiet)
    return shown


def _opened(corpus: str, request: gr.Request) -> tuple[Any, ...]:
    """What the address asks for."""
    asked = dict(request.query_params)
    wanted = Wanted(
        corpus,
        asked.get("split", ""),
        asked.get("measure", ""),
        asked.get("mode", ALL),
        [each for each in asked.get("languages", "").split(",") if each],
        asked.get("checkpoints", "every"),
        asked["by"] if asked.get("by") in BY else LANGUAGE,
        asked.get("against", ""),
        asked.get("sort", ""),
    )
    return _drawn(wanted)


def _show(*filters: Any) -> tuple[Any, ...]:
    return _drawn(_wanted(*filters))


def _against(event: gr.EventData, *filters: Any) -> tuple[Any, ...]:
    """Set quality against something else."""
    return _drawn(replace(_wanted(*filters), against=str(event.against)))


def _sorted(event: gr.EventData, *filters: Any) -> tuple[Any, ...]:
    """Put the best of a column first; asked once more, put the systems back as they stood."""
    wanted, column = _wanted(*filters), str(event.column)
    return _drawn(replace(wanted, sort="" if wanted.sort == column else column))


def _wanted(
    corpus: str,
    place: str | None,
    measure: str | None,
    mode: str,
    languages: list[str],
    checkpoints: str,
    by: str,
    against: str,
    sort: str,
) -> Wanted:
    return Wanted(corpus, place or "", measure or "", mode, languages, checkpoints, by, against, sort)


def _tick(state: str, *filters: Any) -> tuple[Any, ...]:
    """Draw again only when a result has come, changed or gone."""
    if latest.stamp() == state:
        return tuple(gr.skip() for _ in range(len(filters) + 3))
    return _show(*filters)


def _follow(corpus: str, *filters: Any) -> tuple[Any, ...]:
    """Another corpus is in use; where the address named it, it is shown already, as the address asks."""
    if filters[0] == corpus:
        return tuple(gr.skip() for _ in range(len(filters) + 3))
    return _drawn(Wanted(corpus))


def _drawn(wanted: Wanted) -> tuple[Any, ...]:
    """Everything the tab shows for what is wanted: the filters with their choices, the board, the state."""
    state = latest.stamp()
    results = latest.known(state)
    judged = list(dict.fromkeys(each.corpus.name for each in reversed(results)))
    corpus = gr.Dropdown(choices=list(dict.fromkeys([wanted.corpus, *judged])), value=wanted.corpus)
    here = places(results, wanted.corpus) if wanted.corpus else {}
    place = find(here, wanted.place)
    if place is None:
        none = gr.Dropdown(choices=[], value=None)
        several = gr.Dropdown(choices=[], value=[])
        empty = nothing_yet(wanted.corpus, [name for name in judged if name != wanted.corpus])
        return (
            corpus, none, none, wanted.mode, several, wanted.checkpoints, wanted.by, wanted.against, wanted.sort,
            empty, "", state,
        )  # fmt: skip
    view, known_languages = _view(place, here[place], wanted)
    named = titles(here)
    measures = [*dict.fromkeys([*STANDARD, *(name for each in here[place] for name in each.metrics)])]
    return (
        corpus,
        gr.Dropdown(choices=[(named[each], each.key) for each in here], value=place.key),
        gr.Dropdown(choices=[(measure_title(name), name) for name in measures], value=view.measure),
        wanted.mode if wanted.mode in MODES else ALL,
        gr.Dropdown(choices=_language_choices(known_languages), value=_wanted_languages(wanted, known_languages)),
        wanted.checkpoints,
        wanted.by,
        wanted.against,
        view.sort,
        board(view, here[place], _modes(wanted), _address(view, wanted)),
        section(view, costs_of([row.summary for row in view.rows], results), wanted.against),
        state,
    )


def _view(place: Place, results: Sequence[Summary], wanted: Wanted) -> tuple[View, dict[str, int]]:
    everyone = standings(results)
    known_languages = query_languages(everyone)
    colours = html.series(known_languages)
    measures = {name for each in results for name in each.metrics}
    measure = wanted.measure if wanted.measure in measures else STANDARD[0]
    rows = [row for row in everyone if _is_wanted(row, wanted)]
    chosen = _wanted_languages(wanted, known_languages) or list(known_languages)
    view = View(place, measure, rows, chosen, colours, wanted.by)
    return replace(view, sort=wanted.sort if wanted.sort in (ALL, *view.columns) else ""), known_languages


def _is_wanted(row: Standing, wanted: Wanted) -> bool:
    in_mode = row.kind == "brought" or row.found_by in _modes(wanted)
    return in_mode and (row.kind != "tuned" or row.best or wanted.checkpoints != "best")


def _modes(wanted: Wanted) -> Sequence[str]:
    return (wanted.mode,) if wanted.mode in MODES[1:] else MODES[1:]


def _wanted_languages(wanted: Wanted, known: dict[str, int]) -> list[str]:
    return [lang for lang in known if lang in wanted.languages]


def _language_choices(known: dict[str, int]) -> list[tuple[str, str]]:
    return [(language_name(lang), lang) for lang in known]


def _address(view: View, wanted: Wanted) -> dict[str, str]:
    said = {
        "tab": "scores",
        "corpus": view.place.corpus,
        "split": view.place.key,
        "measure": view.measure,
        "mode": wanted.mode,
        "languages": ",".join(wanted.languages),
        "checkpoints": wanted.checkpoints,
        "by": view.by,
        "against": wanted.against,
        "sort": view.sort,
    }
    return {name: value for name, value in said.items() if value}


def _splits(corpus: str, chosen: str | None) -> gr.Dropdown:
    """The splits with judgments; test leads, as nothing was chosen by it."""
    have = splits(open_known(corpus).folder)
    first = next((name for name in (chosen, "test", "dev", *have) if name in have), None)
    return gr.Dropdown(choices=have, value=first)


def _command(corpus: str, model: str, split: str | None) -> str:
    if not split:
        return html.note(
            f"{corpus} has no judgments, so nothing can be evaluated on it. Judge some results under Search, "
            "or train: a run makes its own synthetic questions."
        )
    words = ["python", "-m", "eval", "run", corpus, "--model", model, "--split", split]
    return html.note(html.join(["The same as a command: ", html.mono(shlex.join(words))]))


def _evaluator(bench: Bench) -> Any:
    def evaluate(corpus: str, model: str, split: str | None, request: gr.Request) -> Iterator[str]:
        """Judge a model on a split of a corpus, in each mode; the results are kept. Gives HTML that says how far it is."""
        require_change(request)
        if not split:
            raise BakehouseError(f"'{corpus}' has no judgments to evaluate with. Give it qrels/SPLIT.tsv first.")
        work = bench.work(open_known(corpus), model, split)
        while not work.finished.is_set():
            yield html.waiting(*_progress(work))
            work.finished.wait(_GLANCE)
        if work.error is not None:
            raise work.error
        yield _command(corpus, model, split)

    return evaluate


def _progress(work: Work) -> tuple[str, str]:
    detail = "It goes on and is saved if you leave this page."
    if work.done < work.total:
        left = ""
        if work.done:
            left = f", about {numbers.duration(work.seconds / work.done * (work.total - work.done))} left"
        done = f"{numbers.count(work.done)} of {numbers.counted(work.total, 'document')}"
        return f"Reading {work.corpus.name} with {work.model}: {done}{left}.", detail
    return f"Searching and judging {work.corpus.name}, {work.split}: {numbers.duration(work.seconds)}.", detail
