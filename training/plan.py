"""What a run will take, before it is started: passages, questions, steps, disk, memory, time."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Any

from retrieval.beir import Corpus, splits
from retrieval.errors import BakehouseError
from retrieval.home import home
from retrieval.models import at_hand
from training.arguments import planned_steps
from training.checkpoints import model_bytes, needed_bytes
from training.config import Recipe
from training.losses import chosen_loss
from training.runs import RunFolder, all_runs, recipe_of
from training.split import split_by_language
from training.weights import weigh

_EARLIER = 20
"""How many of the last runs are looked at for the time of a step."""
_FIRST_STEPS = 2
"""These are left out: a first step also warms up."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a run like this one went on this machine.

    :param seconds: A step's median time.
    :param run: The run it was taken from.
    """

    seconds: float
    run: str


@dataclass(frozen=True, slots=True)
class Need:
    """What a model takes, in bytes; memory is an estimate without the batch itself."""

    disk: int
    memory: int
    parameters: int
    trainable: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will take.

    :param passages: Language → passages that questions are made from.
    :param questions: Training questions, at most: a short passage yields fewer.
    :param synthetic: Whether checkpoints are judged by generated questions, for want of ``dev`` judgments.
    :param kept_out: Passages kept out of training to ask such questions about.
    :param examinations: How often the model is judged on dev, the base included.
    :param need: None if the base model is not on this machine yet.
    :param free: Bytes free where runs are kept.
    :param pace: None if no such run was timed here before.
    """

    passages: Mapping[str, int]
    questions: int
    steps: int
    epochs: float
    synthetic: bool
    kept_out: int
    examinations: int
    free: int
    need: Need | None
    pace: Pace | None

    @property
    def seconds(self) -> float | None:
        """How long the steps take together."""
        return self.steps * self.pace.seconds if self.pace else None

    @property
    def fits(self) -> bool:
        """Whether the disk holds the checkpoints, as far as that is known."""
        return self.need is None or self.need.disk <= self.free


def plan(recipe: Recipe, corpus: Corpus) -> Plan:
    """Look at corpus, model and earlier runs; nothing is loaded, downloaded or written.

    :raises BakehouseError: if no passage is left to train on, or the settings contradict each other.
    """
    judged = "dev" in splits(corpus.folder)
    # Not identified here: a document without a language counts as one of unknown language
    stated = [document.lang for document in corpus.documents]
    shares = split_by_language(corpus.documents, recipe.split, judged=judged, languages=stated)
    passages = {share.lang: len(share.train) for share in shares if share.train}
    if not passages:
        wanted = ", ".join(recipe.split.languages)
        raise BakehouseError(
            f"{corpus.name} has no passage{f' in {wanted}' if wanted else ''} long enough to ask about. "
            "Choose other languages, or another corpus."
        )
    rows = {lang: count * recipe.generate.queries_per_passage for lang, count in passages.items()}
    examples = {lang: count * _rows_of_a_question(recipe) for lang, count in rows.items()}
    steps = planned_steps(recipe.fit, examples)
    one_epoch = planned_steps(recipe.fit.model_copy(update={"epochs": 1.0, "max_steps": 0}), examples)
    return Plan(
        passages=passages,
        questions=sum(rows.values()),
        steps=steps,
        epochs=steps / one_epoch,
        synthetic=not judged,
        kept_out=sum(len(share.dev) for share in shares),
        examinations=1 + min(recipe.evaluate.times, steps),
        free=_free(),
        need=_need(recipe),
        pace=pace(recipe),
    )


def _rows_of_a_question(recipe: Recipe) -> int:
    """Margins give a row for each negative; contrast takes several negatives into one row."""
    taught = recipe.label.kind != "none"
    loss = "margin-mse" if recipe.fit.loss == "auto" and taught else recipe.fit.loss
    if loss == "margin-mse" and not taught:
        chosen_loss(recipe.fit, None)
    return recipe.mine.negatives if loss == "margin-mse" else 1


def _free() -> int:
    """Bytes free where the workspace is, or will be."""
    place = home()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def _need(recipe: Recipe) -> Need | None:
    model = at_hand(recipe.base) if recipe.base else None
    if model is None:
        return None
    weights = weigh(model.folder, recipe.fit)
    disk = needed_bytes(model_bytes(model.folder), recipe.checkpoints.keep)
    return Need(disk, weights.memory, weights.total, weights.trainable)


def pace(recipe: Recipe) -> Pace | None:
    """The time of a step in the last run on this machine whose steps did the same work."""
    for run in all_runs()[:_EARLIER]:
        if run.written_status().host == socket.gethostname() and _work(recipe_of(run)) == _work(recipe):
            seconds = _step_seconds(run)
            if seconds is not None:
                return Pace(seconds, run.id)
    return None


def _work(recipe: Recipe) -> dict[str, Any]:
    """What decides how long a step takes."""
    named = {
        "trainable",
        "top_layers",
        "freeze_embeddings",
        "batch_size",
        "negatives",
        "max_length",
        "precision",
        "loss",
    }
    return {"base": recipe.base, "taught": recipe.label.kind, **recipe.fit.model_dump(include=named)}


def _step_seconds(run: RunFolder) -> float | None:
    state = run.path / "events.jsonl"
    return _timed(run, state.stat().st_mtime_ns) if state.is_file() else None


@lru_cache(maxsize=64)
def _timed(run: RunFolder, changed: int) -> float | None:
    return step_seconds(run.events())


def step_seconds(events: Iterable[Mapping[str, Any]]) -> float | None:
    """The median time of a step; between two points of the loss curve an examination may lie, hence the median."""
    points = [(event["step"], event["time"]) for event in events if "loss" in event["metrics"]]
    told = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in pairwise(points[_FIRST_STEPS - 1 :])
        if later[0] > earlier[0]
    ]
    return median(told) if told else None
