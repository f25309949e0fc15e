"""Batches are halved when an allocation really fails, and only then."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest
import torch

from training.backoff import halving, ran_out


class Hungry:
    """Takes memory that grows so fast with the batch that four items are too much for any machine."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, batch: Sequence[int]) -> list[int]:
        self.batches.append(len(batch))
        torch.empty(1 << min(12 * len(batch), 60), dtype=torch.uint8)
        return [item * item for item in batch]


def test_a_failed_allocation_halves_the_batch_for_good(caplog: pytest.LogCaptureFixture) -> None:
    work = Hungry()
    with caplog.at_level(logging.WARNING, "training.backoff"):
        assert list(halving(range(9), 8, work)) == [0, 1, 4, 9, 16, 25, 36, 49, 64]
    assert work.batches == [8, 4, 2, 2, 2, 2, 1]
    assert [record.args for record in caplog.records] == [(4,), (2,)]


def test_one_item_that_is_too_much_ends_it() -> None:
    def greedy(batch: Sequence[int]) -> list[int]:
        torch.empty(1 << 60, dtype=torch.uint8)
        return list(batch)

    with pytest.raises(RuntimeError) as raised:
        list(halving([1, 2, 3], 2, greedy))
    assert ran_out(raised.value)


def test_other_errors_are_not_tried_again() -> None:
    batches: list[int] = []

    def broken(batch: Sequence[int]) -> list[int]:
        batches.append(len(batch))
        torch.ones(2) @ torch.ones(3)
        return list(batch)

    with pytest.raises(RuntimeError, match="size"):
        list(halving([1, 2], 2, broken))
    assert batches == [2]


def test_a_short_rest_is_halved_from_what_it_is() -> None:
    work = Hungry()
    assert list(halving(range(4), 100, work)) == [0, 1, 4, 9]
    assert work.batches == [4, 2, 2]
    assert list(halving([], 8, work)) == []


def test_what_counts_as_out_of_memory() -> None:
    assert ran_out(MemoryError())
    assert ran_out(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    assert ran_out(RuntimeError("MPS backend out of memory"))
    assert not ran_out(ValueError("out of memory"))
