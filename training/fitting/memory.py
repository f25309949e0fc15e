"""What training takes of memory: by rule before the run, by a real step, and measured while it runs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from retrieval.errors import BakehouseError
from training.backoff import ran_out
from training.config import Fit
from training.data.parts import TrainingData
from training.fitting.weights import Weights
from training.keeping.disk import STATE, gigabytes

_SINGLE, _HALF = 4, 2
_MIXED = ("auto", "bf16", "fp16")
_SHARE = 0.8
"""Of the free memory, what a step may take: the rest is for what a longer run leaves behind."""
_SLOW = 30.0
"""Seconds: a batch whose step takes longer is not doubled, however much memory there is."""
_CGROUP = Path("/sys/fs/cgroup")


def by_rule(weights: Weights, settings: Fit) -> int:
    """Bytes for weights, gradients and optimizer; what a batch takes comes on top.

    A parameter that learns takes 18: 4 for itself and 2 for its half-precision copy, 4 for its gradient and 8
    for Adam's two moments (Hugging Face, "Model training anatomy"). Without mixed precision it takes no copy;
    Adafactor keeps 1 instead of 8 and 8-bit Adam 3. One that does not learn takes 4, and a linear layer with an
    adapter takes 4 more for each parameter, as the adapter is merged into a copy.
    """
    copy = _HALF if settings.precision in _MIXED else 0
    learning = copy + _SINGLE + STATE[settings.optimizer]
    return _SINGLE * (weights.total + weights.merged) + learning * weights.trainable


@dataclass(frozen=True, slots=True)
class Step:
    """One real step with the longest texts, without the optimizer's move.

    :param rows: Rows in its batch.
    :param octets: Bytes at its peak, above what was taken before the first step.
    """

    rows: int
    octets: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """The largest batch that fits.

    :param why: What kept it from being twice as large.
    """

    step: Step
    why: str


class Meter:
    """Samples the memory of this process while it is open; on a GPU, the library keeps the peak itself.

    :param every: Seconds between two samples.
    """

    def __init__(self, device: str, every: float = 0.02) -> None:
        import psutil

        self.cuda, self.every = device == "cuda", every
        self.peak = self.start = 0
        self._process = psutil.Process()
        self._done = threading.Event()
        self._turn = threading.Lock()

    def __enter__(self) -> Meter:
        if self.cuda:
            import torch

            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        self.peak = self.start = self._now()
        self._thread = threading.Thread(target=self._sample, daemon=True, name="memory")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        self.read()

    def read(self) -> int:
        """The peak so far, in bytes."""
        with self._turn:  # else the sampling thread could put an older peak back
            self.peak = max(self.peak, self._now())
            return self.peak

    def _sample(self) -> None:
        while not self.cuda and not self._done.wait(self.every):
            self.read()

    def _now(self) -> int:
        if self.cuda:
            import torch

            return int(torch.cuda.max_memory_reserved())
        return int(self._process.memory_info().rss)


def free(device: str) -> int:
    """Bytes that are free for this process: on its GPU, or in the machine's memory and within its container's limit."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    import psutil

    return min(int(psutil.virtual_memory().available), _left_by_container())


def _left_by_container() -> int:
    """What a container's limit leaves; the cache of files is given back on demand and does not count."""
    limit = _CGROUP / "memory.max"
    told = limit.read_text().strip() if limit.is_file() else "max"
    if not told.isdigit():
        return 2**63
    stat = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
    used = int((_CGROUP / "memory.current").read_text()) - int(stat.get("inactive_file", 0))
    return int(told) - used


def largest(trainer: Any, data: TrainingData, trainable: int, settings: Fit) -> Found:
    """Double the batch until the next would not fit.

    A step is not tried where twice the last one's memory would pass the bound: a CPU's system does not
    refuse memory, it ends the process that asks for too much.

    :param trainable: Parameters that learn, for the optimizer's share.
    :raises BakehouseError: if not even one row fits.
    """
    device = trainer.model.device.type
    room = int(_SHARE * free(device)) - STATE[settings.optimizer] * trainable
    most = max(data.rows.values())
    fits: Step | None = None
    with Meter(device) as meter:
        while not (why := _bound(fits, room, most)):
            rows = 2 * fits.rows if fits else 1
            step = _tried(trainer, data, rows, meter)
            if step is None or step.octets > room:
                why = f"{rows} do not fit into {gigabytes(room)}"
                break
            fits = step
    if fits is None:
        raise BakehouseError(f"{_no_room(1, device)} {LESS}")
    return Found(fits, why)


def _bound(fits: Step | None, room: int, most: int) -> str:
    """Why a batch twice as large is not even tried, or nothing."""
    if fits is None:
        return ""
    if 2 * fits.rows > most:
        return f"there are {most} rows"
    if 2 * fits.octets > room:
        return f"twice as many would take about {gigabytes(2 * fits.octets)} of {gigabytes(room)}"
    return f"its step takes {fits.seconds:.0f} s" if fits.seconds > _SLOW else ""


def try_step(trainer: Any, data: TrainingData, rows: int) -> Step:
    """One step with the longest texts, to learn what it takes.

    :raises BakehouseError: if it does not fit.
    """
    device = trainer.model.device.type
    with Meter(device) as meter:
        step = _tried(trainer, data, rows, meter)
    if step is None:
        raise BakehouseError(f"{_no_room(rows, device)} Lower fit.batch_size, or set it to 0. {LESS}")
    return step


LESS = (
    "A lower fit.max_length, fit.gradient_checkpointing=true, fewer fit.top_layers or fit.trainable=lora take less; "
    "fit.accumulate makes a step of several batches."
)


def _no_room(rows: int, device: str) -> str:
    return f"a step of {rows} rows does not fit into memory: {gigabytes(free(device))} are free."


def _tried(trainer: Any, data: TrainingData, rows: int, meter: Meter) -> Step | None:
    """A step, or None if memory ran out. It returns first: the error's frames hold the tensors."""
    start = time.perf_counter()
    try:
        _forward_and_back(trainer, _longest(trainer, data, rows))
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        return None
    finally:
        _clear(trainer)
    return Step(rows, meter.read() - meter.start, time.perf_counter() - start)


def _forward_and_back(trainer: Any, batch: list[dict[str, Any]]) -> None:
    """Everything of a step but the optimizer's move; the random numbers of the run stay as they are."""
    import torch

    with torch.random.fork_rng():
        trainer.model.train()
        inputs = trainer._prepare_inputs(trainer.data_collator(batch))
        with trainer.accelerator.autocast():
            loss = trainer.compute_loss(trainer.model, inputs)
        loss.backward()
        if loss.device.type == "cuda":
            torch.cuda.synchronize()


def _clear(trainer: Any) -> None:
    for module in trainer.loss.values():
        module.zero_grad(set_to_none=True)
    trainer.model.zero_grad(set_to_none=True)


def _longest(trainer: Any, data: TrainingData, rows: int) -> list[dict[str, Any]]:
    """The rows with the longest texts, of the dataset where they are longest; again from the first if they are few."""
    import numpy as np

    lengths = {name: data.lengths(name) for name in data.datasets}
    order = {name: np.argsort(-of_rows, kind="stable")[:rows] for name, of_rows in lengths.items()}
    name = max(order, key=lambda name: np.resize(lengths[name][order[name]], rows).sum())
    dataset = trainer.train_dataset[name]
    return [dataset[int(row)] for row in np.resize(order[name], rows)]
