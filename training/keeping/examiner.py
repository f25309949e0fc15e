"""Examines the base once and each checkpoint, and tells the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.results import Result
from retrieval.models import Model
from retrieval.searcher import Mode
from training.config import Recipe
from training.journal import Journal
from training.keeping.checkpoints import Checkpoint
from training.keeping.examine import DIGITS, MEASURE, Candidate, Examination, Student

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

NAME = "fit"


@dataclass(frozen=True, slots=True)
class Marks:
    """What an examination found.

    :param score: The figure that decides, to :data:`training.keeping.examine.DIGITS` decimals.
    :param found: As the status shows it: step, model, mode → metrics.
    """

    score: float
    found: dict[str, Any]


@dataclass
class Examiner:
    """Judges models by one examination."""

    examination: Examination
    journal: Journal
    recipe: Recipe

    @property
    def mode(self) -> Mode:
        """The mode whose figure decides."""
        return self.recipe.evaluate.mode

    def base(self, loaded: SentenceTransformer, model: Model) -> float:
        """Judge the base before it learns; once judged by the same questions, it keeps its figures.

        Its vectors are kept on disk, so that neither mining nor another run encodes a document again.
        """
        before = self.journal.status.base
        if before.get("dev") and before.get("examination") == self.examination.key:
            return float(before["dev"][self.mode][MEASURE])
        candidate = Candidate(model.name, model.fingerprint, f"{model.title} · base", 0)
        marks = self._judge(Student(loaded, model), candidate, 0)
        self.journal.update(base=marks.found)
        return marks.score

    def checkpoint(self, loaded: SentenceTransformer, checkpoint: Checkpoint, folder: Path, total: int) -> Marks:
        """Judge a model as it stands.

        :param folder: What lies on disk of it.
        :param total: Steps of the whole run.
        """
        run, step = self.journal.run.id, checkpoint.step
        fingerprint = Model(run, folder, "run").fingerprint
        candidate = Candidate(str(checkpoint.folder), fingerprint, f"{run} · step {step}", step)
        return self._judge(Student(loaded), candidate, total)

    def _judge(self, student: Student, candidate: Candidate, total: int) -> Marks:
        task, step = self.examination.task, candidate.step
        self.journal.event(
            f"examining {candidate.label} on {len(task.queries)} questions{self._fewer(step)}",
            stage=NAME,
            step=step,
            total=total,
        )
        training = student.loaded.training
        student.loaded.eval()
        results = self.examination.of(student, candidate)
        student.loaded.train(training)
        found = {
            "step": step,
            "model": candidate.name,
            "synthetic": task.synthetic,
            "examination": self.examination.key,
            "dev": figures(results),
        }
        # As precise as the figures are written: else a score would beat its own rounded figure
        score = round(results[self.mode].summary.metrics[MEASURE], DIGITS)
        kind = "synthetic dev" if task.synthetic else "dev"
        self.journal.event(
            f"{candidate.label}: {kind} nDCG@10 {score:.3f} ({self.mode})",
            stage=NAME,
            step=step,
            total=total,
            metrics={"dev": found["dev"]},
        )
        return Marks(score, found)

    def _fewer(self, step: int) -> str:
        """Said once, with the base: that the examination is smaller than the settings ask for."""
        wanted, documents = self.examination.wanted, len(self.examination.documents)
        if step or not wanted:
            return ""
        return (
            f" over {documents:,} documents; {wanted[0]:,} and {wanted[1]:,} were wanted, which would take more than "
            f"{self.recipe.evaluate.share:.0%} of so short a run (evaluate.share)"
        )


def figures(results: Mapping[str, Result]) -> dict[str, Any]:
    """What events and the status say of an examination: mode → metrics, and mode → language → nDCG@10."""
    return {
        mode: {
            **{name: round(float(value), DIGITS) for name, value in result.summary.metrics.items()},
            "by_language": {lang: round(float(of[MEASURE]), DIGITS) for lang, of in result.summary.by_language.items()},
        }
        for mode, result in results.items()
    }
