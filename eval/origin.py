"""Where a model comes from: the training run, the step, and what it took to get there."""

from __future__ import annotations

import json
import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from eval.results import Summary
from retrieval import models
from retrieval.home import home

_CONFIG, _STATUS, _EVENTS = "config.toml", "status.json", "events.jsonl"
_LEARNED = {"head": "head alone", "lora": "LoRA", "all": "everything"}

log = logging.getLogger(__name__)


class Origin(NamedTuple):
    """The training run and the step that a model comes from; 0 is the base."""

    run: str
    step: int


@dataclass(frozen=True, slots=True)
class Training:
    """What training took, up to one checkpoint.

    :param learned: What learned, for people: ``head alone``, ``top 2 layers``, ``LoRA``, ``everything``.
    :param parameters: How many parameters learned.
    :param seconds: Of the steps, and of what a frozen encoder read before them, the examinations' texts included;
        without the examinations themselves, and without the stages that made the training data.
    :param host: The machine that trained.
    """

    learned: str
    parameters: int
    seconds: float
    host: str


def origin_of(summary: Summary) -> Origin | None:
    """The run that made a model: as the result says, or as the model's name does."""
    if summary.run is not None and summary.step is not None:
        return Origin(summary.run, summary.step)
    parts = Path(summary.system.model).parts
    if len(parts) == 1 and (kept := models.best_step(home() / "runs" / parts[0])) is not None:
        return Origin(parts[0], kept)
    if "checkpoints" in parts[1:-1]:
        at = parts.index("checkpoints")
        step = parts[at + 1].removeprefix("step-")
        number = int(step) if step.isdigit() else models.best_step(home() / "runs" / parts[at - 1])
        return Origin(parts[at - 1], number) if number is not None else None
    return None


def training_of(origin: Origin) -> Training | None:
    """What a run's files say of the training up to a step; None where they are gone or do not say it.

    The files are read again only when the run has gone on; damaged ones are logged.
    """
    folder = home() / "runs" / origin.run
    try:
        changed = (folder / _STATUS).stat().st_mtime_ns, (folder / _EVENTS).stat().st_mtime_ns
        found = _read(folder, changed)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be read (%s): what its training took is left out", folder, error)
        return None
    return found.up_to(origin.step) if found and origin.step else None


@dataclass(frozen=True, slots=True)
class _Fit:
    """What a run's files say of its fit.

    :param spent: Step → what the steps up to there took, as :class:`training.keeping.milestones.Spent` is written.
    """

    learned: str
    parameters: int
    host: str
    prepared: float
    spent: Mapping[int, Mapping[str, float]]

    def up_to(self, step: int) -> Training | None:
        """For a step that was not examined, by the mean of the others."""
        if not self.spent:
            return None
        of = self.spent.get(step) or self.spent[max(self.spent)]
        share = 1.0 if step in self.spent else step / max(of["counted_steps"], 1)
        return Training(self.learned, self.parameters, self.prepared + share * of["steps"], self.host)


@lru_cache(maxsize=64)
def _read(folder: Path, changed: tuple[int, int]) -> _Fit | None:
    status = json.loads((folder / _STATUS).read_text(encoding="utf-8"))
    parameters = status.get("fit", {}).get("trainable_parameters")
    if parameters is None:
        return None
    prepared, spent = 0.0, dict[int, Mapping[str, float]]()
    for event in _events(folder / _EVENTS):
        metrics = event["metrics"]
        if event["stage"] == "fit" and metrics.get("made_again"):
            spent = {}
        prepared = metrics.get("prepare_seconds", prepared)
        if "seconds" in metrics:
            spent[event["step"]] = metrics["seconds"]
    return _Fit(_learned(folder / _CONFIG), parameters, status.get("host", ""), prepared, spent)


def _events(path: Path) -> list[dict[str, Any]]:
    """Whole lines only: the last may still be being written. Most are points of curves, which are not parsed."""
    with path.open(encoding="utf-8") as lines:
        told = [line for line in lines if line.endswith("\n") and ("seconds" in line or "made_again" in line)]
    return [json.loads(line) for line in told]


def _learned(config: Path) -> str:
    fit = tomllib.loads(config.read_text(encoding="utf-8")).get("fit", {})
    kind, layers = str(fit.get("trainable", "")), fit.get("top_layers", 0)
    return f"top {layers} layers" if kind == "top" and layers != 1 else _LEARNED.get(kind, "top layer")
