"""How files were read: the verdict, what each was taken for, and rows before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from retrieval.convert.ids import RENAMED
from retrieval.convert.names import ROLES
from retrieval.convert.opening import Source
from retrieval.convert.preview import Preview, RowPreview, SourcePreview
from retrieval.convert.report import ConversionReport
from retrieval.convert.sources import UNREAD
from retrieval.convert.tables import DELIMITERS
from retrieval.drafting import Refusal, Step
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name
from retrieval.records import Document

Becoming = Mapping[str, Sequence[Document]]
"""Id of a document → itself as it was written, or the passages that it was cut into."""

_CELL = 160
_COLUMNS = 8
_PASSAGES = 3
_SHOWN_FAULTS = 12
_SHOWN_SOURCES = 8
_DOING = {
    "waiting": "Waiting for other conversions to end.",
    "opening": "Looking at {}.",
    "reading": "Reading {}.",
    "comparing": "Looking for documents of nearly the same text.",
    "cutting": "Cutting long documents into passages.",
    "dividing": "Dividing the judgments by document.",
}


def progress(step: Step, given: Sequence[Path]) -> Markup:
    """What is being done, how many rows so far, and the share where it is known."""
    title = _DOING[step.doing].format(step.file or _named(given))
    done = {"reading": "row", "cutting": "document"}.get(step.doing)
    if not step.rows or not done:
        detail = "Columns, encodings and languages are found from what is in the files."
    else:
        detail = f"{numbers.counted(step.rows, done)} so far"
    if step.share is None:
        return html.waiting(title, detail)
    bar = html.bar(step.share, numbers.percent(step.share))
    return html.element(
        "div", html.join([html.element("p", title), html.note(detail), bar]), cls="bh-waiting bh-counted", role="status"
    )


def _named(given: Sequence[Path]) -> str:
    return ", ".join(path.name for path in given[:3]) + (" …" if len(given) > 3 else "")


def verdict(report: ConversionReport) -> Markup:
    """The outcome as one large sentence: ``2,314 rows → 2,287 documents``, and below it what became of each row."""
    c = report.counts
    made = [numbers.counted(c.documents, "passage" if report.cut and report.cut.documents else "document")]
    if c.queries:
        made.append(numbers.counted(c.queries, "query", "queries"))
    if c.judgments:
        made.append(numbers.counted(c.judgments, "judgment"))
    rows = numbers.counted(c.rows, "row")
    sums = [f"{rows} = {c.kept:,} kept + {c.merged:,} merged with an equal one + {c.rejected:,} rejected."]
    cut, division, near = report.cut, report.division, report.near
    if near and near.found:
        sums.append(f"{numbers.counted(near.found, 'document')} nearly the same as an earlier one.")
        sums += [f"Merged into it: {near.merged:,}."] if near.merged else []
    if cut and cut.documents:
        whole = numbers.counted(c.documents - cut.passages + cut.documents, "document")
        sums.append(
            f"{whole}, of which {cut.documents:,} longer than {cut.chunking.tokens} tokens became "
            f"{numbers.counted(cut.passages, 'passage')}."
        )
    if division:
        parts = ", ".join(f"{part} {size:,}" for part, size in division.queries.items() if size)
        sums.append(f"Queries divided by document: {parts}.")
    return html.verdict(f"{rows} → {', '.join(made)}", " ".join(sums))


def sources(report: ConversionReport) -> Markup:
    """What each source was taken for, and why."""
    read = [source for source in report.sources if source.format != UNREAD]
    shown = read[:_SHOWN_SOURCES]
    more = len(read) - len(shown)
    rest = html.note(f"and {numbers.counted(more, 'more source')}.") if more > 0 else ""
    return html.pairs((html.text(source.name), _taken_for(source)) for source in shown) + rest


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
    """Merged and repaired rows, a line for each reason; rejected ones have a place of their own."""
    found = [fault for fault in report.faults if fault.rule != "rejected"]
    if not found:
        return Markup("")
    lines = [
        html.element(
            "li",
            html.join([html.text(f"{fault.file}{f', line {fault.line}' if fault.line else ''}: "), fault.message]),
            cls=f"is-{fault.severity}",
        )
        for fault in found[:_SHOWN_FAULTS]
    ]
    more = len(found) - len(lines)
    rest = html.note(f"and {numbers.counted(more, 'more reason')}.") if more > 0 else ""
    return html.element("ul", html.join(lines), cls="bh-faults") + rest


def mapped(preview: Preview) -> SourcePreview | None:
    """The first source whose columns were given roles."""
    return next((source for source in preview.sources if source.source.mapping), None)


def evidence(source: Source, role: str) -> str:
    """Why a column has a role; what the role is, where no column has it."""
    choices = source.mapping.choices if source.mapping else ()
    return next((choice.evidence for choice in choices if choice.role == role), f"{ROLES[role]}: no column")


def before_after(preview: Preview, becoming: Becoming) -> Markup:
    """The first rows of each source as they stand in the file, and what became of each."""
    return html.join(
        _source(source, becoming) for source in preview.sources if source.rows and source.source.format != UNREAD
    )


def _source(source: SourcePreview, becoming: Becoming) -> Markup:
    rows = [[_before(row, source.source), _after(row, becoming)] for row in source.rows]
    return html.table([html.text(f"{source.source.name}, as it is"), "as it becomes"], rows, "Rows before and after")


def refused_rows(refusal: Refusal) -> Markup:
    """The first rows of a table of which a person must say what its columns are."""
    rows = [[html.pairs(_cells(row, list(row)))] for row in refusal.rows]
    return html.table(["as it is"], rows, "The first rows") if rows else Markup("")


def _before(row: RowPreview, source: Source) -> Markup:
    where = f"line {row.origin.line:,}" if row.origin.line else f"row {row.origin.row:,}"
    roles = set(source.mapping.roles.values()) if source.mapping else set()
    used = [name for name in row.before if name in roles] or list(row.before)  # a SQuAD question is told by its place
    unused = [name for name in row.before if name not in used]
    cells = html.pairs(_cells(row.before, used))
    return html.note(where) + cells + (html.note(html.text(f"left out: {', '.join(unused)}")) if unused else "")


def _cells(values: Mapping[str, object], names: Sequence[str]) -> list[tuple[Markup, Markup]]:
    return [(html.mono(name), html.text(_short(values[name]))) for name in names[:_COLUMNS]]


def _after(row: RowPreview, becoming: Becoming) -> Markup:
    parts = [pair for document in row.documents for pair in _document(document, becoming)]
    for query in row.queries:
        parts += [("query", html.text(_short(query.text), query.lang))]
    for duplicate in row.duplicates:
        how = "another text has this id, so it is" if duplicate.reason == RENAMED else f"{duplicate.reason} as"
        parts.append(
            ("kept" if duplicate.reason == RENAMED else "merged", html.join([how, " ", html.mono(duplicate.kept_as)]))
        )
    parts += [("rejected", html.error(f"{problem.reason}. {problem.remedy}")) for problem in row.problems]
    return html.pairs(parts)


def _document(document: Document, becoming: Becoming) -> list[tuple[str, Markup]]:
    found = becoming.get(document.id) or [document]
    parts = [pair for passage in found[:_PASSAGES] for pair in _passage(passage)]
    more = len(found) - _PASSAGES
    return parts + ([("", html.note(f"and {numbers.counted(more, 'more passage')}."))] if more > 0 else [])


def _passage(document: Document) -> list[tuple[str, Markup]]:
    parts = [("_id", html.mono(document.id)), ("lang", html.tag(document.lang, language_name(document.lang)))]
    parts += [("title", html.text(_short(document.title), document.lang))] if document.title else []
    return [*parts, ("text", html.text(_short(document.text), document.lang))]


def _short(value: object) -> str:
    words = "" if value is None else str(value)
    return words if len(words) <= _CELL else words[:_CELL].rstrip() + "…"
