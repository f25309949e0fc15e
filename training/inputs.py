"""What the stages before have made for the fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retrieval.artifact import key_of
from retrieval.models import Model
from retrieval.records import Document
from training.config import Fit


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
            stage="fit", base=self.base.fingerprint, inputs=folders, fit=settings.model_dump(exclude={"log_every"})
        )
