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
from dataclasses import dataclass, field

from retrieval.records import Document
from retrieval.tokens import tokens
from training.questions.words import Words, contains
from training.split import LEAST_CHARACTERS

_LEAST_TERMS, _MOST_TERMS = 3, 24
_PHRASE_WORDS = 5
_MOST_STRETCH = 14
_LETTERS_A_WORD = 2


@dataclass(frozen=True)
class Extract:
    """Knows how rare each word is in one language of a corpus.

    :param words: What the spans must and must not contain.
    """

    lang: str
    documents: int
    frequency: Counter[str]
    words: Words = field(default_factory=Words)

    @classmethod
    def of(cls, lang: str, documents: Sequence[Document], words: Words | None = None) -> Extract:
        """Count the words of all documents of the language."""
        frequency: Counter[str] = Counter()
        for document in documents:
            frequency.update(set(tokens(document.full_text, lang)))
        return cls(lang, len(documents), frequency, words or Words())

    def __call__(self, passages: Sequence[Document], count: int, seed: int) -> list[list[str]]:
        """See :class:`~training.generators.Generator`. Kinds take turns: sentence, key phrase, sentence, …

        Where more are asked for than there are sentences, stretches of a few words follow.
        """
        return [self._questions(passage, count, random.Random(f"{seed}:{passage.id}")) for passage in passages]

    def _questions(self, passage: Document, count: int, draw: random.Random) -> list[str]:
        spans = [span for sentence in sentences(passage.text) for span in self._crops(sentence)]
        draw.shuffle(spans)
        spans = self.words.allowed(spans)
        phrases = self.words.allowed(filter(None, [self._key_phrase(passage.text)]))
        candidates = list(dict.fromkeys([*spans[:1], *phrases, *spans[1:]]))
        if len(candidates) < count:
            stretches = self.words.allowed(_stretches(passage.text, count - len(candidates), draw))
            candidates = list(dict.fromkeys([*candidates, *stretches]))
        return candidates[:count]

    def _crops(self, sentence: str) -> list[str]:
        """The sentence, cut into stretches that are no longer than a long question."""
        terms = len(tokens(sentence, self.lang))
        if terms < _LEAST_TERMS:
            return []
        pieces = math.ceil(terms / _MOST_TERMS)
        words = _words(sentence)
        size = math.ceil(len(words) / pieces)
        joint = "" if _unspaced(sentence) else " "
        return [joint.join(words[at : at + size]).strip() for at in range(0, len(words), size)]

    def _key_phrase(self, text: str) -> str:
        """The rarest words of the passage, in the order they stand; empty where words are not spaced.

        Words that a question must contain come before rarer ones, those that it must not are left out.
        """
        if _unspaced(text):
            return ""
        words = list(dict.fromkeys(word.strip(".,;:!?()[]\"'«»„“”…") for word in text.split()))
        usable = [word for word in words if len(word) > 2 and not self.words.unwanted(word)]
        rarest = sorted(usable, key=lambda word: (self._wanted(word), self._rarity(word)), reverse=True)[:_PHRASE_WORDS]
        return " ".join(word for word in words if word in rarest) if len(rarest) == _PHRASE_WORDS else ""

    def _wanted(self, word: str) -> bool:
        return any(contains(word, wanted) for wanted in self.words.must)

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


def _stretches(text: str, count: int, draw: random.Random) -> list[str]:
    """Runs of a few words, begun anywhere: as short as what people type, where the sentences are used up."""
    words = _words(text)
    joint, each = ("", _LETTERS_A_WORD) if _unspaced(text) else (" ", 1)
    found = []
    for _ in range(count):
        size = draw.randint(_LEAST_TERMS, _MOST_STRETCH) * each
        if len(words) > size:
            at = draw.randrange(len(words) - size + 1)
            found.append(joint.join(words[at : at + size]))
    return found


def _unspaced(text: str) -> bool:
    """Whether the script puts no spaces between words."""
    return len(text) > 12 * (text.count(" ") + 1)


def _words(text: str) -> list[str]:
    return list(text) if _unspaced(text) else text.split()
