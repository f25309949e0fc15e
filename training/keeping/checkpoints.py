"""What is kept of a training run.

``checkpoints/step-N/`` holds a model and what resuming needs, ``checkpoints/best/`` the best model
by the dev examination. The manifest of a checkpoint is written with it, and gets the examination's
figure once that is done.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retrieval.artifact import MANIFEST, building, link, read_manifest, write_atomic, write_json
from retrieval.models import BEST
from training.config import Checkpoints

TRAINER_STATE = ("*.pt", "*.pth", "*.bin")
"""The files that only resuming needs; models are safetensors."""
NOT_THE_MODEL = (MANIFEST, "trainer_state.json")
CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint.

    :param key: Names what decided the weights; only a fit of the same key goes on from it.
    :param score: The dev figure that decides; None before the examination, or if there was none.
    :param examination: The key of the questions and documents behind the score.
    :param waited: How many examinations there were since the best one, up to here; 0 for the best.
    """

    folder: Path
    step: int
    key: str
    score: float | None = None
    examination: str = ""
    waited: int = 0

    def manifest(self) -> dict[str, object]:
        """What is written beside the model."""
        return {name: getattr(self, name) for name in ("step", "key", "score", "examination", "waited")}


def checkpoints(run: Path) -> list[Checkpoint]:
    """The complete checkpoints of a run, by step; the best one's own folder is not among them."""
    found = [_read(folder) for folder in (run / "checkpoints").glob("step-*")]
    return sorted(filter(None, found), key=lambda checkpoint: checkpoint.step)


def best(run: Path) -> Checkpoint | None:
    """The best checkpoint so far, or None before the first examination."""
    return _read(run / BEST)


def _read(folder: Path) -> Checkpoint | None:
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    known = {name: manifest[name] for name in ("score", "examination", "waited") if name in manifest}
    return Checkpoint(folder, int(manifest["step"]), str(manifest["key"]), **known)


def latest(run: Path, key: str) -> Checkpoint | None:
    """The last checkpoint made from the same settings and inputs, or None."""
    return next((checkpoint for checkpoint in reversed(checkpoints(run)) if checkpoint.key == key), None)


def commit(written: Path, run: Path, step: int, key: str, card: str) -> Checkpoint:
    """Turn what the trainer has written into ``checkpoints/step-N``.

    :param card: Replaces the trainer's own model card, which quotes training texts.
    """
    (written / CARD).write_text(card, encoding="utf-8")
    checkpoint = Checkpoint(run / "checkpoints" / f"step-{step}", step, key)
    partial = checkpoint.folder.with_name(checkpoint.folder.name + ".partial")
    partial.parent.mkdir(exist_ok=True)
    if partial.exists():
        shutil.rmtree(partial)
    written.rename(partial)
    with building(checkpoint.folder, checkpoint.manifest()):
        pass  # the trainer has filled it
    return checkpoint


def describe(folder: Path, card: str) -> None:
    """Replace the model card of a checkpoint; other names of the same file keep theirs."""
    write_atomic(folder / CARD, card)


def record(checkpoint: Checkpoint) -> Checkpoint:
    """Write a checkpoint's manifest anew; with a score, it counts as examined from now on."""
    write_json(checkpoint.folder / MANIFEST, checkpoint.manifest())
    return checkpoint


def keep_as_best(checkpoint: Checkpoint, model: Path, run: Path) -> Path:
    """Make ``checkpoints/best`` out of hard links: it costs no disk while the checkpoint stays, and outlives it.

    :param checkpoint: With its score.
    :param model: The folder that was examined: the checkpoint's own, or the average with the base.
    """
    with building(run / BEST, fresh=True) as partial:
        for source in model_files(model):
            target = partial / source.relative_to(model)
            target.parent.mkdir(parents=True, exist_ok=True)
            link(source, target)
        write_json(partial / MANIFEST, checkpoint.manifest())
    return run / BEST


def prune(run: Path, settings: Checkpoints) -> None:
    """Delete all but the latest and the best checkpoints; of these, all but the last lose what only resuming needs.

    Where a single best one is kept, ``checkpoints/best`` is enough; of more, each keeps its own folder too.
    """
    found = checkpoints(run)
    examined = sorted((one for one in found if one.score is not None), key=_rank)
    kept = {*found[-settings.keep :], *(examined[: settings.best] if settings.best > 1 else ())}
    for checkpoint in found:
        if checkpoint not in kept:
            shutil.rmtree(checkpoint.folder)
        elif checkpoint != found[-1]:
            _strip(checkpoint.folder)


def _rank(checkpoint: Checkpoint) -> tuple[float, int]:
    """The best first; the earlier of equals."""
    return (-(checkpoint.score or 0.0), checkpoint.step)


def _strip(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not _belongs_to_model(path) and path.name != MANIFEST:
            path.unlink()


def drop_others(run: Path, key: str) -> int:
    """Delete the checkpoints of other settings or inputs: nothing can go on from them, nor be compared to them.

    :returns: How many there were.
    """
    others = [one for one in (*checkpoints(run), best(run)) if one and one.key != key]
    for checkpoint in others:
        shutil.rmtree(checkpoint.folder)
    return len(others)


def forget_scores(run: Path, examination: str) -> int:
    """Take back the figures that another examination gave: they say nothing beside those of this one.

    :param examination: The key of the questions and documents that count now.
    :returns: How many there were.
    """
    old = [one for one in checkpoints(run) if one.score is not None and one.examination != examination]
    for checkpoint in old:
        record(Checkpoint(checkpoint.folder, checkpoint.step, checkpoint.key))
    former = best(run)
    if former and former.examination != examination:
        shutil.rmtree(former.folder)
        return max(len(old), 1)
    return len(old)


def model_bytes(folder: Path) -> int:
    """How much one copy of a model takes on disk."""
    return sum(path.stat().st_size for path in model_files(folder))


def model_files(folder: Path) -> Iterable[Path]:
    """The files of a folder that make up the model, without the trainer's state."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _belongs_to_model(path):
            yield path


def _belongs_to_model(path: Path) -> bool:
    return path.name not in NOT_THE_MODEL and not any(path.match(pattern) for pattern in TRAINER_STATE)
