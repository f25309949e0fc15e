"""Does a BEIR folder keep the format? Every fault, with file and line.

Errors are what beir, mteb or Bakehouse would stumble over; warnings are what they load but a person
may not mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from retrieval.beir import CORPUS, QRELS, QRELS_HEADER, QUERIES
from retrieval.errors import BakehouseError

Severity = Literal["error", "warning"]

RULES = {
    "missing-file": "A corpus.jsonl is there, and a queries.jsonl where there are judgments.",
    "empty-file": "Every file holds at least one line.",
    "utf-8": "Files are UTF-8.",
    "json": "Each line of a .jsonl file is one JSON object.",
    "id": "Each object has an _id: text that is not empty, without tab or line break.",
    "duplicate-id": "No _id stands twice in a file.",
    "text": "Each document and query has a text, which is a string.",
    "no-words": "A document has words in its title or its text.",
    "title": "A document's title is a string; it may be empty.",
    "metadata": "metadata, where there is any, is an object.",
    "qrels-header": "Judgments begin with the header query-id, corpus-id, score.",
    "qrels-columns": "Each judgment has three columns, parted by tabs.",
    "qrels-score": "A score is a whole number.",
    "unknown-query": "Judgments name queries that are there.",
    "unknown-document": "Judgments name documents that are there.",
    "duplicate-judgment": "A query and a document are judged once in a split.",
    "one-document": "A corpus has more than one document.",
}
"""Rule → what it asks for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    :param file: Relative to the folder.
    :param line: Counted from 1; 0 where the file as a whole is meant.
    :param message: What was found, what was wanted, what to do.
    """

    file: str
    line: int
    rule: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{self.severity}: {place}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Validation:
    """All faults of a folder, in the order of files and lines, and what it holds."""

    folder: Path
    faults: tuple[Fault, ...]
    documents: int
    queries: int
    judgments: int

    @property
    def valid(self) -> bool:
        """Whether there is no error; warnings do not count."""
        return not any(fault.severity == "error" for fault in self.faults)


@dataclass(slots=True)
class _Check:
    """Collects faults and what judgments may name."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    documents: dict[str, int] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)
    judgments: int = 0

    def fault(self, file: str, line: int, rule: str, message: str, severity: Severity = "error") -> None:
        self.faults.append(Fault(file, line, rule, message, severity))


def validate(folder: Path) -> list[Fault]:
    """All faults of a BEIR folder, in the order of files and lines.

    :raises BakehouseError: if there is no such folder.
    """
    return list(examine(folder).faults)


def examine(folder: Path) -> Validation:
    """Check a BEIR folder and count what it holds.

    :raises BakehouseError: if there is no such folder.
    """
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise BakehouseError(f"{folder} {found}: wanted a BEIR folder with {CORPUS}, {QUERIES} and {QRELS}/SPLIT.tsv.")
    check = _Check(folder)
    _corpus(check)
    _queries(check)
    for path in sorted((folder / QRELS).glob("*.tsv")):
        _judgments(check, f"{QRELS}/{path.name}")
    return Validation(folder, tuple(check.faults), len(check.documents), len(check.queries), check.judgments)


def _corpus(check: _Check) -> None:
    if not (check.folder / CORPUS).is_file():
        check.fault(CORPUS, 0, "missing-file", "it is missing: make one with `python -m retrieval convert`.")
        return
    for line, value in _objects(check, CORPUS, check.documents):
        words = _text(check, CORPUS, line, value, "text")
        title = value.get("title")
        if title is None:
            message = 'it has no "title": beir reads None for it. Write "title": "" where there is none.'
            check.fault(CORPUS, line, "title", message, "warning")
        elif not isinstance(title, str):
            check.fault(CORPUS, line, "title", f'"title" is {_kind(title)}: wanted a string, which may be empty.')
        if words is not None and not words and not (isinstance(title, str) and title.strip()):
            message = "neither title nor text has a word: no search can find it. Fill it in, or leave it out."
            check.fault(CORPUS, line, "no-words", message, "warning")
    if len(check.documents) == 1:
        message = "there is one document only: every search finds it. Add documents to search among."
        check.fault(CORPUS, 0, "one-document", message)


def _queries(check: _Check) -> None:
    if (check.folder / QUERIES).is_file():
        for line, value in _objects(check, QUERIES, check.queries):
            if _text(check, QUERIES, line, value, "text") == "":
                check.fault(QUERIES, line, "text", '"text" is empty: wanted a question. Fill it in, or leave it out.')
    elif any((check.folder / QRELS).glob("*.tsv")):
        check.fault(
            QUERIES, 0, "missing-file", f"it is missing, though {QRELS}/ has judgments: add the queries they name."
        )


def _text(check: _Check, file: str, line: int, value: dict[str, Any], name: str) -> str | None:
    """The stripped text, or None after noting that it is no string."""
    text = value.get(name)
    if isinstance(text, str):
        return text.strip()
    found = f'"{name}" is {_kind(text)}' if name in value else f'it has no "{name}"'
    check.fault(file, line, "text", f"{found}: wanted a string.")
    return None


def _objects(check: _Check, file: str, ids: dict[str, int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines that are objects; ids go into ``ids`` with the line where they first stand."""
    seen = False
    for line, text in _lines(check, file):
        if not text.strip():
            continue
        seen = True
        try:
            value = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            reason = getattr(error, "msg", "too deeply nested")
            check.fault(file, line, "json", f"not JSON ({reason}): wanted one object a line.")
            continue
        if not isinstance(value, dict):
            check.fault(file, line, "json", f'{_kind(value)} where an object was wanted, such as {{"_id": "1", …}}.')
            continue
        _id(check, file, line, value, ids)
        metadata = value.get("metadata", {})
        if not isinstance(metadata, dict):
            check.fault(file, line, "metadata", f'"metadata" is {_kind(metadata)}: wanted an object, or leave it out.')
        yield line, value
    if not seen:
        check.fault(file, 0, "empty-file", "it holds no lines: add some, or remove the file.")


def _id(check: _Check, file: str, line: int, value: dict[str, Any], ids: dict[str, int]) -> None:
    id_ = value.get("_id")
    if not isinstance(id_, str):
        found = f'"_id" is {_kind(id_)}' if "_id" in value else 'it has no "_id"'
        check.fault(file, line, "id", f'{found}: wanted a string, such as "_id": "{id_ if id_ is not None else 1}".')
    elif not id_.strip() or any(mark in id_ for mark in "\t\n\r"):
        check.fault(
            file, line, "id", f"the _id {id_!r} is empty or holds a tab or line break: {QRELS}/ cannot name it."
        )
    elif id_ in ids:
        check.fault(file, line, "duplicate-id", f"the _id '{id_}' stands in line {ids[id_]} already: give one another.")
    else:
        ids[id_] = line


def _judgments(check: _Check, file: str) -> None:
    grades: dict[tuple[str, str], tuple[int, int]] = {}
    seen = 0
    for line, text in _lines(check, file):
        cells = text.rstrip("\r\n").split("\t")
        if line == 1 and tuple(cells) == QRELS_HEADER:
            continue
        if line == 1:
            wanted = "\\t".join(QRELS_HEADER)
            check.fault(
                file, 1, "qrels-header", f"found {text.strip()!r}, wanted the header '{wanted}': beir drops this line."
            )
            if not _is_whole(cells[-1].strip()):
                continue
        if text.strip():
            seen += 1
            _judgment(check, file, line, cells, grades)
    check.judgments += len(grades)
    if not seen:
        check.fault(file, 0, "empty-file", "it holds no judgments: add some, or remove the file.")


def _judgment(
    check: _Check, file: str, line: int, cells: list[str], grades: dict[tuple[str, str], tuple[int, int]]
) -> None:
    if len(cells) != 3:
        wanted = "query-id, corpus-id and score, parted by tabs"
        check.fault(file, line, "qrels-columns", f"found {len(cells)} columns, wanted 3: {wanted}.")
        return
    query, document, score = cells
    if query not in check.queries:
        message = f"query '{query}' is not in {QUERIES}: add it there, or remove the judgment."
        check.fault(file, line, "unknown-query", message)
    if document not in check.documents:
        message = f"document '{document}' is not in {CORPUS}: add it there, or remove the judgment."
        check.fault(file, line, "unknown-document", message)
    if not _is_whole(score):
        message = f"the score {score!r} is no whole number: write 0 for not relevant, 1 or more for relevant."
        check.fault(file, line, "qrels-score", message)
        return
    first, grade = grades.setdefault((query, document), (line, int(score)))
    if first != line:
        other = "" if grade == int(score) else f", with the score {grade}"
        message = f"'{query}' and '{document}' are judged in line {first} already{other}: keep one of the two."
        check.fault(file, line, "duplicate-judgment", message, "error" if other else "warning")


def _lines(check: _Check, file: str) -> Iterator[tuple[int, str]]:
    """The numbered lines that are UTF-8; a byte order mark is passed over."""
    with (check.folder / file).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                remedy = "convert the file with `python -m retrieval convert`, which finds its encoding."
                check.fault(file, number, "utf-8", f"byte {error.start} of the line is not UTF-8: {remedy}")


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii()


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
