"""What only this machine can tell before the first step: how large a batch fits, and what memory training will take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrieval.errors import BakehouseError
from training.config import Fit
from training.data.parts import TrainingData
from training.fitting import memory
from training.fitting.arguments import planned_steps
from training.fitting.layers import Parameters
from training.fitting.weights import weigh
from training.journal import Journal
from training.keeping.disk import STATE, gigabytes

STAGE = "fit"


def settled(
    trainer: Any, parameters: Parameters, data: TrainingData, settings: Fit, key: str, base: Path, journal: Journal
) -> Fit:
    """The settings with a batch size, which the trainer is told; the run's status keeps it for when it is resumed.

    :param trainer: Made with any batch size.
    :param key: Names the fit: what another one found does not count.
    :param base: The folder of the base model.
    :raises BakehouseError: if a step, or the whole, does not fit into memory.
    """
    before = journal.status.fit if journal.status.fit.get("key") == key else {}
    rows = settings.batch_size or before.get("batch_size") or _largest(trainer, parameters, data, settings, journal)
    settings = settings.model_copy(update={"batch_size": rows})
    trainer.args.per_device_train_batch_size = rows // settings.processes
    trainer.args.max_steps = planned_steps(settings, data.rows)
    if not before:
        journal.update(
            fit={
                "key": key,
                "trainable_parameters": parameters.trainable,
                "total_parameters": parameters.total,
                "batch_size": rows,
                "memory": _expected(trainer, parameters, data, settings, base, journal),
            }
        )
    return settings


def _largest(trainer: Any, parameters: Parameters, data: TrainingData, settings: Fit, journal: Journal) -> int:
    journal.event("looking for the largest batch that fits, with the longest texts", stage=STAGE)
    found = memory.largest(trainer, data, parameters.trainable, settings)
    step = found.step
    journal.event(
        f"batch_size: {step.rows}, whose step takes {gigabytes(step.octets)} and {step.seconds:.2g} s; "
        f"not more, for {found.why}",
        stage=STAGE,
        metrics={"batch_size": step.rows},
    )
    return step.rows


def _expected(
    trainer: Any, parameters: Parameters, data: TrainingData, settings: Fit, base: Path, journal: Journal
) -> dict[str, int]:
    """Bytes by rule, and as a step says; see :func:`told` for the figures."""
    device = trainer.model.device.type
    room = memory.free(device)
    with memory.Meter(device) as meter:
        step = memory.try_step(trainer, data, settings.batch_size // settings.processes)
    states = STATE[settings.optimizer] * parameters.trainable
    rule = memory.by_rule(weigh(base, settings), settings)
    if step.octets + states > room:
        raise BakehouseError(
            f"a step takes {gigabytes(step.octets)} and the optimizer {gigabytes(states)}, and {gigabytes(room)} are "
            f"free. Lower fit.batch_size, or set it to 0. {memory.LESS}"
        )
    found = {"rule": rule, "step": step.octets, "estimate": meter.start + step.octets + states}
    journal.event(
        f"memory: {gigabytes(rule)} by rule for weights, gradients and optimizer; with a step of the longest texts, "
        f"{gigabytes(found['estimate'])} are expected, of which {gigabytes(meter.start)} are taken already",
        stage=STAGE,
        metrics={f"memory_{name}_mb": round(octets / 1e6) for name, octets in found.items()},
    )
    return found


def measured(peak: int, journal: Journal) -> None:
    """Keep what training has really taken at its peak, in bytes; of a resumed run, the most of all its jobs."""
    before = journal.status.fit.get("memory", {})
    found = {**before, "peak": max(peak, before.get("peak", 0))}
    expected = f"; {gigabytes(found['estimate'])} were expected" if "estimate" in found else ""
    journal.event(
        f"memory at its peak: {gigabytes(peak)}{expected}",
        stage=STAGE,
        step=journal.status.step,
        total=journal.status.total,
        metrics={"memory_peak_mb": round(peak / 1e6)},
    )
    journal.update(fit={**journal.status.fit, "memory": found})


def told(fit: dict[str, Any]) -> str:
    """A run's figures in a sentence; nothing where there are none."""
    if not fit:
        return ""
    of_memory = fit["memory"]
    peak = f", {gigabytes(of_memory['peak'])} measured at the peak" if "peak" in of_memory else ""
    return (
        f"{fit['trainable_parameters']:,} of {fit['total_parameters']:,} parameters learn, {fit['batch_size']} rows a "
        f"batch; memory: {gigabytes(of_memory['estimate'])} expected{peak}"
    )
