"""Questions about passages, nested: SQuAD v1 and v2, and JSON of the same build.

An object with a passage (``context``, ``text``, …) and a list of objects that each have a
``question`` is read as such, whatever the list is called. Each passage is a row, and each question.
The words of the answers go to the query's ``metadata.answers``. Unanswerable questions are rejected as such, for no
passage is relevant to them. Flattened SQuAD
(one question a row) needs nothing of this: ``mapped`` reads it as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from retrieval.convert.answers import in_metadata
from retrieval.convert.entries import Entry, Judgment, Origin, Passage, Problem, Question
from retrieval.convert.mapped import UNANSWERABLE, Mapped
from retrieval.convert.rows import Row, Rows, flatten, text_of

_NO_QUESTION = Problem("a question without text", "Fill in the question, or leave it out.")


def nested_rows(values: Callable[[], Iterator[Row]]) -> Rows:
    """SQuAD's paragraphs as rows of their own, each with its article's title and the questions aside."""

    def read() -> Iterator[Row]:
        for row in values():
            articles = row.raw.get("paragraphs") if isinstance(row.raw, dict) else None
            if isinstance(articles, list):
                about = {name: value for name, value in row.raw.items() if name != "paragraphs"}
                for paragraph in articles:
                    merged = {**about, **paragraph} if isinstance(paragraph, dict) else paragraph
                    yield _paragraph_row(merged, row.origin)
            else:
                yield row

    return read


def _paragraph_row(value: Any, origin: Origin) -> Row:
    if not isinstance(value, dict):
        return Row(origin, raw=value, problem=Problem("a paragraph that is no object", 'Write it as {"context": "…"}.'))
    return Row(origin, flatten(value), value)


def questions_key(rows: list[Row]) -> str:
    """The name of the list of questions in these rows, or an empty string if they have none."""
    for row in rows:
        for name, value in row.values.items():
            if isinstance(value, list) and value and all(isinstance(q, dict) and "question" in q for q in value):
                return name
    return ""


@dataclass(frozen=True, slots=True)
class Squad:
    """The entries of nested questions.

    :param passages: Reads the passage of each row; its row numbers are counted anew, questions
        included.
    :param key: The name of the list of questions.
    """

    passages: Mapped
    key: str

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        number = 0
        for row in self.passages.rows():
            number += 1
            origin = replace(row.origin, row=number)
            questions = row.values.get(self.key) or []
            raw = (
                {name: value for name, value in row.raw.items() if name != self.key}
                if isinstance(row.raw, dict)
                else row.raw
            )
            entry = self.passages.entry(replace(row, origin=origin, raw=raw))
            yield entry
            passage = entry.passages[0] if entry.passages else None
            for question in questions:
                number += 1
                yield self._question(question, replace(origin, row=number), passage)

    def _question(self, value: Any, origin: Origin, passage: Passage | None) -> Entry:
        text = text_of(value.get("question")) if isinstance(value, Mapping) else None
        if not text or not text.strip():
            return Entry(origin, value, problems=(_NO_QUESTION,))
        if passage is None:
            lost = Problem("a question whose passage was rejected", "Mend the passage, which is listed above.")
            return Entry(origin, value, problems=(lost,))
        if not _answerable(value):
            return Entry(origin, value, problems=(UNANSWERABLE,))
        id_ = text_of(value.get("id", value.get("_id"))) or ""
        key = str(origin.row)
        answers = in_metadata(value.get("answers", value.get("answer")))
        auto = f"{self.passages.stem}-{key}-q"
        question = Question(key, text, id_, auto, passage.lang, passage.key, answers)
        return Entry(origin, value, questions=(question,), judgments=(Judgment(key, passage.key),))


def _answerable(question: Mapping[str, Any]) -> bool:
    """False if it says so, or its list of answers is there and empty."""
    return not question.get("is_impossible") and question.get("answers", True) not in ([], {}, None)
