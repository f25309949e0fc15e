"""Whole runs of a tiny model: started here, in the test's own process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training import pipeline, runs
from training.runs import RunFolder, Status
from training.settings import load_recipe

FIT = {"max_steps": 4, "epochs": 9.0, "batch_size": 4, "learning_rate": 0.01, "precision": "fp32"}
NEVER_TOO_LONG = 1e9
"""An ``evaluate.share`` that leaves no examination out, however slow the machine."""


def tiny_run(corpus: Path, base: Path, **sections: Mapping[str, Any]) -> RunFolder:
    """A run that waits to be worked on: 4 steps, examined after 2 and 4."""
    recipe = load_recipe(
        {
            "corpus": str(corpus),
            "base": str(base),
            **sections,
            "fit": {**FIT, **sections.get("fit", {})},
            "evaluate": {"times": 2, "share": NEVER_TOO_LONG, **sections.get("evaluate", {})},
        }
    )
    return runs.create(recipe, "tiny")


def finished(run: RunFolder) -> Status:
    """Work on a run to its end."""
    pipeline.work(run)
    status = run.status()
    assert status.state == "finished", (status.reason, run.log_tail())
    return status


def losses(run: RunFolder) -> list[float]:
    """The loss of each step."""
    return [event["metrics"]["loss"] for event in run.events() if "loss" in event["metrics"]]


def examined(run: RunFolder) -> list[int]:
    """The steps of the examinations, in order."""
    return [event["step"] for event in run.events() if "dev" in event["metrics"]]


def said(run: RunFolder, words: str) -> list[str]:
    """The messages that contain some words."""
    return [event["message"] for event in run.events() if words in event["message"]]
