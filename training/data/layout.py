"""Which column of a person's own training data is what, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from retrieval.convert import names
from retrieval.convert.names import normalise, take_apart
from retrieval.errors import BakehouseError
from retrieval.languages import code_of, known_codes

_NAMES = {
    "query": "query question anchor queries",
    "positive": "positive pos passage answer document doc context response",
    "score": "score scores label labels similarity similarity_score relevance margin",
    "text": "text sentence",
    "class": "class category topic intent",
    "lang": "lang language",
    "sentence1": "sentence1 sentence_1 sentence_a text1 text_1 text_a premise",
    "sentence2": "sentence2 sentence_2 sentence_b text2 text_2 text_b hypothesis",
    "source": "source src",
    "target": "target tgt translation",
    "vector": "vector embedding",
    "id": "id _id qid pid idx index",
}
_ROLE_OF = {name: role for role, of_role in _NAMES.items() for name in of_role.split()}
_NEGATIVE = re.compile(r"(hard_?)?neg(ative)?s?_?\d*")
_ELSEWHERE = {"query": "query", "answer": "positive", "text": "text", "lang": "lang", "score": "score", "id": "id"}
"""Roles of documents to convert, whose names stand there in many languages → roles here."""

WANTED = (
    "query (question, anchor) and positive (passage, answer), with negative, negative_1, … or negatives, and with score "
    "or label if there is one; sentence1 and sentence2, with score or label; text, with class or vector; source and "
    "target, or columns named by languages (en, de, …); lang (language) beside any of them"
)
"""What columns can be called, in words."""


@dataclass(frozen=True)
class Layout:
    """Role → column.

    :param negatives: The columns of negatives, in file order.
    :param languages: Language code → column, where columns are translations of each other.
    """

    columns: Mapping[str, str]
    negatives: tuple[str, ...] = ()
    languages: Mapping[str, str] | None = None

    def __contains__(self, role: str) -> bool:
        return role in self.columns

    @property
    def pair(self) -> tuple[str, str] | None:
        """The roles of the two texts that belong together, if there are two."""
        couples = (("query", "positive"), ("sentence1", "sentence2"))
        return next((couple for couple in couples if couple[0] in self and couple[1] in self), None)

    @property
    def single(self) -> str | None:
        """The role of the one text of a row, where there is no second."""
        return next((role for role in ("text", "query", "positive") if role in self), None)

    @property
    def evidence(self) -> list[str]:
        """What each column was taken for."""
        told = [f"'{column}' is the {role}" for role, column in self.columns.items() if role != "id"]
        told += [f"'{column}' is a negative" for column in self.negatives]
        told += [f"'{column}' is the sentence in {code}" for code, column in (self.languages or {}).items()]
        return told + ([f"'{self.columns['id']}' is not read"] if "id" in self else [])


def recognise(columns: Sequence[str], whose: str) -> Layout:
    """Give each column its role.

    :param whose: What to call the data in an error.
    :raises BakehouseError: if a column is unknown, two have the same role, or no shape comes of them.
    """
    translations = _translations([column for column in columns if normalise(column) not in _ROLE_OF])
    roles = {column: _role(column) for column in columns if column not in translations.values()}
    unknown = [column for column, role in roles.items() if role is None]
    if unknown:
        raise BakehouseError(f"{_found(whose, columns)}, and {_quoted(unknown)} says nothing. {_remedy()}")
    negatives = tuple(column for column, role in roles.items() if role == "negative")
    named = _once({column: role for column, role in roles.items() if role not in (None, "negative")}, whose)
    if "query" in named and "positive" not in named and "text" in named:
        named["positive"] = named.pop("text")
    layout = Layout(named, negatives, translations or None)
    if problem := _problem(layout):
        raise BakehouseError(f"{_found(whose, columns)}: {problem}. {_remedy()}")
    return layout


def _role(column: str) -> str | None:
    name = normalise(column)
    if _NEGATIVE.fullmatch(name):
        return "negative"
    if name in _ROLE_OF:
        return _ROLE_OF[name]
    fits = ((names.fit(column, role), here) for role, here in _ELSEWHERE.items())
    return next((here for found, here in fits if found is not None and found[0] < 2), None)


def _language(column: str) -> str | None:
    """The code of a language that a column is called by."""
    code = code_of(column)
    return code if code in known_codes() else None


def _translations(columns: Sequence[str]) -> dict[str, str]:
    """Code → column, where columns are languages (``en``), or one name in several (``text_en``)."""
    stems = {column: ("", _language(column)) for column in columns}
    for column, (_, code) in stems.items():
        if code is None:
            parts = take_apart(column)
            stems[column] = (parts.stem, parts.lang or None)
    found = {code: column for column, (_, code) in stems.items() if code}
    several = len(found) > 1 and len({stem for stem, code in stems.values() if code}) == 1
    return found if several else {}


def _once(roles: Mapping[str, str | None], whose: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for column, role in roles.items():
        assert role is not None
        if role in named and role != "id":
            raise BakehouseError(
                f"{whose} has two columns for the {role}: '{named[role]}' and '{column}'. Remove or rename one."
            )
        named.setdefault(role, column)
    return named


def _problem(layout: Layout) -> str | None:
    """Why no shape comes of the columns, or None."""
    parallel = layout.languages or ("source" in layout and "target" in layout)
    kinds = [bool(layout.pair), bool(parallel), bool(layout.single and not layout.pair)]
    if not any(kinds):
        return "these make no training data"
    if sum(kinds) > 1 or (layout.pair and "text" in layout):
        return "these are of two kinds of data at once"
    if layout.negatives and layout.pair != ("query", "positive"):
        return "a negative needs a query and a positive beside it"
    if ("vector" in layout or "class" in layout) and not kinds[2]:
        return "a class or a vector belongs to a single text"
    return None


def _found(whose: str, columns: Iterable[str]) -> str:
    return f"{whose} has the columns {_quoted(columns)}"


def _quoted(columns: Iterable[str]) -> str:
    return ", ".join(f"'{column}'" for column in columns)


def _remedy() -> str:
    return f"Wanted: {WANTED}. Rename or remove columns."
