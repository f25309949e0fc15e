"""Systems × languages: as a heat table, as bars, and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

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
_KINDS = {"lexical": "baseline", "brought": "brought", "base": "base", "teacher": "teacher"}


@dataclass(frozen=True, slots=True)
class View:
    """What a person looks at.

    :param rows: The systems, in the order of the table.
    :param languages: The codes of the columns, after the one for all queries.
    :param colours: Language → colour number, the same wherever the language is drawn.
    """

    place: Place
    measure: str
    rows: Sequence[Standing]
    languages: Sequence[str]
    colours: dict[str, int]


@dataclass(frozen=True, slots=True)
class Scale:
    """How the scores of one column are tinted.

    :param lang: Empty for the column of all queries.
    :param best: The best score; a teacher is what students learn from, not one of them.
    """

    measure: str
    lang: str
    low: float
    best: float

    @classmethod
    def of(cls, view: View, lang: str) -> Scale:
        """From the scores of the column."""
        scored = [(row.kind, score) for row in view.rows if (score := value(row, view.measure, lang)) is not None]
        low = min((score for _, score in scored), default=0.0)
        return cls(view.measure, lang, low, max((score for kind, score in scored if kind != "teacher"), default=2.0))

    def cell(self, row: Standing) -> html.Cell:
        """A cell of the page."""
        score = value(row, self.measure, self.lang)
        if score is None:
            return html.Cell(numbers.NONE, title="not measured")
        leads = self._leads(score)
        return html.Cell(numbers.measure(score), self._heat(score), leads, "the best of this column" if leads else "")

    def drawn(self, row: Standing) -> Cell:
        """The same for a picture."""
        score = value(row, self.measure, self.lang)
        return (
            Cell(numbers.NONE) if score is None else Cell(numbers.measure(score), self._heat(score), self._leads(score))
        )

    def _heat(self, score: float) -> float:
        return 1 - (self.best - score) / max(self.best - self.low, _LEAST_SPAN)

    def _leads(self, score: float) -> bool:
        return round(score, 3) == round(self.best, 3)


def query_languages(rows: Iterable[Standing]) -> dict[str, int]:
    """Query language → queries, most first, then by code."""
    sizes: dict[str, int] = {}
    for row in rows:
        for lang, of in row.summary.by_language.items():
            sizes[lang] = max(sizes.get(lang, 0), int(of["queries"]))
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))


def value(row: Standing, measure: str, lang: str = "") -> float | None:
    """One score, 0 to 1: of all queries, or of those in a language; None where it was not measured."""
    of = row.summary.by_language.get(lang, {}) if lang else row.summary.metrics
    return of.get(measure)


def heat_table(view: View) -> Markup:
    """The table: what was there before above, checkpoints below, the best of each column marked."""
    scales = [Scale.of(view, lang) for lang in ["", *view.languages]]
    rows, run = [], ""
    for row in view.rows:
        cells = [scale.cell(row) for scale in scales]
        name = _name(row, new_run=row.run != run)
        run = row.run
        kind = "tuned" if row.kind == "tuned" else "bound"
        # a row leads to the comparison with its base; BM25 has none
        rows.append(html.Row([name, row.mode, *cells], act="compare", data={"result": row.summary.id}, kind=kind))
    sizes = query_languages(view.rows)
    everything = max((row.summary.counts["queries"] for row in view.rows), default=0)
    heads = [
        html.Column("System"),
        html.Column("Mode"),
        html.Column(_head("all", everything), html.RIGHT),
        *(html.Column(_language_head(lang, sizes[lang], view.colours[lang]), html.RIGHT) for lang in view.languages),
    ]
    caption = f"{measure_title(view.measure)} on {view.place.corpus}, {view.place.title}: systems by query language"
    return html.block(html.table(heads, rows, caption), cls="bh-scores")


def leaders(rows: Sequence[Standing], measure: str) -> list[Standing]:
    """The best of each kind of system, then the best of each further run, :data:`LEADERS` at most."""
    ranked = sorted(rows, key=lambda row: -(value(row, measure) or 0.0))
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
    """For each language a bar for each of the leading systems, from 0 to 1."""
    leading = leaders(view.rows, view.measure)
    legend = html.join((html.tag(row.full_name, series=at) for at, row in enumerate(leading)), " ")
    groups = (_bar_group(view, leading, lang) for lang in ["", *view.languages])
    return html.element("p", legend, cls="bh-keys") + html.element("ul", html.join(groups), cls="bh-bars")


def to_csv(view: View) -> str:
    """The table as CSV: one line a system, full precision."""
    fixed = ["system", "kind", "run", "step", "mode", "corpus", "split", "queries are", "measure", "result", "all"]
    rows: list[Row] = []
    for row in view.rows:
        made = "synthetic" if view.place.synthetic else "human"
        step = str(row.step) if row.kind == "tuned" else ""
        about = [row.name, row.kind, row.run, step, row.mode, view.place.corpus, view.place.split, made]
        scores = [value(row, view.measure, lang) for lang in ["", *view.languages]]
        rows.append([*about, view.measure, row.summary.id, *scores])
    return csv_of([*fixed, *view.languages], rows)


def sheet(view: View) -> Sheet:
    """The heat table for a picture."""
    columns = ["", *view.languages]
    scales = {lang: Scale.of(view, lang) for lang in columns}
    rows: list[list[Cell | str]] = [
        [" · ".join(filter(None, [row.name, row.run])), row.mode, *(scales[lang].drawn(row) for lang in columns)]
        for row in view.rows
    ]
    queries = max((row.summary.counts["queries"] for row in view.rows), default=0)
    kind = "synthetic " if view.place.synthetic else ""
    counted = numbers.counted(queries, f"{kind}query", f"{kind}queries")
    size = f"{counted}, {numbers.counted(view.place.ranked, 'document')}"
    title = f"{measure_title(view.measure)} on {view.place.corpus}, {view.place.split}"
    return Sheet(title, f"{size}. Bold: the best of its column.", ["System", "Mode", "all", *view.languages], rows, 2)


def _name(row: Standing, new_run: bool) -> Markup:
    word = _KINDS.get(row.kind)
    note = f" · {word}" if word and word not in row.name else ""
    shown = html.term(row.name) if row.name in GLOSSARY else html.element("span", row.name)
    if not new_run or not row.run:
        return html.join([shown, html.element("span", note, cls="bh-aside")])
    return html.block(html.block(html.mono(row.run), cls="bh-run"), shown, html.element("span", note, cls="bh-aside"))


def _head(title: str | Markup, queries: int) -> Markup:
    return html.join([title, html.element("span", numbers.count(queries), cls="bh-below", title="queries")])


def _language_head(lang: str, queries: int, colour: int) -> Markup:
    return _head(html.tag(lang, language_name(lang), colour), queries)


def _bar_group(view: View, leading: Sequence[Standing], lang: str) -> Markup:
    lines = [
        html.element("div", html.bar(score, numbers.measure(score), at), title=row.full_name)
        for at, row in enumerate(leading)
        if (score := value(row, view.measure, lang)) is not None
    ]
    title = html.text(language_name(lang) if lang else "all", lang, cls="bh-bars-title")
    return html.element("li", html.join([title, html.block(*lines)]))
