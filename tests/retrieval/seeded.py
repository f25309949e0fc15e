"""Good BEIR folders with faults put in on purpose, each beside what was meant, and three readers of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beir.datasets.data_loader import GenericDataLoader

from retrieval.beir import Corpus, splits

HEADER = b"query-id\tcorpus-id\tscore"


@dataclass
class Draft:
    """The lines of a folder, without their ends, and what else lies in it."""

    corpus: list[bytes] = field(default_factory=list)
    queries: list[bytes] = field(default_factory=list)
    test: list[bytes] = field(default_factory=lambda: [HEADER])
    files: dict[str, bytes] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def write(self, place: Path) -> Path:
        """The folder on disk."""
        files = {"corpus.jsonl": self.corpus, "queries.jsonl": self.queries, "qrels/test.tsv": self.test}
        contents = {name: b"".join(line + b"\n" for line in lines) for name, lines in files.items()} | self.files
        for name, content in contents.items():
            if name not in self.gone:
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_bytes(content)
        return place


Change = Callable[[Draft], None]


@dataclass(frozen=True)
class Seed:
    """One fault.

    :param meant: The same folder without it.
    :param stumble: Who fails on it or loads something else than was meant.
    """

    rule: str
    broken: Change
    meant: Change
    stumble: str = "beir mteb bakehouse"

    def __repr__(self) -> str:
        return self.rule


def document(id_: Any, text: str = "Bread of rye.", **more: Any) -> bytes:
    return json.dumps({"_id": id_, "title": "", "text": text, **more}, ensure_ascii=False).encode()


def query(id_: Any, text: str = "what is rye?") -> bytes:
    return json.dumps({"_id": id_, "text": text}).encode()


def good() -> Draft:
    """Two documents, two queries, two judgments."""
    draft = Draft([document("d1"), document("d2", "Buns.")], [query("q1"), query("q2", "buns?")])
    draft.test += [b"q1\td1\t1", b"q2\td2\t2"]
    return draft


def added(file: str, *lines: bytes, first: bool = False) -> Change:
    """Lines put at the beginning or the end of a file."""

    def change(draft: Draft) -> None:
        old: list[bytes] = getattr(draft, file)
        old[:] = [*lines, *old] if first else [*old, *lines]

    return change


def line(rule: str, file: str, broken: bytes, meant: bytes | None, stumble: str = "beir mteb bakehouse") -> Seed:
    return Seed(rule, added(file, broken), added(file, *([] if meant is None else [meant])), stumble)


def _files(**contents: bytes) -> Change:
    def change(draft: Draft) -> None:
        draft.files |= contents

    return change


def _without(name: str) -> Change:
    def change(draft: Draft) -> None:
        draft.gone.append(name)

    return change


def _both(*changes: Change) -> Change:
    def change(draft: Draft) -> None:
        for each in changes:
            each(draft)

    return change


def _packed(draft: Draft) -> None:
    draft.gone.append("queries.jsonl")
    draft.files["queries.jsonl.gz"] = gzip.compress(b"".join(each + b"\n" for each in draft.queries))


def _headless(draft: Draft) -> None:
    draft.test.remove(HEADER)


def _nothing(draft: Draft) -> None:
    pass


MENDED = [
    Seed("compressed", _packed, _nothing),
    Seed(
        "byte-order-mark", added("corpus", b"\xef\xbb\xbf" + document("d-mark"), first=True),
        added("corpus", document("d-mark"), first=True), "beir",
    ),
    line("line-ending", "corpus", document("d-crlf") + b"\r", document("d-crlf"), ""),
    line("line-ending", "test", b"q1\td2\t1\r", b"q1\td2\t1", ""),
    line("blank-line", "corpus", b"", None, "beir"),
    line("blank-line", "queries", b" ", None, "beir"),
    line("blank-line", "test", b"", None, "beir"),
    line("control-character", "corpus", b'{"_id": "d-tab", "title": "", "text": "a\tb"}', document("d-tab", "a\tb")),
    line("id-number", "corpus", document(17), document("17")),
    Seed(
        "id-number", _both(added("queries", query(18)), added("test", b"18\td1\t1")),
        _both(added("queries", query("18")), added("test", b"18\td1\t1")),
    ),
    line("white-space", "corpus", document(" d-space"), document("d-space")),
    line("white-space", "test", b"q2\t d1\t0", b"q2\td1\t0"),
    line("duplicate-line", "corpus", document("d1"), None, "mteb bakehouse"),
    line("no-title", "corpus", b'{"_id": "d-bare", "text": "a"}', document("d-bare", "a"), ""),
    line("null-character", "corpus", document("d-null", "a\0b"), document("d-null", "ab")),
    line(
        "surrogate", "corpus", b'{"_id": "d-half", "title": "", "text": "\\ud800"}', document("d-half", "\ufffd"),
    ),
    line("qrels-score", "test", b"q2\td1\t0.", b"q2\td1\t0", "beir bakehouse"),
    Seed("qrels-header", _headless, _nothing, "beir mteb"),
    line("qrels-score", "test", b"q1\td2\t1.0", b"q1\td2\t1", "beir bakehouse"),
    line("qrels-quotes", "test", b'"q1"\td2\t1', b"q1\td2\t1", "bakehouse"),
    line("duplicate-judgment", "test", b"q1\td1\t1", None, ""),
]  # fmt: skip
"""Faults that --fix mends."""

LEFT = [
    Seed("missing-file", _without("queries.jsonl"), _nothing),
    Seed("missing-file", _without("corpus.jsonl"), _nothing),
    Seed("unreadable", _both(_without("queries.jsonl"), _files(**{"queries.jsonl.gz": b"\x1f\x8b"})), _nothing),
    Seed("empty-file", _files(**{"corpus.jsonl": b""}), _nothing),
    Seed("manifest", _files(**{"manifest.json": b""}), _nothing, "bakehouse"),
    line("utf-8", "corpus", document("d-latin").replace(b"rye", b"caf\xe9"), document("d-latin", "Bread of café.")),
    line("json", "corpus", b'{"_id": "d-json"', document("d-json")),
    line("json", "corpus", b'["d-list"]', document("d-list")),
    line(
        "duplicate-field", "corpus", b'{"_id": "d-two", "title": "", "text": "a", "text": "b"}',
        document("d-two", "a"),
    ),
    line("id", "corpus", b'{"title": "", "text": "a"}', document("d-none", "a")),
    line("duplicate-id", "corpus", document("d1", "Other."), document("d3", "Other.")),
    line("text", "corpus", document("d-text", None), document("d-text", "a")),  # type: ignore[arg-type]
    line("title", "corpus", document("d-title", title=["a"]), document("d-title", title="a")),
    line("metadata", "corpus", document("d-meta", metadata=["en"]), document("d-meta", metadata={}), "mteb"),
    line("qrels-columns", "test", b"q1,d2,1", b"q1\td2\t1"),
    line("qrels-columns", "test", b"q1\t0\td2\t1", b"q1\td2\t1"),
    line("qrels-score", "test", b"q1\td2\t0.5", None),
    line("unknown-query", "test", b"q9\td1\t1", None),
    line("unknown-document", "test", b"q1\td9\t1", None),
    line("two-grades", "test", b"q1\td1\t2", None),
]  # fmt: skip
"""Errors that only a person can mend."""

WARNED = [
    line("guessed-id", "corpus", document("NA"), None, ""),
    line("no-words", "corpus", document("d-empty", ""), None, ""),
    line("nan", "corpus", b'{"_id": "d-nan", "title": "", "text": "a", "metadata": {"x": NaN}}', None, ""),
    line("lang", "corpus", document("d-lang", metadata={"lang": "German"}), None, ""),
    line("unjudged-query", "queries", query("q-alone"), None, ""),
    line("no-question", "queries", query("q-empty", " "), None, ""),
    line("shared-id", "queries", query("d1"), None, ""),
]
"""What is loaded by all, and only worth a word."""


@dataclass(frozen=True)
class Loaded:
    """What a reader makes of a folder; ``None`` where it fails."""

    corpus: dict[Any, tuple[Any, Any]]
    queries: dict[Any, Any]
    qrels: dict[str, dict[str, dict[str, int]]]


def read_with_beir(folder: Path) -> Loaded | None:
    qrels, queries, corpus = {}, {}, {}
    try:
        for name in splits(folder):
            corpus, asked, qrels[name] = GenericDataLoader(str(folder)).load(name)
            queries |= asked
    except (ValueError, KeyError, IndexError, AttributeError, RecursionError):
        return None
    return Loaded({id_: (each["title"] or "", each["text"]) for id_, each in corpus.items()}, queries, qrels)


def read_with_bakehouse(folder: Path) -> Loaded | None:
    from retrieval.errors import BakehouseError

    corpus = Corpus(folder)
    try:
        _ = corpus.exclude_self
        qrels = {name: corpus.qrels(name) for name in splits(folder)}
        asked = {query for judged in qrels.values() for query in judged}
        queries = {each.id: each.text for each in corpus.queries}
        return Loaded(
            {each.id: (each.title, each.text) for each in corpus.documents},
            {id_: queries[id_] for id_ in asked},
            qrels,
        )
    except (BakehouseError, ValueError, KeyError):
        return None
