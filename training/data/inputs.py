"""What the stages before have made for the fit, and which of them it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.artifact import key_of
from retrieval.models import Model, resolve
from retrieval.records import Document
from training.config import Recipe
from training.data import own

_NO_WEIGHT = {"data", "log_every", "workers", "gradient_checkpointing"}
"""Settings of the fit that leave the weights after each step as they are."""
TEXT_LOSSES = {"mse", "similarity-kl", "tsdae"}
_TEACHER_LOSSES = {"auto", "margin-mse", "distill-kl"}


@dataclass(frozen=True)
class Inputs:
    """What the stages before have made.

    :param generated: None where only ``fit.data`` is trained on.
    :param mined: None where no negatives are needed.
    :param labelled: None where no scores are needed.
    :param teachers: The bi-encoders whose vectors, joined, are targets; empty where there are none.
    """

    base: Model
    generated: Path | None
    mined: Path | None
    labelled: Path | None
    documents: dict[str, Document]
    teachers: tuple[Model, ...] = ()

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        documents: dict[str, Document],
        generated: Path | None,
        mined: Path | None,
        labelled: Path | None,
    ) -> Inputs:
        """Find the models that a recipe names."""
        bi_encoder = recipe.label.kind == "bi-encoder" and recipe.label.teacher
        named = (recipe.label.teacher, *recipe.label.ensemble) if bi_encoder else ()
        teachers = tuple(resolve(recipe.base if name == "base" else name) for name in named)
        return cls(resolve(recipe.base), generated, mined, labelled, documents, teachers)

    def made_of(self, recipe: Recipe) -> dict[str, Any]:
        """Everything that decides the weights after each step."""
        stages = () if recipe.fit.data_only else (self.generated, self.mined, self.labelled)
        return {
            "base": self.base.fingerprint,
            "inputs": [folder.name for folder in stages if folder],
            "ceiling": recipe.label.ceiling if self.labelled else 0.0,
            "teachers": [teacher.fingerprint for teacher in self.teachers],
            "data": own.fingerprint(recipe.fit.data) if recipe.fit.data else "",
            "languages": sorted(recipe.split.languages) if recipe.fit.data else [],
            "fit": recipe.fit.model_dump(mode="json", exclude=_NO_WEIGHT),
        }

    def key(self, recipe: Recipe) -> str:
        """Names :meth:`made_of`."""
        return key_of(stage="fit", **self.made_of(recipe))


def needs_negatives(recipe: Recipe) -> bool:
    """Whether the fit reads what mining finds."""
    return not recipe.fit.data_only and recipe.fit.loss not in TEXT_LOSSES


def needs_scores(recipe: Recipe) -> bool:
    """Whether the fit reads a teacher's scores of questions and passages."""
    return needs_negatives(recipe) and recipe.label.kind != "none" and recipe.fit.loss in _TEACHER_LOSSES
