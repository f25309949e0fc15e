"""A column and what a sample of its values looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from retrieval.convert.names import ColumnName, fit, take_apart
from retrieval.convert.rows import Row, columns_of, text_of
from retrieval.languages import code_of


@dataclass(frozen=True)
class Column:
    """One column of a sample.

    :param values: Those that are not empty, as text.
    :param rows: How many rows the sample has.
    """

    name: str
    values: tuple[str, ...]
    rows: int

    @cached_property
    def mean_length(self) -> float:
        """Characters in a value that is not empty, on average."""
        return sum(map(len, self.values)) / len(self.values) if self.values else 0.0

    @cached_property
    def distinct(self) -> bool:
        """Whether every row has a value, no two the same."""
        return bool(self.rows) and len(self.values) == self.rows == len(set(self.values))

    @cached_property
    def languages(self) -> bool:
        """Whether the values are language codes, nearly all of them."""
        return bool(self.values) and sum(code_of(value) is not None for value in self.values) >= 0.8 * len(self.values)

    @cached_property
    def grades(self) -> bool:
        """Whether the values are whole numbers."""
        return bool(self.values) and all(value.removesuffix(".0").removeprefix("-").isdigit() for value in self.values)

    @cached_property
    def words(self) -> bool:
        """Whether values have letters, a tenth of them at least."""
        return sum(any(map(str.isalpha, value)) for value in self.values) >= max(1, 0.1 * len(self.values))

    @cached_property
    def parts(self) -> ColumnName:
        """The name taken apart."""
        return take_apart(self.name)

    def usual(self, role: str) -> bool:
        """Whether the whole name, but for a language or a number, is one of the role's."""
        found = fit(self.name, role)
        return found is not None and found[0] < 2

    def rank(self, role: str) -> tuple[int, int, float] | None:
        """How well the name fits a role, the lower the better, the longer values first; or None."""
        found = fit(self.name, role)
        return None if found is None or not self.values else (*found, -self.mean_length)


def columns_in(rows: Sequence[Row]) -> list[Column]:
    """The columns of the rows that could be read."""
    readable = [row for row in rows if row.problem is None]
    return [_column(name, readable) for name in columns_of(readable)]


def _column(name: str, rows: Sequence[Row]) -> Column:
    texts = (text_of(row.values.get(name)) for row in rows)
    return Column(name, tuple(text.strip() for text in texts if text and text.strip()), len(rows))
