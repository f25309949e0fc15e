"""From entries to documents, queries and judgments: ids are settled and duplicates merged.

- An id of the source is kept, as text. Where it stands twice with the same text, the rows are
  merged; with another text, the later row is kept as ``id~2``. Both are listed.
- A row without an id gets one made of its source's name and its number; if title and text were
  seen before, it is merged into the document that has them, and listed.
- An id with a tab or a line break is refused: ``qrels/SPLIT.tsv`` could not name it.
- Queries likewise, by their text. A judgment given twice is merged; with another grade, rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from retrieval.beir import document_content
from retrieval.convert.clean import clean, clean_value, repairs
from retrieval.convert.entries import Entry, Judgment, Origin, Passage, Problem, Question
from retrieval.convert.ids import RENAMED, Ids
from retrieval.records import Document, Query

Outcome = Literal["kept", "merged", "rejected"]
TWICE = "judged twice"
NO_TEXT = Problem("no text", "Fill in the text column, or leave the row out.")
NOT_AN_ID = Problem("the id holds a tab or a line break", "Choose another id column, or none, so that ids are made.")
NO_QUESTION = Problem("a query without text", "Fill in the question, or leave the row out.")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that was merged into another, or kept under a new id: a line of ``duplicates.jsonl``."""

    origin: Origin
    id: str
    kept_as: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgment by the ids of the folder."""

    split: str
    query_id: str
    document_id: str
    grade: int


@dataclass(slots=True)
class Settled:
    """What one entry adds to the folder.

    :param about: Query id → the id of the document it is about, where the source says so.
    """

    documents: list[Document] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    judgments: list[Judged] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """What became of the row: rejected if any part of it was, merged if it added nothing."""
        if self.problems:
            return "rejected"
        return "kept" if self.documents or self.queries or self.judgments else "merged"


class Intake:
    """Settles one entry after the other. Keys of passages and questions hold within their source.

    :param written: The documents that :meth:`take` kept so far.
    """

    def __init__(self, split: str, written: Callable[[], Iterable[Document]] = tuple) -> None:
        self._split = split
        self._documents = Ids(lambda: ((each.id, document_content(each.title, each.text)) for each in written()))
        self._queries = Ids()
        self._grades: dict[tuple[str, str, str], int] = {}
        self.start_source(links=False)

    def start_source(self, *, links: bool) -> None:
        """Forget the keys of the last source.

        :param links: Whether judgments stand in other rows than what they judge, so that keys must
            be remembered throughout the source.
        """
        self._links = links
        self._document_of: dict[str, str] = {}
        self._query_of: dict[str, str] = {}

    def take(self, ids: Sequence[str], digests: Callable[[], Sequence[bytes]], *, own: bool) -> bool:
        """Settle many documents that are nothing but that, if each is new and keeps its id; else none of them.

        :param digests: Works out :func:`retrieval.convert.ids.digest_of` the :func:`retrieval.beir.document_content` of each.
        :param own: Whether the source gives the ids.
        """
        return self._documents.take(ids, digests, own=own)

    def settle(self, entry: Entry) -> Settled:
        """What an entry adds; call it in the order of the rows."""
        if not self._links:
            self._document_of.clear()
            self._query_of.clear()
        settled = Settled(problems=list(entry.problems), notes=list(entry.notes))
        for passage in entry.passages:
            self._passage(passage, entry.origin, settled)
        for question in entry.questions:
            self._question(question, entry.origin, settled)
        for judgment in entry.judgments:
            self._judgment(judgment, entry, settled)
        return settled

    def _passage(self, passage: Passage, origin: Origin, settled: Settled) -> None:
        title, text = clean(passage.title), clean(passage.text)
        settled.notes += [note for part in (passage.title, passage.text) for note in repairs(part)]
        own = _own_id(passage.id, settled)
        if own is None:
            return
        if not (title or text or passage.may_be_empty):
            settled.problems.append(NO_TEXT)
            return
        id_, reason = self._documents.settle(own, clean(passage.auto_id), document_content(title, text))
        self._document_of.setdefault(passage.key, id_)
        if reason:
            settled.duplicates.append(Duplicate(origin, own or passage.auto_id, id_, reason))
        if reason in ("", RENAMED):
            settled.documents.append(Document(id_, text, title, _metadata(passage.lang, passage.metadata)))

    def _question(self, question: Question, origin: Origin, settled: Settled) -> None:
        text = clean(question.text)
        settled.notes += repairs(question.text)
        own = _own_id(question.id, settled)
        if own is None:
            return
        if not text:
            settled.problems.append(NO_QUESTION)
            return
        id_, reason = self._queries.settle(own, clean(question.auto_id), text)
        self._query_of.setdefault(question.key, id_)
        if reason:
            settled.duplicates.append(Duplicate(origin, own or question.auto_id, id_, reason))
        if reason in ("", RENAMED):
            settled.queries.append(Query(id_, text, _metadata(question.lang, question.metadata)))
            if question.about in self._document_of:
                settled.about[id_] = self._document_of[question.about]

    def _judgment(self, judgment: Judgment, entry: Entry, settled: Settled) -> None:
        query_id, document_id = self._query_of.get(judgment.query), self._document_of.get(judgment.document)
        if query_id is None or document_id is None:
            if not settled.problems:  # else the missing part has been rejected, with its reason
                settled.problems.append(_unknown(judgment, query_id is None))
            return
        key = (judgment.split or self._split, query_id, document_id)
        given = self._grades.get(key)
        if given is None:
            self._grades[key] = judgment.grade
            settled.judgments.append(Judged(*key, judgment.grade))
        elif given != judgment.grade:
            problem = Problem(f"graded {judgment.grade} here and {given} before", "Give each pair one grade.")
            settled.problems.append(problem)
        elif not entry.questions:  # else the row is listed already, by its question
            pair = f"{query_id} {document_id}"
            settled.duplicates.append(Duplicate(entry.origin, pair, pair, TWICE))


def _unknown(judgment: Judgment, query: bool) -> Problem:
    kind, id_ = ("query", judgment.query) if query else ("document", judgment.document)
    return Problem(f"judges the unknown {kind} '{id_}'", f"Add the {kind}, or leave the judgment out.")


def _own_id(id_: str, settled: Settled) -> str | None:
    """The source's id, cleaned; None if it cannot be one, which is noted as a problem."""
    cleaned = clean(id_)
    settled.notes += [f"id {note}" for note in repairs(id_)]
    if "\t" in cleaned or "\n" in cleaned:
        settled.problems.append(NOT_AN_ID)
        return None
    return cleaned


def _metadata(lang: str, metadata: Mapping[str, object]) -> dict[str, object]:
    cleaned: dict[str, object] = clean_value(metadata)
    return {"lang": lang, **cleaned} if lang else cleaned
