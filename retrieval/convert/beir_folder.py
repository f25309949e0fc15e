"""A BEIR folder, copied through and read leniently.

Ids that are numbers become text, a missing title is empty, judgments may lack their header, have
TREC's four columns, spaces for tabs, or a grade such as ``1.0``. Documents without a word stay, as BEIR's own sets have
some. What cannot be read is rejected; judgments of unknown queries or documents too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retrieval.beir import CORPUS, QRELS, QRELS_HEADER, QUERIES
from retrieval.convert.encoding import detect, open_text
from retrieval.convert.entries import Entry, Judgment, Origin, Passage, Problem, Question
from retrieval.convert.jsons import line_rows
from retrieval.convert.options import Options
from retrieval.convert.rows import Row, text_of

EMPTY = "has neither title nor text, and is kept as BEIR folders keep it"
_GRADE_NAMES = ("score", "relevance", "rel", "relevancy", "grade", "label", "qrel")
_NO_ID = Problem("no _id", "Give the line an _id: judgments name it by that.")
_NO_OBJECT = Problem("a _id, title or text that is an object or a list of objects", "Write it as text.")


def is_beir(folder: Path) -> bool:
    """Whether a folder holds a corpus of BEIR's."""
    return (folder / CORPUS).is_file()


@dataclass(frozen=True, slots=True)
class BeirFolder:
    """The entries of a BEIR folder: the corpus, then the queries, then every split's judgments."""

    folder: Path
    name: str
    options: Options

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        number = 0
        for file, entries in self._files():
            for entry in entries:
                number += 1
                yield replace(entry, origin=replace(entry.origin, file=file, row=number))

    def _files(self) -> Iterator[tuple[str, Iterator[Entry]]]:
        yield f"{self.name}/{CORPUS}", map(_document, self._lines(CORPUS))
        if (self.folder / QUERIES).is_file():
            yield f"{self.name}/{QUERIES}", map(_query, self._lines(QUERIES))
        for path in sorted((self.folder / QRELS).glob("*.tsv")):
            yield f"{self.name}/{QRELS}/{path.name}", self._judgments(path)

    def _lines(self, file: str) -> Iterator[Row]:
        path = self.folder / file
        return line_rows(path, detect(path, self.options.encoding), file)()

    def _judgments(self, path: Path) -> Iterator[Entry]:
        with open_text(path, detect(path, self.options.encoding)) as lines:
            for number, line in enumerate(lines, 1):
                cells = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
                header = number == 1 and cells[-1:] and cells[-1].strip().lower() in _GRADE_NAMES
                if line.strip() and not header:
                    yield _judgment(cells, path.stem, Origin("", 0, number))


def _document(row: Row) -> Entry:
    parts = _parts(row, ("_id", "id"), ("title",), ("text",))
    if isinstance(parts, Problem):
        return Entry(row.origin, row.raw, problems=(parts,))
    id_, title, text = parts
    passage = Passage(id_, text, title, id_, lang="", metadata=_metadata(row), may_be_empty=True)
    notes = () if (title + text).strip() else (EMPTY,)
    return Entry(row.origin, row.raw, passages=(passage,), notes=notes)


def _query(row: Row) -> Entry:
    parts = _parts(row, ("_id", "id"), ("text", "query"))
    if isinstance(parts, Problem):
        return Entry(row.origin, row.raw, problems=(parts,))
    id_, text = parts
    return Entry(row.origin, row.raw, questions=(Question(id_, text, id_, metadata=_metadata(row)),))


def _parts(row: Row, *names: tuple[str, ...]) -> list[str] | Problem:
    """For each part the value under the first name that is there, or why there is none."""
    if row.problem:
        return row.problem
    parts = [text_of(next((row.raw[name] for name in choice if name in row.raw), "")) for choice in names]
    if None in parts:
        return _NO_OBJECT
    texts = [part or "" for part in parts]
    return texts if texts[0].strip() else _NO_ID


def _metadata(row: Row) -> dict[str, Any]:
    metadata = row.raw.get("metadata")
    return dict(metadata) if isinstance(metadata, dict) else {}


def _judgment(cells: list[str], split: str, origin: Origin) -> Entry:
    query, document, grade = (cells[0], *cells[-2:]) if len(cells) in (3, 4) else ("", "", "")
    if not query.strip() or not document.strip() or not _grade(grade):
        wanted = " ".join(QRELS_HEADER)
        problem = Problem(
            f"no judgment: wanted {wanted}, parted by tabs", "Write the line so, the score a whole number."
        )
        return Entry(origin, cells, problems=(problem,))
    judgment = Judgment(query.strip(), document.strip(), int(float(grade)), split)
    return Entry(origin, cells, judgments=(judgment,))


def _grade(cell: str) -> bool:
    try:
        return float(cell).is_integer()
    except ValueError:
        return False
