"""A learner, its trainer and a few rows of the tiny corpus: training without the stages before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tiny_texts import PASSAGES, QUESTIONS

from retrieval.encoder import load
from retrieval.models import resolve
from training.config import Fit
from training.data.parts import Part, TrainingData, roles_of
from training.data.shapes import Shape
from training.fitting import learner, trainer
from training.fitting.learner import Learner

EXACT = {"precision": "fp32", "batch_size": 4, "max_steps": 4, "epochs": 9.0, "learning_rate": 0.01, "warmup": 0.0}


def margins() -> dict[str, list[Any]]:
    """Fifteen questions, each with its passage, another one of its language, and a margin."""
    columns: dict[str, list[Any]] = {"query": [], "positive": [], "negative": [], "label": []}
    for lang, questions in QUESTIONS.items():
        names = list(PASSAGES[lang])
        for name, question in questions.items():
            other = names[(names.index(name) + 1) % len(names)]
            row = (question, PASSAGES[lang][name][1], PASSAGES[lang][other][1], 0.1 * len(name))
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
    return columns


class Fitting:
    """One training of a base model on the margins, as the stage fit does it.

    :param save_at: A step after which the trainer writes ``checkpoint-N`` into ``folder``.
    :param asked: Questions of the examinations.
    """

    def __init__(self, base: Path, folder: Path, save_at: int = 0, asked: Sequence[str] = (), **settings: Any) -> None:
        self.settings = Fit(**{**EXACT, **settings})
        model = load(resolve(str(base)))
        columns = margins()
        part = Part("all", Shape.MARGIN, "margin-mse", columns, roles_of(columns))
        self.data = TrainingData.of(model, [part], 64)
        self.learner: Learner = learner.make(model, self.settings)
        self.learner.prepare(self.data, {"query": list(asked)}, self.settings, lambda doing, done, of: None)
        self.trainer = trainer.make(self.learner, self.data, self.settings, folder)
        if save_at:
            self.trainer.args.save_strategy, self.trainer.args.save_steps = "steps", save_at

    def train(self, checkpoint: Path | None = None) -> Fitting:
        """Train to the end, from the beginning or from what was saved."""
        self.trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        return self

    @property
    def losses(self) -> dict[int, float]:
        """Step → loss."""
        return {point["step"]: point["loss"] for point in self.trainer.state.log_history if "loss" in point}

    def weights(self) -> dict[str, Any]:
        """The whole model's tensors by name."""
        return dict(self.learner.current().state_dict())
