"""Who may be a negative: what several retrievers rank high, less what may be right."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.dense import TopK, exact
from retrieval.encoder import Encoder
from retrieval.lexical import Lexical, index_documents
from retrieval.records import Document, FloatArray, IntArray, Query
from retrieval.vectors import Progress, Stored, Vectors
from training.config import Mine
from training.mining import known
from training.split import Shares

RANDOM, REFUSED = "random", "refused"
"""Where a negative comes from that no retriever gave: a draw; a draw among those the guards had refused."""
_SPARE_DRAWS = 64
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the position of its passage, and the positions of all passages known to answer it."""

    query: Query
    positive: int
    right: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that a retriever ranked: its position in the pool, its rank from 1, and who found it."""

    position: int
    rank: int
    source: str


@dataclass(frozen=True, slots=True)
class Found:
    """The candidates of one question.

    :param positions: In the pool, shape (candidates,); a document that two retrievers found stands there twice.
    :param ranks: From 1, shape (candidates,).
    :param sources: Who found each.
    :param refused: The positions that the guards on scores refused.
    """

    positions: IntArray
    ranks: IntArray
    sources: Sequence[str]
    refused: IntArray

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, number: int) -> Candidate:
        return Candidate(int(self.positions[number]), int(self.ranks[number]), self.sources[number])


@dataclass(frozen=True)
class Pool:
    """The documents of one language, ready to be searched by each retriever.

    :param passages: A number for each document, the same for the same text.
    :param dense: Retriever → its encoder and its vectors of the documents, on disk.
    """

    lang: str
    documents: Sequence[Document]
    settings: Mine
    passages: IntArray
    lexical: Lexical | None
    dense: Mapping[str, tuple[Encoder, Stored]]
    progress: Progress | None = None

    @classmethod
    def of(
        cls, share: Shares, settings: Mine, encoders: Mapping[str, Encoder], progress: Progress | None = None
    ) -> Pool:
        """Encode and index the documents of a language.

        :param progress: Called with how many texts are encoded and how many there are.
        """
        texts = [document.full_text for document in share.pool]
        dense = {
            name: (encoder, Vectors(encoder, "document").stored(texts, progress)) for name, encoder in encoders.items()
        }
        lexical = index_documents(share.pool, [share.lang] * len(texts)) if "bm25" in settings.retrievers else None
        return cls(share.lang, share.pool, settings, known.passages(share.pool), lexical, dense, progress)

    def negatives(self, asked: Sequence[Asked]) -> list[list[Candidate]]:
        """A seeded draw over all retrievers; where they gave too few, filled up with random documents.

        A random document is hardly ever right, whatever its score; one that the guards refused is drawn only
        where the pool holds no other. So a question gets as many negatives as asked, or all documents but the
        right ones.
        """
        return [self._drawn(each, found) for each, found in zip(asked, self.candidates(asked), strict=True)]

    def candidates(self, asked: Sequence[Asked]) -> list[Found]:
        """What each retriever found within the rank window, less what is known or likely to be right."""
        texts = [each.query.text for each in asked]
        vectors = {
            name: Vectors(encoder, "query").get(texts, self.progress) for name, (encoder, _) in self.dense.items()
        }
        limits = {name: self._limit(vectors[name], name, asked) for name in self.dense}
        windows = {name: self._window(name, asked, vectors) for name in self.settings.retrievers}
        allowed = {name: self._allowed(name, window, vectors, limits) for name, window in windows.items()}
        wrong = {name: self._wrong(window.positions, asked) for name, window in windows.items()}
        return [self._found(row, windows, allowed, wrong) for row in range(len(asked))]

    def _window(self, name: str, asked: Sequence[Asked], vectors: Mapping[str, FloatArray]) -> TopK:
        """What a retriever ranks from ``skip + 1`` on, shape (questions, depth)."""
        skip, depth = self.settings.skip, self.settings.skip + self.settings.depth
        if self.lexical and name == "bm25":
            top = self.lexical.search([(each.query.text, self.lang) for each in asked], depth)
        else:
            top = exact(vectors[name], self.dense[name][1], depth, self.settings.memory_mb)
        return TopK(top.positions[:, skip:], top.scores[:, skip:])

    def _limit(self, vectors: FloatArray, name: str, asked: Sequence[Asked]) -> FloatArray:
        """The most that a negative of each question may score, shape (questions,)."""
        positives = self.dense[name][1][np.array([each.positive for each in asked], np.int32)]
        own = np.einsum("qd,qd->q", vectors, positives)
        limit = own - (1 - self.settings.ceiling) * np.abs(own)  # a share of |own|: cosines may be negative
        if self.settings.margin:
            limit = np.minimum(limit, own - self.settings.margin)
        return np.asarray(limit, np.float32)

    def _allowed(
        self, finder: str, window: TopK, vectors: Mapping[str, FloatArray], limits: Mapping[str, FloatArray]
    ) -> BoolArray:
        """Which positions of a window no dense retriever scores too high, whoever found them; same shape."""
        allowed: BoolArray = window.positions >= 0
        rows, columns = np.nonzero(allowed)
        for name, (_, documents) in self.dense.items():
            if name == finder:
                allowed &= window.scores <= limits[name][:, None]
                continue
            at_once = max(1, self.settings.memory_mb * 2**20 // (12 * vectors[name].shape[1]))
            for at in range(0, len(rows), at_once):
                row, column = rows[at : at + at_once], columns[at : at + at_once]
                different, which = np.unique(window.positions[row, column], return_inverse=True)
                scores = np.einsum("nd,nd->n", vectors[name][row], documents[different][which])
                allowed[row, column] &= scores <= limits[name][row]
        return allowed

    def _wrong(self, positions: IntArray, asked: Sequence[Asked]) -> BoolArray:
        """Which positions of a window are no passage known to be right, nor its twin; same shape."""
        most = max(len(each.right) for each in asked)
        right = np.array([each.right + each.right[:1] * (most - len(each.right)) for each in asked], np.int32)
        wrong: BoolArray = positions >= 0
        for one in self.passages[right].T:
            wrong &= self.passages[positions] != one[:, None]
        return wrong

    def _found(
        self,
        row: int,
        windows: Mapping[str, TopK],
        allowed: Mapping[str, BoolArray],
        wrong: Mapping[str, BoolArray],
    ) -> Found:
        positions, ranks, refused = [], [], []
        sources: list[str] = []
        for name, window in windows.items():
            of_row = window.positions[row]
            keep = np.flatnonzero(allowed[name][row] & wrong[name][row])
            positions.append(of_row[keep])
            ranks.append(keep + self.settings.skip + 1)
            sources += [name] * len(keep)
            refused.append(of_row[~allowed[name][row] & wrong[name][row]])
        return Found(np.concatenate(positions), np.concatenate(ranks), sources, np.concatenate(refused))

    def _drawn(self, asked: Asked, found: Found) -> list[Candidate]:
        draw = random.Random(f"{self.settings.seed}:{asked.query.id}:{self.documents[asked.positive].id}")
        wanted = self.settings.negatives
        # No document stands there more often than there are retrievers, so that so many draws are always enough
        drawn = draw.sample(range(len(found)), min(len(found), wanted * len(self.settings.retrievers)))
        chosen: dict[int, Candidate] = {}
        for candidate in map(found.__getitem__, drawn):
            if len(chosen) < wanted:
                chosen.setdefault(candidate.position, candidate)
        if len(chosen) < wanted:
            refused = set(found.refused.tolist())
            for position in self._others(draw, asked, refused, chosen)[: wanted - len(chosen)]:
                chosen[position] = Candidate(position, 0, REFUSED if position in refused else RANDOM)
        return list(chosen.values())

    def _others(self, draw: random.Random, asked: Asked, refused: set[int], chosen: Iterable[int]) -> list[int]:
        """Random positions that are neither chosen nor right, those refused last."""
        size = min(len(self.documents), 4 * self.settings.negatives + _SPARE_DRAWS)
        right, taken = set(self.passages[list(asked.right)].tolist()), set(chosen)
        drawn = [
            position
            for position in draw.sample(range(len(self.documents)), size)
            if position not in taken and int(self.passages[position]) not in right
        ]
        return sorted(drawn, key=refused.__contains__)
