"""What checkpoints take on disk, and a run that waits rather than fill it."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.errors import BakehouseError
from training.config import Checkpoints

STATE = {"adamw": 8, "adamw-fused": 8, "adafactor": 1, "adamw-8bit": 3}
"""Bytes that an optimizer keeps for each parameter that learns: two moments in single precision, rows and
columns of them, or two moments of a byte each with their scales."""
PAUSED = "paused: disk nearly full"
"""How the message of a run begins that waits for room."""
_BESIDE = 1_000_000
"""Scheduler, random numbers, the trainer's own records."""
_PAUSE = 1.0
_AGAIN = 300.0
"""Seconds after which a paused run says so again, with new figures."""


@dataclass(frozen=True, slots=True)
class Size:
    """What one checkpoint takes, in bytes.

    :param model: What plain sentence-transformers loads.
    :param state: What only resuming needs.
    """

    model: int
    state: int

    @property
    def whole(self) -> int:
        """Both together."""
        return self.model + self.state

    def kept(self, settings: Checkpoints) -> int:
        """The most that lies on disk at any time: the latest and the best ones, and one being written.

        Only the last one and the one being written hold the state.
        """
        return (settings.keep + settings.best + 1) * self.model + 2 * self.state


def size(model: int, trainable: int, optimizer: str) -> Size:
    """The size of a checkpoint.

    :param model: Bytes of the model's files.
    :param trainable: Parameters that learn.
    """
    return Size(model, STATE[optimizer] * trainable + _BESIDE)


def spare(settings: Checkpoints) -> int:
    """What stays free, in bytes."""
    return int(settings.spare_gb * 1e9)


def free(folder: Path) -> int:
    """Bytes free where a folder lies, for people without special rights."""
    return shutil.disk_usage(folder).free


def used(folder: Path) -> int:
    """Bytes of all files below a folder; a file with several names counts once."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            state = path.stat()
            found[state.st_dev, state.st_ino] = state.st_size
    return sum(found.values())


def reserve(run: Path, each: Size, settings: Checkpoints) -> str:
    """Say what the checkpoints will take, before anything is trained.

    :returns: A sentence with both figures.
    :raises BakehouseError: if the disk does not have that much, what this run holds already included.
    """
    held = used(run / "checkpoints") if (run / "checkpoints").is_dir() else 0
    need, room = each.kept(settings), free(run) + held
    if need + spare(settings) > room:
        raise BakehouseError(
            f"the disk has {gigabytes(room)} free below {run}, and this run's checkpoints need {gigabytes(need)} with "
            f"{gigabytes(spare(settings))} to spare (checkpoints.spare_gb). Free some space, lower checkpoints.keep "
            "or checkpoints.best, or set BAKEHOUSE_HOME to a larger disk."
        )
    return f"checkpoints will take up to {gigabytes(need)} of the {gigabytes(room)} that are free"


@dataclass(frozen=True)
class Guard:
    """Waits until the disk has room for one more checkpoint.

    :param free: Says how many bytes are free.
    :param say: Is told when the wait begins and when it ends.
    :param stop: Says whether someone asked the job to stop.
    """

    place: Path
    spare: int
    free: Callable[[], int]
    say: Callable[[str], Any]
    stop: Callable[[], bool]

    def wait(self, need: int) -> bool:
        """Return True once there is room for ``need`` bytes, or False when someone asked to stop."""
        told = -math.inf
        while (room := self.free()) < need + self.spare:
            if time.monotonic() - told > _AGAIN:
                told = time.monotonic()
                self.say(self._paused(need, room))
            if self.stop():
                return False
            time.sleep(_PAUSE)
        if told > -math.inf:
            self.say("the disk has room again: going on")
        return True

    def _paused(self, need: int, room: int) -> str:
        return (
            f"{PAUSED}, needs {gigabytes(need + self.spare)}, has {gigabytes(room)} below {self.place} "
            f"({gigabytes(self.spare)} are to stay free, by checkpoints.spare_gb). Free some: it goes on by itself"
        )


def gigabytes(octets: int) -> str:
    """Bytes as people read them: with three digits."""
    return f"{octets / 1e9:.3g} GB" if octets >= 1e8 else f"{octets / 1e6:.3g} MB"
