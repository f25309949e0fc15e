"""The Search tab: one field, ranked passages, and what a person thinks of them."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from retrieval import judgments
from retrieval.beir import Corpus
from retrieval.corpora import open_known
from retrieval.errors import BakehouseError
from retrieval.judgments import Judgments
from retrieval.models import known
from retrieval.page import SURFACE, PageState, html, numbers
from retrieval.page.examples import examples
from retrieval.page.menus import model_choices, model_title
from retrieval.page.results import Answer, Ranking, answer_html
from retrieval.page.shelf import Place, Shelf
from retrieval.page.tongues import language_name
from retrieval.page.visitors import REFUSAL, may_change
from retrieval.records import UNKNOWN
from retrieval.searcher import MODES, Options

NOBODY = ""
_GLANCE = 0.4
"""Seconds between two looks at a model that is being loaded."""

REMEMBER = "(question, corpus, model) => { window.bakehouse.remember(question, corpus, model); }"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a visitor has before them: the last answer and the judgments that belong to its corpus."""

    answer: Answer | None = None
    judged: Judgments = field(default_factory=Judgments)
    judged_corpus: str = ""


def build(page: PageState, shelf: Shelf) -> None:
    """Draw and wire the tab.

    :param shelf: The loaded searchers, shared by all visitors.
    """
    kept = gr.State(Kept())
    always, linked = gr.State(True), gr.State(False)  # linked: whether the page's address has a question
    with gr.Row(elem_classes="bh-ask"):
        question = gr.Textbox(
            label="Question",
            value="",
            placeholder="Ask in any language",
            elem_id="question",
            max_lines=3,
            scale=8,
        )
        send = gr.Button("Search", variant="primary", scale=1, min_width=110, elem_id="ask")
    with gr.Row(elem_classes="bh-options"):
        mode = gr.Radio(list(MODES), value="hybrid", label="Mode", elem_id="mode", min_width=240)
        languages = gr.Dropdown([], multiselect=True, label="Languages", elem_id="languages", min_width=180)
        other = gr.Dropdown(
            [("no other model", NOBODY), *model_choices()],
            value=NOBODY,
            label="Compare with",
            elem_id="other",
            min_width=180,
        )
        group = gr.Checkbox(
            label="Group by document", value=False, visible=False, elem_id="group", container=False, min_width=180
        )
    with gr.Accordion("More", open=False, elem_classes="bh-fold"), gr.Row(elem_classes="bh-options"):
        size = gr.Slider(5, 50, value=10, step=5, label="Results", elem_id="size", min_width=160)
        weight = gr.Slider(0, 1, value=0.5, step=0.1, label="Dense share of hybrid", elem_id="weight", min_width=160)
        rerank = gr.Textbox(
            label="Rerank with",
            value="",
            placeholder="a cross-encoder’s name",
            elem_id="rerank",
            max_lines=1,
            min_width=220,
        )
    start = gr.HTML(elem_id="start", **SURFACE)
    results = gr.HTML(elem_id="results", **SURFACE)
    footer = gr.HTML(elem_id="judged", **SURFACE)

    asked = [question, page.corpus, page.model, other, mode, languages, size, weight, rerank, group, kept, always]
    shown = [start, results, footer, kept]
    ask = page.guard(_asker(shelf), show=lambda sentence: ("", html.error(sentence), "", Kept()))
    asking: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 2, "show_progress": "hidden"}
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}

    gr.on([question.submit, send.click], ask, asked, shown, api_name="search", trigger_mode="always_last", **asking)
    gr.on(
        [question.submit, send.click], None, [question, page.corpus, page.model], js=REMEMBER, api_visibility="private"
    )
    start.click(page.guard(_example), outputs=[question], **quiet).then(
        ask, asked, shown, api_visibility="private", **asking
    ).then(None, [question, page.corpus, page.model], js=REMEMBER, api_visibility="private")
    page.opened.then(
        page.guard(_opened),
        [page.corpus, question],
        [question, linked, languages, group, other, start, footer, kept],
        **quiet,
    ).then(ask, [*asked[:-1], linked], shown, api_visibility="private", **asking)
    results.click(page.guard(_judge), [kept], [results, footer, kept], **quiet)
    page.corpus.change(page.guard(_choices), [page.corpus], [languages, group], **quiet)
    gr.on(
        [page.corpus.change, page.model.change],
        page.guard(_changed),
        [page.corpus, page.model, kept],
        shown,
        **quiet,
    )


def _asker(shelf: Shelf) -> Any:
    def ask(
        question: str,
        corpus_name: str,
        model: str,
        other: str,
        mode: str,
        languages: list[str],
        size: float,
        weight: float,
        rerank: str,
        group: bool,
        kept: Kept,
        wanted: bool,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Search a corpus. Gives the page's HTML: the start, the results, the judgments."""
        if not wanted:
            yield (gr.skip(),) * 4
            return
        corpus = open_known(corpus_name)
        kept = _kept_for(kept, corpus_name, request)
        if not question.strip():
            yield _start(corpus), "", _footer(kept), kept
            return
        options = Options(
            mode,  # type: ignore[arg-type]
            int(size),
            weight,
            languages=tuple(languages),
            rerank=rerank.strip(),
            group=group and _has_passages(corpus),
        )
        names = list(dict.fromkeys(filter(None, [model, other])))
        _check_allowed(names, options, request)
        rankings = []
        for name in names:
            place = shelf.place(corpus_name, name)
            for state in _waiting(place, name, mode):
                yield "", state, "", kept
            rankings.append(_search(place, name, question, options))
        answer = Answer(corpus_name, question, rankings, html.series(corpus.languages))
        kept = Kept(answer, kept.judged, kept.judged_corpus)
        yield "", _results(kept, corpus, options), _footer(kept), kept

    return ask


def _check_allowed(names: Sequence[str], options: Options, request: gr.Request) -> None:
    """A visitor of a Space chooses among what is there; only its owners have other models fetched."""
    if (options.rerank or not set(names) <= set(known())) and not may_change(request):
        raise BakehouseError(REFUSAL)


def _waiting(place: Place, model: str, mode: str) -> Iterator[str]:
    """What to show while the searcher is loaded; lexical search needs no model."""
    if mode == "lexical":
        return
    while not place.finished.is_set():
        yield html.waiting(*_progress(place, model))
        place.finished.wait(_GLANCE)
    if place.error is not None:
        raise place.error


def _progress(place: Place, model: str) -> tuple[str, str]:
    if place.done < place.total:
        left = ""
        if place.done:
            left = f", about {numbers.duration(place.seconds / place.done * (place.total - place.done))} left"
        done = f"{numbers.count(place.done)} of {numbers.counted(place.total, 'passage')}"
        return f"Reading the corpus with {model}: {done}{left}.", "This happens once; afterwards it is kept on disk."
    return f"Loading the model ({model}): {numbers.duration(place.seconds)}.", "Usually about ten seconds."


def _search(place: Place, name: str, question: str, options: Options) -> Ranking:
    started = time.perf_counter()
    hits = place.searcher.search(question, options)
    return Ranking(name, model_title(name), hits, time.perf_counter() - started)


def _results(kept: Kept, corpus: Corpus, options: Options) -> str:
    if kept.answer is None:
        return ""
    if not any(ranking.hits for ranking in kept.answer.rankings):
        return html.empty("Nothing found.", _why_nothing(corpus, options))
    return answer_html(kept.answer, kept.judged.of(kept.answer.question))


def _why_nothing(corpus: Corpus, options: Options) -> str:
    where = ", ".join(language_name(code) for code in options.languages)
    if options.mode == "lexical":
        within = f" in {where}" if where else ""
        return (
            f"No passage{within} shares a word with the question. Dense and hybrid search also find other words"
            " and other languages; choose one of them above."
        )
    if where:
        return f"The filter keeps only {where}. Take it out, or add a language."
    return f"The corpus {corpus.name} has nothing to offer here. Ask in other words."


def _start(corpus: Corpus) -> str:
    buttons = (
        html.element(
            "li",
            html.act(
                html.tag(language_name(example.lang)) + html.text(example.text, example.lang),
                "ask",
                text=example.text,
            ),
        )
        for example in examples(corpus)
    )
    size = (
        f"{numbers.counted(len(corpus.documents), 'passage')} in {numbers.counted(len(corpus.languages), 'language')}"
    )
    return html.empty(
        f"What would you like to find in {corpus.name}?",
        f"{size}. Question and passage need not be in the same language. For example:",
        html.element("ul", html.join(buttons), cls="bh-examples"),
    )


def _example(event: gr.EventData) -> str:
    return str(event.text)


def _opened(corpus_name: str, typed: str, request: gr.Request) -> tuple[Any, ...]:
    """What the address asks for; what somebody has begun to type since then stays."""
    asked = str(dict(request.query_params).get("q") or "")
    models = gr.Dropdown(choices=[("no other model", NOBODY), *model_choices()])
    kept = _kept_for(Kept(), corpus_name, request)
    start = gr.skip() if asked or typed else _start(open_known(corpus_name))
    return asked or gr.skip(), bool(asked), *_choices(corpus_name), models, start, _footer(kept), kept


def _choices(corpus_name: str) -> tuple[gr.Dropdown, gr.Checkbox]:
    """The languages of a corpus, and whether its hits can be grouped."""
    corpus = open_known(corpus_name)
    choices = [
        (f"{html.isolate(language_name(code))} · {numbers.count(size)}", code)
        for code, size in corpus.languages.items()
        if code != UNKNOWN
    ]
    return gr.Dropdown(choices=choices, value=[]), gr.Checkbox(visible=_has_passages(corpus))


def _has_passages(corpus: Corpus) -> bool:
    return any(document.parent != document.id for document in corpus.documents)


def _changed(corpus_name: str, model: str, kept: Kept, request: gr.Request) -> tuple[Any, ...]:
    """Another corpus or model: an answer of the old one would mislead, so it goes."""
    answer = kept.answer
    if answer is not None and answer.corpus == corpus_name and answer.rankings[0].model == model:
        return gr.skip(), gr.skip(), gr.skip(), gr.skip()
    fresh = _kept_for(Kept(), corpus_name, request)
    return _start(open_known(corpus_name)), "", _footer(fresh), fresh


def _judge(kept: Kept, request: gr.Request, event: gr.EventData) -> tuple[str, str, Kept]:
    answer = kept.answer
    if answer is None:
        raise BakehouseError("ask something first: a judgment belongs to a question.")
    doc_id, grade = str(event.doc), int(event.grade)
    if may_change(request):
        judged = judgments.record(answer.corpus, answer.question, doc_id, grade)
    else:
        judged = kept.judged.judged(answer.question, doc_id, grade)
    kept = Kept(answer, judged, answer.corpus)
    return answer_html(answer, judged.of(answer.question)), _footer(kept), kept


def _kept_for(kept: Kept, corpus_name: str, request: gr.Request) -> Kept:
    """The judgments that belong to the corpus: those on disk, or on a Space those of this visit."""
    if may_change(request):
        return Kept(kept.answer, judgments.read(corpus_name), corpus_name)
    return kept if kept.judged_corpus == corpus_name else Kept(kept.answer, Judgments(), corpus_name)


def _footer(kept: Kept) -> str:
    if not kept.judged.count:
        return ""
    archive = base64.b64encode(kept.judged.archive()).decode()
    link = html.element(
        "a",
        "download",
        href=f"data:application/zip;base64,{archive}",
        download=f"{kept.judged_corpus}-judgments.zip",
    )
    said = f"{numbers.counted(kept.judged.count, 'judgment')} on {numbers.counted(len(kept.judged.questions), 'question')} · "
    return html.element("p", html.join([said, link, " as queries and ", html.term("qrels")]), cls="bh-judged")
