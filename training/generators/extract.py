"""Questions without a model: sentences and key phrases taken out of the passage itself.

Sentences follow the inverse cloze task (Lee, Chang and Toutanova, "Latent Retrieval for Weakly
Supervised Open Domain Question Answering", 2019); key phrases are the rarest words of the passage
in reading order, as people type them into a search field.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrieval.records import Document
from retrieval.tokens import tokens
from training.split import LEAST_CHARACTERS

_LEAST_TERMS, _MOST_TERMS = 3, 24
_PHRASE_WORDS = 5


@dataclass(frozen=True)
class Extract:
    """Knows how rare each word is in one language of a corpus."""

    lang: str
    documents: int
    frequency: Counter[str]

    @classmethod
    def of(cls, lang: str, documents: Sequence[Document]) -> Extract:
        """Count the words of all documents of the language."""
        frequency: Counter[str] = Counter()
        for document in documents:
            frequency.update(set(tokens(document.full_text, lang)))
        return cls(lang, len(documents), frequency)

    def __call__(self, passages: Sequence[Document], count: int, seed: int) -> list[list[str]]:
        """See :class:`~training.generators.Generator`. Kinds take turns: sentence, key phrase, sentence, …"""
        return [self._questions(passage, count, random.Random(f"{seed}:{passage.id}")) for passage in passages]

    def _questions(self, passage: Document, count: int, draw: random.Random) -> list[str]:
        spans = [span for sentence in sentences(passage.text) for span in self._crops(sentence)]
        draw.shuffle(spans)
        phrase = self._key_phrase(passage.text)
        candidates = [*spans[:1], *([phrase] if phrase else []), *spans[1:]]
        return list(dict.fromkeys(candidates))[:count]

    def _crops(self, sentence: str) -> list[str]:
        """The sentence, cut into stretches that are no longer than a long question."""
        terms = len(tokens(sentence, self.lang))
        if terms < _LEAST_TERMS:
            return []
        pieces = math.ceil(terms / _MOST_TERMS)
        words = _words(sentence)
        size = math.ceil(len(words) / pieces)
        joint = "" if _unspaced(sentence) else " "
        return [joint.join(words[at : at + size]) for at in range(0, len(words), size)]

    def _key_phrase(self, text: str) -> str:
        """The rarest words of the passage, in the order they stand; empty where words are not spaced."""
        if _unspaced(text):
            return ""
        words = list(dict.fromkeys(word.strip(".,;:!?()[]\"'«»„“”…") for word in text.split()))
        rarest = sorted((word for word in words if len(word) > 2), key=self._rarity, reverse=True)[:_PHRASE_WORDS]
        return " ".join(word for word in words if word in rarest) if len(rarest) == _PHRASE_WORDS else ""

    def _rarity(self, word: str) -> float:
        terms = tokens(word, self.lang)
        if not terms:
            return 0.0
        return max(math.log((self.documents + 1) / (self.frequency[term] + 0.5)) for term in terms)


def without(text: str, questions: Iterable[str]) -> str:
    """The passage less the questions that were taken out of it, as the inverse cloze task wants it.

    A question that still stood in its passage could be answered by comparing letters, and would
    neither teach nor measure anything. Where too little would remain, the passage stays as it is.
    """
    rest = text
    for question in questions:
        rest = rest.replace(question, " ")
    rest = " ".join(rest.split())
    return rest if len(rest) >= LEAST_CHARACTERS else text


def sentences(text: str) -> list[str]:
    """Split at the sentence ends of many scripts; a full stop counts only before a space or the end."""
    import regex

    parts = regex.split(r"(?<=[!?؟۔।॥。！？…]+[\"'»”」』）)]*)\s*|(?<=\.[\"'»”)]*)\s+|\n+", text)
    return [part.strip() for part in parts if part and part.strip()]


def _unspaced(text: str) -> bool:
    """Whether the script puts no spaces between words."""
    return len(text) > 12 * (text.count(" ") + 1)


def _words(text: str) -> list[str]:
    return list(text) if _unspaced(text) else text.split()
