"""What readers yield: the content of one input row, before ids are settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row stands.

    :param file: As the person named it, or relative to the folder they named.
    :param row: Counted from 1 among the rows of the source, headers and blank lines apart; 0 where
        the file as a whole is meant.
    :param line: Its first line in the file, counted from 1; 0 where rows are no lines.
    """

    file: str
    row: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A document to be.

    :param key: Names it within its source, for judgments.
    :param id: As the source gives it; empty if the source gives none.
    :param auto_id: The id it gets where the source gives none.
    :param lang: A language code, or empty if the source does not say.
    :param may_be_empty: Whether it is kept without a word in it, as BEIR folders have some.
    """

    key: str
    text: str
    title: str = ""
    id: str = ""
    auto_id: str = ""
    lang: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A query to be; fields as in :class:`Passage`.

    :param about: The key of the passage it is about: a hint at its language. May be empty.
    """

    key: str
    text: str
    id: str = ""
    auto_id: str = ""
    lang: str = ""
    about: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgment:
    """A grade for a query and a document, named by their keys."""

    query: str
    document: str
    grade: int = 1
    split: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row, or a part of it, cannot be used, and what to do."""

    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One input row and all that it holds.

    :param raw: The row as read, for ``rejects.jsonl``.
    :param problems: What of it cannot be used; the rest still is.
    :param notes: What was repaired or guessed in it, and is reported as a warning.
    """

    origin: Origin
    raw: Any = None
    passages: tuple[Passage, ...] = ()
    questions: tuple[Question, ...] = ()
    judgments: tuple[Judgment, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plain:
    """Whole rows of a table as documents.

    :param last: The last of them, with the line that it ends in.
    :param ids: Of the source, if ``own``; else as made.
    :param digests: Works out the digest of each one's title and text.
    :param lines: Makes the lines of ``corpus.jsonl``.
    :param languages: Language code → documents.
    :param entries: Starts reading the same rows one by one.
    """

    last: Origin
    ids: list[str]
    own: bool
    digests: Callable[[], list[bytes]]
    lines: Callable[[], memoryview]
    languages: Counter[str]
    entries: Callable[[], Iterator[Entry]]
