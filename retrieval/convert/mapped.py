"""From rows and a mapping to entries: what tables, JSON objects and Parquet files share.

What becomes of a row:

- a text, with or without a title: a document; a title alone is a document too, and is noted;
- a text and a question: also a query, and the judgment that the text answers it; the words of an answer column go
  to the query's ``metadata.answers``, which say where in a text that is cut the answer stands;
- a question whose answer column is empty, or that is marked impossible: its passage is kept, the
  question is rejected as unanswerable;
- neither text nor title, a question without a text, or a value that is no text: rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrieval.convert.answers import in_metadata
from retrieval.convert.entries import Entry, Judgment, Passage, Problem, Question
from retrieval.convert.intake import NO_TEXT
from retrieval.convert.mapping import Mapping as Columns
from retrieval.convert.mapping import Variant
from retrieval.convert.names import take_apart
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
        parts = [self._part(row, place) for place in range(len(self.columns.variants))]
        passages = tuple(passage for part in parts for passage in part.passages)
        questions = tuple(question for part in parts for question in part.questions)
        judgments = tuple(judgment for part in parts for judgment in part.judgments)
        problems = tuple(problem for part in parts for problem in part.problems)
        notes = (*row.notes, *(note for part in parts for note in part.notes))
        if passages and NO_TEXT in problems:  # the row has its text in another language
            missing = [v.lang for v, part in zip(self.columns.variants, parts, strict=True) if not part.passages]
            notes += tuple(f"has no text in {lang}" for lang in missing)
            problems = tuple(problem for problem in problems if problem != NO_TEXT)
        answer = self.columns.column("answer")
        if questions and answer and not answerable(row.values, answer):
            questions, judgments, problems = (), (), (*problems, UNANSWERABLE)
        return Entry(row.origin, row.raw, passages, questions, judgments, problems, notes)

    def _part(self, row: Row, place: int) -> Entry:
        """What a row holds in one language."""
        columns = self.columns.columns[place]
        cell: dict[str, str] = {}
        for role, name in columns.items():
            text = text_of(row.values.get(name)) if name else ""
            if text is None:
                return Entry(row.origin, problems=(_no_value(role, name),))
            cell[role] = text.strip()
        if not cell["text"] and (cell["query"] or not cell["title"]):
            return Entry(row.origin, problems=(NO_TEXT,))
        return self._content(row, self.columns.variants[place], cell)

    def _content(self, row: Row, variant: Variant, cell: dict[str, str]) -> Entry:
        suffix = f"-{variant.lang}" if len(self.columns.variants) > 1 and variant.lang else ""
        key = f"{row.origin.row}{suffix}"
        auto = f"{self.stem}-{key}"
        lang, notes = _language(cell["lang"], variant)
        kept = {name: value for name in self.options.keep if (value := row.values.get(name)) is not None}
        own = f"{cell['id']}{suffix}" if cell["id"] else ""
        passage = Passage(key, cell["text"], cell["title"], own, auto, lang, kept)
        notes += () if cell["text"] else (TITLE_ONLY,)
        if not cell["query"]:
            return Entry(row.origin, passages=(passage,), notes=notes)
        query_id = f"{cell['query_id']}{suffix}" if cell["query_id"] else ""
        question = Question(key, cell["query"], query_id, f"{own or auto}-q", lang, key, self._answers(row, variant))
        graded = bool(self.columns.column("score"))
        judgments, problems = _judged(key, cell["score"]) if graded else ((Judgment(key, key),), ())
        return Entry(row.origin, None, (passage,), (question,), judgments, problems, notes)

    def _answers(self, row: Row, variant: Variant) -> dict[str, list[str]]:
        """The answers in the language of a variant, for the query's metadata."""
        column = self.columns.column("answer")
        of = take_apart(column).lang
        if not column or (of and of != variant.lang and len(self.columns.variants) > 1):
            return {}
        words = f"{column.partition('.')[0]}.text"  # beside answer_start and the like
        return in_metadata(row.values.get(words, row.values.get(column)))


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


def _no_value(role: str, column: str) -> Problem:
    return Problem(
        f"the {role} in '{column}' is an object or a list of objects",
        f"Name a column that holds text, such as '{column}.text', or turn the value into text.",
    )


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
