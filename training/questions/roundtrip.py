"""Round-trip consistency: a question that does not find its own passage is no good question about it.

Alberti et al., "Synthetic QA Corpora Generation with Roundtrip Consistency" (2019); with a retriever as the
judge, Dai et al., "Promptagator: Few-shot Dense Retrieval From 8 Examples" (2022).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from retrieval.encoder import Encoder
from retrieval.lexical import K1, B, Lexical, index_documents
from retrieval.records import Document, FloatArray
from retrieval.tokens import tokens
from retrieval.vectors import Progress, Vectors
from training.generators.extract import without

_SCORES_AT_ONCE = 1 << 24  # 64 MB of float32


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the positions of the passages that it is about."""

    text: str
    about: tuple[int, ...]


@dataclass(frozen=True)
class Finder:
    """All documents of one language, ranked exactly by BM25 or by a model.

    A question that was taken out of its passage would find it by comparing letters: its own passage is
    scored without it, as it is trained on.

    :param encoder: None for BM25.
    :param progress: Called with how many texts are encoded and how many there are.
    """

    documents: Sequence[Document]
    lang: str
    encoder: Encoder | None
    progress: Progress | None = None

    def ranks(self, questions: Sequence[Asked]) -> Iterator[int]:
        """For each question the best rank of its passages, from 1; ties count in their favour.

        Passages of the same question do not stand in each other's way. A passage that shares no word with the
        question is not found by BM25: its rank is one more than there are documents.
        """
        block = max(1, _SCORES_AT_ONCE // max(1, len(self.documents)))
        for at in range(0, len(questions), block):
            several = questions[at : at + block]
            scores = self._scores([question.text for question in several])
            own = self._own(several, scores)
            for row, question in enumerate(several):
                scores[row, list(question.about)] = -np.inf
                found = self.encoder is not None or own[row] > 0
                yield 1 + int((scores[row] > own[row]).sum()) if found else len(self.documents) + 1

    def _scores(self, texts: Sequence[str]) -> FloatArray:
        """Shape (texts, documents), float32."""
        if self.encoder is None:
            return np.stack([self._lexical.scores(text, self.lang) for text in texts])
        return np.asarray(Vectors(self.encoder, "query").get(texts, self.progress) @ self._matrix.T)

    def _own(self, questions: Sequence[Asked], scores: FloatArray) -> list[float]:
        """The score of the best passage of each question, less the question itself."""
        pairs = [(row, position) for row, question in enumerate(questions) for position in question.about]
        whole = [self.documents[position].full_text for _, position in pairs]
        rests = [_rest(self.documents[position], questions[row].text) for row, position in pairs]
        values = [float(scores[row, position]) for row, position in pairs]
        changed = [place for place in range(len(pairs)) if rests[place] != whole[place]]
        for place, score in zip(
            changed,
            self._of_rests([questions[pairs[p][0]].text for p in changed], [rests[p] for p in changed]),
            strict=True,
        ):
            values[place] = score
        best = [-math.inf] * len(questions)
        for (row, _), value in zip(pairs, values, strict=True):
            best[row] = max(best[row], value)
        return best

    def _of_rests(self, texts: Sequence[str], rests: Sequence[str]) -> list[float]:
        if self.encoder is None:
            return [self._statistics.score(text, rest, self.lang) for text, rest in zip(texts, rests, strict=True)]
        queries, passages = Vectors(self.encoder, "query").get(texts), Vectors(self.encoder, "document").get(rests)
        return [float(score) for score in (queries * passages).sum(axis=1)]

    @cached_property
    def _lexical(self) -> Lexical:
        return index_documents(self.documents, [self.lang] * len(self.documents))

    @cached_property
    def _statistics(self) -> Statistics:
        return Statistics.of([document.full_text for document in self.documents], self.lang)

    @cached_property
    def _matrix(self) -> FloatArray:
        assert self.encoder is not None
        texts = [document.full_text for document in self.documents]
        return Vectors(self.encoder, "document").get(texts, self.progress)


@dataclass(frozen=True)
class Statistics:
    """What BM25 knows of a corpus: enough to score a text that is not in it, as the index scores those that are."""

    documents: int
    average: float
    frequency: Counter[str]

    @classmethod
    def of(cls, texts: Sequence[str], lang: str) -> Statistics:
        """Count the terms of all texts."""
        terms = [tokens(text, lang) for text in texts]
        frequency = Counter(term for of_text in terms for term in set(of_text))
        return cls(len(texts), sum(map(len, terms)) / max(1, len(terms)), frequency)

    def score(self, query: str, text: str, lang: str) -> float:
        """BM25 in Lucene's variant (Robertson and Zaragoza, 2009)."""
        counts = Counter(tokens(text, lang))
        norm = K1 * (1 - B + B * counts.total() / self.average)
        return sum(
            math.log(1 + (self.documents - self.frequency[term] + 0.5) / (self.frequency[term] + 0.5))
            * counts[term] / (counts[term] + norm)
            for term in tokens(query, lang)
            if counts[term]
        )  # fmt: skip


def _rest(document: Document, question: str) -> str:
    return replace(document, text=without(document.text, [question])).full_text
