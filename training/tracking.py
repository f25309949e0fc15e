"""Weights & Biases, trackio and TensorBoard hear what the run's own files say; nothing needs them."""

from __future__ import annotations

import logging
import netrc
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from retrieval.errors import BakehouseError
from retrieval.home import home
from training.config import Recipe, Track
from training.journal import Listener
from training.runs import RunFolder

WANDB_HOST = "api.wandb.ai"
_UNSENT = ("offline", "dryrun", "disabled")

Tell = Callable[[Mapping[str, float], int], Any]
"""Takes numbers by name, and the step they were taken at."""

log = logging.getLogger(__name__)


def chosen(recipe: Recipe) -> list[str]:
    """The trackers of a run: those of its settings, and W&B where the environment asks for it."""
    asked = os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_MODE") in ("offline", "dryrun")
    return list(dict.fromkeys([*recipe.track.to, *(["wandb"] if asked else [])]))


def check(recipe: Recipe) -> None:
    """Refuse trackers that cannot work here, before anything expensive.

    :raises BakehouseError: if a library is missing, or W&B would have to ask for a key.
    """
    for name in chosen(recipe):
        if not find_spec(name):
            raise BakehouseError(
                f"track.to names {name}, and the package {name} is not installed: pip install {name}, or leave it out."
            )
    if "wandb" in recipe.track.to and not _may_use_wandb():
        raise BakehouseError(
            "track.to names wandb, which has no key here: set WANDB_API_KEY, or WANDB_MODE=offline to keep its record "
            "in the run folder without an account."
        )


def _may_use_wandb() -> bool:
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_MODE") in _UNSENT:
        return True
    file = Path(os.environ.get("NETRC") or "~/.netrc").expanduser()
    return file.is_file() and WANDB_HOST in netrc.netrc(file).hosts


@contextmanager
def tracked(run: RunFolder, recipe: Recipe) -> Iterator[Listener | None]:
    """A listener that hands each event's numbers to the trackers; None where there are none.

    Each tracker is closed on every way out. One that cannot start or fails is logged and left out: a run never
    ends for the sake of a tracker.
    """
    listeners: list[Listener] = []
    with ExitStack() as opened:
        for name in chosen(recipe):
            try:
                tell = opened.enter_context(_OPEN[name](run, recipe))
            except Exception:
                log.exception("%s cannot start: the run goes on without it", name)
            else:
                listeners.append(Steady(name, tell))

        def hear(event: Mapping[str, Any]) -> None:
            for listener in listeners:
                listener(event)

        yield hear if listeners else None


class Steady:
    """Hands the numbers of events to a tracker, and falls silent after its first failure."""

    def __init__(self, name: str, tell: Tell) -> None:
        self.name = name
        self.tell: Tell | None = tell

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Hear an event; one of words alone is none of a tracker's business."""
        numbers = _numbers(event)
        if self.tell is None or not numbers:
            return
        try:
            self.tell(numbers, event["step"])
        except Exception:
            log.exception("%s has failed: the run goes on without it", self.name)
            self.tell = None


@contextmanager
def _wandb(run: RunFolder, recipe: Recipe) -> Iterator[Tell]:
    """With ``WANDB_MODE=offline`` it writes into the run folder."""
    import wandb

    session = wandb.init(
        project=_project(recipe.track),
        name=run.id,
        id=run.id,
        resume="allow",
        dir=run.path,
        config=recipe.model_dump(mode="json"),
    )
    try:
        yield lambda numbers, step: session.log(dict(numbers))
    finally:
        session.finish(exit_code=0 if run.written_status().state in ("finished", "stopped") else 1)


@contextmanager
def _trackio(run: RunFolder, recipe: Recipe) -> Iterator[Tell]:
    """It keeps its projects in the workspace, unless ``TRACKIO_DIR`` names another place."""
    os.environ.setdefault("TRACKIO_DIR", str(home() / "trackio"))
    import trackio

    session = trackio.init(
        project=recipe.track.project,
        name=run.id,
        config=recipe.model_dump(mode="json"),
        resume="allow",
        embed=False,
        auto_log_gpu=False,  # the events have these numbers
        auto_log_cpu=False,
    )
    try:
        yield lambda numbers, step: session.log(dict(numbers), step=step)
    finally:
        session.finish()


@contextmanager
def _tensorboard(run: RunFolder, recipe: Recipe) -> Iterator[Tell]:
    """It writes into ``tensorboard/`` of the run folder."""
    from torch.utils.tensorboard import SummaryWriter

    writer: Any = SummaryWriter(str(run.path / "tensorboard"))

    def tell(numbers: Mapping[str, float], step: int) -> None:
        for name, value in numbers.items():
            writer.add_scalar(name, value, step)

    try:
        yield tell
    finally:
        writer.close()


_OPEN: Mapping[str, Callable[[RunFolder, Recipe], Any]] = {
    "wandb": _wandb,
    "trackio": _trackio,
    "tensorboard": _tensorboard,
}


def _project(track: Track) -> str:
    """What the settings say; the environment's where they say nothing of their own."""
    if track.project != Track.model_fields["project"].default:
        return track.project
    return os.environ.get("WANDB_PROJECT") or track.project


def _numbers(event: Mapping[str, Any]) -> dict[str, float]:
    """Everything an event measured, and its step; nothing for an event that only has words."""
    numbers = _flat(event["metrics"], event["stage"])
    return {**numbers, f"{event['stage']}/step": event["step"]} if numbers else {}


def _flat(metrics: Mapping[str, Any], prefix: str) -> dict[str, float]:
    """Nested numbers under names with slashes, as trackers group them."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}/{name}")
        elif isinstance(value, int | float):
            flat[f"{prefix}/{name}"] = value
    return flat
