"""Which sentence of a passage answers, and which words it shares with the question."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from markupsafe import Markup

from retrieval.page import html
from retrieval.tokens import tokens

_END = re.compile(r"(?<=[.!?…؟۔।])[\"'»”’)\]]*\s+|(?<=[。！？])[」』”）]*|\n+")
_WORD = re.compile(r"\w+")
_STOPWORDS = {
    "en": "EN_PLUS", "de": "GERMAN", "nl": "DUTCH", "fr": "FRENCH", "es": "SPANISH", "pt": "PORTUGUESE",
    "it": "ITALIAN", "ru": "RUSSIAN", "sv": "SWEDISH", "no": "NORWEGIAN", "da": "DANISH", "tr": "TURKISH",
    "zh": "CHINESE",
}  # fmt: skip
_ARABIC = "من في على إلى عن أن إن ما لا هل كم كيف أين متى لماذا ماذا التي الذي الذين هذا هذه ذلك تلك كل أو ثم لم لن قد هو هي مع بعد قبل عند بين حين كان كانت يكون كما لكن إذا"
"""Arabic function words, which bm25s has no list of."""
LONGEST = 900
"""Characters of a passage that are shown before the rest folds away."""


def sentences(text: str) -> list[str]:
    """The sentences of a text with the space after them: joined, they are the text again."""
    ends = [match.end() for match in _END.finditer(text) if match.end() < len(text)]
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True) if text[start:end]]


@lru_cache(maxsize=32)
def _stopwords(lang: str) -> frozenset[str]:
    """The words of a language that say nothing about a topic, as lexical search writes them."""
    primary = lang.split("-")[0]
    words = _ARABIC.split() if primary == "ar" else []
    if primary in _STOPWORDS:
        from bm25s import stopwords

        words = getattr(stopwords, f"STOPWORDS_{_STOPWORDS[primary]}")
    return frozenset(token for word in words for token in tokens(word, lang))


def shared_terms(question: str, passage: str, lang: str) -> list[str]:
    """The words of the question that the passage has too, whatever their ending, in their order.

    :param lang: The language of the passage, whose stemmer is used on both.
    """
    have = set(tokens(passage, lang)) - _stopwords(lang)
    found: list[str] = []
    for word in _WORD.findall(question):
        found += _joined([token for token in tokens(word, lang) if token in have], word)
    return list(dict.fromkeys(found))


def _joined(shared: list[str], word: str) -> list[str]:
    """Overlapping pairs of characters written as the words they came from."""
    if not shared or shared[0] not in word:
        return [word] if shared else []
    runs = [shared[0]]
    for pair in shared[1:]:
        if len(pair) == 2 and runs[-1][-1] == pair[0]:
            runs[-1] += pair[1]
        else:
            runs.append(pair)
    return runs if runs != shared[:1] or len(shared[0]) <= 2 else [word]


def best_sentence(question: str, text: str, lang: str) -> int | None:
    """The position of the sentence that shares most with the question; None where none shares anything.

    A word counts the more, the fewer sentences of the passage have it.
    """
    wanted = set(tokens(question, lang)) - _stopwords(lang)
    per_sentence = [wanted & set(tokens(sentence, lang)) for sentence in sentences(text)]
    spread = Counter(token for shared in per_sentence for token in shared)
    weights = [sum(1 / spread[token] for token in shared) for shared in per_sentence]
    if not any(weights):
        return None
    return weights.index(max(weights))


def marked(question: str, text: str, lang: str) -> Markup:
    """The passage with its best matching sentence marked; what is long folds away around it."""
    parts = sentences(text)
    best = best_sentence(question, text, lang)
    pieces = [
        html.element("mark", part.rstrip()) + part[len(part.rstrip()) :] if position == best else part
        for position, part in enumerate(parts)
    ]
    first, last = _window(parts, best or 0)
    shown = html.join(pieces[first:last])
    if first == 0 and last >= len(parts):
        return shown
    before, after = ("… " if first else ""), (" …" if last < len(parts) else "")
    whole = html.element("details", html.element("summary", "whole passage") + html.text(text, lang), cls="bh-whole")
    return html.join([before, shown, after, whole])


def _window(parts: list[str], centre: int) -> tuple[int, int]:
    """The sentences around the marked one that fit into :data:`LONGEST`: first, and one past the last."""
    first, last, room = centre, centre + 1, LONGEST - len(parts[centre] if parts else "")
    while True:
        if last < len(parts) and len(parts[last]) <= room:
            room -= len(parts[last])
            last += 1
        elif first > 0 and len(parts[first - 1]) <= room:
            first -= 1
            room -= len(parts[first])
        else:
            return first, last
