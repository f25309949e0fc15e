"""The columns of a file by what they are for: told, or guessed from their names; and their cells, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.convert import names
from retrieval.convert.clean import clean
from retrieval.convert.rows import Row, columns_of, text_of
from retrieval.convert.strict import place_of, read_rows
from retrieval.errors import BakehouseError, nearest


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a kind of data needs.

    :param names: What it is usually called, the surest name first, blanks between.
    :param like: A role of :data:`retrieval.convert.names.ROLES`, whose names in many languages fit too.
    """

    role: str
    names: str
    like: str = ""

    def rank(self, name: str) -> int | None:
        """How well a column's name fits, the lower the better, or None."""
        usual = self.names.split()
        if names.normalise(name) in usual:
            return usual.index(names.normalise(name))
        found = names.fit(name, self.like) if self.like else None
        return len(usual) + found[1] if found and found[0] < 2 else None


@dataclass(frozen=True)
class Table:
    """The rows of a file, and which column has which role."""

    path: Path
    rows: Sequence[Row]
    columns: Mapping[str, str]

    def texts(self, role: str) -> list[str]:
        """The cells of a role.

        :raises BakehouseError: if one is empty; the first such row is named.
        """
        column = self.columns[role]
        found = [clean(text_of(row.values.get(column)) or "") for row in self.rows]
        empty = [place for place, text in enumerate(found) if not text]
        if empty:
            count = "1 row is" if len(empty) == 1 else f"{len(empty):,} rows are"
            raise self.fault(empty[0], f"'{column}' is empty", f"{count} so: fill or remove them.")
        return found

    def numbers(self, role: str) -> list[float]:
        """The cells of a role as numbers.

        :raises BakehouseError: if one is none; the first such row is named.
        """
        column = self.columns[role]
        return [self._number(row, place, column) for place, row in enumerate(self.rows)]

    def _number(self, row: Row, place: int, column: str) -> float:
        value = row.values.get(column)
        try:
            found = float(value)  # type: ignore[arg-type]  # what is no number raises
        except (TypeError, ValueError):
            found = math.nan
        if not math.isfinite(found):
            reason = f"{value!r} in '{column}' is no number"
            raise self.fault(place, reason, "Write a number, with a point for decimals.")
        return found

    def fault(self, place: int, reason: str, remedy: str) -> BakehouseError:
        """What to raise for a row."""
        return BakehouseError(f"{self.path}, {place_of(self.rows[place])}: {reason}. {remedy}")


def read_table(path: Path, wanted: Sequence[Column], told: Mapping[str, str], what: str) -> Table:
    """Read a file and find its columns; those without a role are left alone.

    :param told: Role → column, as the person said.
    :param what: What the rows are, for errors.
    :raises BakehouseError: if the file cannot be read, or no column looks like one that is wanted.
    """
    rows = read_rows(path, what)
    columns = columns_of(rows)
    _check_told(path, columns, wanted, told)
    chosen = dict(told)
    for each in wanted:
        ranks = {name: each.rank(name) for name in columns if name not in chosen.values()}
        fitting = {name: rank for name, rank in ranks.items() if rank is not None}
        if each.role not in chosen and fitting:
            chosen[each.role] = min(fitting, key=fitting.__getitem__)
    missing = [each.role for each in wanted if each.role not in chosen]
    if missing:
        raise _missing(path, columns, missing, set(chosen.values()))
    return Table(path, rows, {each.role: chosen[each.role] for each in wanted})


def _check_told(path: Path, columns: Sequence[str], wanted: Sequence[Column], told: Mapping[str, str]) -> None:
    roles = [each.role for each in wanted]
    for role, column in told.items():
        if role not in roles:
            raise BakehouseError(f"unknown role '{role}': choose {', '.join(roles)}.{nearest(role, roles)}")
        if column not in columns:
            found = ", ".join(columns)
            raise BakehouseError(f"{path} has no column '{column}': it has {found}.{nearest(column, columns)}")


def _missing(path: Path, columns: Sequence[str], missing: Sequence[str], taken: set[str]) -> BakehouseError:
    found = ", ".join(f"'{name}'" for name in columns)
    example = next((name for name in columns if name not in taken), "NAME")
    return BakehouseError(
        f"{path} has the columns {found}: none looks like the {' or the '.join(missing)}. "
        f"Rename it so, or say which it is, for instance --column {missing[0]}={example!r}."
    )
