"""Three ways to ask questions of a passage, behind one protocol, and a reader for questions that are brought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from retrieval.records import Document


class Generator(Protocol):
    """Makes questions for passages of one language."""

    def __call__(self, passages: Sequence[Document], count: int, seed: int) -> list[list[str]]:
        """Up to ``count`` questions for each passage.

        The same seed and passage give the same questions, whatever the other passages are.
        """
