"""TREC's files of rankings and judgments: any system's run can be judged here, and any judge reads ours.

A run has lines of ``query Q0 document rank score tag``, judgments have lines of ``query 0 document grade``,
separated by blanks, as trec_eval reads them (https://github.com/usnistgov/trec_eval).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.artifact import write_atomic
from retrieval.errors import BakehouseError
from retrieval.records import Qrels, Run

_RUN = "query Q0 document rank score tag"
_QRELS = "query 0 document grade"


@dataclass(frozen=True, slots=True)
class Brought:
    """A run of another system.

    :param run: Over the documents of the corpus, and after them those that only the run knows: these keep their
        places, so that what stands below them does not rise.
    :param tags: What the file calls the system.
    :param strangers: How many documents only the run knows.
    """

    run: Run
    tags: Sequence[str]
    strangers: int


def write_run(path: Path, run: Run, tag: str) -> Path:
    """Write a run, best first.

    Scores are written so that reading them gives the same float32; where neighbours tie, trec_eval would put its
    own order in place of ours, so each row's scores are made to fall by the least that float32 can express.

    :param tag: A word for the system; blanks become underscores.
    :raises BakehouseError: if an id holds a blank, which the format cannot tell from its separators.
    """
    word = "_".join(tag.split()) or "bakehouse"
    write_atomic(path, "".join(_run_lines(run, word)))
    return path


def _run_lines(run: Run, tag: str) -> Iterator[str]:
    for row, query_id in enumerate(run.query_ids):
        last = np.float32(np.inf)
        for rank, (doc_id, score) in enumerate(run.top(row), 1):
            last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
            yield f"{_word(query_id)} Q0 {_word(doc_id)} {rank} {last:.9g} {tag}\n"


def write_qrels(path: Path, qrels: Qrels) -> Path:
    """Write judgments.

    :raises BakehouseError: if an id holds a blank.
    """
    lines = [
        f"{_word(query_id)} 0 {_word(doc_id)} {grade}\n"
        for query_id, grades in qrels.items()
        for doc_id, grade in grades.items()
    ]
    write_atomic(path, "".join(lines))
    return path


def _word(identifier: str) -> str:
    if not identifier or len(identifier.split()) != 1 or identifier != identifier.strip():
        raise BakehouseError(
            f"the id {identifier!r} is empty or holds a blank, and TREC's files separate by blanks: rename it."
        )
    return identifier


def read_run(path: Path, doc_ids: Sequence[str]) -> Brought:
    """Read a run. Documents are ordered by score as trec_eval does, equal scores by the file's rank, then by id.

    :param doc_ids: The ids of the corpus.
    :raises BakehouseError: if a line is none of a run, or names a document twice for a query.
    """
    found: dict[str, dict[str, tuple[float, int]]] = {}
    tags: dict[str, None] = {}
    for number, (query_id, _, doc_id, rank, score, tag) in _fields(path, 6, _RUN):
        of_query = found.setdefault(query_id, {})
        if doc_id in of_query:
            raise BakehouseError(f"{path}, line {number}: '{doc_id}' stands a second time for query '{query_id}'.")
        of_query[doc_id] = (-_number(float, score, path, number, "a score"), _number(int, rank, path, number, "a rank"))
        tags[tag] = None
    if not found:
        raise BakehouseError(f"{path} holds no line: wanted lines of {_RUN}.")
    known = set(doc_ids)
    strangers = sorted({doc_id for of_query in found.values() for doc_id in of_query} - known)
    run = _run_of(found, [*doc_ids, *strangers])
    return Brought(run, list(tags), len(strangers))


def _run_of(found: dict[str, dict[str, tuple[float, int]]], doc_ids: Sequence[str]) -> Run:
    position_of = {doc_id: position for position, doc_id in enumerate(doc_ids)}
    depth = max(map(len, found.values()))
    ranking = np.full((len(found), depth), -1, np.int32)
    scores = np.full((len(found), depth), -np.inf, np.float32)
    for row, of_query in enumerate(found.values()):
        ordered = sorted(of_query, key=lambda doc_id: (of_query[doc_id], doc_id))
        ranking[row, : len(ordered)] = [position_of[doc_id] for doc_id in ordered]
        scores[row, : len(ordered)] = [-of_query[doc_id][0] for doc_id in ordered]
    return Run(list(found), doc_ids, ranking, scores)


def read_qrels(path: Path) -> Qrels:
    """Read judgments, in file order.

    :raises BakehouseError: if a line is none of judgments.
    """
    qrels: Qrels = {}
    for number, (query_id, _, doc_id, grade) in _fields(path, 4, _QRELS):
        qrels.setdefault(query_id, {})[doc_id] = _number(int, grade, path, number, "a grade, a whole number")
    return qrels


def _fields(path: Path, count: int, wanted: str) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BakehouseError(f"{path} cannot be read ({error}): wanted a text file of lines {wanted}.") from error
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if fields and len(fields) != count:
            raise BakehouseError(
                f"{path}, line {number}: found {len(fields)} fields in {line.strip()!r}, wanted {count}: {wanted}."
            )
        if fields:
            yield number, fields


def _number(kind: Any, text: str, path: Path, number: int, wanted: str) -> Any:
    try:
        value = kind(text)
    except ValueError as error:
        raise BakehouseError(f"{path}, line {number}: found '{text}', wanted {wanted}.") from error
    if value != value or abs(value) == float("inf"):
        raise BakehouseError(f"{path}, line {number}: '{text}' is no finite number, wanted {wanted}.")
    return value
