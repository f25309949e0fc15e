"""From rows and a mapping to entries: what tables, JSON objects and Parquet files share.

What becomes of a row:

- a text, with or without a title: a document; a title alone is a document too, and is noted;
- a text and a question: also a query, and the judgment that the text answers it;
- a question whose answer column is empty, or that is marked impossible: its passage is kept, the
  question is rejected as unanswerable;
- neither text nor title, or a value that is no text: rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrieval.convert.entries import Entry, Judgment, Passage, Problem, Question
from retrieval.convert.intake import NO_TEXT
from retrieval.convert.mapping import Mapping as Columns
from retrieval.convert.mapping import Variant
from retrieval.convert.options import Options
from retrieval.convert.rows import Row, Rows, text_of
from retrieval.languages import code_of

UNANSWERABLE = Problem(
    "the question has no answer in its passage",
    "Nothing to do: a question without a relevant passage cannot be judged. Its passage is kept.",
)
TITLE_ONLY = "has a title but no text"

_EMPTY_ANSWERS = re.compile(
    r"""\s*(\[\s*\]|\{\s*\}|\{.*['"]text['"]\s*:\s*(array\(\s*)?\[\s*\].*\}|nan|none|null)\s*""", re.S | re.I
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """The entries of a source whose rows have columns.

    :param stem: What the ids made for its rows begin with.
    """

    rows: Rows
    columns: Columns
    stem: str
    options: Options

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        return map(self.entry, self.rows())

    def entry(self, row: Row) -> Entry:
        """What one row holds."""
        if row.problem:
            return Entry(row.origin, row.raw, problems=(row.problem,))
        entries = [_part(row, self.columns, variant, self) for variant in self.columns.variants]
        passages = tuple(passage for entry in entries for passage in entry.passages)
        problems = tuple(problem for entry in entries for problem in entry.problems)
        if passages:  # one language of several may be missing in a row
            problems = tuple(problem for problem in problems if problem != NO_TEXT)
        questions = tuple(question for entry in entries for question in entry.questions)
        judgments = tuple(judgment for entry in entries for judgment in entry.judgments)
        notes = tuple(note for entry in entries for note in entry.notes)
        answer = self.columns.column("answer")
        if questions and answer and not answerable(row.values, answer):
            questions, judgments, problems = (), (), (UNANSWERABLE,)
        return Entry(row.origin, row.raw, passages, questions, judgments, problems, notes)


def answerable(values: Mapping[str, Any], column: str) -> bool:
    """Whether a question has an answer: SQuAD's ``answers``, as objects, lists or the text of these."""
    if values.get("is_impossible") in (True, "true", "True", "1", 1):
        return False
    found = [value for name, value in values.items() if name == column or name.startswith(f"{column}.")]
    return any(_is_answer(value) for value in found)


def _is_answer(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip()) and not _EMPTY_ANSWERS.fullmatch(value)
    return value is not None and value == value and value not in ([], {})  # NaN differs from itself


def _part(row: Row, columns: Columns, variant: Variant, source: Mapped) -> Entry:
    """What a row holds in one language."""
    cells = {role: text_of(row.values.get(name)) if name else "" for role, name in _names(columns, variant).items()}
    unreadable = [role for role, text in cells.items() if text is None]
    if unreadable:
        return Entry(row.origin, problems=(_no_value(unreadable[0], _names(columns, variant)[unreadable[0]]),))
    cell = {role: (text or "").strip() for role, text in cells.items()}
    if not cell["text"] and not cell["title"]:
        return Entry(row.origin, problems=(NO_TEXT,))
    return _with_content(row, columns, variant, source, cell)


def _names(columns: Columns, variant: Variant) -> dict[str, str]:
    names = {role: columns.column(role) for role in ("id", "lang", "query_id", "score")}
    return names | {"text": variant.text, "title": variant.title, "query": variant.query}


def _no_value(role: str, column: str) -> Problem:
    return Problem(
        f"the {role} in '{column}' is an object or a list of objects",
        f"Name a column that holds text, such as '{column}.text', or turn the value into text.",
    )


def _with_content(row: Row, columns: Columns, variant: Variant, source: Mapped, cell: dict[str, str]) -> Entry:
    several = len(columns.variants) > 1
    suffix = f"-{variant.lang}" if several and variant.lang else ""
    key = f"{row.origin.row}{suffix}"
    auto = f"{source.stem}-{key}"
    lang, notes = _language(cell["lang"], variant)
    kept = {name: value for name in source.options.keep if (value := row.values.get(name)) is not None}
    own = f"{cell['id']}{suffix}" if cell["id"] else ""
    passage = Passage(key, cell["text"], cell["title"], own, auto, lang, kept)
    notes += () if cell["text"] else (TITLE_ONLY,)
    if not cell["query"]:
        return Entry(row.origin, passages=(passage,), notes=notes)
    query_id = f"{cell['query_id']}{suffix}" if cell["query_id"] else ""
    question = Question(key, cell["query"], query_id, f"{own or auto}-q", lang, key)
    judgments, problems = _judged(key, cell["score"]) if columns.column("score") else ((Judgment(key, key),), ())
    return Entry(row.origin, None, (passage,), (question,), judgments, problems, notes)


def _judged(key: str, grade: str) -> tuple[tuple[Judgment, ...], tuple[Problem, ...]]:
    if re.fullmatch(r"-?\d+(\.0*)?", grade):
        return (Judgment(key, key, int(float(grade))),), ()
    problem = Problem(
        f"the grade {grade!r} is no whole number", "Write 0 for not relevant, 1 or more for relevant. The rest is kept."
    )
    return (), (problem,)


def _language(cell: str, variant: Variant) -> tuple[str, tuple[str, ...]]:
    if variant.lang or not cell:
        return variant.lang, ()
    code = code_of(cell)
    return (code, ()) if code else ("", ("has a language that is no code, so it is identified instead",))
