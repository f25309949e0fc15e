"""What the machine is doing: memory, utilisation, temperature."""

from __future__ import annotations

import sys


def reading() -> dict[str, float]:
    """Megabytes and percent of this process, and of the GPU where training runs on one."""
    import psutil

    numbers = {"memory_mb": round(psutil.Process().memory_info().rss / 1e6), "cpu_percent": psutil.cpu_percent()}
    return numbers | _gpu()


def _gpu() -> dict[str, float]:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return {}
    numbers = {"gpu_memory_mb": round(torch.cuda.max_memory_reserved() / 1e6)}
    try:  # these two need NVIDIA's management library, which not every installation has
        return numbers | {"gpu_percent": torch.cuda.utilization(), "gpu_celsius": torch.cuda.temperature()}
    except (ModuleNotFoundError, RuntimeError):
        return numbers
