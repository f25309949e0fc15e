"""A BEIR folder, copied through and read leniently; its files may be packed (``corpus.jsonl.gz``).

Ids that are numbers become text, a missing title is empty, judgments may lack their header, have
TREC's four columns, spaces for tabs, or a grade such as ``1.0``. Documents without a word stay, as BEIR's own sets have
some. What cannot be read is rejected; judgments of unknown queries or documents too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from retrieval.beir import CORPUS, QRELS, QRELS_HEADER, QUERIES
from retrieval.convert import gpl
from retrieval.convert.encoding import detect, open_text
from retrieval.convert.entries import Entry, Judgment, Origin, Passage, Problem, Question
from retrieval.convert.files import File
from retrieval.convert.jsons import line_rows
from retrieval.convert.options import Options
from retrieval.convert.rows import Row, text_of

EMPTY = "has neither title nor text, and is kept as BEIR folders keep it"
GRADE_NAMES = ("score", "relevance", "rel", "relevancy", "grade", "label", "qrel")
_NO_ID = Problem("no _id", "Give the line an _id: judgments name it by that.")
_NO_OBJECT = Problem("a _id, title or text that is an object or a list of objects", "Write it as text.")


def beir_name(name: str) -> str:
    """A file's name as the BEIR format has it: without the ending of gzip."""
    return name.removesuffix(".gz")


@dataclass(frozen=True, slots=True)
class BeirFolder:
    """The entries of a BEIR folder: the corpus, then the queries, then every split's judgments.

    Generated queries as the GPL toolkit names them (``qgen-queries.jsonl``, ``qgen-qrels/``) are read
    like the others; they have ids of their own, so judgments of one kind name no query of the other.

    :param files: Name within the folder, and the file.
    :param name: The folder's, in reports.
    """

    files: Mapping[str, File]
    name: str
    options: Options

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        number = 0
        for file, entries in self._files():
            for entry in entries:
                number += 1
                yield replace(entry, origin=replace(entry.origin, file=f"{self.name}/{file}", row=number))

    def _files(self) -> Iterator[tuple[str, Iterator[Entry]]]:
        names = {beir_name(name): name for name in sorted(self.files, key=lambda name: (gpl.KIND in name, name))}
        yield names[CORPUS], map(document_entry, self._lines(names[CORPUS]))
        for name, file in names.items():
            if "/" not in name and name.endswith(QUERIES):
                yield file, map(partial(query_entry, name.removesuffix(QUERIES)), self._lines(file))
        for name, file in names.items():
            folder, _, split = name.rpartition("/")
            if "/" not in folder and folder.endswith(QRELS) and split.endswith(".tsv"):
                kind = folder.removesuffix(QRELS)
                yield file, self._judgments(self.files[file], split.removesuffix(".tsv"), kind)
        for name, read in gpl.READERS.items():
            if name in names:
                yield names[name], read(self.files[names[name]], self.options)

    def _lines(self, name: str) -> Iterator[Row]:
        file = self.files[name]
        return line_rows(file, detect(file, self.options.encoding), name)()

    def _judgments(self, file: File, split: str, kind: str) -> Iterator[Entry]:
        with open_text(file, detect(file, self.options.encoding)) as lines:
            for number, line in enumerate(lines, 1):
                cells = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
                header = number == 1 and cells[-1:] and cells[-1].strip().lower() in GRADE_NAMES
                if line.strip() and not header:
                    yield judgment_entry(cells, split, Origin("", 0, number), kind)


def document_entry(row: Row) -> Entry:
    """A document, which may be without a word."""
    parts = _parts(row, ("_id", "id"), ("title",), ("text",))
    if isinstance(parts, Problem):
        return Entry(row.origin, row.raw, problems=(parts,))
    id_, title, text = parts
    passage = Passage(id_, text, title, id_, lang="", metadata=_metadata(row), may_be_empty=True)
    notes = () if (title + text).strip() else (EMPTY,)
    return Entry(row.origin, row.raw, passages=(passage,), notes=notes)


def query_entry(kind: str, row: Row) -> Entry:
    """A query.

    :param kind: What its key begins with.
    """
    parts = _parts(row, ("_id", "id"), ("text", "query"))
    if isinstance(parts, Problem):
        return Entry(row.origin, row.raw, problems=(parts,))
    id_, text = parts
    return Entry(row.origin, row.raw, questions=(Question(kind + id_, text, id_, metadata=_metadata(row)),))


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


def judgment_entry(cells: Sequence[str], split: str, origin: Origin, kind: str = "") -> Entry:
    """A line of judgments: BEIR's three columns or TREC's four.

    :param kind: What the keys of its queries begin with.
    """
    query, document, grade = (cells[0], *cells[-2:]) if len(cells) in (3, 4) else ("", "", "")
    if not query.strip() or not document.strip() or not _grade(grade):
        wanted = " ".join(QRELS_HEADER)
        problem = Problem(
            f"no judgment: wanted {wanted}, parted by tabs", "Write the line so, the score a whole number."
        )
        return Entry(origin, list(cells), problems=(problem,))
    judgment = Judgment(kind + query.strip(), document.strip(), int(float(grade)), split)
    return Entry(origin, list(cells), judgments=(judgment,))


def _grade(cell: str) -> bool:
    try:
        return float(cell).is_integer()
    except ValueError:
        return False
