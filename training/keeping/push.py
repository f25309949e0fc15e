"""Checkpoints go to a repository on the Hub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from training.journal import Journal
from training.keeping.checkpoints import NOT_THE_MODEL, TRAINER_STATE, Checkpoint


@dataclass(frozen=True)
class Push:
    """One repository: the best checkpoint is its ``main``, each other one a branch ``step-N``.

    So ``SentenceTransformer(repo)`` loads the best, and ``SentenceTransformer(repo, revision="step-20")`` another.
    Needs ``HF_TOKEN``. A new repository is private.
    """

    repo: str
    journal: Journal

    def checkpoint(self, checkpoint: Checkpoint, best: Checkpoint | None) -> None:
        """Upload a checkpoint, and the best if it is the same step. What fails is told, and ends nothing."""
        step = checkpoint.step
        try:
            self._upload(checkpoint.folder, f"step-{step}", step)
            if best and best.step == step:
                self._upload(best.folder, "main", step)
        except (
            Exception
        ) as error:  # whatever the HTTP library raises: a checkpoint that stays here is no reason to stop
            token = "" if os.environ.get("HF_TOKEN") else " HF_TOKEN is not set."
            said = str(error).strip().partition("\n")[0]
            self._say(f"step {step} could not be pushed to {self.repo}: {type(error).__name__}: {said}.{token}", step)
        else:
            self._say(f"step {step} is pushed to {self.repo}", step)

    def _upload(self, folder: Path, branch: str, step: int) -> None:
        from huggingface_hub import HfApi

        api = HfApi()
        api.create_repo(self.repo, private=True, exist_ok=True)
        if branch != "main":
            api.create_branch(self.repo, branch=branch, exist_ok=True)
        api.upload_folder(
            repo_id=self.repo,
            folder_path=folder,
            revision=branch,
            commit_message=f"Bakehouse: {self.journal.run.id}, step {step}",
            ignore_patterns=[*TRAINER_STATE, *NOT_THE_MODEL],
        )

    def _say(self, message: str, step: int) -> None:
        self.journal.event(message, stage="fit", step=step, total=self.journal.status.total)
