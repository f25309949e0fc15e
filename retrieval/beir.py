"""The BEIR folder: ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/SPLIT.tsv``.

The format is that of Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of
Information Retrieval Models" (2021), with ``metadata.lang`` beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from retrieval.artifact import hash_files, read_manifest
from retrieval.errors import BakehouseError, nearest
from retrieval.home import ROOT, home
from retrieval.records import Document, Qrels, Query

CORPUS = "corpus.jsonl"
QUERIES = "queries.jsonl"
QRELS = "qrels"
HANDBOOK = ROOT / "retrieval" / "handbook"
"""The corpus that comes with the program."""
QRELS_HEADER = ("query-id", "corpus-id", "score")


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, object)`` of a JSON Lines file; blank lines are skipped.

    :raises BakehouseError: if the file is missing, not UTF-8, or a line is no JSON object.
    """
    if not path.is_file():
        raise BakehouseError(f"{path} is missing: a BEIR folder holds {CORPUS}, {QUERIES} and {QRELS}/SPLIT.tsv.")
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, _object(line, path, number)
    except UnicodeDecodeError as error:
        raise BakehouseError(
            f"{path}, line {number + 1}: not UTF-8 ({error.reason}). "
            "Convert the source with `python -m retrieval convert`, which finds the encoding."
        ) from error


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise BakehouseError(
            f"{path}, line {number}: not JSON ({error.msg}). Run `validate` for all faults."
        ) from error
    if not isinstance(value, dict) or not isinstance(value.get("_id"), str):
        raise BakehouseError(
            f'{path}, line {number}: wanted an object with a string "_id". Run `validate` for all faults.'
        )
    return value


def _document(value: dict[str, Any]) -> Document:
    return Document(value["_id"], str(value.get("text") or ""), str(value.get("title") or ""), _metadata(value))


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    metadata = value.get("metadata")
    return dict(metadata) if isinstance(metadata, dict) else {}


def read_documents(folder: Path) -> Iterator[Document]:
    """Stream the documents of ``corpus.jsonl`` in file order."""
    for _, value in read_objects(folder / CORPUS):
        yield _document(value)


def sample_documents(folder: Path, most: int) -> list[Document]:
    """At most so many documents, evenly from all of ``corpus.jsonl``, of which only these are parsed."""
    path = folder / CORPUS
    step = max(1, -(-count_lines(path) // most))
    with path.open(encoding="utf-8-sig") as lines:
        taken = ((number, line) for number, line in enumerate(lines, 1) if (number - 1) % step == 0)
        return [_document(_object(line, path, number)) for number, line in taken if line.strip()]


def count_lines(path: Path) -> int:
    """How many lines a file has, without reading what is in them; 0 if there is no such file."""
    if not path.is_file():
        return 0
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))


def read_queries(folder: Path) -> Iterator[Query]:
    """Stream the queries of ``queries.jsonl`` in file order."""
    for _, value in read_objects(folder / QUERIES):
        yield Query(value["_id"], str(value.get("text") or ""), _metadata(value))


def read_qrels(folder: Path, split: str) -> Qrels:
    """The judgments of one split, in file order.

    :raises BakehouseError: if there is no such split, or a line is not ``query-id corpus-id score``.
    """
    path = folder / QRELS / f"{split}.tsv"
    if not path.is_file():
        have = splits(folder)
        found = f"it has {', '.join(have)}" if have else "it has no judgments at all"
        raise BakehouseError(f"{folder} has no split '{split}': {found}.{nearest(split, have)}")
    return read_judgments(path)


def read_judgments(path: Path) -> Qrels:
    """The judgments of one file, in file order.

    :raises BakehouseError: if a line is not ``query-id corpus-id score``.
    """
    qrels: Qrels = {}
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            fields = line.rstrip("\r\n").split("\t")
            if (number == 1 and tuple(fields) == QRELS_HEADER) or not line.strip():
                continue
            try:
                query_id, doc_id, grade = fields
                qrels.setdefault(query_id, {})[doc_id] = int(grade)
            except ValueError as error:
                raise BakehouseError(
                    f"{path}, line {number}: found {line.strip()!r}, wanted query-id, corpus-id and "
                    "a whole number, separated by tabs."
                ) from error
    return qrels


def splits(folder: Path) -> list[str]:
    """The names of the splits that have judgments, sorted."""
    return sorted(path.stem for path in (folder / QRELS).glob("*.tsv"))


def document_line(document: Document) -> str:
    """One line of ``corpus.jsonl``, newline included."""
    id_, metadata = _json(document.id), _json(dict(document.metadata))
    return f'{{"_id": {id_}, {document_content(document.title, document.text)}, "metadata": {metadata}}}\n'


def document_content(title: str, text: str) -> str:
    """The part of a document's line that two documents share if they say the same."""
    return f'"title": {_json(title)}, "text": {_json(text)}'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def query_line(query: Query) -> str:
    """One line of ``queries.jsonl``, newline included."""
    return (
        json.dumps({"_id": query.id, "text": query.text, "metadata": dict(query.metadata)}, ensure_ascii=False) + "\n"
    )


def write_documents(folder: Path, documents: Iterable[Document]) -> int:
    """Write ``corpus.jsonl``; return how many documents it holds."""
    return _write_lines(folder / CORPUS, map(document_line, documents))


def write_queries(folder: Path, queries: Iterable[Query]) -> int:
    """Write ``queries.jsonl``; return how many queries it holds."""
    return _write_lines(folder / QUERIES, map(query_line, queries))


def write_qrels(folder: Path, split: str, qrels: Qrels) -> int:
    """Write ``qrels/SPLIT.tsv`` with its header; return how many judgments it holds."""
    judgments = (f"{q}\t{d}\t{grade}\n" for q, grades in qrels.items() for d, grade in grades.items())
    path = folder / QRELS / f"{split}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    return _write_lines(path, judgments, header="\t".join(QRELS_HEADER) + "\n")


def _write_lines(path: Path, lines: Iterable[str], header: str = "") -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(header)
        for count, line in enumerate(lines, 1):  # noqa: B007 - the count is the result
            out.write(line)
    return count


@dataclass(frozen=True)
class Corpus:
    """A BEIR folder whose documents fit in memory, read once and on demand."""

    folder: Path

    @cached_property
    def documents(self) -> list[Document]:
        """All documents, in file order.

        :raises BakehouseError: if there are none, or an id stands twice.
        """
        documents = list(read_documents(self.folder))
        if not documents:
            raise BakehouseError(
                f"{self.folder / CORPUS} is empty: there is nothing to search. Convert some documents."
            )
        if len(documents) != len({document.id for document in documents}):
            raise BakehouseError(
                f"{self.folder / CORPUS} has an id twice. Run `python -m retrieval validate {self.folder}` to see which."
            )
        return documents

    @cached_property
    def queries(self) -> list[Query]:
        """All queries, in file order; none if there is no ``queries.jsonl``."""
        return list(read_queries(self.folder)) if (self.folder / QUERIES).is_file() else []

    def qrels(self, split: str) -> Qrels:
        """See :func:`read_qrels`."""
        return read_qrels(self.folder, split)

    @cached_property
    def languages(self) -> dict[str, int]:
        """Language code → number of documents, largest first."""
        counts: dict[str, int] = {}
        for document in self.documents:
            counts[document.lang] = counts.get(document.lang, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @cached_property
    def fingerprint(self) -> str:
        """A hash of ``corpus.jsonl``: changes when any document changes."""
        return hash_files([self.folder / CORPUS])

    @property
    def exclude_self(self) -> bool:
        """Whether a query never finds the document of its own id: ``"exclude_self": true`` in ``manifest.json``.

        For sets whose queries are documents, such as ArguAna; ids that are merely alike mean nothing elsewhere.
        """
        manifest = read_manifest(self.folder)
        return bool(manifest and manifest.get("exclude_self"))

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.resolve().name


def open_corpus(place: str | Path) -> Corpus:
    """Open a BEIR folder by path, or by its name under ``workspace/corpora``, or the ``handbook``.

    :raises BakehouseError: if there is no such folder or it has no ``corpus.jsonl``.
    """
    tried = [Path(place).expanduser(), home() / "corpora" / str(place)]
    if str(place) == HANDBOOK.name:
        tried.append(HANDBOOK)
    for folder in tried:
        if (folder / CORPUS).is_file():
            return Corpus(folder)
    if tried[0].is_dir():
        raise BakehouseError(
            f"{place} is no BEIR folder: it has no {CORPUS}. Make one with `python -m retrieval convert`."
        )
    known = [path.name for path in (home() / "corpora").glob("*") if (path / CORPUS).is_file()]
    raise BakehouseError(
        f"there is no corpus '{place}': neither a folder of that path nor one in {home() / 'corpora'}."
        + nearest(str(place), known)
    )
