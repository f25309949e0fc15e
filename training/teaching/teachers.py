"""The models that score question and passage for a student to learn from, one for each language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from retrieval.artifact import write_json
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.records import FloatArray
from retrieval.rerank import configured_activation, load_cross_encoder, pair_scores
from retrieval.vectors import Vectors
from training.backoff import halving
from training.config import Label

TEACHERS = "teachers.json"
Pair = tuple[str, str]
Teacher = Callable[[Sequence[Pair]], FloatArray]
"""(question, passage) pairs → scores, shape (pairs,), float32."""


@dataclass(frozen=True, slots=True)
class Taught:
    """What is to be known of a teacher where it no longer is: the fit may run on another machine.

    :param activation: What its configuration would have put on the logits; empty for a bi-encoder.
    """

    name: str
    kind: str
    activation: str


def model_of(lang: str, settings: Label) -> Model:
    """The teacher of a language: its own, else the one for all others.

    :raises BakehouseError: if none is named.
    """
    return resolve(name_of(lang, settings))


def name_of(lang: str, settings: Label) -> str:
    """The name of that teacher, whether it is to be had or not.

    :raises BakehouseError: if none is named, or the model that is tuned.
    """
    name = settings.teachers.get(lang) or settings.teacher
    if not name:
        raise BakehouseError(
            f"label.kind is {settings.kind} and there is no teacher for '{lang}': label.teacher is empty. Name a model "
            f"there or in label.teachers.{lang}, or set label.kind=none."
        )
    if name == "base":
        raise BakehouseError(
            f"the teacher of '{lang}' is base, the model being tuned, which cannot teach itself by scores. Name another, or "
            "join it with others (label.ensemble) for fit.loss=similarity-kl."
        )
    return name


def make(model: Model, settings: Label, pairs: Iterable[Pair]) -> Teacher:
    """Load a teacher: a cross-encoder gives logits, a bi-encoder cosines.

    :param pairs: All that it will be asked; a bi-encoder encodes each text of them once.
    """
    if settings.kind == "cross-encoder":
        return _cross_encoder(model, settings)
    return _bi_encoder(Encoder(model), pairs)


def _cross_encoder(model: Model, settings: Label) -> Teacher:
    loaded = load_cross_encoder(model, settings.max_length)

    def logits(pairs: Sequence[Pair]) -> FloatArray:
        # By bytes, which tell the tokens of any script better than letters do
        order = sorted(range(len(pairs)), key=lambda place: -sum(len(text.encode()) for text in pairs[place]))
        ordered = [pairs[place] for place in order]
        scored = halving(ordered, settings.batch_size, lambda batch: list(pair_scores(loaded, batch, len(batch))))
        scores = np.empty(len(pairs), np.float32)
        scores[order] = np.fromiter(scored, np.float32, len(pairs))
        return scores

    return logits


def _bi_encoder(encoder: Encoder, pairs: Iterable[Pair]) -> Teacher:
    questions: dict[str, int] = {}
    passages: dict[str, int] = {}
    for question, passage in pairs:
        questions.setdefault(question, len(questions))
        passages.setdefault(passage, len(passages))
    asked, answers = (
        Vectors(encoder, "query").stored(list(questions)),
        Vectors(encoder, "document").stored(list(passages)),
    )

    def cosines(pairs: Sequence[Pair]) -> FloatArray:
        queries = asked[np.array([questions[question] for question, _ in pairs], np.int32)]
        documents = answers[np.array([passages[passage] for _, passage in pairs], np.int32)]
        return np.asarray(np.einsum("nd,nd->n", queries, documents), np.float32)

    return cosines


def write(folder: Path, models: Mapping[str, Model], settings: Label) -> None:
    """Leave what is to be known of each language's teacher beside its scores."""
    cross = settings.kind == "cross-encoder"
    taught = {
        lang: Taught(model.name, settings.kind, configured_activation(model) if cross else "")
        for lang, model in models.items()
    }
    write_json(folder / TEACHERS, {lang: asdict(each) for lang, each in taught.items()})


def read(folder: Path) -> dict[str, Taught]:
    """Language → what is known of its teacher."""
    path = folder / TEACHERS
    return {lang: Taught(**each) for lang, each in json.loads(path.read_text(encoding="utf-8")).items()}
