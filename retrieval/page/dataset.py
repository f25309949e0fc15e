"""What is in a BEIR folder, as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from markupsafe import Markup

from retrieval.beir import CORPUS, QRELS, QUERIES, Corpus, count_lines, read_documents, read_queries, splits
from retrieval.convert.folder import DUPLICATES, REJECTS
from retrieval.convert.rejected import Group, rejected
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name
from retrieval.page.wording import on_page
from retrieval.records import Document, Qrels, Query

SHOWN = 20
BECOME = 2000
"""Documents among which those of the first rows are looked for."""
_LONG = 240
Item = TypeVar("Item", Document, Query)


def documents_table(corpus: Corpus) -> Markup:
    """The first documents: id, language, title and text."""
    rows = [
        [
            html.mono(document.id),
            html.tag(document.lang, language_name(document.lang)),
            html.text(_short(document.title, 80), document.lang),
            html.text(_short(document.text), document.lang),
        ]
        for document in islice(read_documents(corpus.folder), SHOWN)
    ]
    made = html.table(["id", "language", "title", "text"], rows, "Documents")
    return made + _rest(count_lines(corpus.folder / CORPUS), "document")


def queries_table(corpus: Corpus) -> Markup:
    """The first queries, or what to do without any."""
    if not (corpus.folder / QUERIES).is_file():
        return html.empty(
            "No queries.",
            "None are needed: training makes its own questions from the documents. To judge with people’s"
            " questions, drop a table that has a column of questions.",
        )
    rows = [
        [
            html.mono(query.id),
            html.tag(query.lang, language_name(query.lang)),
            html.text(_short(query.text), query.lang),
        ]
        for query in islice(read_queries(corpus.folder), SHOWN)
    ]
    made = html.table(["id", "language", "text"], rows, "Queries")
    return made + _rest(count_lines(corpus.folder / QUERIES), "query", "queries")


def judgments_table(corpus: Corpus) -> Markup:
    """The first judgments of every split, with the words they are about."""
    names = splits(corpus.folder)
    if not names:
        return html.empty("No judgments.", "None are needed to train; with some, the scores are about real questions.")
    firsts = {name: _first_judged(corpus.qrels(name)) for name in names}
    shown = [pair for pairs in firsts.values() for pair in pairs]
    questions = _found(read_queries(corpus.folder), {pair.query for pair in shown})
    documents = _found(read_documents(corpus.folder), {pair.document for pair in shown})
    parts = []
    for name, pairs in firsts.items():
        rows = [[_words(questions, pair.query), _words(documents, pair.document), str(pair.grade)] for pair in pairs]
        total = count_lines(corpus.folder / QRELS / f"{name}.tsv") - 1
        columns: list[html.Column | str] = ["query", "document", html.Column("grade", html.RIGHT)]
        parts += [
            html.heading(name, numbers.counted(total, "judgment")),
            html.table(columns, rows, f"Judgments of {name}"),
            _rest(total, "judgment"),
        ]
    return html.join(parts)


def judged(folder: Path) -> int:
    """How many judgments there are in all splits."""
    return sum(count_lines(path) - 1 for path in (folder / QRELS).glob("*.tsv"))


@dataclass(frozen=True, slots=True)
class _Judged:
    query: str
    document: str
    grade: int


def _first_judged(qrels: Qrels) -> list[_Judged]:
    every = (_Judged(query, document, grade) for query, grades in qrels.items() for document, grade in grades.items())
    return list(islice(every, SHOWN))


def _found(items: Iterator[Item], wanted: set[str]) -> dict[str, Item]:
    """The items of these ids; a large file is read only until all are found."""
    found: dict[str, Item] = {}
    while len(found) < len(wanted) and (item := next(items, None)) is not None:
        if item.id in wanted:
            found[item.id] = item
    return found


def _words(items: Mapping[str, Document] | Mapping[str, Query], id_: str) -> Markup:
    item = items.get(id_)
    if item is None:
        return html.mono(id_)
    return html.text(_short((item.title if isinstance(item, Document) else "") or item.text), item.lang)


def merged_table(folder: Path) -> Markup:
    """The rows that were merged into another, or kept under a new id, and the document that stands for both."""
    path = folder / DUPLICATES
    if not path.is_file():
        return html.empty("Nothing was merged.", "No two rows have the same text or the same id.")
    first = list(islice(_lines(path), SHOWN))
    kept: dict[str, Document | Query] = dict(_found(read_documents(folder), {each["kept_as"] for each in first}))
    if len(kept) < len(first) and (folder / QUERIES).is_file():
        kept |= _found(read_queries(folder), {each["kept_as"] for each in first} - kept.keys())
    rows = [
        [
            _place(each),
            html.join([html.mono(str(each["id"])), f" {each['reason']}"]),
            html.mono(str(each["kept_as"])),
            _kept(kept.get(each["kept_as"])),
        ]
        for each in first
    ]
    made = html.table(["where", "what it was", "is now", "text"], rows, "Merged rows")
    return made + _rest(count_lines(path), "merged or renamed row")


def _kept(item: Document | Query | None) -> Markup:
    return html.text(_short(item.text, 120), item.lang) if item else html.note("cut into passages, or a judgment")


def rejected_table(folder: Path) -> Markup:
    """The rows that gave nothing, grouped by reason: how many, what to do, and the first of them."""
    groups = rejected(folder)
    if not groups:
        return html.empty("Nothing was rejected.", "Every row became a document, a query or a judgment, or was merged.")
    total = sum(group.count for group in groups)
    shown = [part for group in groups[:SHOWN] for part in _group(group)]
    stand = "stands" if total == 1 else "stand"
    more = html.note(f"{numbers.counted(total, 'rejected row')} {stand} in {REJECTS} of the ZIP, with the reason.")
    return html.join([*shown, more])


def _group(group: Group) -> list[Markup]:
    """A reason and its first rows; what is particular to a row stands with it."""
    same = all(each["reason"] == group.reason for each in group.examples)
    rows = [
        [
            _place(each),
            html.join(
                [
                    html.element("p", str(each["reason"]), cls="bh-note") if not same else "",
                    html.note("the file as a whole") if each.get("content") is None else _content(each["content"]),
                ]
            ),
        ]
        for each in group.examples
    ]
    reason, _, more = group.reason.partition(". ")
    remedy = on_page(" ".join(filter(None, [f"{more.rstrip('.')}." if more else "", group.remedy])))
    title = html.heading(reason.rstrip("."), numbers.counted(group.count, "row"))
    rest = group.count - len(group.examples)
    further = html.note(f"and {numbers.counted(rest, 'more row')}.") if rest else Markup("")
    return [title, html.note(remedy), html.table(["where", "the row itself"], rows, reason), further]


def _place(line: Mapping[str, Any]) -> Markup:
    where = f", line {line['line']:,}" if line.get("line") else f", row {line['row']:,}" if line.get("row") else ""
    return html.element("span", html.isolate(str(line["file"])) + where)


def becoming(corpus: Corpus) -> dict[str, list[Document]]:
    """The first documents by the id that they had before long ones were cut."""
    found: dict[str, list[Document]] = {}
    for document in islice(read_documents(corpus.folder), BECOME):
        found.setdefault(document.parent, []).append(document)
    return found


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _content(value: Any) -> Markup:
    return html.text(_short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))


def _short(words: str, longest: int = _LONG) -> str:
    words = " ".join(words.split(" "))
    return words if len(words) <= longest else words[:longest].rstrip() + "…"


def _rest(total: int, noun: str, plural: str = "") -> Markup:
    if total <= SHOWN:
        return Markup("")
    return html.note(f"The first {SHOWN} of {numbers.counted(total, noun, plural)}.")


def totals(corpus: Corpus) -> str:
    """``342 documents in 6 languages, 684 queries, judgments for dev and test``."""
    parts = [
        f"{numbers.counted(len(corpus.documents), 'document')} in {numbers.counted(len(corpus.languages), 'language')}",
    ]
    if corpus.queries:
        parts.append(numbers.counted(len(corpus.queries), "query", "queries"))
    if names := splits(corpus.folder):
        parts.append(f"judgments for {_and(names)}")
    return ", ".join(parts)


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
