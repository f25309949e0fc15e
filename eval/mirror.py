"""A repository on the Hub as a folder of checkpoints, brought as they come.

A checkpoint is a branch ``step-N``, as ``checkpoints.push`` makes them, or a folder ``checkpoint-N`` of ``main``, as
the trainer of transformers does.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from retrieval.artifact import write_atomic
from retrieval.errors import BakehouseError
from retrieval.home import home
from retrieval.models import NEEDED

PREFIX = "hub:"
CHECKPOINT = re.compile(r"(?:step|checkpoint)-(\d+)")
_COMMIT = ".commit"
"""Of which commit a checkpoint is; written once all of it is here."""

log = logging.getLogger(__name__)


def mirrored(repo: str) -> Path:
    """Where a repository's checkpoints are brought to, made if need be.

    :param repo: ``OWNER/NAME``.
    :raises BakehouseError: if the Hub has no such repository, or cannot be reached.
    """
    try:
        _commits(repo)
    except Exception as error:  # whatever the HTTP library raises
        said = str(error).strip().partition("\n")[0].rstrip(".")
        raise BakehouseError(
            f"{PREFIX}{repo} cannot be watched ({type(error).__name__}: {said}). "
            "Check the name and the network; a private repository needs HF_TOKEN."
        ) from error
    folder = home() / "watched" / repo.replace("/", "--")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def bring(repo: str, folder: Path) -> None:
    """Download what is new. An outage is told and ends nothing: the next look may have more luck."""
    try:
        for name, commit in _commits(repo).items():
            if _here(folder / name) != commit:
                _download(repo, name, commit, folder)
                write_atomic(folder / name / _COMMIT, commit)
                log.info("%s: %s is here", repo, name)
    except Exception as error:  # whatever the HTTP library raises
        log.warning("%s: nothing came at this look (%s)", repo, type(error).__name__)


def _commits(repo: str) -> dict[str, str]:
    """Checkpoint → the commit that it is to be taken from."""
    from huggingface_hub import HfApi

    api = HfApi()
    branches = {branch.name: branch.target_commit for branch in api.list_repo_refs(repo).branches}
    found = {name: commit for name, commit in branches.items() if CHECKPOINT.fullmatch(name)}
    if main := branches.get("main"):
        folders = {path.partition("/")[0] for path in api.list_repo_files(repo, revision=main) if "/" in path}
        found |= {name: main for name in folders if CHECKPOINT.fullmatch(name)}
    return found


def _download(repo: str, name: str, commit: str, folder: Path) -> None:
    from huggingface_hub import HfApi, snapshot_download

    inside = [path for path in HfApi().list_repo_files(repo, revision=commit) if path.startswith(f"{name}/")]
    if inside:
        snapshot_download(
            repo, revision=commit, local_dir=folder, allow_patterns=[f"{name}/{pattern}" for pattern in NEEDED]
        )
    else:
        snapshot_download(repo, revision=commit, local_dir=folder / name, allow_patterns=NEEDED)


def _here(folder: Path) -> str:
    path = folder / _COMMIT
    return path.read_text(encoding="utf-8") if path.is_file() else ""
