"""A run's questions beside their passages, as a person reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.artifact import MANIFEST, read_manifest
from retrieval.beir import CORPUS, open_corpus
from retrieval.errors import BakehouseError
from retrieval.records import Document
from training import filter as sift
from training import generate
from training.filter import content_of, read_items
from training.questions.sheets import COLUMNS, write_sheet
from training.runs import RunFolder


@dataclass(frozen=True, slots=True)
class Shown:
    """A question beside one passage that it is about.

    :param reason: Why the filter stage rejected it; empty where it did not, or has not run.
    """

    query: str
    lang: str
    split: str
    question: str
    passage_id: str
    passage: str
    reason: str


def shown(run: RunFolder, languages: Sequence[str] = (), *, rejected: bool = False) -> list[Shown]:
    """The questions of a run, language by language, each beside its passages.

    :param languages: Only these; all if empty.
    :param rejected: Only those that the filter stage has rejected.
    :raises BakehouseError: if the run has no complete ``generate`` stage, or no question in a language.
    """
    generated = stage_folder(run, generate.NAME)
    items = list(read_items(generated))
    have = sorted({item.query.lang for item in items})
    for lang in languages:
        if lang not in have:
            raise BakehouseError(f"{run.id} has no questions in '{lang}': it has {', '.join(have)}.")
    documents = documents_of(run)
    reasons = _reasons(run, generated, must=rejected)
    rows = [
        Shown(
            item.query.id,
            item.query.lang,
            item.split,
            item.query.text,
            passage,
            documents[passage].full_text if passage in documents else "(no longer in the corpus)",
            reasons.get(item.query.id, ""),
        )
        for item in items
        for passage in item.grades
        if (not languages or item.query.lang in languages) and (not rejected or item.query.id in reasons)
    ]
    return sorted(rows, key=lambda row: row.lang)


def export(rows: Iterable[Shown], file: Path) -> int:
    """Write questions and passages as CSV or JSON Lines, by the file's name; return how many rows.

    :raises BakehouseError: if the name ends otherwise.
    """
    cells = [(row.query, row.lang, row.question, row.passage_id, row.passage) for row in rows]
    write_sheet(file, [dict(zip(COLUMNS, of_row, strict=True)) for of_row in cells])
    return len(cells)


def stage_folder(run: RunFolder, name: str) -> Path:
    """The folder of a stage, the one made last.

    :raises BakehouseError: if it is not complete.
    """
    found = [folder for folder in (run.path / "stages").glob(f"{name}-*") if read_manifest(folder)]
    if not found:
        raise BakehouseError(
            f"{run.id} has no complete '{name}' yet: run it with `python -m training stage {name} {run.id}`."
        )
    return max(found, key=lambda folder: (folder / MANIFEST).stat().st_mtime_ns)


def documents_of(run: RunFolder) -> dict[str, Document]:
    """The corpus as the run has kept it, by id."""
    kept = next((run.path / "corpus").rglob(CORPUS), None)
    corpus = open_corpus(kept.parent if kept else run.recipe().corpus)
    return {document.id: document for document in corpus.documents}


def _reasons(run: RunFolder, generated: Path, *, must: bool) -> Mapping[str, str]:
    """Question id → why the filter rejected it, if it has seen these very questions."""
    content = content_of(generated)
    folders = (run.path / "stages").glob(f"{sift.NAME}-*")
    for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime_ns, reverse=True):
        manifest = read_manifest(folder)
        if manifest and manifest["made_of"]["questions"] == content:
            with (folder / sift.REJECTED).open(encoding="utf-8") as lines:
                return {row["query"]: row["reason"] for row in map(json.loads, lines)}
    if must:
        raise BakehouseError(
            f"{run.id} has not sorted its present questions yet: do it with `python -m training stage {sift.NAME} {run.id}`."
        )
    return {}
