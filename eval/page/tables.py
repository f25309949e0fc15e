"""Systems × languages: as a heat table, as bars, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.export import plain
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
    columns = ["", *view.languages]
    values = {lang: [value(row, view.measure, lang) for row in view.rows] for lang in columns}
    bests = {lang: _best(view.rows, of) for lang, of in values.items()}
    lows = {lang: min((each for each in of if each is not None), default=0.0) for lang, of in values.items()}
    rows, run = [], ""
    for at, row in enumerate(view.rows):
        cells = [_cell(values[lang][at], lows[lang], bests[lang]) for lang in columns]
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
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    fixed = ["system", "kind", "run", "step", "mode", "corpus", "split", "queries are", "measure", "result", "all"]
    writer.writerow([*fixed, *view.languages])
    for row in view.rows:
        made = "synthetic" if view.place.synthetic else "human"
        step = str(row.step) if row.kind == "tuned" else ""
        about = [row.name, row.kind, row.run, step, row.mode, view.place.corpus, view.place.split, made]
        scores = [value(row, view.measure, lang) for lang in ["", *view.languages]]
        writer.writerow([*map(plain, about), view.measure, row.summary.id, *scores])
    return out.getvalue()


def _best(rows: Sequence[Standing], values: Sequence[float | None]) -> float:
    """The best score of a column; a teacher is what students learn from, not one of them."""
    runners = [each for row, each in zip(rows, values, strict=True) if row.kind != "teacher" and each is not None]
    return max(runners, default=2.0)


def _cell(score: float | None, low: float, best: float) -> html.Cell:
    if score is None:
        return html.Cell(numbers.NONE, title="not measured")
    heat = 1 - (best - score) / max(best - low, _LEAST_SPAN)
    leads = round(score, 3) == round(best, 3)
    return html.Cell(numbers.measure(score), heat, leads, "the best of this column" if leads else "")


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
