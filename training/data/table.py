"""Texts held once, and rows that point to them.

Fifty negatives for each of 250,000 questions are 12 million rows of three texts each. Written out they would
take 40 GB; most are the same few passages, so that four bytes for each text of a row are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.records import IntArray

if TYPE_CHECKING:
    from datasets import Dataset


class Table:
    """The texts of all datasets of a run, each once, in the order in which they came."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._places: dict[str, int] = {}

    def places(self, texts: Sequence[str]) -> IntArray:
        """Where each text stands, new ones at the end: shape (texts,)."""
        known = self._places
        found = np.fromiter((known.setdefault(text, len(known)) for text in texts), np.int32, len(texts))
        if len(known) > len(self.texts):
            self.texts[:] = known
        return found

    def lengths(self) -> IntArray:
        """Characters of each text: shape (texts,)."""
        return np.fromiter(map(len, self.texts), np.int32, len(self.texts))

    def dataset(self, columns: Mapping[str, Any], of_texts: Iterable[str]) -> Dataset:
        """Rows that are looked up when they are read.

        :param of_texts: The columns whose values are places; the others stay as they are.
        """
        from datasets import Dataset

        made = Dataset.from_dict(dict(columns))
        made.set_transform(Lookup(self.texts, frozenset(of_texts)))
        return made


class Lookup:
    """Puts texts in the place of numbers, in a batch of a dataset's rows."""

    def __init__(self, texts: Sequence[str], columns: frozenset[str]) -> None:
        self.texts = texts
        self.columns = columns

    def __call__(self, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {
            name: [self.texts[place] for place in values] if name in self.columns else values
            for name, values in batch.items()
        }
