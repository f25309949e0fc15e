"""What is in a BEIR folder, as tables, and as the format itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from markupsafe import Markup

from retrieval.beir import CORPUS, QRELS, QUERIES, Corpus, splits
from retrieval.convert.folder import REJECTS
from retrieval.page import html, numbers
from retrieval.page.rules import rules_panel
from retrieval.page.tongues import language_name

SHOWN = 20
_LONG = 240
_LINE = 160


def documents_table(corpus: Corpus) -> Markup:
    """The first documents: id, language, title and text."""
    rows = [
        [
            html.mono(document.id),
            html.tag(document.lang, language_name(document.lang)),
            html.text(_short(document.title, 80), document.lang),
            html.text(_short(document.text), document.lang),
        ]
        for document in corpus.documents[:SHOWN]
    ]
    made = html.table(["id", "language", "title", "text"], rows, "Documents")
    return made + _rest(len(corpus.documents), "document")


def queries_table(corpus: Corpus) -> Markup:
    """The first queries, or what to do without any."""
    if not corpus.queries:
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
        for query in corpus.queries[:SHOWN]
    ]
    return html.table(["id", "language", "text"], rows, "Queries") + _rest(len(corpus.queries), "query", "queries")


def judgments_table(corpus: Corpus) -> Markup:
    """The first judgments of every split, with the words they are about."""
    names = splits(corpus.folder)
    if not names:
        return html.empty("No judgments.", "None are needed to train; with some, the scores are about real questions.")
    questions = {query.id: query for query in corpus.queries}
    documents = {document.id: document for document in corpus.documents}
    parts = []
    for name in names:
        qrels = corpus.qrels(name)
        judged = ((q, d, grade) for q, grades in qrels.items() for d, grade in grades.items())
        rows = [
            [
                html.text(_short(questions[q].text), questions[q].lang) if q in questions else html.mono(q),
                html.text(_short(documents[d].title or documents[d].text), documents[d].lang)
                if d in documents
                else html.mono(d),
                str(grade),
            ]
            for q, d, grade in islice(judged, SHOWN)
        ]
        total = sum(map(len, qrels.values()))
        columns: list[html.Column | str] = ["query", "document", html.Column("grade", html.RIGHT)]
        parts += [
            html.heading(name, numbers.counted(total, "judgment")),
            html.table(columns, rows, f"Judgments of {name}"),
        ]
        parts.append(_rest(total, "judgment"))
    return html.join(parts)


def rejected_table(folder: Path) -> Markup:
    """The rows that gave nothing, with the reason and the remedy."""
    path = folder / REJECTS
    if not path.is_file():
        return html.empty("Nothing was rejected.", "Every row became a document, a query or a judgment, or was merged.")
    rejects = list(islice(_lines(path), SHOWN + 1))
    rows = [
        [
            html.join(
                [
                    html.text(str(each["file"])),
                    f", {'line' if 'line' in each else 'row'} {each.get('line', each['row'])}",
                ]
            ),
            html.join([f"{each['reason']}. ", html.element("span", str(each["remedy"]), cls="bh-aside")]),
            html.text(_short(_content(each.get("content")), 120)),
        ]
        for each in rejects[:SHOWN]
    ]
    more = html.note(f"The first {SHOWN}; all stand in {REJECTS}.") if len(rejects) > SHOWN else ""
    return html.table(["where", "why, and what to do", "content"], rows, "Rejected rows") + more


def format_panel(corpus: Corpus) -> Markup:
    """The three files of the format, with this corpus's own first lines, and the rules."""
    files = [(CORPUS, "one document a line"), (QUERIES, "one question a line; optional")]
    names = splits(corpus.folder) or ["test"]
    files += [(f"{QRELS}/{name}.tsv", "which document answers which query; optional") for name in names[:1]]
    return html.join([*(_file(corpus.folder, name, about) for name, about in files), rules_panel()])


def _file(folder: Path, name: str, about: str) -> Markup:
    path = folder / name
    title = html.element(
        "p", html.join([html.mono(name), " ", html.element("span", about, cls="bh-aside")]), cls="bh-file"
    )
    if not path.is_file():
        return title + html.note("This corpus has none.")
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        first = [line.rstrip("\r\n") for line in islice(lines, 2)]
    return title + html.element(
        "pre", "\n".join(_short(line, _LINE) for line in first), cls="bh-lines", tabindex=0, dir="ltr"
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _content(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
