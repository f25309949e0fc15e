"""What passes between the kinds of data and the flow that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.embeddings.columns import Column
from eval.embeddings.embedder import Embedder, Roles
from eval.significance import Interval


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may say about the files.

    :param columns: Role → the column that has it; those that are not named are guessed.
    :param languages: Of a folder of many languages, judge these only; all if empty.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one file, or of one pair of languages.

    :param values: Role → texts, labels or scores, one a row.
    :param taken: Role → what the file calls it.
    """

    name: str
    values: Mapping[str, Sequence[Any]]
    taken: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(next(iter(self.values.values())))


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a model did on one part.

    :param metrics: Measure → value; 0 to 1, and −1 to 1 for a correlation.
    :param intervals: Measure → its 95 % interval, where an honest one is to be had.
    """

    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data, and how it is read and judged.

    :param rows: What a row is called, in the plural.
    :param columns: What each row must have.
    :param roles: Which of the model's prompts the texts get.
    :param titles: Measure → its name for people, in the order of the table. The first is the one to look at.
    :param note: What a reader of the table must know.
    :param settings: What decides the scores beside the data and the model.
    :param read: Files, and what was said about them → parts.
    """

    name: str
    summary: str
    rows: str
    columns: tuple[Column, ...]
    roles: Roles
    titles: Mapping[str, str]
    note: str
    settings: Mapping[str, Any]
    read: Callable[[Sequence[Path], Options], list[Part]]
    judge: Callable[[Part, Embedder], Scores]
