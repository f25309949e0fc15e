"""The stage that trains: losses, trainer, resuming from the last checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retrieval.artifact import key_of
from retrieval.encoder import has_bf16, load
from retrieval.errors import BakehouseError
from retrieval.models import Model
from retrieval.records import Document
from retrieval.searcher import Mode
from training import pairs
from training.checkpoints import Checkpoint, check_disk, latest
from training.config import Fit, Recipe
from training.examine import DIGITS, MEASURE, Candidate, Examination, figures
from training.journal import Journal, Stopped
from training.layers import choose
from training.watcher import Watcher

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn

NAME = "fit"
Loss = Literal["margin-mse", "mnrl"]


@dataclass(frozen=True)
class Inputs:
    """What the stages before have made. ``labelled`` is None where there is no teacher."""

    base: Model
    generated: Path
    mined: Path
    labelled: Path | None
    documents: dict[str, Document]

    def key(self, settings: Fit) -> str:
        """Names everything that decides the weights after each step."""
        folders = [folder.name for folder in (self.generated, self.mined, self.labelled) if folder]
        return key_of(
            stage=NAME, base=self.base.fingerprint, inputs=folders, fit=settings.model_dump(exclude={"log_every"})
        )


def run(run_path: Path, recipe: Recipe, inputs: Inputs, examination: Examination, journal: Journal) -> None:
    """Train, examining the base first and each milestone's checkpoint, and keep the best.

    :raises Stopped: after saving a checkpoint, if someone asked the job to stop.
    """
    key = inputs.key(recipe.fit)
    model = load(inputs.base)
    examine = _Examiner(examination, journal, recipe)
    examine(model, Candidate(recipe.base, inputs.base.fingerprint, f"{inputs.base.title} · base", 0))
    check_disk(run_path, inputs.base.folder, recipe.checkpoints.keep)
    loss = chosen_loss(recipe.fit, inputs.labelled)
    datasets = _datasets(model, recipe.fit, inputs, loss, journal)
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


@dataclass
class _Examiner:
    """Examines a model once a step, remembers the best checkpoint's figure, and tells the journal."""

    examination: Examination
    journal: Journal
    recipe: Recipe

    @property
    def best(self) -> float:
        """The figure of the best checkpoint so far; -1 before there is one."""
        dev = self.journal.status.best.get("dev")
        return float(dev[self.mode][MEASURE]) if dev else -1.0

    @property
    def mode(self) -> Mode:
        """The mode whose figure decides."""
        return self.recipe.evaluate.mode

    def __call__(self, model: SentenceTransformer, candidate: Candidate) -> float:
        """Judge the model as it stands; the base, once judged, keeps its figures."""
        status = self.journal.status
        if candidate.step == 0 and status.base.get("dev"):
            return float(status.base["dev"][self.mode][MEASURE])
        asked = f"examining {candidate.label} on {len(self.examination.task.queries)} questions"
        self.journal.event(asked, stage=NAME, step=candidate.step, total=status.total if candidate.step else 0)
        training = model.training
        results = self.examination.of(model.eval(), candidate)
        model.train(training)
        found = {
            "step": candidate.step,
            "model": candidate.name,
            "synthetic": self.examination.task.synthetic,
            "dev": figures(results),
        }
        # As precise as the figures are written: else a score would beat its own rounded figure
        score = round(results[self.mode].summary.metrics[MEASURE], DIGITS)
        if candidate.step == 0:
            self.journal.update(base=found)
        elif score > self.best:
            self.journal.update(best=found)
        kind = "synthetic dev" if self.examination.task.synthetic else "dev"
        self.journal.event(
            f"{candidate.label}: {kind} nDCG@10 {score:.3f} ({self.mode})",
            stage=NAME,
            step=candidate.step,
            total=status.total if candidate.step else 0,
            metrics={"dev": found["dev"]},
        )
        return score


def chosen_loss(settings: Fit, labelled: Path | None) -> Loss:
    """MarginMSE needs a teacher's margins; without them, multiple negatives ranking.

    :raises BakehouseError: if margins are asked for and there is no teacher.
    """
    if settings.loss == "margin-mse" and labelled is None:
        raise BakehouseError(
            "fit.loss is margin-mse and there are no margins: set label.kind and label.teacher, or fit.loss=mnrl."
        )
    if settings.loss == "auto":
        return "margin-mse" if labelled else "mnrl"
    return settings.loss


def _datasets(
    model: SentenceTransformer, settings: Fit, inputs: Inputs, loss: Loss, journal: Journal
) -> dict[str, Dataset]:
    if loss == "mnrl" or inputs.labelled is None:
        rows = pairs.contrastive(inputs.generated, inputs.mined, inputs.documents, settings)
        return pairs.as_datasets(rows, model.tokenizer, settings.max_length)
    rows = pairs.margins(inputs.generated, inputs.labelled, inputs.documents)
    scale = pairs.margin_scale(rows, model)
    journal.event(
        f"teacher margins are multiplied by {scale:.4f} to fit the student's", metrics={"margin_scale": scale}
    )
    return pairs.as_datasets(rows, model.tokenizer, settings.max_length, scale)


def planned_steps(settings: Fit, rows: Mapping[str, int]) -> int:
    """How many steps the run takes, given the number of training rows of each language."""
    one_epoch = sum(ceil(count / settings.batch_size) for count in rows.values())
    steps = max(1, ceil(one_epoch * settings.epochs))
    return min(steps, settings.max_steps) if settings.max_steps else steps


def _train(model: SentenceTransformer, datasets: dict[str, Dataset], loss: Loss, watcher: Watcher) -> None:
    from sentence_transformers import SentenceTransformerTrainer
    from transformers import TrainerCallback
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    callback = type("WatcherCallback", (Watcher, TrainerCallback), {})(**vars(watcher))
    trainer_folder = watcher.run / "trainer.partial"
    trainer = SentenceTransformerTrainer(
        model=model,
        args=_arguments(model, datasets, watcher.recipe.fit, trainer_folder),
        train_dataset=datasets,
        loss=_loss(model, loss, watcher.recipe.fit),
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


def _arguments(model: SentenceTransformer, datasets: dict[str, Dataset], settings: Fit, folder: Path) -> Any:
    from sentence_transformers import SentenceTransformerTrainingArguments

    device = model.device.type
    columns = next(iter(datasets.values())).column_names
    query = model.prompts.get("query") or ""
    passage = model.prompts.get("document") or model.prompts.get("passage") or ""
    return SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=planned_steps(settings, {lang: len(rows) for lang, rows in datasets.items()}),
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        bf16=settings.precision == "bf16" or (settings.precision == "auto" and has_bf16(device)),
        use_cpu=device == "cpu",
        dataloader_pin_memory=device == "cuda",
        prompts={name: query if name == "query" else passage for name in columns if name != "label"},
        batch_sampler="no_duplicates",
        multi_dataset_batch_sampler="proportional",
        save_strategy="no",
        logging_steps=settings.log_every,
        seed=settings.seed,
        data_seed=settings.seed,
        disable_tqdm=True,
        report_to="none",
    )


def _loss(model: SentenceTransformer, loss: Loss, settings: Fit) -> nn.Module:
    from sentence_transformers.sentence_transformer.losses import MarginMSELoss, MultipleNegativesRankingLoss

    if loss == "margin-mse":
        return MarginMSELoss(model)  # Hofstätter et al., "Improving Efficient Neural Ranking Models …" (2020)
    return MultipleNegativesRankingLoss(model, scale=1 / settings.temperature)
