"""What the benchmarks share: vectors like those of a text embedder, and a call's time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

DIMENSION = 384
_CLUSTERS = 1000


@dataclass(frozen=True)
class Measured:
    """What one side took, and what it found, for comparing it with others."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    found: Any


def clustered(n_passages: int, n_queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of passages and of a question about each of the first, in clusters, all in one cone."""
    draw = np.random.default_rng(13)
    centres = _noise(draw, _CLUSTERS, 0.5) + _noise(draw, 1, 0.9)
    own = draw.integers(0, _CLUSTERS, n_passages)
    documents = _unit(centres[own] + _noise(draw, n_passages, 0.5))
    return documents, _unit(documents[:n_queries] + _noise(draw, n_queries, 0.4))


def _noise(draw: np.random.Generator, rows: int, length: float) -> np.ndarray:
    return (draw.normal(size=(rows, DIMENSION)) * length / DIMENSION**0.5).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def measured(action: Callable[[], Any], found: Callable[[Any], Any]) -> Measured:
    """Time one call, and its memory above what the process held before it.

    :param found: What of the call's result is kept; not measured.
    """
    _warm()
    with _peak_above_now() as peak:
        start, cpu = time.perf_counter(), time.process_time()
        result = action()
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    return Measured(seconds, cpu_seconds, peak[0], found(result))


def _warm() -> None:
    """Let the libraries set up their threads and kernels, before anything is measured."""
    import torch

    few = torch.ones((64, DIMENSION))
    torch.topk(few @ few.T, 4)
    torch.topk(few.bfloat16() @ few.bfloat16().T, 4)


@contextmanager
def _peak_above_now() -> Iterator[list[float]]:
    """The kernel's own high-water mark of this process, set back first; in MB above what is held now."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    peak: list[float] = []
    yield peak
    peak.append((_status("VmHWM") - before) / 1024)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def tell(one: Measured) -> None:
    """For :func:`in_its_own_process`, which reads it."""
    print(json.dumps(asdict(one)))


def in_its_own_process(module: str, *arguments: str) -> Measured:
    """Run a benchmark's module for one side.

    :raises RuntimeError: with what it wrote, if it fails.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def least(several: Sequence[Measured]) -> tuple[float, float, float]:
    """Seconds, seconds of CPU and MB of the best of the repeats: what else the machine did can only add."""
    return (
        min(each.seconds for each in several),
        min(each.cpu_seconds for each in several),
        min(each.peak_mb for each in several),
    )


def table(runs: dict[str, list[Measured]]) -> str:
    """All sides, and how often each holds the first."""
    wide = max(map(len, runs)) + 2
    first = least(next(iter(runs.values())))
    lines = [f"{'':<{wide}}{'seconds':>9}{'of CPU':>9}{'MB':>8}{'times the':>12}{'seconds':>9}{'of CPU':>9}{'MB':>8}"]
    for name, several in runs.items():
        seconds, cpu, peak = least(several)
        ratios = [mine / own for mine, own in zip((seconds, cpu, peak), first, strict=True)]
        shown = "{:>9.2f}{:>9.2f}{:>8.2f}".format(*ratios)
        lines.append(f"{name:<{wide}}{seconds:>9.3f}{cpu:>9.3f}{peak:>8.1f}{'':>12}{shown}")
    return "\n".join(lines)
