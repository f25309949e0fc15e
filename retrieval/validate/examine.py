"""A whole folder held against the rules: each file by itself, then what they say of each other."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrieval.artifact import MANIFEST
from retrieval.beir import CORPUS, QRELS, QUERIES
from retrieval.errors import BakehouseError
from retrieval.validate.fault import Fault, Tally, Validation
from retrieval.validate.ids import Ids
from retrieval.validate.judgments import Judgments
from retrieval.validate.lines import BACKUP, breaks_off, source_of
from retrieval.validate.objects import Objects, shown

_SPLIT = re.compile(r"\w+(\.\w+)*")
"""What the library datasets takes for the name of a split."""


def validate(folder: Path) -> list[Fault]:
    """The faults of a BEIR folder, in the order of files and lines.

    :raises BakehouseError: if there is no such folder.
    """
    return list(examine(folder).faults)


def examine(folder: Path) -> Validation:
    """Check a BEIR folder and count what it holds.

    Memory: the ids of documents and queries, the judgments of one split, and one line.

    :raises BakehouseError: if there is no such folder.
    """
    return look(folder).as_validation()


@dataclass(slots=True)
class Look:
    """What one look at a folder has found.

    :param manifest: Empty where there is none that can be read.
    :param languages: File → language code → how many of its ids are in it.
    """

    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    documents: Ids = field(default_factory=Ids)
    queries: Ids = field(default_factory=Ids)
    judgments: int = 0
    languages: dict[str, Counter[str]] = field(default_factory=dict)
    _split_of: dict[int | str, str] = field(default_factory=dict)
    _side_of: dict[int | str, str] = field(default_factory=dict)

    def as_validation(self) -> Validation:
        """All of it that a report needs."""
        tally, counts = self.tally, (len(self.documents), len(self.queries), self.judgments)
        return Validation(self.folder, tuple(tally.faults), dict(tally.counts), dict(+tally.fixable), *counts)

    def objects(self, file: str, ids: Ids) -> None:
        """Hold ``corpus.jsonl`` or ``queries.jsonl`` against the rules."""
        if source := self._source(file):
            objects = Objects(file, self.tally, ids=ids)
            deque(objects.lines(source), maxlen=0)
            self.languages[file] = objects.languages

    def split(self, file: str, by_document: bool) -> None:
        """Hold the judgments of one split against the rules, and against those of the splits before."""
        name = Path(file).stem
        if not _SPLIT.fullmatch(name):
            message = f"the split is called {name!r}: wanted letters, digits and underscores, parted by dots."
            self.tally.note("split-name", file, 0, message)
        if source := self._source(file):
            judgments = Judgments(file, self.tally, self.queries, self.documents)
            deque(judgments.lines(source), maxlen=0)
            self.judgments += len(judgments.grades)
            self._compare(file, name, judgments, by_document)

    def _source(self, file: str) -> Path | None:
        source = source_of(self.folder, file)
        if source and (reason := breaks_off(source)):
            self.tally.note("unreadable", source.name, 0, f"it breaks off ({reason}): wanted a whole file.")
            return None
        return source

    def _compare(self, file: str, name: str, judgments: Judgments, by_document: bool) -> None:
        for (query, document), (line, _) in judgments.grades.items():
            if (other := self._split_of.setdefault(query, name)) != name:
                self.tally.note("two-splits", file, line, f"the query is judged in {other} too: keep one of the two.")
                self._split_of[query] = name
            if by_document and (other := self._side_of.setdefault(document, name)) != name:
                message = f"the document is judged in {other} too: divide the judgments anew."
                self.tally.note("trained-on", file, line, message)
                self._side_of[document] = name

    def across(self, splits: int, exclude_self: bool) -> None:
        """What the files say of each other once all are read."""
        if len(self.documents) == 1:
            message = "there is one document only: every search finds it. Add documents to search among."
            self.tally.note("one-document", CORPUS, 0, message)
        shared = [query for query in self.queries.rows if query in self.documents.rows] if not exclude_self else []
        if shared:
            message = (
                f"{len(shared):,} ids name a document too, such as {shown(shared[0])}: put q- before each query's."
            )
            self.tally.note("shared-id", QUERIES, self.queries.line_of(shared[0]), message)
        for query, row in self.queries.rows.items() if splits else ():
            if row not in self._split_of:
                message = f"no split judges {shown(query)}: it is left out of every score."
                self.tally.note("unjudged-query", QUERIES, self.queries.lines[row], message)


def look(folder: Path) -> Look:
    """Check a BEIR folder.

    :raises BakehouseError: if there is no such folder.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise BakehouseError(f"{folder} {what}: wanted a BEIR folder with {CORPUS}, {QUERIES} and {QRELS}/SPLIT.tsv.")
    found = Look(folder)
    found.manifest, splits = _manifest(found), split_files(folder)
    _missing(found, bool(splits))
    found.objects(CORPUS, found.documents)
    found.objects(QUERIES, found.queries)
    for file in splits:
        found.split(file, by_document=isinstance(found.manifest.get("splits"), dict))
    _strays(found)
    found.across(len(splits), bool(found.manifest.get("exclude_self")))
    return found


def split_files(folder: Path) -> list[str]:
    """``qrels/SPLIT.tsv`` of each split, sorted, also where only its ``.gz`` is there."""
    paths = [path for ending in ("*.tsv", "*.tsv.gz") for path in (folder / QRELS).glob(ending)]
    return sorted({f"{QRELS}/{path.name.removesuffix('.gz')}" for path in paths})


def _manifest(found: Look) -> dict[str, Any]:
    path = found.folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        manifest = None
    if isinstance(manifest, dict):
        return manifest
    found.tally.note("manifest", MANIFEST, 0, "it is no JSON object: mend it, or remove it.")
    return {}


def _missing(found: Look, judged: bool) -> None:
    if not source_of(found.folder, CORPUS):
        message = "it is missing: make one with `python -m retrieval convert`."
        found.tally.note("missing-file", CORPUS, 0, message)
    if judged and not source_of(found.folder, QUERIES):
        message = f"it is missing, though {QRELS}/ has judgments: add the queries they name."
        found.tally.note("missing-file", QUERIES, 0, message)


def _strays(found: Look) -> None:
    for path in sorted((found.folder / QRELS).glob("*")):
        if not path.name.startswith(".") and path.suffix not in (".tsv", ".gz", BACKUP):
            message = "nobody reads it: wanted the judgments of a split, such as test.tsv."
            found.tally.note("stray-file", f"{QRELS}/{path.name}", 0, message)
