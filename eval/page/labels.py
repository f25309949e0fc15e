"""Names beside points, so that none covers another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Literal

LONGEST = 30
"""Letters of a name that are shown."""
_LETTER, _WIDE = 6.7, 12.0
"""Pixels that a letter of 12 pixels takes at most, and one of Chinese or Japanese."""
_ASCENT, _DESCENT = 10.0, 4.0
_APART = 7.0
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def covers(self, other: Box) -> bool:
        """Whether the two overlap."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)

    def holds(self, other: Box) -> bool:
        """Whether the other lies within this."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom

    @classmethod
    def around(cls, x: float, y: float, radius: float) -> Box:
        """The square around a circle."""
        return cls(x - radius, y - radius, x + radius, y + radius)


@dataclass(frozen=True, slots=True)
class Label:
    """A name and where it is written."""

    text: str
    x: float
    y: float
    anchor: Anchor

    @property
    def box(self) -> Box:
        """What it covers."""
        wide = width(self.text)
        left = self.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]
        return Box(left, self.y - _ASCENT, left + wide, self.y + _DESCENT)


@dataclass(frozen=True, slots=True)
class Spot:
    """A point that wants a name."""

    name: str
    x: float
    y: float


def place(spots: Sequence[Spot], frame: Box, taken: Sequence[Box] = ()) -> list[Label]:
    """Write as many names as there is room for, the first spots' first: right of a point, left, above, below or aslant.

    :param taken: What must stay free, such as the points.
    """
    labels: list[Label] = []
    boxes = list(taken)
    for spot in spots:
        for label in _around(spot):
            if frame.holds(label.box) and not any(label.box.covers(box) for box in boxes):
                labels.append(label)
                boxes.append(label.box)
                break
    return labels


def width(text: str) -> float:
    """About how many pixels a text of 12 pixels takes: rather too many than too few."""
    return sum(_WIDE if unicodedata.east_asian_width(letter) in "WF" else _LETTER for letter in text)


def _around(spot: Spot) -> Iterator[Label]:
    anchor: Anchor
    name = shorten(spot.name, LONGEST, placeholder="…") if len(spot.name) > LONGEST else spot.name
    yield Label(name, spot.x + _APART, spot.y + 4, "start")
    yield Label(name, spot.x - _APART, spot.y + 4, "end")
    for anchor in ("middle", "start", "end"):
        yield Label(name, spot.x, spot.y - _APART - _DESCENT, anchor)
        yield Label(name, spot.x, spot.y + _APART + _ASCENT, anchor)
