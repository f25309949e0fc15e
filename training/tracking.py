"""Weights & Biases, if the person has an account or asks for an offline copy; never needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from training.config import Recipe
from training.journal import Listener
from training.runs import RunFolder


def listener(run: RunFolder, recipe: Recipe) -> Listener | None:
    """A listener that logs each event's numbers, or None where W&B is neither configured nor asked for.

    It is on with ``WANDB_API_KEY``, and with ``WANDB_MODE=offline``, which writes into the run folder.
    """
    if not (os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_MODE") == "offline"):
        return None
    import wandb

    project = os.environ.get("WANDB_PROJECT", "bakehouse")
    session = wandb.init(
        project=project, name=run.id, id=run.id, resume="allow", dir=run.path, config=recipe.model_dump(mode="json")
    )

    def log(event: Mapping[str, Any]) -> None:
        if numbers := _flat(event["metrics"], event["stage"]):
            session.log({**numbers, "step": event["step"]})

    return log


def _flat(metrics: Mapping[str, Any], prefix: str) -> dict[str, float]:
    """Nested numbers under names with slashes, as W&B groups them."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}/{name}")
        elif isinstance(value, int | float):
            flat[f"{prefix}/{name}"] = value
    return flat
