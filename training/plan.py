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
from training import generate
from training.config import Recipe
from training.data import own, own_parts
from training.data.inputs import TEXT_LOSSES, needs_scores
from training.data.own import Own
from training.fitting import arguments
from training.fitting.arguments import planned_steps, steps_an_epoch
from training.fitting.losses import generated_loss
from training.fitting.memory import by_rule
from training.fitting.weights import weigh
from training.keeping import disk, examine
from training.keeping.checkpoints import model_bytes
from training.keeping.milestones import evaluations
from training.runs import RunFolder, all_runs, recipe_of
from training.split import shares_of
from training.teaching import teachers

_EARLIER = 20
"""How many of the last runs are looked at for the time of a step."""
_ASSUMED = 32
"""Rows of a batch, where a probe is still to find the size."""
_FIRST_STEPS = 2
"""These are left out: a first step also warms up."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run like this one went on this machine.

    :param seconds: A step's median time.
    :param run: The run it was taken from.
    :param memory: Bytes at its peak; 0 if that was not measured.
    """

    seconds: float
    run: str
    memory: int = 0


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
    :param steps: At most, where the batch size is still to be found: then as many as with 32 rows a batch.
    :param found_batch: Whether the batch size is still to be found.
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
    found_batch: bool = False

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
    arguments.check(recipe.fit)
    examine.check_judged(corpus, generates=not recipe.fit.data_only)
    judged = "dev" in splits(corpus.folder)
    # Not identified here: a document without a language counts as one of unknown language
    stated = [document.lang for document in corpus.documents]
    shares = [] if recipe.fit.data_only else shares_of(corpus, recipe, judged=judged, languages=stated)
    passages = {share.lang: len(share.train) for share in shares}
    if not passages and not recipe.fit.data_only:
        wanted = ", ".join(recipe.split.languages)
        raise BakehouseError(
            f"{corpus.name} has no passage{f' in {wanted}' if wanted else ''} long enough to ask about. "
            "Choose other languages, or another corpus."
        )
    _check_models(recipe, passages)
    rows = generate.planned(recipe, shares)
    settings = recipe.fit.model_copy(update={"batch_size": recipe.fit.batch_size or _ASSUMED})
    examples = _rows(recipe, rows, {share.lang: len(share.pool) for share in shares})
    steps = planned_steps(settings, examples)
    return Plan(
        passages=passages,
        questions=sum(rows.values()),
        steps=steps,
        epochs=steps / steps_an_epoch(settings, examples),
        synthetic=not judged,
        kept_out=sum(len(share.dev) for share in shares),
        examinations=1 + len(evaluations(steps, recipe.evaluate.times, recipe.evaluate.every)),
        free=_free(),
        need=_need(recipe),
        pace=pace(recipe),
        found_batch=recipe.fit.batch_size == 0,
    )


def _check_models(recipe: Recipe, languages: Iterable[str]) -> None:
    """:raises BakehouseError: if a language has no generator or no teacher where it needs one."""
    for lang in languages:
        generate.name_of(lang, recipe.generate)
        if needs_scores(recipe):
            teachers.name_of(lang, recipe.label)


def _rows(recipe: Recipe, questions: Mapping[str, int], passages: Mapping[str, int]) -> dict[str, int]:
    """Dataset → its training rows, at most: what filters drop later is not known yet."""
    found = _own_rows(recipe) if recipe.fit.data or recipe.fit.data_only else {}
    if recipe.fit.data_only:
        return found
    loss = generated_loss(recipe)
    if loss in TEXT_LOSSES:  # questions and passages stand for themselves
        return found | dict(questions) | {f"{lang}-document": count for lang, count in passages.items()}
    each = {"margin-mse": recipe.mine.negatives, "triplet": max(1, recipe.fit.negatives)}.get(loss, 1)
    return found | {lang: count * each for lang, count in questions.items()}


def _own_rows(recipe: Recipe) -> dict[str, int]:
    """Language → rows of a person's own data, which must fit the loss."""
    place = recipe.fit.data
    read = _own(own.fingerprint(place) if place else "", place)
    own_parts.chosen(read, recipe)
    return {f"own-{lang}": len(rows) for lang, rows in read.examples.items()}


@lru_cache(maxsize=1)
def _own(fingerprint: str, place: str) -> Own:
    """A person's own data, which is read again only when it changes."""
    return own.read(place)


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
    each = disk.size(model_bytes(model.folder), weights.trainable, recipe.fit.optimizer)
    return Need(
        each.kept(recipe.checkpoints) + disk.spare(recipe.checkpoints),
        by_rule(weights, recipe.fit),
        weights.total,
        weights.trainable,
    )


def pace(recipe: Recipe) -> Pace | None:
    """The time of a step in the last run on this machine whose steps did the same work."""
    for run in all_runs()[:_EARLIER]:
        if run.written_status().host == socket.gethostname() and _work(recipe_of(run)) == _work(recipe):
            seconds = _step_seconds(run)
            if seconds is not None:
                return Pace(seconds, run.id, run.written_status().fit.get("memory", {}).get("peak", 0))
    return None


def _work(recipe: Recipe) -> dict[str, Any]:
    """What decides how long a step takes."""
    named = {
        "trainable", "top_layers", "lora_rank", "freeze_embeddings", "batch_size", "accumulate", "negatives", "max_length",
        "precision", "gradient_checkpointing", "optimizer", "processes", "loss", "matryoshka", "data", "data_only",
    }  # fmt: skip
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
