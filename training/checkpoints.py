"""What is kept of a training run, and what the disk allows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retrieval.artifact import MANIFEST, building, read_manifest, write_json
from retrieval.errors import BakehouseError
from retrieval.models import BEST

_TRAINER_STATE = {".pt", ".pth", ".bin"}
_NOT_THE_MODEL = {MANIFEST, "trainer_state.json"}
_SPARE = 500_000_000
_CARD = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
---
A retriever tuned by Bakehouse: run `{run}`, step {step}, from `{base}`.
Queries and passages are encoded with the prompts in `config_sentence_transformers.json`.
"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint: the model, and the trainer's state to go on from."""

    folder: Path
    step: int
    key: str


def checkpoints(run: Path) -> list[Checkpoint]:
    """The complete checkpoints of a run, by step."""
    found = []
    for folder in (run / "checkpoints").glob("step-*"):
        if manifest := read_manifest(folder):
            found.append(Checkpoint(folder, int(manifest["step"]), str(manifest["key"])))
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def latest(run: Path, key: str) -> Checkpoint | None:
    """The last checkpoint made from the same settings and inputs, or None."""
    return next((checkpoint for checkpoint in reversed(checkpoints(run)) if checkpoint.key == key), None)


def commit(written: Path, run: Path, step: int, key: str, base: str) -> Checkpoint:
    """Turn what the trainer has written into ``checkpoints/step-N``.

    The trainer's own model card is replaced: it quotes training texts, which may be private.
    """
    (written / "README.md").write_text(_CARD.format(run=run.name, step=step, base=base), encoding="utf-8")
    final = run / "checkpoints" / f"step-{step}"
    partial = final.with_name(final.name + ".partial")
    partial.parent.mkdir(exist_ok=True)
    if partial.exists():
        shutil.rmtree(partial)
    written.rename(partial)
    with building(final, {"step": step, "key": key}):
        pass  # the trainer has filled it
    return Checkpoint(final, step, key)


def keep_as_best(checkpoint: Checkpoint, run: Path, score: float) -> Path:
    """Make ``checkpoints/best`` out of hard links: it costs no disk while the checkpoint stays, and outlives it."""
    with building(run / BEST, fresh=True) as partial:
        for source in _model_files(checkpoint.folder):
            target = partial / source.relative_to(checkpoint.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(source, target)
        write_json(partial / MANIFEST, {"step": checkpoint.step, "key": checkpoint.key, "score": score})
    return run / BEST


def prune(run: Path, keep: int) -> None:
    """Delete all but the latest ``keep`` checkpoints; the best one stands apart."""
    for checkpoint in checkpoints(run)[:-keep]:
        shutil.rmtree(checkpoint.folder)


def check_disk(run: Path, model: Path, keep: int) -> None:
    """Refuse a run that the disk cannot hold.

    :raises BakehouseError: if there is no room for ``keep`` checkpoints, the best, and one being written.
    """
    need = needed_bytes(model_bytes(model), keep)
    free = shutil.disk_usage(run).free
    if free < need:
        raise BakehouseError(
            f"the disk has {free / 1e9:.1f} GB free below {run}, and this run's checkpoints need {need / 1e9:.1f} GB. "
            "Free some space, lower checkpoints.keep, or set BAKEHOUSE_HOME to a larger disk."
        )


def model_bytes(folder: Path) -> int:
    """How much one copy of a model takes on disk."""
    return sum(path.stat().st_size for path in _model_files(folder))


def needed_bytes(model_size: int, keep: int) -> int:
    """Room for ``keep`` checkpoints, the best one and one being written, in bytes."""
    return model_size * (keep + 2) + _SPARE


def _model_files(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _TRAINER_STATE and path.name not in _NOT_THE_MODEL:
            yield path


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a disk without hard links
        shutil.copy2(source, target)
