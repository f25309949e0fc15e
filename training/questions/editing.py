"""A run's questions are edited in a file and put back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from retrieval.artifact import MANIFEST, building, link, read_manifest, write_json
from retrieval.beir import QRELS, QUERIES
from retrieval.errors import BakehouseError
from retrieval.lexical import document_languages
from retrieval.records import Document, Query
from training import generate
from training.filter import read_items
from training.generate import Questions
from training.generators.bring import DEV, TRAIN
from training.questions.queries import documents_of, stage_folder
from training.questions.rules import Item
from training.questions.sheets import Edited, read_sheet
from training.runs import RunFolder


@dataclass(frozen=True, slots=True)
class Edits:
    """What a file that was put back has changed, in questions."""

    same: int
    changed: int
    added: int
    removed: int

    def __str__(self) -> str:
        return f"{self.changed} changed, {self.added} added, {self.removed} removed, {self.same} as before"


def put_back(run: RunFolder, file: Path, languages: Sequence[str] = ()) -> Edits:
    """Replace a run's questions by those of a file. What depends on them is made again when the run resumes.

    The file holds all questions: one that is not in it is removed, one without a query-id is new.

    :param languages: Replace those in these languages only; all if empty.
    :raises BakehouseError: if the run is alive, a row cannot be used, or a whole language would be lost; then
        nothing is changed.
    """
    if run.status().alive:
        raise BakehouseError(f"{run.id} is {run.status().state}: stop it first (`python -m training stop {run.id}`).")
    folder = stage_folder(run, generate.NAME)
    before = {item.query.id: item for item in read_items(folder)}
    made = _questions(read_sheet(file), before, _Places.of(run, folder), file)
    _check_languages(made, before, languages, file)
    for item in before.values():
        if languages and item.query.lang not in languages:
            made.add(item.query, item.split, item.grades)
    edits = _compared(made, before)
    _write(folder, made, edits, file)
    _tell(run, edits)
    return edits


@dataclass(frozen=True)
class _Places:
    """Where a question goes: its passage decides on language and split."""

    documents: Mapping[str, Document]
    split_of: Mapping[str, str]
    languages: Mapping[str, str]

    @classmethod
    def of(cls, run: RunFolder, folder: Path) -> _Places:
        drawn = json.loads((folder / generate.PASSAGES).read_text(encoding="utf-8"))
        documents = documents_of(run)
        codes = dict(zip(documents, document_languages(list(documents.values())), strict=True))
        split_of = {doc_id: split for splits in drawn.values() for split, ids in splits.items() for doc_id in ids}
        return cls(documents, split_of, {doc_id: lang for doc_id, lang in codes.items() if lang in drawn})


def _questions(edited: Sequence[Edited], before: Mapping[str, Item], places: _Places, file: Path) -> Questions:
    """What the file says, checked."""
    _check(edited, places, file)
    by_id: dict[str, list[Edited]] = {}
    for row, query_id in zip(edited, _ids(edited, before), strict=True):
        by_id.setdefault(query_id, []).append(row)
    made = Questions()
    for query_id, rows in by_id.items():
        old = before.get(query_id)
        if len({row.question for row in rows}) > 1 or len({places.languages[row.passage] for row in rows}) > 1:
            raise BakehouseError(
                f"{file}, line {rows[1].line}: '{query_id}' stands in line {rows[0].line} already, with another question "
                "or a passage in another language. Empty its query-id to make it a question of its own."
            )
        grades = {row.passage: old.grades.get(row.passage, 1) if old else 1 for row in rows}
        lang = places.languages[rows[0].passage]
        text = rows[0].question
        metadata: Mapping[str, Any] = {"by": "hand"}
        if old and old.query.text.strip() == text:  # a table loses the white space around it
            text, metadata = old.query.text, old.query.metadata
        kept_out = any(places.split_of.get(passage) == DEV for passage in grades)
        split = DEV if kept_out or (old and old.split == DEV) else TRAIN
        made.add(Query(query_id, text, {**metadata, "lang": lang}), split, grades)
    return made


def _ids(edited: Sequence[Edited], before: Mapping[str, Item]) -> Iterator[str]:
    """The id of each row; new ones for rows that have none."""
    taken = set(before) | {row.query for row in edited}
    for row in edited:
        query_id, number = row.query, 0
        while not query_id or (not row.query and query_id in taken):
            number += 1
            query_id = f"{row.passage}-h{number}"
        taken.add(query_id)
        yield query_id


def _check(edited: Sequence[Edited], places: _Places, file: Path) -> None:
    if not edited:
        raise BakehouseError(f"{file} holds no question: a run needs some. Export them again with --export.")
    empty = [row.line for row in edited if not row.question]
    if empty:
        raise BakehouseError(
            f"{file}: {len(empty)} rows have no question, the first in line {empty[0]}. Delete the row to drop a question."
        )
    for known, lack in (
        (places.documents, "is not in the corpus"),
        (places.languages, "is in no language of this run"),
    ):
        strangers = [row for row in edited if row.passage not in known]
        if strangers:
            raise BakehouseError(
                f"{file}: the passage of {len(strangers)} of {len(edited)} rows {lack}, the first in line "
                f"{strangers[0].line}: '{strangers[0].passage}'. There are {len(known)}, such as '{next(iter(known))}'."
            )


def _check_languages(made: Questions, before: Mapping[str, Item], languages: Sequence[str], file: Path) -> None:
    """A file that was exported for one language must not drop the questions of all others."""
    have = {query.lang for query in made.queries}
    if languages and (others := sorted(have - set(languages))):
        raise BakehouseError(
            f"{file} holds questions in {', '.join(others)} too: name these with --lang, or leave it out."
        )
    had = {item.query.lang for item in before.values()}
    lost = sorted((had & set(languages) if languages else had) - have)
    if lost:
        raise BakehouseError(
            f"{file} holds no question in {', '.join(lost)}, and the run has some. Add --lang {' --lang '.join(sorted(have))} "
            "to replace the others only, or leave a language out of the run with split.languages."
        )


def _compared(made: Questions, before: Mapping[str, Item]) -> Edits:
    after = {query.id: query for query in made.queries}
    grades = made.qrels[TRAIN] | made.qrels[DEV]
    same = sum(
        query_id in before and before[query_id].query.text == query.text and before[query_id].grades == grades[query_id]
        for query_id, query in after.items()
    )
    added = len(after.keys() - before.keys())
    return Edits(same, len(after) - same - added, added, len(before.keys() - after.keys()))


def _write(folder: Path, made: Questions, edits: Edits, file: Path) -> None:
    """The stage's folder anew, in one step: its shards as they were, the questions and judgments from the file."""
    manifest = dict(read_manifest(folder) or {})
    with building(folder, fresh=True) as partial:
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.name not in (QUERIES, MANIFEST):
                link(path, partial / path.name)
        (partial / QRELS).mkdir(exist_ok=True)
        counts = made.write(partial)
        history: list[Any] = manifest.get("edited", [])
        told = {"time": time.time(), "file": file.name, **asdict(edits)}
        write_json(partial / MANIFEST, {**manifest, "counts": counts, "edited": [*history, told]})


def _tell(run: RunFolder, edits: Edits) -> None:
    """Say it in the run's events, and make a finished run one that can be resumed."""
    message = f"the questions were edited: {edits}"
    run.append_event(
        {"time": time.time(), "stage": generate.NAME, "step": 0, "total": 0, "message": message, "metrics": {}}
    )
    run.write_status(
        replace(
            run.written_status(),
            state="stopped",
            message=message,
            reason="",
            remedy=f"Resume it (`python -m training resume {run.id}`): what depends on the questions is made again.",
            base={},
            best={},
            report={},
        )
    )
