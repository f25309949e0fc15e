"""The BEIR format field by field, beside a corpus's own first lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from markupsafe import Markup

from retrieval.beir import CORPUS, QRELS, QRELS_HEADER, QUERIES, Corpus, splits
from retrieval.page import html
from retrieval.page.rules import rules_panel
from retrieval.page.tongues import language_name

_LINE = 160
_VALUE = 60
_LANG = "Its language, as a code of BCP 47. Bakehouse's own field: other tools pass it over."
_FIELDS: Mapping[str, Mapping[str, str]] = {
    CORPUS: {
        "_id": "Names the document: a string, once in the file. Judgments point to it.",
        "title": "Searched together with the text. May be empty.",
        "text": "What is searched and shown. A model reads its beginning, up to its limit.",
        "metadata.lang": _LANG,
        "metadata.parent": "The document that this passage was cut from; results can be grouped by it.",
        "metadata.part": "Which of its passages this is, from 1.",
        "metadata.parts": "How many there are.",
    },
    QUERIES: {
        "_id": "Names the query: a string, once in the file. Judgments point to it.",
        "text": "The question, as a person asks it.",
        "metadata.lang": _LANG,
    },
    QRELS: {
        "query-id": "The _id of a query.",
        "corpus-id": "The _id of a document that was judged for it.",
        "score": "A whole number: 0 for not relevant, 1 or more for relevant, the better the higher.",
    },
}
"""File → field → what it is for."""
_OTHER = "Carried over from your data; shown nowhere, kept in every copy."


def format_panel(corpus: Corpus) -> Markup:
    """The three files of the format, each with its first lines and its fields explained, and the rules."""
    names = splits(corpus.folder) or ["test"]
    return html.join(
        [
            _file(corpus.folder / CORPUS, CORPUS, "one document a line"),
            _file(corpus.folder / QUERIES, QUERIES, "one question a line; optional"),
            _file(
                corpus.folder / QRELS / f"{names[0]}.tsv",
                f"{QRELS}/{names[0]}.tsv",
                "which document answers which query; optional",
            ),
            rules_panel(),
        ]
    )


def _file(path: Path, name: str, about: str) -> Markup:
    aside = html.element("span", about, cls="bh-aside")
    title = html.element("p", html.join([html.mono(name), " ", aside]), cls="bh-file")
    if not path.is_file():
        return title + html.note("This corpus has none.")
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        first = [line.rstrip("\r\n") for line in islice(lines, 2)]
    shown = html.element("pre", "\n".join(map(_short, first)), cls="bh-lines", tabindex=0, dir="ltr")
    return title + shown + _explained(name, first)


def _explained(name: str, first: list[str]) -> Markup:
    """Each field: its value in the first line, and what it is for."""
    values = _judgment(first) if name.endswith(".tsv") else _object(first)
    known = _FIELDS[QRELS if name.endswith(".tsv") else name]
    fields = [*(field for field in known if field in values), *(field for field in values if field not in known)]
    return html.element(
        "div", html.pairs((html.mono(f), _field(known.get(f, _OTHER), values[f])) for f in fields), cls="bh-fields"
    )


def _field(meaning: str, value: str) -> Markup:
    words = value if len(value) <= _VALUE else value[:_VALUE].rstrip() + "…"
    return html.join([html.text(words) if words else html.note("empty"), html.element("p", meaning, cls="bh-note")])


def _object(lines: list[str]) -> dict[str, str]:
    try:
        value = json.loads(lines[0]) if lines else {}
    except json.JSONDecodeError:  # the rules below say what is wrong with it
        return {}
    if not isinstance(value, dict):
        return {}
    inner = value.pop("metadata", None)
    flat: dict[str, Any] = value | {f"metadata.{name}": each for name, each in (inner or {}).items()}
    if code := flat.get("metadata.lang"):
        flat["metadata.lang"] = f"{code}: {html.isolate(language_name(code))}"
    return {
        name: each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for name, each in flat.items()
    }


def _judgment(lines: list[str]) -> dict[str, str]:
    cells = lines[1].split("\t") if len(lines) > 1 else []
    return dict(zip(QRELS_HEADER, cells, strict=False))


def _short(line: str) -> str:
    return line if len(line) <= _LINE else line[:_LINE].rstrip() + "…"
