"""The language of every document and query: as the source says, as told, or identified.

Texts are named a batch at a time, so that memory stays flat. What the corpus's languages turn out to
be helps with the next text, and a passage's language with the questions about it. What is too short to
be named takes the language of its source, where that is in one so far, this batch included.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, TypeVar

from retrieval.convert.memo import Memo
from retrieval.languages import Weights, code_of, identify, look_at, weights_of
from retrieval.mixed import languages_in
from retrieval.records import UNKNOWN, Document, Query

BATCH = 1000
NAMED = 20
"""Named texts from which a source has a language of its own."""
ONE = 0.9
"""The share of them that is then in it."""
Item = TypeVar("Item", Document, Query)


@dataclass(frozen=True, slots=True)
class Naming:
    """What a text's language was found to be.

    :param langs: Of a text in several languages, the commonest first; ``lang`` is ``"und"`` then.
    :param of_source: Whether it is only the language of its source.
    """

    lang: str
    langs: tuple[str, ...] = ()
    of_source: bool = False

    def named(self, item: Item) -> Item:
        """The item with this in its metadata."""
        own = {key: value for key, value in item.metadata.items() if key != "lang"}
        several = {"langs": list(self.langs)} if self.langs else {}
        metadata: dict[str, Any] = {"lang": self.lang} | own | several
        return replace(item, metadata=metadata)


class Namer:
    """Names languages in the order of the texts.

    :param languages: One code, then :attr:`told`, names everything; several are those to choose from; none
        means any.
    :param memo: Of what was named before.
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
        self.mixed = 0
        self.of_source = 0
        self.start_source()

    def start_source(self) -> None:
        """Forget which languages the last source's texts were in."""
        self._documents_of_source: Counter[str] = Counter()
        self._queries_of_source: Counter[str] = Counter()

    def name_documents(self, documents: Sequence[Document]) -> Iterator[Document]:
        """The documents with ``metadata.lang``, which is remembered until :meth:`forget`."""
        texts = [document.full_text for document in documents]
        for document in self._name(documents, texts, self.documents, self._documents_of_source):
            self._language_of[document.id] = document.lang
            yield document

    def name_queries(self, queries: Sequence[Query], about: Mapping[str, str]) -> Iterator[Query]:
        """The queries with ``metadata.lang``.

        :param about: Query id → id of the document it is about, where that is known.
        """
        expected = [self._language_of.get(about.get(query.id, ""), UNKNOWN) for query in queries]
        weights: list[Weights] = [{} if lang == UNKNOWN else {lang: 1.0} for lang in expected]
        texts = [query.text for query in queries]
        yield from self._name(queries, texts, self.queries, self._queries_of_source, weights)

    def count(self, languages: Mapping[str, int]) -> None:
        """Note documents whose language is told.

        :param languages: Language code → how many.
        """
        self.documents.update(languages)
        self._documents_of_source.update(languages)

    def forget(self) -> None:
        """Drop the languages of single documents: the questions about them have come."""
        self._language_of.clear()

    def _name(
        self,
        items: Sequence[Item],
        texts: Sequence[str],
        corpus: Counter[str],
        source: Counter[str],
        known: Sequence[Weights] | None = None,
    ) -> list[Item]:
        unnamed = [row for row, item in enumerate(items) if item.lang == UNKNOWN]
        source.update(item.lang for item in items if item.lang != UNKNOWN)
        if self.told:
            found = [Naming(self.told)] * len(unnamed)
        else:
            weights = [known[row] for row in unnamed] if known else None
            found = self._remembered([texts[row] for row in unnamed], corpus, source, weights)
        named = list(items)
        for row, naming in zip(unnamed, found, strict=True):
            named[row] = naming.named(items[row])
        corpus.update(item.lang for item in named)
        source.update(_said(found))
        self.mixed += sum(bool(naming.langs) for naming in found)
        self.of_source += sum(naming.of_source for naming in found)
        return named

    def _remembered(
        self, texts: Sequence[str], corpus: Counter[str], source: Counter[str], known: Sequence[Weights] | None
    ) -> list[Naming]:
        """What :func:`namings` says, which takes longer than all else in a conversion."""

        def work_out() -> list[tuple[Any, ...]]:
            return list(map(astuple, namings(texts, self._candidates, corpus, source, known)))

        began = time.perf_counter()
        found = self._memo.of("languages", [texts, self._candidates, corpus, source, known], work_out)
        self.seconds += time.perf_counter() - began
        return [Naming(lang, tuple(langs), of_source) for lang, langs, of_source in found]


def namings(
    texts: Sequence[str],
    candidates: Sequence[str] | None,
    corpus: Counter[str],
    source: Counter[str],
    known: Sequence[Weights] | None = None,
) -> list[Naming]:
    """Name the languages of a batch; the same arguments always give the same.

    Each text is weighed with what is known of it, else with the languages of the corpus so far: in the
    first batch, those that the batch itself seems to be in.

    :param candidates: The languages to choose from; any if None.
    :param corpus: Language → texts of the corpus so far.
    :param source: Language → texts of the same source so far, with what it says of this batch.
    :param known: Of each text, if it is a query; else it may be in several languages.
    """
    looks = look_at(texts, candidates)
    overall = weights_of(corpus) or weights_of(Counter(look.language({}) for look in looks))
    weights = [each or overall for each in known] if known is not None else [overall] * len(texts)
    found = [look.language(each) for look, each in zip(looks, weights, strict=True)]
    mixed: list[tuple[str, ...]] = [()] * len(texts)
    if known is None:
        mixed = languages_in(texts, found, candidates)
    named = [Naming(UNKNOWN if langs else lang, langs) for lang, langs in zip(found, mixed, strict=True)]
    own = _only_language(source + Counter(_said(named)))
    unknown = [row for row, naming in enumerate(named) if own and naming == Naming(UNKNOWN)]
    by_script = identify([texts[row] for row in unknown], [own])
    for row, fits in zip(unknown, by_script, strict=True):
        if fits == own or not looks[row].letters:
            named[row] = Naming(own, of_source=True)
    return named


def _said(namings: Sequence[Naming]) -> Iterator[str]:
    """The languages that texts are in by what they say themselves."""
    for naming in namings:
        if not naming.of_source:
            yield from naming.langs or ([naming.lang] if naming.lang != UNKNOWN else [])


def _only_language(counts: Counter[str]) -> str:
    """The language that nearly all of enough texts are in, or none."""
    total = counts.total()
    code, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return code if total >= NAMED and count >= ONE * total else ""
