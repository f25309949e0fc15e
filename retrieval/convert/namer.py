"""The language of every document and query: as the source says, as told, or identified.

Texts are named a batch at a time, so that memory stays flat. What the corpus's languages turn out to
be helps with the next text, and a passage's language with the questions about it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from retrieval.convert.memo import Memo
from retrieval.languages import Weights, code_of, identify, weights_of
from retrieval.records import UNKNOWN, Document, Query

BATCH = 1000
Item = TypeVar("Item", Document, Query)


class Namer:
    """Names languages in the order of the texts.

    :param languages: One code, then :attr:`told`, names everything; several are those to choose from; none
        means any.
    :param memo: Of what was identified before.
    """

    def __init__(self, languages: Sequence[str] = (), memo: Memo | None = None) -> None:
        codes = [code_of(language) or language for language in languages]
        self.told = codes[0] if len(codes) == 1 else ""
        self._candidates = codes if len(codes) > 1 else None
        self._memo = memo or Memo()
        self._language_of: dict[str, str] = {}
        self.documents: Counter[str] = Counter()
        self.queries: Counter[str] = Counter()
        self.seconds = 0.0

    def name_documents(self, documents: Sequence[Document]) -> Iterator[Document]:
        """The documents with ``metadata.lang``, which is remembered until :meth:`forget`."""
        named = self._name(documents, [document.full_text for document in documents], self.documents)
        for document in named:
            self.documents[document.lang] += 1
            self._language_of[document.id] = document.lang
            yield document

    def name_queries(self, queries: Sequence[Query], about: Mapping[str, str]) -> Iterator[Query]:
        """The queries with ``metadata.lang``.

        :param about: Query id → id of the document it is about, where that is known.
        """
        expected = [self._language_of.get(about.get(query.id, ""), UNKNOWN) for query in queries]
        weights: list[Weights] = [{} if lang == UNKNOWN else {lang: 1.0} for lang in expected]
        for query in self._name(queries, [query.text for query in queries], self.queries, weights):
            self.queries[query.lang] += 1
            yield query

    def forget(self) -> None:
        """Drop the languages of single documents: the questions about them have come."""
        self._language_of.clear()

    def _name(
        self,
        items: Sequence[Item],
        texts: Sequence[str],
        counts: Counter[str],
        weights: Sequence[Weights] | None = None,
    ) -> list[Item]:
        unnamed = [row for row, item in enumerate(items) if item.lang == UNKNOWN]
        if self.told:
            found = [self.told] * len(unnamed)
        else:
            known = [weights[row] for row in unnamed] if weights else None
            found = self._identify([texts[row] for row in unnamed], counts, known)
        named = list(items)
        for row, lang in zip(unnamed, found, strict=True):
            metadata: dict[str, Any] = {"lang": lang} | {k: v for k, v in items[row].metadata.items() if k != "lang"}
            named[row] = replace(items[row], metadata=metadata)
        return named

    def _identify(self, texts: Sequence[str], counts: Counter[str], known: Sequence[Weights] | None) -> list[str]:
        """Identify with what is known of each text, else with the languages found so far.

        The first batch is looked at twice: once to find the corpus's languages, once with them.
        """
        if not texts:
            return []
        overall = weights_of(counts) or weights_of(Counter(self._looked_up(texts)))
        return self._looked_up(texts, [each or overall for each in known] if known else [overall] * len(texts))

    def _looked_up(self, texts: Sequence[str], weights: Sequence[Weights] | None = None) -> list[str]:
        def work_out() -> list[str]:
            return identify(texts, self._candidates, weights)

        began = time.perf_counter()
        found: list[str] = self._memo.of("languages", [texts, self._candidates, weights], work_out)
        self.seconds += time.perf_counter() - began
        return found
