"""The stage that trains: losses, trainer, resuming from the last checkpoint."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.encoder import load
from retrieval.models import Model
from training import arguments, losses, pairs
from training.checkpoints import Checkpoint, check_disk, latest
from training.config import Recipe
from training.examine import Candidate, Examination, Examiner
from training.inputs import Inputs
from training.journal import Journal, Stopped
from training.layers import choose
from training.losses import Loss
from training.watcher import Watcher

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

NAME = "fit"


def run(run_path: Path, recipe: Recipe, inputs: Inputs, examination: Examination, journal: Journal) -> None:
    """Train, examining the base first and each milestone's checkpoint, and keep the best.

    :raises Stopped: after saving a checkpoint, if someone asked the job to stop.
    """
    key = inputs.key(recipe.fit)
    model = load(inputs.base)
    examine = Examiner(examination, journal, recipe)
    examine(model, Candidate(recipe.base, inputs.base.fingerprint, f"{inputs.base.title} · base", 0))
    check_disk(run_path, inputs.base.folder, recipe.checkpoints.keep)
    loss = losses.chosen_loss(recipe.fit, inputs.labelled)
    datasets = pairs.datasets_for(model, recipe.fit, inputs, loss, journal)
    parameters = choose(model, recipe.fit)
    journal.event(
        f"{parameters.trainable:,} of {parameters.total:,} parameters learn ({loss})",
        stage=NAME,
        metrics={"trainable_parameters": parameters.trainable, "total_parameters": parameters.total},
    )

    def judged(checkpoint: Checkpoint) -> float:
        fingerprint = Model(run_path.name, checkpoint.folder, "run").fingerprint
        name = str(checkpoint.folder)
        return examine(
            model, Candidate(name, fingerprint, f"{run_path.name} · step {checkpoint.step}", checkpoint.step)
        )

    watcher = Watcher(run_path, key, recipe, journal, judged, best_score=examine.best)
    _train(model, datasets, loss, watcher)


def _train(model: SentenceTransformer, datasets: dict[str, Dataset], loss: Loss, watcher: Watcher) -> None:
    from sentence_transformers import SentenceTransformerTrainer
    from transformers import TrainerCallback
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    callback = type("WatcherCallback", (Watcher, TrainerCallback), {})(**vars(watcher))
    trainer_folder = watcher.run / "trainer.partial"
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments.build(model, datasets, watcher.recipe.fit, trainer_folder),
        train_dataset=datasets,
        loss=losses.build(model, loss, watcher.recipe.fit),
        callbacks=[callback],
    )
    for noisy in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(noisy)
    start = latest(watcher.run, watcher.key)
    if start:
        watcher.journal.event(
            f"going on from step {start.step}", stage=NAME, step=start.step, total=trainer.args.max_steps
        )
    trainer.train(resume_from_checkpoint=str(start.folder) if start else None)
    shutil.rmtree(trainer_folder, ignore_errors=True)
    if watcher.journal.run.stop_asked and trainer.state.global_step < trainer.state.max_steps:
        raise Stopped
