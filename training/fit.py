"""The stage that trains: the learner, its data, the trainer, resuming from the last checkpoint."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from retrieval.encoder import load
from retrieval.models import Model
from training.config import Recipe
from training.data import pairs
from training.data.inputs import Inputs
from training.data.parts import TrainingData
from training.fitting import arguments, learner, processes, settle, trainer
from training.fitting.learner import Learner
from training.fitting.memory import Meter
from training.fitting.processes import Group
from training.journal import Journal, Stopped
from training.keeping import average, disk
from training.keeping.card import Card
from training.keeping.checkpoints import Checkpoint, model_bytes
from training.keeping.contest import Contest
from training.keeping.examine import Examination
from training.keeping.examiner import Examiner, Marks
from training.keeping.watcher import Watcher, as_callback

NAME = "fit"
FOLDER = "trainer.partial"


def run(run_path: Path, recipe: Recipe, inputs: Inputs, examination: Examination, journal: Journal) -> None:
    """Train, examining the base first and each milestone's checkpoint, and keep the best.

    :raises Stopped: after saving a checkpoint, if someone asked the job to stop.
    """
    arguments.check(recipe.fit)
    if recipe.fit.processes > 1:
        processes.launch(run_path, recipe, inputs, journal)
    else:
        lead(run_path, recipe, inputs, examination, journal)


def lead(
    run_path: Path,
    recipe: Recipe,
    inputs: Inputs,
    examination: Examination,
    journal: Journal,
    group: Group | None = None,
) -> None:
    """Train in this process, the only one or the first of a group: it alone examines and keeps.

    :raises Stopped: after saving a checkpoint, if someone asked the job to stop.
    """
    model = load(inputs.base, group.device if group else None)
    examine = Examiner(examination, journal, recipe)
    examine.base(model, inputs.base)
    data = pairs.datasets_for(model, recipe, inputs, journal)
    student = _student(model, data, examination, recipe, journal)
    cost = examination.expected_seconds(student.examined())
    made = trainer.make(student, data, recipe.fit, run_path / FOLDER)
    key, parameters = inputs.key(recipe), student.parameters
    settings = settle.settled(made, parameters, data, recipe.fit, key, inputs.base.folder, journal)
    size = disk.size(model_bytes(inputs.base.folder), parameters.trainable, settings.optimizer)
    journal.event(disk.reserve(run_path, size, recipe.checkpoints), stage=NAME)

    def judged(checkpoint: Checkpoint, folder: Path, total: int) -> Marks:
        own = folder == checkpoint.folder
        loaded = student.examined() if own else load(Model(run_path.name, folder, "run"))
        return examine.checkpoint(loaded, checkpoint, folder, total)

    def blend(checkpoint: Checkpoint) -> Path:
        folder = checkpoint.folder.with_name("averaged.partial")
        return average.between(inputs.base, checkpoint.folder, settings.average, folder)

    card = Card(run_path.name, recipe, examination.task.corpus, inputs.base, data.rows)
    averages = blend if settings.average < 1 else None
    contest = Contest(run_path, key, examination.key, recipe, journal, card, judged, averages)
    contest.open()
    _train(made, Watcher(contest, size, cost), group)


def follow(run_path: Path, recipe: Recipe, inputs: Inputs, journal: Journal, group: Group) -> None:
    """Train in one of the other processes of a group."""
    model = load(inputs.base, group.device)
    data = pairs.datasets_for(model, recipe, inputs, journal)
    made = trainer.make(learner.make(model, recipe.fit), data, recipe.fit, run_path / FOLDER)
    made.add_callback(processes.in_step(group, None))
    begins, start = group.share(None)
    if begins:
        made.train(resume_from_checkpoint=start)


def _student(model: Any, data: TrainingData, examination: Examination, recipe: Recipe, journal: Journal) -> Learner:
    """The learner, ready for its first step, its parameters told."""
    student = learner.make(model, recipe.fit)
    parameters = student.parameters
    journal.event(
        f"{parameters.trainable:,} of {parameters.total:,} parameters learn ({data.told})",
        stage=NAME,
        metrics={"trainable_parameters": parameters.trainable, "total_parameters": parameters.total},
    )

    def say(doing: str, done: int, of: int) -> None:
        journal.counting(doing, NAME)(done, of)

    began = time.perf_counter()
    student.prepare(data, examination.texts, recipe.fit, say)
    journal.event(stage=NAME, metrics={"prepare_seconds": round(time.perf_counter() - began, 3)})
    return student


def _train(made: Any, watcher: Watcher, group: Group | None) -> None:
    """Go on from the last checkpoint, or begin."""
    contest, journal = watcher.contest, watcher.contest.journal
    begins = watcher.catch_up(made.args.max_steps, lambda folder: made._load_from_checkpoint(str(folder)))
    made.add_callback(processes.in_step(group, watcher) if group else as_callback(watcher))
    start = contest.latest
    folder = str(start.folder) if start else None
    if start and begins:
        journal.event(f"going on from step {start.step}", stage=NAME, step=start.step, total=made.args.max_steps)
    if group:
        group.share((begins, folder))
    if begins:
        with Meter(made.model.device.type, every=0.2) as meter:
            made.train(resume_from_checkpoint=folder)
        settle.measured(meter.peak, journal)
    shutil.rmtree(contest.run / FOLDER, ignore_errors=True)
    if journal.run.stop_asked and made.state.global_step < made.state.max_steps:
        raise Stopped
