"""Work in batches that get smaller when memory runs out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

_SAID = ("out of memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")
"""What the allocators of CUDA, MPS, cuBLAS and the CPU say, in lower case."""


def halving(
    items: Sequence[Item], batch_size: int, work: Callable[[Sequence[Item]], Sequence[Result]]
) -> Iterator[Result]:
    """One result for each item, in order, ``batch_size`` items at a time; half as many from when memory runs out.

    Sort the items by length, longest first: then memory runs out at once or never.

    :param work: Items → as many results. It must not depend on how the items are cut into batches.
    :raises Exception: what the work raised, if one item alone is too much, or if it was not for want of memory.
    """
    start, size = 0, max(1, batch_size)
    while start < len(items):
        results = _tried(items[start : start + size], work)
        if results is None:
            size = max(1, min(size, len(items) - start) // 2)
            log.warning("Memory ran out: going on with %d at a time", size)
            continue
        yield from results
        start += size


def ran_out(error: BaseException) -> bool:
    """Whether an error means that memory, of the GPU or the machine, ran out."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(said in str(error).lower() for said in _SAID)
    )


def _tried(batch: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Result]]) -> Sequence[Result] | None:
    """The results, or None if several items were too much. It returns first: the error's frames hold the tensors."""
    try:
        return work(batch)
    except (MemoryError, RuntimeError) as error:
        if len(batch) == 1 or not ran_out(error):
            raise
    _forget()
    return None


def _forget() -> None:
    """Give what the failed attempt held back to the device."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
