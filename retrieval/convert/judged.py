"""Tables beside TREC's judgments: one of documents, one of queries, and lines that name both by their ids.

A table whose name says so (``queries``, ``topics``, ``questions``) holds queries, the others hold
documents. Queries and judgments in the same folder belong together, so that ``train`` and ``dev`` may
each count from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.convert import trec
from retrieval.convert.entries import Entry, Question
from retrieval.convert.finding import Found
from retrieval.convert.kinds import kind_of
from retrieval.convert.mapped import Mapped
from retrieval.convert.options import Options

_ASKS = re.compile(r"(^|[^a-z])(queries|query|topics|questions)([^a-z]|$)", re.I)
FORMAT = "tables with judgments"
_TABLES = ("table", "json", "parquet", "arrow")


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of such a set."""

    documents: Sequence[Found]
    queries: Sequence[Found]
    judgments: Sequence[Found]


@dataclass(frozen=True, slots=True)
class Judged:
    """The entries of such a set: documents, then queries, then judgments.

    :param queries: By the folder they lie in.
    """

    documents: Sequence[Mapped]
    queries: Sequence[tuple[str, Mapped]]
    judgments: Sequence[Found]
    options: Options

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        for table in self.documents:
            yield from map(_by_id, table())
        for folder, table in self.queries:
            yield from (_asked(entry, f"{folder}/") for entry in table())
        folders = {folder for folder, _ in self.queries}
        for found in self.judgments:
            of = found.folder if found.folder in folders else self.queries[0][0]
            yield from trec.judgments(found.name, found.file, self.options, f"{of}/")


def parts(found: Sequence[Found]) -> Parts | None:
    """The files of such a set, or None if documents, queries or judgments are missing."""
    usable = [each for each in found if not each.trouble]
    tables = [each for each in usable if kind_of(each.file) in _TABLES]
    queries = [each for each in tables if _ASKS.search(each.file.stem)]
    documents = [each for each in tables if each not in queries]
    judgments = [each for each in usable if trec.kind(each.file) == "judgments"]
    return Parts(documents, queries, judgments) if documents and queries and judgments else None


def _by_id(entry: Entry) -> Entry:
    return replace(entry, passages=tuple(replace(each, key=each.id) for each in entry.passages))


def _asked(entry: Entry, prefix: str) -> Entry:
    """A row of a table of queries, whose text is the query."""
    questions = tuple(
        Question(prefix + each.id, each.text or each.title, each.id, each.auto_id, each.lang, metadata=each.metadata)
        for each in entry.passages
    )
    return replace(entry, passages=(), questions=questions)
