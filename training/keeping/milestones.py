"""At which steps a run saves and examines, and which examinations it can afford."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import ceil

TOO_LITTLE = 2.0
"""Seconds that examinations may take together in any case: below, a share of the steps' time says nothing."""


def evenly(total: int, times: int) -> set[int]:
    """``times`` steps spread over a run of ``total``, the last one at its end."""
    times = min(times, total)
    return {round(total * number / times) for number in range(1, times + 1)}


def regularly(total: int, every: float) -> set[int]:
    """Each so many steps, or each such share of the run where ``every`` is below 1; none where it is 0."""
    apart = max(1, round(every * total if every < 1 else every))
    return set(range(apart, total + 1, apart)) if every else set()


def evaluations(total: int, times: int, every: float) -> set[int]:
    """The steps after which the model should be examined; the last is always among them."""
    return regularly(total, every) | {total} if every else evenly(total, times)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of a run so far, and of how many steps and examinations.

    :param steps: Training steps, without saving, examining and waiting.
    :param examinations: Those of checkpoints; the base's own comes before the first step.
    """

    steps: float = 0.0
    examinations: float = 0.0
    counted_steps: int = 0
    counted_examinations: int = 0

    def step(self, seconds: float) -> Spent:
        """One training step more."""
        return replace(self, steps=self.steps + seconds, counted_steps=self.counted_steps + 1)

    def examination(self, seconds: float) -> Spent:
        """One examination more."""
        return replace(
            self,
            examinations=self.examinations + seconds,
            counted_examinations=self.counted_examinations + 1,
        )

    @property
    def share(self) -> float:
        """What the examinations took, as a share of the steps' time."""
        return self.examinations / self.steps if self.steps else 0.0

    @property
    def cost(self) -> float:
        """The mean seconds of an examination; 0 before the first."""
        return self.examinations / max(self.counted_examinations, 1)

    def expected(self, total: int) -> float:
        """The seconds of ``total`` steps, as far as those so far tell."""
        return total * self.steps / max(self.counted_steps, 1)

    def rounded(self) -> dict[str, float]:
        """As events keep it."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def affordable(ahead: int, cost: float, room: float) -> bool:
    """Whether the next of ``ahead`` examinations is held, so that those held are spread evenly.

    Counted from the last one, which is always held, every n-th is, n as small as the room allows.

    :param ahead: How many are still wanted, the next included.
    :param cost: Seconds of one examination.
    :param room: Seconds that all of them together may still take.
    """
    possible = max(1, int(room / cost)) if cost > 0 else ahead
    return (ahead - 1) % ceil(ahead / possible) == 0
