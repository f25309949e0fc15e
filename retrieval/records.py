"""The named, immutable things that pass from room to room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]

Qrels = dict[str, dict[str, int]]
"""Judgments: query id → document id → grade. A grade above 0 means relevant."""

UNKNOWN = "und"
"""BCP 47's code for an undetermined language."""


@dataclass(frozen=True, slots=True)
class Document:
    """One retrievable passage, as one line of ``corpus.jsonl``."""

    id: str
    text: str
    title: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lang(self) -> str:
        """The language code in the metadata, or ``"und"``."""
        return str(self.metadata.get("lang") or UNKNOWN)

    @property
    def parent(self) -> str:
        """The id of the document that this is a passage of: its own where it is a whole one."""
        return str(self.metadata.get("parent") or self.id)

    @property
    def full_text(self) -> str:
        """Title and text as models read them, joined by a space."""
        return f"{self.title} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Query:
    """One question, as one line of ``queries.jsonl``."""

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lang(self) -> str:
        """The language code in the metadata, or ``"und"``."""
        return str(self.metadata.get("lang") or UNKNOWN)


@dataclass(frozen=True, slots=True)
class Hit:
    """One ranked document. ``why`` holds the parts of the score, such as ``{"dense": 0.83}``.

    :param further: How many more passages of the same parent rank among these hits, where hits are grouped
        by parent; None where they are not.
    """

    rank: int
    score: float
    document: Document
    why: Mapping[str, float] = field(default_factory=dict)
    further: int | None = None

    @property
    def name(self) -> str:
        """What was found: the document's id, or where hits are grouped that of its parent."""
        return self.document.id if self.further is None else self.document.parent


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The rankings of many queries over one corpus, held as integers.

    :param query_ids: One id a row.
    :param doc_ids: The ids of the whole corpus; ``ranking`` points into it.
    :param ranking: Shape (queries, k), int32: positions in ``doc_ids``, best first, padded with -1.
    :param scores: Shape (queries, k), float32, descending along a row, padded with -inf.
    """

    query_ids: Sequence[str]
    doc_ids: Sequence[str]
    ranking: IntArray
    scores: FloatArray

    def __post_init__(self) -> None:
        if self.ranking.shape != self.scores.shape or len(self.ranking) != len(self.query_ids):
            raise ValueError(
                f"{len(self.query_ids)} queries, ranking {self.ranking.shape} and scores "
                f"{self.scores.shape} do not belong together"
            )

    def top(self, row: int, k: int | None = None) -> list[tuple[str, float]]:
        """The ``(document id, score)`` pairs of one query, best first, without padding."""
        return [
            (self.doc_ids[position], float(score))
            for position, score in zip(self.ranking[row, :k], self.scores[row, :k], strict=True)
            if position >= 0
        ]
