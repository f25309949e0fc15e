"""Rows of a person's own training data as examples, and the shape that they have."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from retrieval.convert.rows import Row, text_of
from retrieval.convert.strict import place_of
from retrieval.encoder import Role
from retrieval.errors import BakehouseError
from training.data.layout import Layout
from training.data.parts import LABEL
from training.data.shapes import Shape

Example = dict[str, Any]
"""One row: its texts, then ``negatives`` (a list) and ``label``, where it has them."""


@dataclass(frozen=True)
class Verdict:
    """What was made of the rows.

    :param why: Sentences on what the values say about the shape.
    :param roles: Text column → which of the model's prompts its texts get.
    :param barred: Loss → why these rows cannot train it.
    """

    shape: Shape
    roles: Mapping[str, Role]
    why: tuple[str, ...] = ()
    barred: Mapping[str, str] = field(default_factory=dict)


def build(rows: Sequence[Row], layout: Layout, whose: str) -> tuple[list[Example], Verdict]:
    """Take the texts, negatives and labels out of the rows, and find the shape.

    :raises BakehouseError: if a cell is empty or no number where one is wanted; the first such row is named.
    """
    reader = _Reader(rows, layout, whose)
    if layout.languages or "source" in layout:
        return reader.translations()
    if layout.pair:
        return reader.couples(*layout.pair)
    return reader.singles()


@dataclass(frozen=True)
class _Reader:
    rows: Sequence[Row]
    layout: Layout
    whose: str

    def couples(self, first: str, second: str) -> tuple[list[Example], Verdict]:
        """Two texts in each row, with what stands beside them."""
        names = ("query", "positive") if first == "query" else (first, second)
        texts = zip(self.texts(first), self.texts(second), strict=True)
        examples: list[Example] = [dict(zip(names, couple, strict=True)) for couple in texts]
        roles: dict[str, Role] = {names[0]: "query", names[1]: "document" if first == "query" else "query"}
        if self.layout.negatives:
            return examples, self._with_negatives(examples, roles)
        if "score" not in self.layout:
            return examples, Verdict(Shape.PAIR, roles)
        scores = self.numbers("score")
        for example, score in zip(examples, scores, strict=True):
            example[LABEL] = score
        low, high = min(scores), max(scores)
        if set(scores) <= {0.0, 1.0}:
            return examples, Verdict(Shape.LABELLED_PAIR, roles, ("every label is 0 or 1",))
        beyond = f"the scores run from {low:g} to {high:g}, and a cosine lies between -1 and 1"
        barred = {"cosine": beyond} if low < -1 or high > 1 else {}
        return examples, Verdict(Shape.SCORED_PAIR, roles, (f"the scores run from {low:g} to {high:g}",), barred)

    def _with_negatives(self, examples: list[Example], roles: dict[str, Role]) -> Verdict:
        for example, row in zip(examples, self.rows, strict=True):
            example["negatives"] = _negatives(row, self.layout.negatives)
        counts = Counter(len(example["negatives"]) for example in examples)
        told = " or ".join(str(count) for count in sorted(counts))
        why = (f"a row has {told} negative{'' if set(counts) == {1} else 's'}",)
        if "score" not in self.layout:
            barred = {"triplet": f"{counts[0]} rows have no negative"} if counts[0] else {}
            return Verdict(Shape.TRIPLET, roles, why, barred)
        return self._scored(examples, roles, why)

    def _scored(self, examples: list[Example], roles: dict[str, Role], why: tuple[str, ...]) -> Verdict:
        values = [row.values.get(self.layout.columns["score"]) for row in self.rows]
        lists = isinstance(values[0], list)
        if not lists:
            values = list(self.numbers("score"))
        for place, (example, value) in enumerate(zip(examples, values, strict=True)):
            wanted = len(example["negatives"]) + 1 if lists else 2
            size = len(value) if isinstance(value, list) else 0 if lists else 2
            if size != wanted or (not lists and len(example["negatives"]) != 1):
                raise self.fault(
                    place,
                    f"{len(example['negatives'])} negatives do not go with the score {value!r}",
                    "Give one negative and one number, the margin; or a list of scores, of the positive and of each negative.",
                )
            example[LABEL] = [self.number(each, place, "score") for each in value] if isinstance(value, list) else value
        if lists:
            return Verdict(Shape.SCORED_TRIPLET, roles, (*why, "the scores are a list, one for each passage"))
        return Verdict(Shape.MARGIN, roles, (*why, "the score is one number, so it is the margin"))

    def singles(self) -> tuple[list[Example], Verdict]:
        """One text in each row."""
        role = self.layout.single
        assert role is not None
        examples: list[Example] = [{"text": text} for text in self.texts(role)]
        roles: dict[str, Role] = {"text": "query" if role == "query" else "document"}
        if "vector" in self.layout:
            return examples, self._with_vectors(examples, roles)
        labels = next((name for name in ("class", "score") if name in self.layout), None)
        if labels is None:
            return examples, Verdict(Shape.TEXT, roles)
        classes = self.texts(labels)
        numbers = {name: number for number, name in enumerate(sorted(set(classes)))}
        for example, name in zip(examples, classes, strict=True):
            example[LABEL] = numbers[name]
        return examples, Verdict(Shape.LABELLED_TEXT, roles, (f"there are {len(numbers)} classes",))

    def _with_vectors(self, examples: list[Example], roles: dict[str, Role]) -> Verdict:
        size = 0
        for place, (example, row) in enumerate(zip(examples, self.rows, strict=True)):
            vector = row.values.get(self.layout.columns["vector"])
            if not isinstance(vector, list) or not vector or len(vector) != (size or len(vector)):
                found = f"a vector of {len(vector)} numbers" if isinstance(vector, list) else repr(vector)[:40]
                wanted = f"{size} numbers, as in the rows before" if size else "a list of numbers"
                raise self.fault(place, f"{found} where {wanted} were wanted", "Give each text a vector of one length.")
            size = len(vector)
            example[LABEL] = [self.number(each, place, "vector") for each in vector]
        return Verdict(Shape.VECTOR, roles, (f"the vectors have {size} dimensions",))

    def translations(self) -> tuple[list[Example], Verdict]:
        """The same sentence in several languages: a row for each translation that is there."""
        codes = self.layout.languages or {role: self.layout.columns[role] for role in ("source", "target")}
        start = "en" if "en" in codes else next(iter(codes))
        columns = {code: [_text(row, column) for row in self.rows] for code, column in codes.items()}
        examples: list[Example] = []
        for place, source in enumerate(columns[start]):
            others = [(code, texts[place]) for code, texts in columns.items() if code != start and texts[place]]
            if not source or not others:
                raise self.fault(
                    place,
                    f"there is no sentence in '{codes[start]}'" if not source else "there is no translation",
                    "Fill it in, or remove the row.",
                )
            name = "parallel" if "source" in codes else f"{start}-{{}}"
            examples += [{"source": source, "target": text, "pair": name.format(code)} for code, text in others]
        why = (f"'{codes[start]}' is what the teacher reads, and the others learn its vector",)
        return examples, Verdict(Shape.PARALLEL, {"source": "query", "target": "query"}, why)

    def texts(self, role: str) -> list[str]:
        """The cells of a role.

        :raises BakehouseError: if one is empty.
        """
        column = self.layout.columns[role]
        found = [_text(row, column) for row in self.rows]
        empty = [place for place, text in enumerate(found) if not text]
        if empty:
            rows = "1 row is" if len(empty) == 1 else f"{len(empty)} rows are"
            raise self.fault(empty[0], f"'{column}' is empty", f"{rows} so: fill or remove them.")
        return found

    def numbers(self, role: str) -> list[float]:
        """The cells of a role as numbers."""
        column = self.layout.columns[role]
        return [self.number(row.values.get(column), place, column) for place, row in enumerate(self.rows)]

    def number(self, value: Any, place: int, column: str) -> float:
        """A cell as a number.

        :raises BakehouseError: if it is none.
        """
        try:
            found = float(value)
        except (TypeError, ValueError):
            found = math.nan
        if not math.isfinite(found):
            raise self.fault(
                place, f"{value!r} in '{column}' is no number", "Write a number, with a point for decimals."
            )
        return found

    def fault(self, place: int, reason: str, remedy: str) -> BakehouseError:
        """What to raise for a row."""
        return BakehouseError(f"{self.whose}, {place_of(self.rows[place])}: {reason}. {remedy}")


def _text(row: Row, column: str) -> str:
    return (text_of(row.values.get(column)) or "").strip()


def _negatives(row: Row, columns: Sequence[str]) -> list[str]:
    """The negatives of a row: a cell may hold one, or a list."""
    found: list[str] = []
    for column in columns:
        value = row.values.get(column)
        found += [text_of(each) or "" for each in value] if isinstance(value, list) else [text_of(value) or ""]
    return [text.strip() for text in found if text.strip()]
