"""Questions to begin with, in each language of a corpus."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.beir import Corpus

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Example:
    """A question that the corpus answers."""

    text: str
    lang: str


def examples(corpus: Corpus) -> list[Example]:
    """One for each of the first six languages: a question of the corpus, or else the title of a document.

    Each language shows the next of its own questions, so that parallel ones do not ask the same thing.
    """
    asked: dict[str, list[str]] = {}
    for query in corpus.queries:
        asked.setdefault(query.lang, []).append(query.text)
    for document in corpus.documents:
        if document.lang not in asked or len(asked[document.lang]) < SHOWN:
            asked.setdefault(document.lang, []).append(document.title or document.text[:60])
    languages = [lang for lang in corpus.languages if any(text.strip() for text in asked.get(lang, []))]
    found = []
    for position, lang in enumerate(languages[:SHOWN]):
        texts = [text.strip() for text in asked[lang] if text.strip()]
        found.append(Example(texts[position % len(texts)], lang))
    return found
