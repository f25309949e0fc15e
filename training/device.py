"""What the machine is doing: memory, utilisation, temperature."""

from __future__ import annotations

import sys
import time
from functools import lru_cache
from typing import Any


def reading() -> dict[str, float]:
    """Megabytes and percent of this process and this machine, and of the GPU where training runs on one."""
    import psutil

    numbers = {
        "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
        "cpu_percent": psutil.cpu_percent(),
        "ram_percent": psutil.virtual_memory().percent,
    }
    return numbers | _gpu(int(time.monotonic()))


@lru_cache(maxsize=1)
def _gpu(second: int) -> dict[str, float]:
    """Asked once a second at most: the driver's answer may take as long as a short step."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return {}
    numbers = {"gpu_memory_mb": round(torch.cuda.max_memory_reserved() / 1e6)}
    for name, measure in (("gpu_percent", torch.cuda.utilization), ("gpu_celsius", torch.cuda.temperature)):
        if (value := _told(measure)) is not None:
            numbers[name] = value
    return numbers


def _told(measure: Any) -> float | None:
    """None where NVIDIA's management library is missing, or does not tell this of this GPU, as of a part of one."""
    try:
        return float(measure())
    except Exception as error:  # the library's own errors can only be named where it is installed
        if isinstance(error, ModuleNotFoundError | RuntimeError) or type(error).__module__.startswith("pynvml"):
            return None
        raise
