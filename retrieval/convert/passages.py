"""Long documents of a BEIR folder become passages that a model reads whole.

A document that fits stays as it is. Of a longer one, each passage is a document of its own: ``PARENT#1``,
``PARENT#2``, …, with the title and the metadata of its parent, and in the metadata ``parent`` (the id of the
document it was cut from), ``part`` (its place, from 1) and ``parts`` (how many there are). The parent itself
is no longer in the corpus. Where an id of the source already ends in ``#`` and a number, all passages have
one ``#`` more than any such id, so that no two ids can be the same. Of a parent in several languages, each
passage is named anew, among these.

A judgment of a parent goes to those of its passages that hold an answer, where the query's metadata has
``answer`` or ``answers`` and a passage holds one; else to all of them: nobody said which it meant.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from retrieval.beir import (
    CORPUS,
    QUERIES,
    read_documents,
    read_qrels,
    read_queries,
    splits,
    write_documents,
    write_qrels,
)
from retrieval.convert.cutter import Cutter, Span
from retrieval.convert.memo import Memo
from retrieval.errors import BakehouseError
from retrieval.languages import identify
from retrieval.lengths import Ruler, ruler_of
from retrieval.models import DEFAULT, resolve
from retrieval.records import UNKNOWN, Document

LEAST = 16
"""Tokens of text that a passage must at least have room for."""

_BATCH, _BATCH_CHARACTERS = 256, 1_000_000
_SURELY_LONG = 12
"""Characters a token from which a document is taken for a long one without being counted."""

_NUMBERED = re.compile(r"(#+)\d+$")


@dataclass(frozen=True, slots=True)
class Chunking:
    """How long documents are cut.

    :param tokens: The most tokens of a passage, as the model counts: title, prompt and special tokens included.
    :param overlap: The most tokens that a passage repeats of the one before, in whole sentences.
    :param model: Whose tokenizer counts.
    """

    tokens: int
    overlap: int = 0
    model: str = DEFAULT

    def __post_init__(self) -> None:
        """:raises BakehouseError: if passages would be too short, or mostly repeat each other."""
        if self.tokens < LEAST:
            raise BakehouseError(f"passages of {self.tokens} tokens hold no sentence: wanted {LEAST} or more.")
        if not 0 <= self.overlap <= self.tokens // 2:
            raise BakehouseError(
                f"an overlap of {self.overlap} tokens does not go with passages of {self.tokens}: "
                f"wanted 0 to {self.tokens // 2}, half of a passage."
            )

    def ruler(self) -> Ruler:
        """What counts the tokens.

        :raises BakehouseError: if the model cannot be had, or does not read as much at once.
        """
        ruler = ruler_of(resolve(self.model))
        if self.tokens > ruler.limit:
            raise BakehouseError(
                f"{self.model} reads {ruler.limit} tokens and cuts off the rest: passages of {self.tokens} are too long "
                f"for it. Choose {ruler.limit} or fewer."
            )
        taken = ruler.whole([""])[0]
        if self.tokens - taken < LEAST:
            raise BakehouseError(
                f"of {self.tokens} tokens {self.model} needs {taken} for its prompt and marks, so too few are left for "
                f"text: choose {taken + LEAST} or more."
            )
        return ruler


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut.

    :param mark: What stands between a parent's id and the number of a passage.
    :param documents: How many were too long.
    :param passages: What became of these.
    :param titles: How many had a title so long that their passages carry only its beginning.
    :param judged: Judgments of documents that were cut.
    :param judgments: What became of these.
    :param languages: Language code → documents of the folder as it is now.
    """

    chunking: Chunking
    mark: str
    documents: int
    passages: int
    titles: int
    judged: int
    judgments: int
    languages: Counter[str]

    def as_json(self) -> dict[str, Any]:
        """For a manifest."""
        names = ("mark", "documents", "passages", "titles", "judged", "judgments")
        return asdict(self.chunking) | {name: getattr(self, name) for name in names}

    def as_text(self) -> str:
        """For a person."""
        limit = f"Documents longer than {self.chunking.tokens} tokens of {self.chunking.model}"
        if not self.documents:
            return f"{limit}: none."
        judged = f" Their judgments: {self.judged:,}, now {self.judgments:,}." if self.judged else ""
        titles = f" Titles too long to stand before each passage, shortened: {self.titles:,}." if self.titles else ""
        return f"{limit}: {self.documents:,}, cut into {self.passages:,} passages.{judged}{titles}"


def cut_folder(
    folder: Path, chunking: Chunking, memo: Memo | None = None, each: Callable[[], None] = lambda: None
) -> Cut:
    """Cut the long documents of a BEIR folder, in place and streaming: for a folder that is being made.

    :param memo: Of what was cut before.
    :param each: Called for each document that was looked at.
    :raises BakehouseError: see :meth:`Chunking.ruler`.
    """
    cutter = Cutter(chunking.ruler(), chunking.tokens, chunking.overlap)
    whole = folder / "whole"
    whole.mkdir()
    (folder / CORPUS).rename(whole / CORPUS)
    told = (resolve(chunking.model).fingerprint, chunking.tokens, chunking.overlap)
    passages = _Passages(cutter, _mark(whole), _answers(folder), memo or Memo(), told, each)
    write_documents(folder, passages.of(read_documents(whole)))
    shutil.rmtree(whole)
    judged = _judge(folder, passages.parts_of)
    counts = passages.counts
    return Cut(
        chunking,
        passages.mark,
        counts["documents"],
        counts["passages"],
        counts["titles"],
        judged["before"],
        judged["after"],
        passages.languages,
    )


def _batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) == _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _mark(folder: Path) -> str:
    """One ``#`` more than any id has before a number at its end."""
    found = (_NUMBERED.search(document.id) for document in read_documents(folder))
    return "#" * (1 + max((len(match[1]) for match in found if match), default=0))


Answers = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Document id → query id → the answers that are known; for each judged pair, without answers an empty tuple."""


@dataclass(slots=True)
class _Passages:
    """Cuts documents, and remembers of the judged ones which passages a judgment goes to.

    :param told: What the cuts depend on besides the documents.
    """

    cutter: Cutter
    mark: str
    judged: Answers
    memo: Memo
    told: Sequence[object]
    each: Callable[[], None]
    parts_of: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)

    def of(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents that fit, and the passages of those that do not, in their order."""
        for batch in _batches(documents):
            given = [self.told, [(document.title, document.text, document.lang) for document in batch]]
            cuts = self.memo.of("cut", given, partial(self._cuts, batch))
            for document, cut in zip(batch, cuts, strict=True):
                for passage in self._cut(document, *cut) if cut else [document]:
                    self.languages[passage.lang] += 1
                    yield passage
                self.each()

    def _cuts(self, documents: list[Document]) -> list[tuple[str, list[tuple[int, int]]] | None]:
        """The title and the spans of the passages of each document that is too long, for the memo."""
        short = [d for d in documents if len(d.full_text) <= self.cutter.budget * _SURELY_LONG]
        lengths = self.cutter.ruler.whole([document.full_text for document in short])
        fits = {d.id for d, length in zip(short, lengths, strict=True) if length <= self.cutter.budget}
        return [None if document.id in fits else self._spans(document) for document in documents]

    def _spans(self, document: Document) -> tuple[str, list[tuple[int, int]]]:
        title = self.cutter.short_title(document.title, document.lang)
        spans = self.cutter.cut(document.text, document.lang, title)
        return title, [(span.start, span.end) for span in spans]

    def _cut(self, document: Document, title: str, spans: list[tuple[int, int]]) -> list[Document]:
        texts = list(filter(None, (Span(*span).of(document.text) for span in spans)))
        if not texts or (len(texts) == 1 and title == document.title):
            return [document]
        passages = [self._passage(document, title, text, part, len(texts)) for part, text in enumerate(texts, 1)]
        self.counts.update({"documents": 1, "passages": len(passages), "titles": int(title != document.title)})
        for query_id, answers in self.judged.get(document.id, {}).items():
            holding = [passage.id for passage in passages if _holds(passage.text, answers)]
            self.parts_of[query_id, document.id] = holding or [passage.id for passage in passages]
        return passages

    def _passage(self, document: Document, title: str, text: str, part: int, parts: int) -> Document:
        about = {"parent": document.parent, "part": part, "parts": parts}
        metadata = {**_of_one_language(document, text), **about}
        return Document(f"{document.id}{self.mark}{part}", text, title, metadata)


def _of_one_language(document: Document, text: str) -> Mapping[str, Any]:
    """The metadata of a document for one of its passages, which of several languages is mostly in one."""
    langs = document.metadata.get("langs")
    if document.lang != UNKNOWN or not isinstance(langs, list):
        return document.metadata
    kept = {key: value for key, value in document.metadata.items() if key != "langs"}
    return {**kept, "lang": identify([text], map(str, langs))[0]}


def _answers(folder: Path) -> Answers:
    judged: dict[str, dict[str, tuple[str, ...]]] = {}
    asked: dict[str, list[str]] = {}
    for split in splits(folder):
        for query_id, grades in read_qrels(folder, split).items():
            asked.setdefault(query_id, []).extend(grades)
            for document_id in grades:
                judged.setdefault(document_id, {})[query_id] = ()
    for query in read_queries(folder) if asked and (folder / QUERIES).is_file() else ():
        answers = _texts(query.metadata.get("answers") or query.metadata.get("answer"))
        for document_id in asked.get(query.id, ()):
            judged[document_id][query.id] = answers
    return judged


def _texts(value: Any) -> tuple[str, ...]:
    """The answers in a text, a list of these, or an object with them under ``text``, as SQuAD has it."""
    if isinstance(value, Mapping):
        value = value.get("text")
    if isinstance(value, str):
        return (_folded(value),) if _folded(value) else ()
    return tuple(text for inner in value for text in _texts(inner)) if isinstance(value, list) else ()


def _holds(text: str, answers: tuple[str, ...]) -> bool:
    return bool(answers) and any(answer in _folded(text) for answer in answers)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _judge(folder: Path, parts_of: Mapping[tuple[str, str], list[str]]) -> Counter[str]:
    """Judge passages where their parent was judged."""
    counts: Counter[str] = Counter()
    for split in splits(folder) if parts_of else ():
        judged = read_qrels(folder, split)
        for query_id, grades in judged.items():
            new: dict[str, int] = {}
            for document_id, grade in grades.items():
                parts = parts_of.get((query_id, document_id))
                new |= dict.fromkeys(parts or [document_id], grade)
                counts.update({"before": 1, "after": len(parts)} if parts else {})
            judged[query_id] = new
        write_qrels(folder, split, judged)
    return counts
