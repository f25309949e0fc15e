"""Which checkpoint is the best: each is examined, described, and kept as the best if it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from training.config import Recipe
from training.journal import Journal
from training.keeping import checkpoints
from training.keeping.card import Card
from training.keeping.checkpoints import Checkpoint
from training.keeping.examiner import Marks

Examine = Callable[[Checkpoint, Path, int], Marks]
Blend = Callable[[Checkpoint], Path]


@dataclass(frozen=True)
class Contest:
    """The checkpoints of one fit, and the order among them.

    :param key: Names what decides the weights.
    :param examination: Names the questions of the examination.
    :param examine: Judges what lies in a folder: a checkpoint's own, or what ``blend`` made of it.
    :param blend: Makes the folder to examine and to keep as the best; None takes the checkpoint itself.
    """

    run: Path
    key: str
    examination: str
    recipe: Recipe
    journal: Journal
    card: Card
    examine: Examine
    blend: Blend | None = None

    @property
    def latest(self) -> Checkpoint | None:
        """Where training goes on from, or None."""
        return checkpoints.latest(self.run, self.key)

    def open(self) -> None:
        """Take out what cannot be compared: checkpoints of other settings, figures of other questions."""
        if others := checkpoints.drop_others(self.run, self.key):
            self.journal.update(best={})
            self.journal.event(
                f"{others} checkpoints came from other settings, data or weights: they are deleted, training starts anew"
            )
        if checkpoints.forget_scores(self.run, self.examination):
            self.journal.update(best={})
            self.journal.event("the dev questions have changed: figures of former checkpoints no longer count")

    def admit(self, written: Path, step: int) -> Checkpoint:
        """Make a checkpoint of what the trainer has written."""
        waited = self.latest.waited if self.latest else 0
        checkpoint = checkpoints.commit(written, self.run, step, self.key, self.card.text(step, self._base))
        return checkpoints.record(replace(checkpoint, waited=waited)) if waited else checkpoint

    def consider(self, checkpoint: Checkpoint, total: int) -> Checkpoint:
        """Examine a checkpoint and keep it as the best if it is; the first of equals stays.

        :param total: Steps of the whole run, for those who watch.
        """
        folder = self.blend(checkpoint) if self.blend else checkpoint.folder
        marks = self.examine(checkpoint, folder, total)
        former = checkpoints.best(self.run)
        # A job killed in between may have kept this very checkpoint as the best already
        better = former is None or former.step == checkpoint.step or marks.score > (former.score or 0.0)
        scored = replace(
            checkpoint,
            score=marks.score,
            examination=self.examination,
            waited=0 if better else checkpoint.waited + 1,
        )
        for place in {folder, checkpoint.folder}:
            checkpoints.describe(place, self.card.text(checkpoint.step, self._base, marks.found))
        if better:
            checkpoints.keep_as_best(scored, folder, self.run)
            self.journal.update(best=marks.found)
        if folder != checkpoint.folder:
            shutil.rmtree(folder)
        return checkpoints.record(scored)

    @property
    def _base(self) -> dict[str, object]:
        return self.journal.status.base

    def lost_patience(self, checkpoint: Checkpoint | None) -> str:
        """Why the run ends early, or nothing."""
        patience = self.recipe.evaluate.patience
        if checkpoint is None or not patience or checkpoint.waited < patience:
            return ""
        return f"stopped early: {checkpoint.waited} examinations without a better one, at step {checkpoint.step}"
