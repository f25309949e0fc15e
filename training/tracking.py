"""Weights & Biases, if the person has an account or asks for an offline copy; never needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from training.config import Recipe
from training.journal import Listener
from training.runs import RunFolder


@contextmanager
def tracked(run: RunFolder, recipe: Recipe) -> Iterator[Listener | None]:
    """A listener that logs each event's numbers, or None where W&B is neither configured nor asked for.

    It is on with ``WANDB_API_KEY``, and with ``WANDB_MODE=offline``, which writes into the run folder.
    """
    if not (os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_MODE") == "offline"):
        yield None
        return
    import wandb

    project = os.environ.get("WANDB_PROJECT") or "bakehouse"
    settings = recipe.model_dump(mode="json")
    with wandb.init(project=project, name=run.id, id=run.id, resume="allow", dir=run.path, config=settings) as session:
        yield lambda event: session.log(_numbers(event))


def _numbers(event: Mapping[str, Any]) -> dict[str, float]:
    return {**_flat(event["metrics"], event["stage"]), f"{event['stage']}/step": event["step"]}


def _flat(metrics: Mapping[str, Any], prefix: str) -> dict[str, float]:
    """Nested numbers under names with slashes, as W&B groups them."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}/{name}")
        elif isinstance(value, int | float):
            flat[f"{prefix}/{name}"] = value
    return flat
