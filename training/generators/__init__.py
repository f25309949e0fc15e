"""Three ways to ask questions of a passage, behind one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from retrieval.records import Document


class Generator(Protocol):
    """Makes questions for passages of one language."""

    def __call__(self, passages: Sequence[Document], count: int, seed: int) -> list[list[str]]:
        """Up to ``count`` questions for each passage; the same seed and passages give the same questions."""
