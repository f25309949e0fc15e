"""How files were read: the verdict, what each was taken for, and rows before and after."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from markupsafe import Markup

from retrieval.convert.entries import Entry
from retrieval.convert.names import ROLES
from retrieval.convert.opening import Source
from retrieval.convert.report import ConversionReport
from retrieval.convert.tables import DELIMITERS
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name
from retrieval.records import Document

_ROWS = 3
_CELL = 160
_SHOWN_FAULTS = 12


def verdict(report: ConversionReport) -> Markup:
    """The outcome as one large sentence: ``2,314 rows → 2,287 documents``, and what became of the others."""
    c = report.counts
    made = [numbers.counted(c.documents, "document")]
    if c.queries:
        made.append(numbers.counted(c.queries, "query", "queries"))
    if c.judgments:
        made.append(numbers.counted(c.judgments, "judgment"))
    lost = f"{numbers.counted(c.merged, 'duplicate')} merged, {numbers.count(c.rejected)} rejected."
    near = report.near.found if report.near else 0
    alike = f" {numbers.counted(near, 'document')} nearly the same as an earlier one." if near else ""
    return html.verdict(f"{numbers.counted(c.rows, 'row')} → {', '.join(made)}", lost + alike)


def sources(report: ConversionReport) -> Markup:
    """What each source was taken for, and why."""
    return html.pairs((html.text(source.name), _taken_for(source)) for source in report.sources)


def _taken_for(source: Source) -> str:
    parts = [source.format]
    if source.delimiter:
        parts.append(f"{DELIMITERS.get(source.delimiter, repr(source.delimiter))}-separated")
    elif source.evidence:
        parts.append(source.evidence)
    if source.encoding:
        parts.append(f"{source.encoding.name} ({source.encoding.evidence})")
    return ", ".join(parts)


def faults(report: ConversionReport) -> Markup:
    """Rejected, merged and repaired rows, a line for each reason."""
    if not report.faults:
        return Markup("")
    lines = [
        html.element(
            "li",
            html.join([html.text(f"{fault.file}, line {fault.line}: "), fault.message]),
            cls=f"is-{fault.severity}",
        )
        for fault in report.faults[:_SHOWN_FAULTS]
    ]
    more = len(report.faults) - len(lines)
    rest = html.note(f"and {numbers.counted(more, 'more reason')}.") if more > 0 else ""
    return html.element("ul", html.join(lines), cls="bh-faults") + rest


def mapped(report: ConversionReport) -> Source | None:
    """The first source whose columns were given roles."""
    return next((source for source in report.sources if source.mapping), None)


def columns(source: Source) -> list[str]:
    """Every column of a source, in the order of its rows."""
    return list(dict.fromkeys(name for row in source.sample for name in row.values))


def evidence(source: Source, role: str) -> str:
    """Why a column has a role; what the role is, where no column has it."""
    choices = source.mapping.choices if source.mapping else ()
    return next((choice.evidence for choice in choices if choice.role == role), f"{ROLES[role]}: no column")


def before_after(source: Source, documents: Mapping[str, Document]) -> Markup:
    """The first rows as they stand in the file, and what became of each.

    :param documents: The converted documents by id.
    """
    values = {row.origin.row: row.values for row in source.sample[:_ROWS]}
    rows = [
        [_before(entry, values.get(entry.origin.row, {}), source), _after(entry, documents)]
        for entry in islice(source.entries(), _ROWS)
    ]
    return html.table([f"{source.name}, as it is", "as it becomes"], rows, "Rows before and after")


def _before(entry: Entry, values: Mapping[str, object], source: Source) -> Markup:
    if not values:
        return html.text(str(entry.origin))
    roles = set(source.mapping.roles.values() if source.mapping else ())
    used = html.pairs((html.mono(name), html.text(_short(value))) for name, value in values.items() if name in roles)
    unused = [name for name in values if name not in roles]
    return used + (html.note(f"left out: {', '.join(unused)}") if unused else "")


def _after(entry: Entry, documents: Mapping[str, Document]) -> Markup:
    parts: list[tuple[str, Markup]] = []
    for passage in entry.passages:
        document = documents.get(passage.id or passage.auto_id)
        if document is None:
            parts.append(("document", html.note("merged with an equal one, or kept under another id")))
            continue
        parts += [("_id", html.mono(document.id)), ("lang", html.tag(document.lang, language_name(document.lang)))]
        parts += [("title", html.text(_short(document.title), document.lang))] if document.title else []
        parts.append(("text", html.text(_short(document.text), document.lang)))
    parts += [("query", html.text(_short(question.text))) for question in entry.questions]
    parts += [("rejected", html.error(f"{problem.reason}. {problem.remedy}")) for problem in entry.problems]
    return html.pairs(parts)


def _short(value: object) -> str:
    words = "" if value is None else str(value)
    return words if len(words) <= _CELL else words[:_CELL].rstrip() + "…"
