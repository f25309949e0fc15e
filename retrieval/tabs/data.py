"""The Data tab: files in, and how they become a corpus, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from retrieval import drafts
from retrieval.beir import sample_documents
from retrieval.convert.names import ROLES
from retrieval.corpora import open_known
from retrieval.drafting import Drafting, Refused, Step
from retrieval.drafts import Draft, Look
from retrieval.errors import BakehouseError
from retrieval.lengths import SAMPLE, measure_lengths
from retrieval.models import resolve
from retrieval.page import SURFACE, PageState, choices, drawings, html, reading, uploads, wording
from retrieval.page.choices import Choices
from retrieval.page.guard import sentence_for
from retrieval.page.measured import Measured
from retrieval.page.menus import corpus_choices
from retrieval.page.visitors import require_change
from retrieval.tabs.data_shown import VIEWS, Chosen, Shown, of_corpus, of_draft, of_preview, of_refusal, of_work

FETCH = "() => setTimeout(() => document.querySelector('#zip-file a, a#zip-file, #zip-file')?.click(), 60)"
_VISIT = 24 * 3600
_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_LONG: dict[str, Any] = _QUIET | {"concurrency_limit": 8, "concurrency_id": "convert"}
_AT_ONCE: dict[str, Any] = _QUIET | {"queue": False}


@dataclass(frozen=True, slots=True)
class Form:
    """What a person sets.

    :param roles: One menu a role of :data:`ROLES`.
    :param fields: One component a field of :class:`Choices`, in their order.
    """

    files: gr.File
    roles: dict[str, gr.Dropdown]
    fields: dict[str, Any]

    @property
    def inputs(self) -> list[Any]:
        """Everything that the conversion depends on, but the files."""
        return [*self.roles.values(), *self.fields.values()]


def build(page: PageState) -> None:
    """Draw and wire the tab."""
    kept = gr.State(None, time_to_live=_VISIT, delete_callback=drafts.discard)
    work = gr.State(None, time_to_live=_VISIT, delete_callback=_end)
    chosen, measured = gr.State(Chosen()), gr.State(Measured())
    fields: dict[str, Any] = {}
    with gr.Row(elem_classes="bh-split"):
        with gr.Column(scale=2, min_width=280, elem_classes="bh-data-start"):
            about = "tables, JSON, Office, PDF, web pages, text, or a ZIP of these"
            gr.HTML(html.heading("Your documents", about), **SURFACE)
            files = gr.File(
                label="Your documents", show_label=False, file_count="multiple", height=150, elem_id="files"
            )
            gr.HTML(uploads.limits(), **SURFACE)
            with gr.Column(visible=False, elem_classes="bh-folds") as settings:
                folds = [_draw_reading(fields), _draw_shaping(fields)]
            with gr.Column(visible=False) as keeping:
                name = gr.Textbox(label="Name of the corpus", value="", max_lines=1, elem_id="corpus-name")
                use = gr.Button("Use this corpus", variant="primary", elem_id="use-corpus")
            pack = gr.Button("Download ZIP", elem_classes="bh-quiet", elem_id="zip")
            packed = gr.DownloadButton(visible="hidden", elem_id="zip-file")
        with gr.Column(scale=3, min_width=280):
            verdict = gr.HTML(**SURFACE, elem_id="verdict")
            stop = gr.Button(
                "Stop",
                visible=False,
                size="sm",
                scale=0,
                min_width=0,
                elem_classes="bh-quiet bh-stop",
                elem_id="stop-reading",
            )
            lengths = gr.HTML(**SURFACE, elem_id="lengths")
    with gr.Column(visible=False) as comparing, gr.Row(elem_classes="bh-split"):
        with gr.Column(scale=2, min_width=280, elem_classes="bh-roles") as mapping:
            gr.HTML(html.heading(wording.COLUMNS, "choose another where the guess is wrong"), **SURFACE)
            roles = {
                role: gr.Dropdown([], label=role.replace("_", " "), info=what, elem_id=f"role-{role}")
                for role, what in ROLES.items()
            }
            fields["keep"] = gr.Dropdown(
                [], multiselect=True, label="also keep", info="as metadata of each document", elem_id="role-keep"
            )
        with gr.Column(scale=3, min_width=280):
            gr.HTML(html.heading("Before and after", "the first rows"), **SURFACE)
            rows = gr.HTML(**SURFACE, elem_id="before-after")
    with gr.Row(elem_classes="bh-split"):
        with gr.Column(scale=5, min_width=280), gr.Tabs(elem_classes="bh-views"):
            views = []
            tabs = []
            for title in VIEWS:
                with gr.Tab(title) as tab:
                    views.append(gr.HTML(**SURFACE, elem_id=f"view-{title.lower()}"))
                tabs.append(tab)
        with gr.Column(scale=3, min_width=280):
            shape = gr.HTML(**SURFACE, elem_id="format")

    form = Form(files, roles, {name: fields[name] for name in Choices.__slots__})
    shown = [kept, work, chosen, files, name, verdict, lengths, *views, shape, *tabs]
    shown += [comparing, mapping, keeping, settings, pack, stop, rows, *folds, fields["keep"], *roles.values()]
    _wire_reading(page, form, shown, kept, work, chosen, stop, measured, lengths)
    use.click(page.guard(_use), [kept, name], [page.corpus, page.tabs], api_visibility="private", concurrency_limit=1)
    pack.click(page.guard(_pack), [page.corpus, kept, name], [packed], **_QUIET).success(
        None, js=FETCH, api_visibility="private"
    )


def _draw_reading(fields: dict[str, Any]) -> gr.Accordion:
    with _fold(wording.READING, "all detected") as fold, gr.Column(elem_classes="bh-settings"):
        fields["encoding"] = gr.Dropdown(
            choices.ENCODINGS, value="", allow_custom_value=True, label="Encoding", elem_id="set-encoding",
            info="Of every file. Choose it where letters look wrong.",
        )  # fmt: skip
        fields["delimiter"] = gr.Dropdown(
            choices.SEPARATORS, value="", allow_custom_value=True, label="Delimiter", elem_id="set-delimiter",
            info="What parts the columns of a table.",
        )  # fmt: skip
        fields["header"] = gr.Dropdown(
            choices.HEADERS, value="", label="First line", elem_id="set-header", info="Of tables."
        )
        fields["records"] = gr.Textbox(
            label="Path of the rows", info="In JSON, such as data.items.", max_lines=1, elem_id="set-records"
        )
        fields["languages"] = gr.Dropdown(
            choices.language_choices(), value=[], multiselect=True, allow_custom_value=True, label="Languages",
            info="One: that of everything. Several: those to choose from. None: any.", elem_id="set-languages",
        )  # fmt: skip
    return fold


def _fold(title: str, about: str) -> gr.Accordion:
    return gr.Accordion(f"{title}\n{about}", open=False, elem_classes="bh-fold bh-said-fold")


def _draw_shaping(fields: dict[str, Any]) -> gr.Accordion:
    with _fold(wording.SHAPING, Choices().shaping) as fold, gr.Column(elem_classes="bh-settings"):
        fields["tokens"] = gr.Number(
            0, label="Tokens of a passage", elem_id="set-tokens",
            info="Longer documents are cut between sentences. 0: they stay whole.",
        )  # fmt: skip
        fields["overlap"] = gr.Number(
            0, label="Overlap", elem_id="set-overlap", info="Tokens that a passage repeats of the one before."
        )
        fields["split"] = gr.Dropdown(
            choices.SPLITS, value="test", allow_custom_value=True, label="Judgments go to", elem_id="set-split",
            info="Those without a split; or shares of train, dev and test, divided by document.",
        )  # fmt: skip
        fields["seed"] = gr.Number(0, label="Seed", elem_id="set-seed", info="Another one divides otherwise.")
        fields["again"] = gr.Checkbox(label="Divide those that came in splits of their own, too", elem_id="set-again")
    return fold


def _wire_reading(
    page: PageState,
    form: Form,
    shown: list[Any],
    kept: gr.State,
    work: gr.State,
    chosen: gr.State,
    stop: gr.Button,
    measured: gr.State,
    lengths: gr.HTML,
) -> None:
    def refuse(sentence: str) -> list[Any]:
        return of_refusal(wording.on_page(sentence)).outputs

    given = [form.files, kept, page.corpus, page.model, chosen, *form.inputs]
    dropped, changed = page.guard(_dropped, show=refuse), page.guard(_changed, show=refuse)
    measure = {
        "fn": page.guard(_measure),
        "inputs": [page.corpus, page.model, kept, measured],
        "outputs": [lengths, measured],
    }
    end: dict[str, Any] = {"fn": _replace, "inputs": [work], **_AT_ONCE}
    gr.on([form.files.upload, form.files.delete, form.files.clear], **end).then(dropped, given, shown, **_LONG).then(
        **measure, **_QUIET
    )
    moved = [event for part in form.inputs for event in _events(part)]
    gr.on(moved, **end, trigger_mode="multiple").then(changed, given, shown, **_LONG).then(**measure, **_QUIET)
    stop.click(page.guard(_end), [work], **_AT_ONCE)
    standing = {"fn": page.guard(_standing), "inputs": [page.corpus, kept, form.files], "outputs": shown}
    page.opened.then(**standing, **_QUIET).then(**measure, **_QUIET)
    page.corpus.change(**standing, **_QUIET).then(**measure, **_QUIET)
    page.model.change(**measure, **_QUIET)


def _events(part: Any) -> list[Any]:
    """When what a person sets counts: at once from a menu, on leaving or Enter where they type."""
    return [part.submit, part.blur] if isinstance(part, gr.Textbox | gr.Number) else [part.input]


def _end(work: Drafting | None) -> None:
    """Stop what is being made."""
    if work is not None:
        work.stop()


def _replace(work: Drafting | None) -> None:
    """Stop it, as something else is wanted now."""
    if work is not None:
        work.stop(replaced=True)


def _dropped(
    files: list[str] | None, kept: Draft | None, corpus: str, model: str, chosen: Chosen, *values: Any
) -> Iterator[list[Any]]:
    """Convert what lies there now, with columns guessed anew."""
    given = tuple(map(Path, files or ()))
    if not given:
        drafts.discard(kept)
        yield of_corpus(open_known(corpus)).outputs
        return
    uploads.check_upload(given)
    made = replace(_choices(values), keep=())  # columns of other files
    options = made.options({}, model)
    yield from _converted(given, options, kept, corpus, Chosen(tried=options), new=True)


def _changed(
    files: list[str] | None, kept: Draft | None, corpus: str, model: str, chosen: Chosen, *values: Any
) -> Iterator[list[Any]]:
    """Convert again with what is chosen now."""
    made, given = _choices(values), tuple(map(Path, files or ()))
    yield Shown(folds=made).outputs
    try:
        options = made.options(chosen.columns(values[: len(ROLES)]), model)
    except BakehouseError as error:
        yield of_refusal(wording.on_page(sentence_for(error)), None, chosen.with_tried(None)).outputs
        return
    chosen_now = chosen.with_tried(options)
    if not given or options == chosen.tried:
        return
    if kept and (kept.files, kept.options) == (given, options):  # as it was before something that was refused
        yield of_draft(kept, None, chosen_now).outputs
    else:
        yield from _converted(given, options, kept, corpus, chosen_now, new=False)


def _choices(values: tuple[Any, ...]) -> Choices:
    said = dict(zip(Choices.__slots__, values[len(ROLES) :], strict=True))
    return Choices(**said | {name: tuple(said[name] or ()) for name in ("languages", "keep")})


def _converted(
    given: tuple[Path, ...], options: Any, kept: Draft | None, corpus: str, chosen: Chosen, *, new: bool
) -> Iterator[list[Any]]:
    """What the page shows while a draft is made, and then; what stood there before, if it is stopped."""
    work = Drafting(given, options)
    yield of_work(work, chosen, reading.progress(Step("opening"), given), new=new).outputs
    try:
        for news in work.follow():
            if isinstance(news, Draft):
                drafts.discard(kept)
                yield of_draft(news, drafts.proposed_name(given) if new else None, chosen).outputs
            elif isinstance(news, Look):
                yield of_preview(news.preview, {}, chosen).outputs
            else:
                yield Shown(verdict=reading.progress(news, given)).outputs
    except Refused as error:
        if new:
            drafts.discard(kept)
        yield of_refusal(wording.on_page(str(error)), error.refusal, chosen, new=new).outputs
    if work.stopped and not work.replaced:
        yield _before(kept, corpus).outputs


def _before(kept: Draft | None, corpus: str) -> Shown:
    """The state before a conversion that was stopped."""
    if kept is None:
        return of_corpus(open_known(corpus), stopped=True)
    return replace(of_draft(kept, None, Chosen(tried=kept.options)), files=list(map(str, kept.files)))


def _standing(corpus: str, kept: Draft | None, files: list[str] | None) -> list[Any]:
    """The corpus that is in use, unless files are being looked at: read ones, or ones that were refused."""
    shown = Shown() if kept is not None or files else of_corpus(open_known(corpus))
    return shown.outputs


def _measure(corpus_name: str, model_name: str, kept: Draft | None, measured: Measured) -> tuple[str, Measured]:
    folder = kept.corpus.folder if kept else open_known(corpus_name).folder
    try:
        lengths = measure_lengths(sample_documents(folder, SAMPLE), resolve(model_name))
    except BakehouseError as error:
        return html.note(str(error)), measured
    now = measured.with_lengths(lengths, kept, model_name)
    shown = drawings.length_histogram(lengths, now.whole if now.cut else None, now.cut)
    title = "Length of passages" if kept else f"Length of passages in {corpus_name}"
    return html.heading(title, html.term("tokens")) + shown, now


def _use(kept: Draft | None, name: str, request: gr.Request) -> tuple[gr.Dropdown, gr.Tabs]:
    require_change(request)
    if kept is None:
        raise BakehouseError("there is nothing to use yet: drop some files first.")
    corpus = drafts.keep(kept, name).name
    return gr.Dropdown(choices=corpus_choices(), value=corpus), gr.Tabs(selected="search")


def _pack(corpus_name: str, kept: Draft | None, name: str) -> str:
    corpus = kept.corpus if kept else open_known(corpus_name)
    return str(drafts.archive(corpus, (name.strip() or "corpus") if kept else corpus_name))
