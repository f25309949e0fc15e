"""Systems × languages, or another kind of group: as a heat table, as bars, and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.breakdown import KINDS, Groups
from eval.export import Row, csv_of
from eval.page.sheets import Cell, Sheet
from eval.page.standing import Standing
from eval.places import Place
from eval.wording import measure_title
from retrieval.page import html, numbers
from retrieval.page.glossary import GLOSSARY
from retrieval.page.tongues import language_name

LEADERS = 4
_LEAST_SPAN = 0.1
"""Differences below so much must not look like fire and ice."""
ALL = "all"
"""The column of all queries."""
LANGUAGE = "language"
"""The usual kind of group; the others are those of :mod:`eval.breakdown`."""
BY = {LANGUAGE: "language", **KINDS}
"""Kind of group → its name for people."""
_KINDS = {"bound": "upper bound", "lexical": "baseline", "brought": "brought", "base": "base", "teacher": "teacher"}
_NO_RUNNERS = ("bound", "teacher")
"""A teacher is what students learn from, not one of them."""


@dataclass(frozen=True, slots=True)
class View:
    """What a person looks at.

    :param rows: The systems, in the order of the table.
    :param languages: The codes of the query languages that are looked at.
    :param colours: Language → colour number, the same wherever the language is drawn.
    :param by: What the columns after the one for all queries are: a key of :data:`BY`.
    :param sort: The column whose best comes first, or :data:`ALL`; as the rows stand if empty.
    """

    place: Place
    measure: str
    rows: Sequence[Standing]
    languages: Sequence[str]
    colours: dict[str, int]
    by: str = LANGUAGE
    sort: str = ""

    @property
    def ordered(self) -> Sequence[Standing]:
        """The rows in the order of the table."""
        if not self.sort:
            return self.rows
        group = "" if self.sort == ALL else self.sort
        scores = {row.summary.id: value(row, self.measure, group, self.by) for row in self.rows}
        return sorted(self.rows, key=lambda row: -(scores[row.summary.id] or 0.0))

    @property
    def columns(self) -> list[str]:
        """The groups that are looked at, in the order of tables."""
        if self.by == LANGUAGE:
            return list(self.languages)
        found = sizes_of(self.rows, self.by)
        return [name for name in found if self.by != "documents" or name.partition(" ")[0] in self.languages]


@dataclass(frozen=True, slots=True)
class Scale:
    """How the scores of one column are tinted.

    :param group: What the column is about; empty for all queries.
    :param by: What kind of group it is: a key of :data:`BY`.
    :param best: The best score of those that run for it.
    """

    measure: str
    group: str
    by: str
    low: float
    best: float

    @classmethod
    def of(cls, view: View, group: str) -> Scale:
        """From the scores of the column."""
        found = [(row.kind, value(row, view.measure, group, view.by)) for row in view.rows]
        scored = [(kind, score) for kind, score in found if score is not None]
        low = min((score for _, score in scored), default=0.0)
        best = max((score for kind, score in scored if kind not in _NO_RUNNERS), default=2.0)
        return cls(view.measure, group, view.by, low, best)

    def cell(self, row: Standing) -> html.Cell:
        """A cell of the page."""
        score = self._score(row)
        if score is None:
            return html.Cell(numbers.NONE, title="not measured")
        leads = self._leads(score)
        return html.Cell(numbers.measure(score), self._heat(score), leads, "the best of this column" if leads else "")

    def drawn(self, row: Standing) -> Cell:
        """The same for a picture."""
        score = self._score(row)
        if score is None:
            return Cell(numbers.NONE)
        return Cell(numbers.measure(score), self._heat(score), self._leads(score))

    def _score(self, row: Standing) -> float | None:
        return value(row, self.measure, self.group, self.by)

    def _heat(self, score: float) -> float:
        return 1 - (self.best - score) / max(self.best - self.low, _LEAST_SPAN)

    def _leads(self, score: float) -> bool:
        return round(score, 3) == round(self.best, 3)


def query_languages(rows: Iterable[Standing]) -> dict[str, int]:
    """Query language → queries, most first, then by code."""
    return dict(sorted(sizes_of(rows, LANGUAGE).items(), key=lambda item: (-item[1], item[0])))


def sizes_of(rows: Iterable[Standing], by: str) -> dict[str, int]:
    """Group → queries."""
    sizes: dict[str, int] = {}
    for row in rows:
        for group, of in _groups(row, by).items():
            sizes[group] = max(sizes.get(group, 0), int(of["queries"]))
    return sizes


def value(row: Standing, measure: str, group: str = "", by: str = LANGUAGE) -> float | None:
    """One score, 0 to 1: of all queries, or of a group of them; None where it was not measured."""
    of = _groups(row, by).get(group, {}) if group else row.summary.metrics
    return of.get(measure)


def _groups(row: Standing, by: str) -> Groups:
    return row.summary.by_language if by == LANGUAGE else row.summary.breakdown.get(by, {})


def heat_table(view: View) -> Markup:
    """The table: bounds on top, then what was there before, checkpoints below, the best of each column marked."""
    scales = [Scale.of(view, group) for group in ["", *view.columns]]
    rows, run = [], ""
    for row in view.ordered:
        cells = [scale.cell(row) for scale in scales]
        name = _name(row, new_run=row.run != run)
        run = row.run
        kind = {"tuned": "tuned", "bound": "upper"}.get(row.kind, "bound")
        # a row leads to the comparison with its base; BM25 has none
        rows.append(html.Row([name, row.mode, *cells], act="compare", data={"result": row.summary.id}, kind=kind))
    sizes = sizes_of(view.rows, view.by)
    everything = max((row.summary.counts["queries"] for row in view.rows), default=0)
    heads = [
        html.Column("System"),
        html.Column("Mode"),
        _head(view, ALL, ALL, everything),
        *(_head(view, group, _title(view, group), sizes[group]) for group in view.columns),
    ]
    by = "query language" if view.by == LANGUAGE else BY[view.by]
    caption = f"{measure_title(view.measure)} on {view.place.corpus}, {view.place.title}: systems by {by}"
    return html.block(html.table(heads, rows, caption), cls="bh-scores")


def leaders(rows: Sequence[Standing], measure: str) -> list[Standing]:
    """The best of each kind of system, then the best of each further run, :data:`LEADERS` at most; no bounds."""
    ranked = sorted((row for row in rows if row.kind != "bound"), key=lambda row: -(value(row, measure) or 0.0))
    groups: dict[tuple[str, str], Standing] = {}
    for row in ranked:
        groups.setdefault((row.kind, row.run), row)
    first: dict[str, Standing] = {}
    for row in groups.values():
        first.setdefault(row.kind, row)
    rest = [row for row in groups.values() if row not in first.values()]
    chosen = [*first.values(), *rest][:LEADERS]
    return [row for row in rows if row in chosen]


def bars(view: View) -> Markup:
    """For each group a bar for each of the leading systems, from 0 to 1."""
    leading = leaders(view.rows, view.measure)
    legend = html.join((html.tag(row.full_name, series=at) for at, row in enumerate(leading)), " ")
    groups = (_bar_group(view, leading, group) for group in ["", *view.columns])
    return html.element("p", legend, cls="bh-keys") + html.element("ul", html.join(groups), cls="bh-bars")


def to_csv(view: View) -> str:
    """The table as CSV: one line a system, full precision."""
    fixed = ["system", "kind", "run", "step", "mode", "corpus", "split", "queries are", "measure", "result", "all"]
    rows: list[Row] = []
    for row in view.ordered:
        made = "synthetic" if view.place.synthetic else "human"
        step = str(row.step) if row.kind == "tuned" else ""
        about = [row.name, row.kind, row.run, step, row.mode, view.place.corpus, view.place.split, made]
        scores = [value(row, view.measure, group, view.by) for group in ["", *view.columns]]
        rows.append([*about, view.measure, row.summary.id, *scores])
    return csv_of([*fixed, *view.columns], rows)


def sheet(view: View) -> Sheet:
    """The heat table for a picture."""
    scales = [Scale.of(view, group) for group in ["", *view.columns]]
    rows: list[list[Cell | str]] = [
        [" · ".join(filter(None, [row.name, row.run])), row.mode, *(scale.drawn(row) for scale in scales)]
        for row in view.ordered
    ]
    queries = max((row.summary.counts["queries"] for row in view.rows), default=0)
    kind = "synthetic " if view.place.synthetic else ""
    counted = numbers.counted(queries, f"{kind}query", f"{kind}queries")
    size = f"{counted}, {numbers.counted(view.place.ranked, 'document')}"
    title = f"{measure_title(view.measure)} on {view.place.corpus}, {view.place.split}"
    title += "" if view.by == LANGUAGE else f", by {BY[view.by]}"
    return Sheet(title, f"{size}. Bold: the best of its column.", ["System", "Mode", "all", *view.columns], rows, 2)


def _name(row: Standing, new_run: bool) -> Markup:
    word = _KINDS.get(row.kind)
    note = f" · {word}" if word and word not in row.name else ""
    shown = html.term(row.name) if row.name in GLOSSARY else html.element("span", row.name)
    if not new_run or not row.run:
        return html.join([shown, html.element("span", note, cls="bh-aside")])
    return html.block(html.block(html.mono(row.run), cls="bh-run"), shown, html.element("span", note, cls="bh-aside"))


def _head(view: View, column: str, title: str | Markup, queries: int) -> html.Column:
    """A head that sorts by its column."""
    leads = view.sort == column
    sorts = html.act(title, "sort", on=leads, event="select", column=column)
    below = html.element("span", numbers.count(queries), cls="bh-below", title="queries")
    return html.Column(html.join([sorts, below]), html.RIGHT, "descending" if leads else "")


def _title(view: View, group: str) -> Markup | str:
    """A group as the head of a column; languages have their colour."""
    if view.by == LANGUAGE:
        return html.tag(group, language_name(group), view.colours[group])
    if view.by == "documents":
        return html.tag(group, pair_name(group), view.colours.get(group.partition(" ")[0]))
    return group


def pair_name(pair: str) -> str:
    """``en → de`` in full: ``questions in English, passages in Deutsch``."""
    asked, _, found = pair.partition(" → ")
    return f"questions in {language_name(asked)}, passages in {language_name(found)}"


def _bar_group(view: View, leading: Sequence[Standing], group: str) -> Markup:
    lines = [
        html.element("div", html.bar(score, numbers.measure(score), at), title=row.full_name)
        for at, row in enumerate(leading)
        if (score := value(row, view.measure, group, view.by)) is not None
    ]
    named = language_name(group) if view.by == LANGUAGE else group
    title = html.text(named if group else "all", group if view.by == LANGUAGE else "", cls="bh-bars-title")
    return html.element("li", html.join([title, html.block(*lines)]))
