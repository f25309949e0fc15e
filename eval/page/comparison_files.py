"""What can be taken along from a comparison: verdicts by language, every query, both rankings of one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from markupsafe import Markup

from eval.compare import Comparison
from eval.export import Row, csv_of
from eval.page import files, sheets
from eval.page.evidence import Evidence
from eval.page.labels import width
from eval.page.scatter import HEIGHT, WIDTH, dots, picture
from eval.page.sheets import Sheet
from eval.wording import language_name, measure_title, signed, system_names
from retrieval.page import html, numbers
from retrieval.page.standalone import standalone
from retrieval.records import Hit

_EDGE, _HEAD = 16, 34


def of_languages(comparison: Comparison) -> Markup:
    """The verdict in each query language."""
    head = ["language", "queries", "difference", "from", "to", "p-value", "verdict"]
    rows: list[Row] = [
        [each.language, each.queries, each.difference, *each.interval, each.p_value, each.verdict]
        for each in comparison.by_language
    ]
    said = [
        [
            language_name(each.language),
            each.verdict,
            numbers.count(each.queries),
            signed(each.difference),
            " … ".join(map(signed, each.interval)),
            numbers.p_value(each.p_value),
        ]
        for each in comparison.by_language
    ]
    heads = ["Language", "Verdict", "Queries", "Points", "95 % interval", "p-value"]
    drawn = Sheet(_title(comparison), _size(comparison), heads, said, 2)
    return files.both(_name("languages", comparison), csv_of(head, rows), sheets.draw(drawn))


def of_queries(comparison: Comparison, colours: Mapping[str, int]) -> Markup:
    """Every query with both scores, and the picture of the dots."""
    head = ["query", "language", "text", "a", "b", "difference"]
    rows: list[Row] = [
        [one.query_id, one.language, one.text, one.a, one.b, one.difference] for one in comparison.changes
    ]
    return files.both(_name("queries", comparison), csv_of(head, rows), _dots(comparison, colours), "Every query: ")


def of_rankings(found: Evidence) -> Markup:
    """Both rankings of a query, with the grades of what was judged."""
    head = ["query", "system", "rank", "document", "title", "score", "grade"]
    rows: list[Row] = [
        [
            found.query_id,
            side,
            hit.rank,
            hit.document.id,
            hit.document.title,
            hit.score,
            found.grades.get(hit.document.id),
        ]
        for side, hits in (("A", found.a), ("B", found.b))
        for hit in hits
    ]
    lines = [
        [str(rank), *("" if hit is None else _told(hit, found) for hit in pair)]
        for rank, pair in enumerate(zip_longest(found.a, found.b), 1)
    ]
    drawn = Sheet(found.text or found.query_id, "✓ judged right, ✗ judged wrong", ["", "A", "B"], lines, 3)
    return files.both(f"rankings-{found.query_id}", csv_of(head, rows), sheets.draw(drawn))


def _dots(comparison: Comparison, colours: Mapping[str, int]) -> str:
    """The dots with a title above and their languages below."""
    inside = picture(dots(comparison.changes), colours)
    placed = html.element("svg", inside, y=_HEAD, width=WIDTH, height=HEIGHT)
    title = html.element("text", _title(comparison), x=_EDGE, y=22, cls="is-ink is-strong")
    keys, x, y = [], _EDGE, _HEAD + HEIGHT + 16
    for lang, number in colours.items():
        name = language_name(lang)
        if x > _EDGE and x + width(name) > WIDTH:
            x, y = _EDGE, y + 20
        keys.append(html.element("circle", cx=x + 4, cy=y - 4, r=4, fill=html.colour(number)))
        keys.append(html.element("text", name, x=x + 14, y=y))
        x += round(width(name)) + 34
    across = max(WIDTH, round(1.2 * width(_title(comparison))) + 2 * _EDGE)
    drawing = html.element("svg", html.join([title, placed, *keys]), viewBox=f"0 0 {across} {y + _EDGE}", role="img")
    return standalone(drawing)


def _told(hit: Hit, found: Evidence) -> str:
    grade = found.grades.get(hit.document.id)
    mark = "" if grade is None else "✓ " if grade > 0 else "✗ "
    return mark + (hit.document.title or hit.document.text or hit.document.id)


def _title(comparison: Comparison) -> str:
    a, b = system_names(comparison.a, comparison.b)
    return f"B, {b}, against A, {a}: {measure_title(comparison.measure)}"


def _size(comparison: Comparison) -> str:
    kind = "synthetic " if comparison.a.synthetic else ""
    counted = numbers.counted(comparison.queries, f"{kind}query", f"{kind}queries")
    where = f"{comparison.a.corpus.name}, {comparison.a.split}"
    return f"{counted} of {where}: {signed(comparison.difference)} points, {comparison.verdict}."


def _name(what: str, comparison: Comparison) -> str:
    return f"{what}-{comparison.a.corpus.name}-{comparison.a.split}-{comparison.a.id[:6]}-{comparison.b.id[:6]}"
