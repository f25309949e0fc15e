"""What the Data tab shows in each of its states, as values for its components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr

from retrieval.beir import CORPUS, QUERIES, Corpus, count_lines
from retrieval.convert.folder import DUPLICATES
from retrieval.convert.names import ROLES
from retrieval.convert.options import NO_COLUMN, Options
from retrieval.convert.preview import Preview
from retrieval.convert.rejected import rejected
from retrieval.drafting import Drafting, Refusal
from retrieval.drafts import Draft
from retrieval.page import dataset, drawings, html, layout, reading, wording
from retrieval.page.choices import Choices

VIEWS = ("Documents", "Queries", "Judgments", "Merged", "Rejected")
_SAME: Any = object()
"""Stands for what stays as it is; gradio's own value for that is a dict, which no default may be."""
_SAME_VIEWS = (_SAME,) * (len(VIEWS) + 1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the menus of columns showed last, and what the person said.

    :param shown: Role → column, as guessed or chosen.
    :param said: Role → column, as far as the person chose it.
    :param tried: The options of the last conversion, whether it went well or not.
    """

    shown: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    tried: Options | None = None

    def columns(self, now: Sequence[str]) -> dict[str, str]:
        """Earlier choices, and what differs now from what was shown."""
        menus = dict(zip(ROLES, now, strict=True))
        changed = {role: column for role, column in menus.items() if column != self.shown.get(role, NO_COLUMN)}
        return {**self.said, **{role: column or NO_COLUMN for role, column in changed.items() if column is not None}}

    def with_tried(self, options: Options | None) -> Chosen:
        """After asking for a conversion."""
        return replace(self, tried=options)

    def with_shown(self, shown: Mapping[str, str]) -> Chosen:
        """After filling the menus."""
        return replace(self, shown=shown, said=self.tried.columns if self.tried else {})


@dataclass(frozen=True, slots=True)
class Shown:
    """One value for each part of the page; what is not given stays as it is.

    :param views: Those of :data:`VIEWS` and the format.
    :param counts: What stands behind the titles of :data:`VIEWS`.
    :param comparing: Whether there are rows to show before and after.
    :param mapping: Whether their columns can be chosen.
    :param keeping: Whether there is something to keep as a corpus; ``packing``: to download.
    :param busy: Whether something is being made that can be stopped.
    :param settings: Whether there are files whose reading can be overruled.
    :param columns: What may be chosen for a role; None leaves the menus.
    """

    kept: Any = _SAME
    work: Any = _SAME
    chosen: Any = _SAME
    files: Any = _SAME
    name: Any = _SAME
    verdict: Any = _SAME
    lengths: Any = _SAME
    views: Sequence[Any] = _SAME_VIEWS
    counts: Sequence[int] | None = None
    comparing: bool | None = None
    mapping: bool | None = None
    keeping: bool | None = None
    settings: bool | None = None
    packing: bool | None = None
    busy: bool | None = None
    rows: Any = _SAME
    folds: Choices | None = None
    columns: Sequence[str] | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def outputs(self) -> list[Any]:
        """In the order of the tab's components."""
        settings = True if self.busy else self.settings
        values = [
            *(self.kept, self.work, self.chosen, self.files, self.name, self.verdict, self.lengths),
            *self.views,
            *self._titles(),
            *(_seen(gr.Column, seen) for seen in (self.comparing, self.mapping, self.keeping, settings)),
            *(_seen(gr.Button, self.packing), _seen(gr.Button, self.busy), self.rows),
            *self._folds(),
            *self._menus(),
        ]
        return [gr.skip() if value is _SAME else value for value in values]

    def _titles(self) -> list[Any]:
        if self.counts is None:
            return [_SAME] * len(VIEWS)
        return [
            gr.Tab(label=f"{title} {count:,}" if count else title)
            for title, count in zip(VIEWS, self.counts, strict=True)
        ]

    def _folds(self) -> list[Any]:
        if self.folds is None:
            return [_SAME, _SAME]
        return [
            gr.Accordion(label=f"{wording.READING}\n{self.folds.reading or 'all detected'}"),
            gr.Accordion(label=f"{wording.SHAPING}\n{self.folds.shaping}"),
        ]

    def _menus(self) -> list[Any]:
        if self.columns is None:
            return [_SAME] * (len(ROLES) + 1)
        options = [("none", NO_COLUMN), *((name, name) for name in self.columns)]
        shown = self.chosen.shown
        menus = [
            gr.Dropdown(choices=options, value=shown.get(role, NO_COLUMN), info=self.evidence.get(role, what))
            for role, what in ROLES.items()
        ]
        keep = list(self.chosen.tried.keep) if self.chosen.tried else []
        return [gr.Dropdown(choices=list(self.columns), value=keep), *menus]


def _seen(kind: Any, seen: bool | None) -> Any:
    return _SAME if seen is None else kind(visible=seen)


def of_corpus(corpus: Corpus, *, stopped: bool = False) -> Shown:
    """No files: the corpus that is in use."""
    told = html.verdict(
        f"{corpus.name}: {dataset.totals(corpus)}.",
        "Stopped. Nothing of it was kept." if stopped else "Drop files on the left to make a corpus of your own.",
    )
    return Shown(
        kept=None,
        work=None,
        chosen=Chosen(),
        files=None,
        name="",
        verdict=told + drawings.language_bar(corpus.languages),
        lengths="",
        views=_views(corpus),
        counts=_counts(corpus, {}),
        comparing=False,
        mapping=False,
        keeping=False,
        packing=True,
        settings=False,
        busy=False,
        rows="",
    )


def of_work(work: Drafting, chosen: Chosen, progress: html.Markup, *, new: bool) -> Shown:
    """Something is being made; of other files than before, what stands there is not theirs.

    :param new: Whether they are other files.
    """
    shown = Shown(work=work, chosen=chosen, verdict=progress, busy=True)
    if not new:
        return shown
    soon = html.note("Here, once all is read.")
    return replace(
        shown,
        lengths="",
        views=(*(soon,) * len(VIEWS), ""),
        counts=(0,) * len(VIEWS),
        comparing=False,
        keeping=False,
        packing=False,
    )


def of_draft(made: Draft, name: str | None, chosen: Chosen) -> Shown:
    """Files that became a draft.

    :param name: To propose for the corpus; None leaves the one that stands there.
    """
    report = made.report
    told = [
        reading.verdict(report),
        drawings.language_bar(report.languages),
        reading.faults(report),
        html.heading("Taken for"),
        reading.sources(report),
    ]
    corpus = made.corpus
    return replace(
        of_preview(made.preview, dataset.becoming(corpus), chosen),
        kept=made,
        work=None,
        name=_SAME if name is None else name,
        verdict=html.join(told),
        lengths="",
        views=_views(corpus),
        counts=_counts(corpus, {"Rejected": report.counts.rejected}),
        keeping=True,
        packing=True,
        busy=False,
    )


def of_preview(preview: Preview, becoming: reading.Becoming, chosen: Chosen) -> Shown:
    """The first rows before and after, and the menus of columns."""
    rows = reading.before_after(preview, becoming)
    source = reading.mapped(preview)
    if source is None or source.source.mapping is None:
        return Shown(comparing=bool(rows), mapping=False, rows=rows)
    mapping = source.source.mapping
    shown = {role: mapping.column(role) or NO_COLUMN for role in ROLES}
    return Shown(
        chosen=chosen.with_shown(shown),
        comparing=True,
        mapping=True,
        rows=rows,
        columns=source.columns,
        evidence={role: reading.evidence(source.source, role) for role in ROLES},
    )


def of_refusal(
    sentence: str, refusal: Refusal | None = None, chosen: Chosen | None = None, *, new: bool = False
) -> Shown:
    """What was wrong; where the text column is not known, the menus to say it.

    :param new: Whether other files lay there before: then nothing of them stays.
    """
    shown = Shown(work=None, verdict=html.error(sentence), busy=False, settings=True)
    if chosen:
        shown = replace(shown, chosen=chosen)
    if not new and refusal:
        shown = replace(shown, verdict=html.error(sentence) + html.note("What was read before stays as it was."))
    if new:
        nothing = html.empty("Nothing to show.", "What was dropped could not be converted: see above.")
        views = (*(nothing,) * len(VIEWS), "")
        shown = replace(
            shown,
            kept=None,
            lengths="",
            views=views,
            counts=(0,) * len(VIEWS),
            comparing=False,
            keeping=False,
            packing=False,
        )
    if refusal and refusal.columns and chosen:
        rows = reading.refused_rows(refusal)
        menus = replace(chosen, shown={}, said={})
        shown = replace(shown, chosen=menus, columns=refusal.columns, comparing=True, mapping=True, rows=rows)
    return shown


def _views(corpus: Corpus) -> tuple[Any, ...]:
    return (
        dataset.documents_table(corpus),
        dataset.queries_table(corpus),
        dataset.judgments_table(corpus),
        dataset.merged_table(corpus.folder),
        dataset.rejected_table(corpus.folder),
        html.heading("The format") + layout.format_panel(corpus),
    )


def _counts(corpus: Corpus, known: Mapping[str, int]) -> tuple[int, ...]:
    found = {
        "Documents": count_lines(corpus.folder / CORPUS),
        "Queries": count_lines(corpus.folder / QUERIES),
        "Judgments": dataset.judged(corpus.folder),
        "Merged": count_lines(corpus.folder / DUPLICATES),
        "Rejected": sum(group.count for group in rejected(corpus.folder)),
    }
    return tuple({**found, **known}.values())
