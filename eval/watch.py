"""Judges checkpoints as they appear, wherever they are trained: here, or elsewhere and copied over meanwhile."""

from __future__ import annotations

import json
import logging
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eval import mirror
from eval.evaluate import evaluate
from eval.mirror import CHECKPOINT
from eval.results import Result, all_results, save, scores_folder
from eval.task import Task
from retrieval.beir import CORPUS
from retrieval.errors import BakehouseError
from retrieval.home import home
from retrieval.models import Model
from retrieval.searcher import Mode

_HEADER = 8
"""A safetensors file begins with the length of its header, so long (https://github.com/huggingface/safetensors)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder in which checkpoints appear.

    :param run: The training run of the workspace that it is; empty for any other folder.
    :param repo: The repository on the Hub that it mirrors, if any.
    """

    folder: Path
    run: str = ""
    repo: str = ""

    @classmethod
    def of(cls, name: str) -> Place:
        """Find a run of the workspace by its id or folder, take any folder, or a repository as ``hub:OWNER/NAME``.

        :raises BakehouseError: if there is no such folder, or no such repository.
        """
        if name.startswith(mirror.PREFIX):
            repo = name.removeprefix(mirror.PREFIX)
            return cls(mirror.mirrored(repo), repo=repo)
        for folder in (home() / "runs" / name, Path(name).expanduser()):
            if name and folder.is_dir():
                inside = folder.resolve().parent == (home() / "runs").resolve()
                return cls(folder.resolve(), folder.resolve().name if inside else "")
        raise BakehouseError(
            f"there is no run and no folder '{name}': wanted a run's id, a folder in which "
            f"step-N or checkpoint-N appear, or {mirror.PREFIX}OWNER/NAME."
        )

    @property
    def corpus(self) -> str:
        """The corpus that a run is tuned on; its own copy where the one it names is not here.

        :raises BakehouseError: if the folder is no run: then nobody says what to judge on.
        """
        config = self.folder / "config.toml"
        if not config.is_file():
            raise BakehouseError(
                f"{self.repo or self.folder} is no training run, so nothing says what to judge on: add --corpus DIR."
            )
        named = str(tomllib.loads(config.read_text(encoding="utf-8"))["corpus"])
        return named if (Path(named) / CORPUS).is_file() else str(self.folder / "corpus")

    @property
    def name(self) -> str:
        """What to call it."""
        return self.run or self.repo or self.folder.name


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder called ``step-N`` or ``checkpoint-N``."""

    folder: Path
    step: int


def checkpoints(place: Place) -> list[Checkpoint]:
    """What lies there now, by step, whether complete or not."""
    folders = [*place.folder.glob("*-*"), *place.folder.glob("checkpoints/*-*")]
    found = [(folder, CHECKPOINT.fullmatch(folder.name)) for folder in folders if folder.is_dir()]
    return sorted((Checkpoint(folder, int(match[1])) for folder, match in found if match), key=lambda one: one.step)


def lacks(folder: Path) -> str:
    """What a model's folder still lacks while it is being copied, in words; empty if it is whole.

    Files may arrive in any order and grow in place, so none's mere presence counts: JSON must parse, every module must
    have its folder, and the weights must be as long as their own header says.
    """
    for path in sorted(folder.rglob("*.json")):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError):
            return f"the end of {path.relative_to(folder)}"
    if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
        return "modules.json or config.json"
    modules = (
        json.loads((folder / "modules.json").read_text(encoding="utf-8")) if (folder / "modules.json").is_file() else []
    )
    missing = [module["path"] for module in modules if module["path"] and not (folder / module["path"]).is_dir()]
    weights = sorted(folder.rglob("*.safetensors"))
    torn = [path for path in weights if not _whole(path)]
    if missing:
        return f"the folder {missing[0]}"
    if not any(path.parent == folder or path.parent.name.startswith("0_") for path in weights):
        return "the weights"
    if torn:
        return f"the end of {torn[0].relative_to(folder)}"
    return next((name for name in _shards(folder) if not (folder / name).is_file()), "")


def _whole(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(_HEADER), "little")
        if size < _HEADER + length:
            return False
        try:
            header = json.loads(stream.read(length))
        except ValueError:
            return False
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    return size >= _HEADER + length + max(ends, default=0)


def _shards(folder: Path) -> list[str]:
    """The files that an index of split weights names."""
    index = folder / "model.safetensors.index.json"
    return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())) if index.is_file() else []


def watch(place: Place, task: Task, modes: tuple[Mode, ...], every: float, idle: float) -> Iterator[Result]:
    """Judge each checkpoint once it is whole, the oldest first, and yield what was found; a result is saved.

    What was judged before on all documents, by an earlier watch or by the training itself, is not judged again.

    :param every: Seconds between two looks.
    :param idle: Ends after so many seconds without a new checkpoint; 0 looks once.
    """
    seen, told, last = _judged(place, task, modes), dict[Path, str](), time.monotonic()
    while True:
        if place.repo:
            mirror.bring(place.repo, place.folder)
        for checkpoint in checkpoints(place):
            if missing := lacks(checkpoint.folder):
                if told.get(checkpoint.folder) != missing:
                    log.info("%s waits: it still lacks %s", checkpoint.folder.name, missing)
                told[checkpoint.folder] = missing
                continue
            fingerprint = Model(checkpoint.folder.name, checkpoint.folder, "folder").fingerprint
            if fingerprint in seen:
                continue
            yield from _judge(place, checkpoint, task, modes)
            seen.add(fingerprint)
            last = time.monotonic()
        if time.monotonic() - last >= idle:
            return
        time.sleep(every)


def _judged(place: Place, task: Task, modes: tuple[Mode, ...]) -> set[str]:
    """The fingerprints of models that have a result in every mode on these very queries."""
    of_task = [
        each
        for each in all_results()
        if (each.corpus.judgments, each.corpus.fingerprint, each.split)
        == (task.fingerprint, task.corpus.fingerprint, task.split)
        and each.ranked == len(task.corpus.documents)
    ]
    have: dict[str, set[str]] = {}
    for each in of_task:
        have.setdefault(each.system.model_fingerprint, set()).add(each.system.mode)
    return {weights for weights, found in have.items() if set(modes) - {"lexical"} <= found}


def _judge(place: Place, checkpoint: Checkpoint, task: Task, modes: tuple[Mode, ...]) -> list[Result]:
    label = f"{place.name} · step {checkpoint.step}"
    found = evaluate(task, str(checkpoint.folder), modes, run=place.run or None, step=checkpoint.step, label=label)
    return [save(result, scores_folder(place.run or None)) for result in found]
