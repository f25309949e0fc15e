"""The stage in which a teacher scores each question against its passages and its negatives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.artifact import key_of
from retrieval.beir import read_queries
from retrieval.errors import BakehouseError
from retrieval.models import Model
from retrieval.records import Document
from training import artefacts, shards
from training.config import Label, Recipe
from training.journal import Journal
from training.teaching import teachers
from training.teaching.teachers import Pair, Teacher

NAME = "label"
_QUESTIONS_A_SHARD = 128


def run(
    run_path: Path, recipe: Recipe, generated: Path, mined: Path, documents: Mapping[str, Document], journal: Journal
) -> Path:
    """Write rows of ``{"query", "lang", "positive": [id, score], "negatives": [[id, score], …]}``.

    Each pair of texts is scored once, the positive too, however often it is drawn in training.

    :param mined: The folder of the mine stage.
    :param documents: By id.
    :returns: The stage's folder, complete.
    :raises BakehouseError: if a language has no teacher, or a teacher's score is no number.
    """
    settings = recipe.label
    asked = _asked(mined, {query.id: query.text for query in read_queries(generated)}, documents)
    models = {lang: teachers.model_of(lang, settings) for lang in asked}
    of_language = {lang: _scored_by(model, settings) for lang, model in models.items()}
    artefact = artefacts.begin(run_path, NAME, {"mine": mined.name, "scored_by": of_language}, journal)
    if artefact.complete:
        return artefact.folder
    with artefact.building() as partial:
        for lang, questions in asked.items():
            _fill(partial, lang, questions, models[lang], settings, journal)
        teachers.write(partial, models, settings)
        counts = _counts(asked)
        artefact.describe(partial, counts)
    journal.event(
        f"{counts['pairs']:,} pairs of question and passage scored, for {counts['margins']:,} margins", metrics=counts
    )
    return artefact.folder


def trusted(rows: Iterable[shards.Row], ceiling: float) -> Iterator[shards.Row]:
    """The rows of the stage, less the negatives that the teacher scores too near to the passage, or above it.

    :param ceiling: ``label.ceiling``: the least distance; 0 keeps all.
    """
    for row in rows:
        own = row["positive"][1]
        kept = [negative for negative in row["negatives"] if not ceiling or own - negative[1] >= ceiling]
        yield {**row, "negatives": kept}


@dataclass(frozen=True, slots=True)
class Question:
    """A question with everything that it is scored against.

    :param rows: Of the mine stage, one for each of its passages.
    :param passages: Document id → text.
    """

    text: str
    rows: tuple[shards.Row, ...]
    passages: Mapping[str, str]

    @property
    def pairs(self) -> list[Pair]:
        """The question with each text once: two documents may hold the same."""
        return [(self.text, passage) for passage in dict.fromkeys(self.passages.values())]

    @property
    def digest(self) -> str:
        """Names all that decides its rows, beside the teacher."""
        ids = [[row["query"], row["positive"], *_negatives(row)] for row in self.rows]
        return key_of(text=self.text, rows=ids, passages=self.passages)


def _negatives(row: shards.Row) -> list[str]:
    return [negative["id"] for negative in row["negatives"]]


def _asked(mined: Path, texts: Mapping[str, str], documents: Mapping[str, Document]) -> dict[str, list[Question]]:
    """Language → its questions. Rows that ask the same go together, so that none of their pairs is scored twice."""
    rows: dict[tuple[str, str], list[shards.Row]] = {}
    for row in shards.read_rows(mined):
        rows.setdefault((row["lang"], texts[row["query"]]), []).append(row)
    asked: dict[str, list[Question]] = {}
    full: dict[str, str] = {}  # one text a document, however many questions it stands with
    for (lang, text), of_question in rows.items():
        ids = [doc_id for row in of_question for doc_id in (row["positive"], *_negatives(row))]
        passages = {doc_id: full.get(doc_id) or full.setdefault(doc_id, documents[doc_id].full_text) for doc_id in ids}
        asked.setdefault(lang, []).append(Question(text, tuple(of_question), passages))
    return asked


def _scored_by(model: Model, settings: Label) -> dict[str, object]:
    """What decides a score, beside the texts."""
    limit = {"max_length": settings.max_length} if settings.kind == "cross-encoder" else {}
    return {"kind": settings.kind, "teacher": model.fingerprint, **limit}


def _fill(
    partial: Path, lang: str, questions: Sequence[Question], model: Model, settings: Label, journal: Journal
) -> None:
    loaded: list[Teacher] = []

    def score(batch: Sequence[Question]) -> list[shards.Row]:
        if not loaded:  # not before the first shard that is missing: a complete language needs no teacher
            loaded.append(teachers.make(model, settings, (pair for each in questions for pair in each.pairs)))
        pairs = [pair for question in batch for pair in question.pairs]
        scores = loaded[0](pairs)
        _check_numbers(scores, model)
        of_pair = dict(zip(pairs, scores.tolist(), strict=True))
        return [_labelled(row, question, of_pair) for question in batch for row in question.rows]

    shards.fill(
        partial,
        lang,
        questions,
        _QUESTIONS_A_SHARD,
        score,
        journal,
        digest=lambda question: question.digest,
        made_of=_scored_by(model, settings),
    )


def _labelled(row: shards.Row, question: Question, scores: Mapping[Pair, float]) -> shards.Row:
    def scored(doc_id: str) -> list[str | float]:
        return [doc_id, scores[question.text, question.passages[doc_id]]]

    negatives = [scored(doc_id) for doc_id in _negatives(row)]
    return {"query": row["query"], "lang": row["lang"], "positive": scored(row["positive"]), "negatives": negatives}


def _check_numbers(scores: np.ndarray, model: Model) -> None:
    wrong = int((~np.isfinite(scores)).sum())
    if wrong:
        raise BakehouseError(
            f"the teacher '{model.name}' answers {wrong} of {len(scores)} pairs with no number (NaN or infinite): "
            "its weights are damaged, or too large for half precision. Name another teacher, or save this one anew."
        )


def _counts(asked: Mapping[str, Sequence[Question]]) -> dict[str, int]:
    questions = [question for of_language in asked.values() for question in of_language]
    return {
        "queries": sum(len(question.rows) for question in questions),
        "pairs": sum(len(question.pairs) for question in questions),
        "margins": sum(len(row["negatives"]) for question in questions for row in question.rows),
    }
