"""Writing the BEIR folder, with what was merged and what was rejected beside it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from retrieval.beir import CORPUS, QRELS, QRELS_HEADER, QUERIES, document_line, query_line, read_documents
from retrieval.convert.entries import Entry, Plain, Problem
from retrieval.convert.intake import Duplicate, Settled
from retrieval.convert.namer import BATCH, Namer
from retrieval.records import Document, Query

REJECTS = "rejects.jsonl"
DUPLICATES = "duplicates.jsonl"


@dataclass(frozen=True, slots=True)
class Counts:
    """What came in and what went out: ``rows = kept + merged + rejected``.

    A kept row gave a document, a query or a judgment, or several of these.
    """

    rows: int = 0
    kept: int = 0
    merged: int = 0
    rejected: int = 0
    documents: int = 0
    queries: int = 0
    judgments: int = 0


class FolderWriter:
    """Writes a BEIR folder as the rows come; files without lines are not made."""

    def __init__(self, folder: Path, namer: Namer) -> None:
        self._folder = folder
        self._namer = namer
        self._files: dict[str, TextIO] = {}
        self._open = ExitStack()
        self._documents: list[Document] = []
        self._queries: list[Query] = []
        self._about: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._links = False

    def __enter__(self) -> FolderWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add(self, entry: Entry, settled: Settled) -> None:
        """Write what a row adds, and where it went if it added nothing."""
        self._counts.update({"rows": 1, settled.outcome: 1})
        self._documents += settled.documents
        self._queries += settled.queries
        self._about |= settled.about
        if len(self._documents) + len(self._queries) >= BATCH:
            self._flush()
        for judged in settled.judgments:
            line = f"{judged.query_id}\t{judged.document_id}\t{judged.grade}\n"
            self._write(f"{QRELS}/{judged.split}.tsv", line, header="\t".join(QRELS_HEADER) + "\n")
        for duplicate in settled.duplicates:
            self._write(DUPLICATES, _line(_duplicate(duplicate)))
        if settled.problems:
            self._write(REJECTS, _line(_reject(entry, settled.problems)))
        self._counts["judgments"] += len(settled.judgments)

    def add_plain(self, plain: Plain) -> None:
        """Write many documents at once."""
        self._flush()
        stream = self._file(CORPUS)
        stream.flush()
        stream.buffer.write(plain.lines())
        self._namer.count(plain.languages)
        self._counts.update(dict.fromkeys(("rows", "kept", "documents"), len(plain.ids)))

    def written(self) -> Iterator[Document]:
        """The documents that have been written; others may still wait for their language."""
        if CORPUS in self._files:
            self._files[CORPUS].flush()
            yield from read_documents(self._folder)

    def start_source(self, *, links: bool) -> None:
        """Write what still waits for its language, and begin a source.

        :param links: Whether questions may stand far from the passages they are about.
        """
        self._flush()
        self._namer.forget()
        self._namer.start_source()
        self._links = links

    def finish(self) -> Counts:
        """Write what still waits, and count."""
        self._flush()
        return self.counts

    @property
    def counts(self) -> Counts:
        """The counts of what is written; complete after :meth:`finish`."""
        return Counts(**self._counts)

    def _flush(self) -> None:
        for document in self._namer.name_documents(self._documents):
            self._write(CORPUS, document_line(document))
        for query in self._namer.name_queries(self._queries, self._about):
            self._write(QUERIES, query_line(query))
        self._counts.update({"documents": len(self._documents), "queries": len(self._queries)})
        self._documents, self._queries, self._about = [], [], {}
        if not self._links:
            self._namer.forget()

    def _write(self, name: str, line: str, header: str = "") -> None:
        self._file(name, header).write(line)

    def _file(self, name: str, header: str = "") -> TextIO:
        if name not in self._files:
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[name] = self._open.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            self._files[name].write(header)
        return self._files[name]


def _line(value: dict[str, Any]) -> str:
    """A line that any byte survives: what is rejected may hold what UTF-8 cannot write."""
    try:
        line = json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:  # NaN or Infinity, which are no JSON
        return _line(_finite(value))
    return line.encode("utf-8", "backslashreplace").decode() + "\n"


def _finite(value: Any) -> Any:
    """The value with its numbers that are none as text."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _place(entry: Entry | Duplicate) -> dict[str, Any]:
    origin = entry.origin
    numbers = {"row": origin.row, "line": origin.line}
    return {"file": origin.file} | {name: number for name, number in numbers.items() if number}


def _reject(entry: Entry, problems: list[Problem]) -> dict[str, Any]:
    reason = "; ".join(dict.fromkeys(problem.reason for problem in problems))
    remedy = " ".join(dict.fromkeys(problem.remedy for problem in problems))
    return {**_place(entry), "reason": reason, "remedy": remedy, "content": entry.raw}


def _duplicate(duplicate: Duplicate) -> dict[str, Any]:
    return {**_place(duplicate), "id": duplicate.id, "kept_as": duplicate.kept_as, "reason": duplicate.reason}
