"""The Data tab: files in, and how they become a corpus, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from retrieval import drafts
from retrieval.beir import Corpus
from retrieval.convert.kinds import ENDINGS
from retrieval.convert.names import ROLES
from retrieval.convert.options import NO_COLUMN
from retrieval.corpora import open_known
from retrieval.drafts import Draft
from retrieval.errors import BakehouseError
from retrieval.lengths import measure_lengths
from retrieval.models import resolve
from retrieval.page import SURFACE, PageState, dataset, drawings, html, reading
from retrieval.page.menus import corpus_choices
from retrieval.page.visitors import require_change

VIEWS = ("Documents", "Queries", "Judgments", "Rejected")
KINDS = list(ENDINGS)
FETCH = "() => setTimeout(() => document.querySelector('#zip-file a, a#zip-file, #zip-file')?.click(), 60)"
_VISIT = 24 * 3600


def build(page: PageState) -> None:
    """Draw and wire the tab."""
    kept = gr.State(None, time_to_live=_VISIT, delete_callback=drafts.discard)
    with gr.Row(elem_classes="bh-split"):
        with gr.Column(scale=2, min_width=280, elem_classes="bh-data-start"):
            gr.HTML(
                html.heading("Your documents", "tables, JSON, Office, PDF, web pages, text, or a ZIP of these"),
                **SURFACE,
            )
            files = gr.File(
                label="Your documents",
                show_label=False,
                file_count="multiple",
                file_types=KINDS,
                height=150,
                elem_id="files",
            )
            with gr.Column(visible=False) as keeping:
                name = gr.Textbox(label="Name of the corpus", value="", max_lines=1, elem_id="corpus-name")
                use = gr.Button("Use this corpus", variant="primary", elem_id="use-corpus")
            pack = gr.Button("Download ZIP", elem_classes="bh-quiet", elem_id="zip")
            packed = gr.DownloadButton(visible="hidden", elem_id="zip-file")
        with gr.Column(scale=3, min_width=280):
            verdict = gr.HTML(**SURFACE, elem_id="verdict")
            lengths = gr.HTML(**SURFACE, elem_id="lengths")
    with gr.Column(visible=False) as mapping:
        gr.HTML(html.heading("Columns", "choose another where the guess is wrong"), **SURFACE)
        with gr.Row(elem_classes="bh-split"):
            with gr.Column(scale=2, min_width=280, elem_classes="bh-roles"):
                roles = {
                    role: gr.Dropdown([], label=role.replace("_", " "), info=what, elem_id=f"role-{role}")
                    for role, what in ROLES.items()
                }
            with gr.Column(scale=3, min_width=280):
                rows = gr.HTML(**SURFACE, elem_id="before-after")
    with gr.Row(elem_classes="bh-split"):
        with gr.Column(scale=5, min_width=280), gr.Tabs(elem_classes="bh-views"):
            views = []
            for title in VIEWS:
                with gr.Tab(title):
                    views.append(gr.HTML(**SURFACE, elem_id=f"view-{title.lower()}"))
        with gr.Column(scale=3, min_width=280):
            shape = gr.HTML(**SURFACE, elem_id="format")

    shown = [verdict, lengths, *views, shape]
    panel = [mapping, keeping, rows, *roles.values()]
    reading_: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": 2, "concurrency_id": "convert"}
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

    def show_error(sentence: str) -> list[Any]:
        return [
            gr.skip(),
            gr.skip(),
            html.error(sentence),
            "",
            *[gr.skip()] * (len(views) + 1),
            *[gr.skip()] * len(panel),
        ]

    read = page.guard(_read, show=show_error)
    reread = page.guard(_reread, show=show_error)
    outcome = [kept, name, *shown, *panel]
    measure = {"fn": page.guard(_measure), "inputs": [page.corpus, page.model, kept], "outputs": [lengths]}
    files.upload(read, [files, kept], outcome, api_visibility="private", **reading_).then(**measure, **quiet)
    files.clear(page.guard(_cleared), [page.corpus, kept], outcome, **quiet).then(**measure, **quiet)
    for role in roles.values():
        role.input(reread, [kept, *roles.values()], outcome, api_visibility="private", **reading_).then(
            **measure, **quiet
        )
    standing = {"fn": page.guard(_standing), "inputs": [page.corpus, kept, files], "outputs": shown}
    page.opened.then(**standing, **quiet).then(**measure, **quiet)
    page.corpus.change(**standing, **quiet).then(**measure, **quiet)
    page.model.change(**measure, **quiet)
    use.click(page.guard(_use), [kept, name], [page.corpus, page.tabs], api_visibility="private", concurrency_limit=1)
    pack.click(page.guard(_pack), [page.corpus, kept, name], [packed], **quiet).success(
        None, js=FETCH, api_visibility="private"
    )


def _read(files: list[str] | None, kept: Draft | None) -> Iterator[list[Any]]:
    """Convert what was dropped, and show it."""
    if not files:
        return
    given = [Path(file) for file in files]
    yield _waiting(given)
    made = _drafted(given, {})
    drafts.discard(kept)
    yield [made, drafts.proposed_name(given), *_draft_shown(made), *_panel(made)]


def _reread(kept: Draft | None, *chosen: str) -> Iterator[list[Any]]:
    """Convert again with the columns as chosen now."""
    if kept is None:
        return
    yield _waiting(kept.files)
    made = _drafted(kept.files, _told(kept, dict(zip(ROLES, chosen, strict=True))))
    drafts.discard(kept)
    yield [made, gr.skip(), *_draft_shown(made), *_panel(made)]


def _drafted(given: tuple[Path, ...] | list[Path], columns: dict[str, str]) -> Draft:
    try:
        return drafts.draft(given, columns)
    except BakehouseError as error:
        sentence = str(error)
        for path in given:  # a visitor knows the file, not the folder it was uploaded to
            sentence = sentence.replace(f"{path.parent}/", "")
        raise BakehouseError(sentence) from error


def _told(kept: Draft, chosen: dict[str, str]) -> dict[str, str]:
    """What the person said about columns: earlier choices, and what differs from the guess now."""
    source = reading.mapped(kept.report)
    guessed = source.mapping.roles if source and source.mapping else {}
    changed = {role: column for role, column in chosen.items() if column != guessed.get(role, NO_COLUMN)}
    return {**kept.columns, **changed}


def _waiting(given: tuple[Path, ...] | list[Path]) -> list[Any]:
    names = ", ".join(path.name for path in given[:3]) + (" …" if len(given) > 3 else "")
    state = html.waiting(f"Reading {names}.", "Columns, encodings and languages are found from what is in the files.")
    return [gr.skip(), gr.skip(), state, "", *[gr.skip()] * (len(VIEWS) + 1), *[gr.skip()] * (3 + len(ROLES))]


def _draft_shown(made: Draft) -> list[Any]:
    report = made.report
    told = html.join(
        [
            reading.verdict(report),
            drawings.language_bar(report.languages),
            reading.faults(report),
            html.heading("Taken for"),
            reading.sources(report),
        ]
    )
    return [told, "", *_views(made.corpus)]


def _views(corpus: Corpus) -> list[Any]:
    return [
        dataset.documents_table(corpus),
        dataset.queries_table(corpus),
        dataset.judgments_table(corpus),
        dataset.rejected_table(corpus.folder),
        html.heading("The format") + dataset.format_panel(corpus),
    ]


def _panel(made: Draft) -> list[Any]:
    source = reading.mapped(made.report)
    if source is None or source.mapping is None:
        return [gr.Column(visible=False), gr.Column(visible=True), "", *[gr.skip()] * len(ROLES)]
    names = reading.columns(source)
    menus = [
        gr.Dropdown(
            choices=[("none", NO_COLUMN), *names],
            value=source.mapping.column(role) or NO_COLUMN,
            info=reading.evidence(source, role),
        )
        for role in ROLES
    ]
    documents = {document.id: document for document in made.corpus.documents}
    return [gr.Column(visible=True), gr.Column(visible=True), reading.before_after(source, documents), *menus]


def _standing(corpus_name: str, kept: Draft | None, files: list[str] | None) -> list[Any]:
    """The corpus that is in use, unless files are being looked at: read ones, or ones that were refused."""
    if kept is not None or files:
        return [gr.skip()] * (len(VIEWS) + 3)
    corpus = open_known(corpus_name)
    told = html.verdict(
        f"{corpus.name}: {dataset.totals(corpus)}.", "Drop files on the left to make a corpus of your own."
    )
    return [told + drawings.language_bar(corpus.languages), "", *_views(corpus)]


def _cleared(corpus_name: str, kept: Draft | None) -> list[Any]:
    drafts.discard(kept)
    hidden = [gr.Column(visible=False), gr.Column(visible=False), ""]
    return [None, "", *_standing(corpus_name, None, None), *hidden, *[gr.skip()] * len(ROLES)]


def _measure(corpus_name: str, model_name: str, kept: Draft | None) -> str:
    corpus = kept.corpus if kept else open_known(corpus_name)
    try:
        lengths = measure_lengths(corpus.documents, resolve(model_name))
    except BakehouseError as error:
        return html.note(str(error))
    return html.heading("Length of passages", html.term("tokens")) + drawings.length_histogram(lengths)


def _use(kept: Draft | None, name: str, request: gr.Request) -> tuple[gr.Dropdown, gr.Tabs]:
    require_change(request)
    if kept is None:
        raise BakehouseError("there is nothing to use yet: drop some files first.")
    corpus = drafts.keep(kept, name).name
    return gr.Dropdown(choices=corpus_choices(), value=corpus), gr.Tabs(selected="search")


def _pack(corpus_name: str, kept: Draft | None, name: str) -> str:
    corpus = kept.corpus if kept else open_known(corpus_name)
    return str(drafts.archive(corpus, (name.strip() or "corpus") if kept else corpus_name))
