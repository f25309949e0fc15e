"""A test collection as TREC writes it: documents and topics in SGML or XML, judgments in four columns.

- ``<DOC>`` with ``<DOCNO>``: a document. Fields that are neither its id, title nor text go to its metadata.
- ``<top>`` or ``<topic>``: a query, its title (or query, or question) the text; description and
  narrative go to its metadata.
- ``query iteration document grade``: a judgment, of the split that the file's path names, if any.

Where the judgments name topics 1 to N and the N topics have other numbers (as Cranfield's), the
judgments count the topics by their order, and are read so.
Reference: https://trec.nist.gov/data/qrels_eng/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from retrieval.convert import sgml
from retrieval.convert.beir_folder import EMPTY, judgment_entry
from retrieval.convert.encoding import detect, open_text
from retrieval.convert.entries import Entry, Origin, Passage, Problem, Question
from retrieval.convert.files import File
from retrieval.convert.kinds import kind_of
from retrieval.convert.options import Options
from retrieval.errors import BakehouseError

_HEAD = 1 << 16
_DOCUMENTS = re.compile(rb"<doc(\s[^<>]*)?>\s*(<[^<>]*>[^<>]*</[^<>]*>\s*){0,3}<docno>|<doc\s[^<>]*\bid\s*=", re.I)
_TOPICS = re.compile(rb"<top>\s*<(num|id)\b|<topic\s[^<>]*\bnumber\s*=|<topic>\s*<(num|number|title|query)\b", re.I)
_JUDGED = re.compile(rb"\S+[ \t]+\S+[ \t]+\S+[ \t]+-?\d+(\.0+)?\s*")

_ID = ("docno", "docid", "id")
_TITLE = ("title", "headline", "head", "ti", "hl", "ttl")
_TEXT = ("text", "body", "abstract", "ab", "contents", "")
_NUMBER = ("num", "number", "id", "topicid")
_ASKED = ("title", "query", "question", "text", "summary")
_TOLD = ("desc", "narr", "description", "narrative", "dom", "con", "smry", "background")
_LABEL = re.compile(r"^\s*(number|topic|description|narrative|title|query)\s*:\s*", re.I)

_NO_ID = Problem("a document without <DOCNO>", "Give it one: judgments name it by that.")
_NO_NUMBER = Problem("a topic without a number", "Give it a <num>: judgments name it by that.")
_MEND = "Mend the file, or leave it out."
_STRAY = Problem("text outside of any element", "Put it into a <DOC> or a topic, or take it out.")

Files = Sequence[tuple[str, File]]
"""Each by its name in reports."""


@dataclass(frozen=True, slots=True)
class Collection:
    """The entries of a collection: documents, then topics, then judgments.

    :param by_order: Whether judgments name topics by their order instead of their number.
    """

    documents: Files
    topics: Files
    judgments: Files
    options: Options
    by_order: bool = False

    @property
    def files(self) -> Files:
        """All of its files."""
        return (*self.documents, *self.topics, *self.judgments)

    @property
    def evidence(self) -> str:
        """What was found, as a sentence."""
        kinds = {"documents": self.documents, "topics": self.topics, "judgments": self.judgments}
        found = ", ".join(f"{kind} in {', '.join(name for name, _ in files)}" for kind, files in kinds.items() if files)
        return found + ("; its judgments count the topics by their order, not their numbers" if self.by_order else "")

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        yield from self._of(self.documents, _documents)
        for order, entry in _numbered(self._of(self.topics, _topics)):
            yield _by_order(entry, order) if self.by_order else entry
        yield from self._of(self.judgments, judgments)

    def _of(self, files: Files, read: Callable[[str, File, Options], Iterator[Entry]]) -> Iterator[Entry]:
        """The entries of files; one that cannot be read to its end is rejected from there."""
        for name, file in files:
            try:
                yield from read(name, file, self.options)
            except BakehouseError as error:
                yield Entry(Origin(name, 0), problems=(Problem(str(error), _MEND),))

    @property
    def counts_by_order(self) -> bool:
        """Whether the judgments' topics are 1 to N, and the N topics have other numbers."""
        numbers = [question.id for entry in self._of(self.topics, _topics) for question in entry.questions]
        judged = {each.query for entry in self._of(self.judgments, judgments) for each in entry.judgments}
        return bool(numbers) and judged == set(map(str, range(1, len(numbers) + 1))) and judged != set(numbers)


def gather(files: Files, options: Options) -> Collection | None:
    """The collection that these files hold, or None if there are neither documents nor topics of TREC's among them."""
    kinds: dict[str, list[tuple[str, File]]] = {"documents": [], "topics": [], "judgments": []}
    for name, file in files:
        if held := kind(file):
            kinds[held].append((name, file))
    if not kinds["documents"] and not kinds["topics"]:
        return None
    found = Collection(kinds["documents"], kinds["topics"], kinds["judgments"], options)
    return replace(found, by_order=found.counts_by_order)


def kind(file: File) -> str:
    """What a file holds by its first lines, where its name leaves it open."""
    if kind_of(file) not in ("", "text") or file.suffix.lower() in (".md", ".markdown"):
        return ""
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD)
    except (BakehouseError, OSError):  # it will be rejected by whoever reads it
        return ""
    if _DOCUMENTS.search(head):
        return "documents"
    if _TOPICS.search(head):
        return "topics"
    lines = [line for line in head.splitlines()[: -1 if len(head) == _HEAD else None] if line.strip()]
    return "judgments" if lines and all(map(_JUDGED.fullmatch, lines)) else ""


def _documents(name: str, file: File, options: Options) -> Iterator[Entry]:
    return _read(name, file, ("doc",), options)


def _topics(name: str, file: File, options: Options) -> Iterator[Entry]:
    return _read(name, file, ("top", "topic"), options)


def _numbered(entries: Iterator[Entry]) -> Iterator[tuple[int, Entry]]:
    """Entries with the place of their topic among all."""
    order = 0
    for entry in entries:
        order += bool(entry.questions)
        yield order, entry


def _read(name: str, file: File, elements: tuple[str, ...], options: Options) -> Iterator[Entry]:
    with open_text(file, detect(file, options.encoding)) as lines:
        for row, element in enumerate(sgml.elements(lines, elements), 1):
            origin = Origin(name, row, element.line)
            if not element.name:
                yield Entry(origin, element.content, problems=(_STRAY,))
            elif not element.closed:
                problem = Problem(f"a <{element.name}> without its end tag", f"End it with </{element.name}>.")
                yield Entry(origin, element.content, problems=(problem,))
            else:
                yield _document(element, origin) if element.name == "doc" else _topic(element, origin)


def _document(element: sgml.Element, origin: Origin) -> Entry:
    found = sgml.fields(element.content)
    id_ = _first(found, _ID) or element.attributes.get("id", "")
    if not id_:
        return Entry(origin, element.content, problems=(_NO_ID,))
    title = _first(found, _TITLE)
    known = {*_ID, *_TITLE, *_TEXT}
    others = {name: "\n".join(texts) for name, texts in found.items() if name not in known}
    text = "\n\n".join(each for name in _TEXT for each in found.get(name, ()))
    if not text:
        text, others = "\n\n".join(others.values()), {}
    passage = Passage(id_, text, title, id_, metadata=others, may_be_empty=True)
    return Entry(origin, element.content, (passage,), notes=() if text or title else (EMPTY,))


def _topic(element: sgml.Element, origin: Origin) -> Entry:
    found = sgml.fields(element.content, ending=(*_NUMBER, *_ASKED, *_TOLD))
    texts = {name: _LABEL.sub("", "\n".join(each)).strip() for name, each in found.items()}
    number = next((texts[name] for name in _NUMBER if texts.get(name)), "")
    number = number or element.attributes.get("number") or element.attributes.get("id", "")
    if not number:
        return Entry(origin, element.content, problems=(_NO_NUMBER,))
    asked = next((name for name in (*_ASKED, *_TOLD, "") if texts.get(name)), "")
    told = {name: text for name, text in texts.items() if name not in (*_NUMBER, asked) and text}
    metadata = {name or "other": text for name, text in told.items()}
    return Entry(
        origin, element.content, questions=(Question(number, texts.get(asked, ""), number, metadata=metadata),)
    )


def _first(found: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    return next((found[name][0] for name in names if name in found), "")


def _by_order(entry: Entry, order: int) -> Entry:
    """A topic that judgments name by its place."""
    questions = tuple(replace(question, key=str(order)) for question in entry.questions)
    return replace(entry, questions=questions)


def judgments(name: str, file: File, options: Options, kind: str = "") -> Iterator[Entry]:
    """The entries of a file of judgments.

    :param name: The file's, in reports.
    :param kind: What the keys of its queries begin with.
    """
    split = _split(name)
    row = 0
    with open_text(file, detect(file, options.encoding)) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                row += 1
                yield judgment_entry(line.split(), split, Origin(name, row, number), kind)


def _split(name: str) -> str:
    """The split that a path names (``train/claims.qrels``), or an empty string."""
    words = re.split(r"[^a-z]+", PurePosixPath(name.lower()).as_posix())
    return next((word for word in words if word in ("train", "dev", "test")), "")
