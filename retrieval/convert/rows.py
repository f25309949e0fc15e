"""Rows with named values: what tables, JSON objects and Parquet files have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from retrieval.convert.entries import Origin, Problem

SAMPLE = 200
"""Rows that are looked at before roles are guessed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Where ``problem`` is set the row could not be read, and ``raw`` is all there is.

    :param notes: What was mended to read it, and is reported as a warning.
    """

    origin: Origin
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = None
    problem: Problem | None = None
    notes: tuple[str, ...] = ()


Rows = Callable[[], Iterator[Row]]
"""Starts reading from the beginning; memory stays flat where the format allows it."""


def flatten(value: Mapping[str, Any], prefix: str = "", levels: int = 20) -> dict[str, Any]:
    """Inner objects become dotted names; lists stay, and so does what lies deeper than ``levels``.

    >>> flatten({"text": "a", "metadata": {"lang": "en"}})
    {'text': 'a', 'metadata.lang': 'en'}
    """
    flat: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, Mapping) and levels:
            flat |= flatten(inner, f"{prefix}{name}.", levels - 1)
        else:
            flat[f"{prefix}{name}"] = inner
    return flat


def text_of(value: Any) -> str | None:
    """A cell as text: missing values are empty, numbers as Python writes them, lists one item a line.

    :return: None where it is neither text nor number nor a list of these.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping | bytes):
        return None
    if isinstance(value, Sequence):
        inner = [text_of(item) for item in value]
        return None if None in inner else "\n".join(filter(None, inner))
    return str(value)


def columns_of(rows: Sequence[Row]) -> list[str]:
    """The names that occur in the rows, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row.values))
