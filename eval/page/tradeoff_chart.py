"""Quality against what it takes, drawn: a point for each system and a line through the best, as inline SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log10

from markupsafe import Markup

from eval.page.labels import Box, Label, Spot, place, width
from eval.page.tradeoff import Plot, Point
from eval.wording import measure_title
from retrieval.page import html, numbers
from retrieval.page.chart import FINE, SCORES, SOFT, log_ticks, nice_ticks

LOGARITHMIC = 8.0
"""From such a ratio of the largest value to the smallest on, the axis is logarithmic."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 30, 42
_RADIUS = 4.5
_PIECE = 4.0
_KEYS = 24
"""Pixels between two names of modes, with the dot of the second."""
_AIR = 0.06
"""Share of the width that stays free on either side of the outermost points."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture, in pixels."""

    width: int
    height: int


WIDE, NARROW = Size(1000, 400), Size(340, 340)
"""On a desk, and on a phone, where the wide one would be scaled down until its words were lost."""


@dataclass(frozen=True, slots=True)
class _Axes:
    """From quantities and scores to the picture.

    :param low: Left end of the axis, its logarithm where it is logarithmic; ``high`` likewise.
    """

    size: Size
    logarithmic: bool
    low: float
    high: float
    columns: Sequence[float]
    rows: Sequence[float]

    def x(self, quantity: float) -> float:
        share = (self._scaled(quantity) - self.low) / (self.high - self.low)
        return round(_LEFT + (self.size.width - _LEFT - _RIGHT) * share, 1)

    def y(self, score: float) -> float:
        share = (score - self.rows[0]) / (self.rows[-1] - self.rows[0])
        return round(self.floor - (self.floor - _TOP) * share, 1)

    def shows(self, quantity: float) -> bool:
        return self.low <= self._scaled(quantity) <= self.high

    def _scaled(self, quantity: float) -> float:
        return log10(quantity) if self.logarithmic else quantity

    @property
    def floor(self) -> int:
        return self.size.height - _BOTTOM


def draw(of: Plot, size: Size = WIDE) -> Markup:
    """The plot, of one with different quantities."""
    axes = _axes(of, size)
    parts = [*_head(axes, of), *_rules(axes), *_columns(axes, of), *_baselines(axes, of), _line(axes, of)]
    parts += [_circle(axes, of, point) for point in of.points]
    parts += [_written(label) for label in _labels(axes, of)]
    return html.element(
        "svg",
        html.join(parts),
        cls="bh-chart bh-tradeoff",
        viewBox=f"0 0 {size.width} {size.height}",
        role="img",
        aria_label=_told(of),
    )


def _axes(of: Plot, size: Size) -> _Axes:
    """The axis of quantities ends a little beyond the outermost points."""
    quantities = [point.x for point in of.points]
    least, most = min(quantities), max(quantities)
    logarithmic = most / least >= LOGARITHMIC
    ends = (log10(least), log10(most)) if logarithmic else (least, most)
    air = _AIR * (ends[1] - ends[0])
    ticks = log_ticks(least, most) if logarithmic else nice_ticks(least, most)
    scores = SCORES.ticks([point.y for point in [*of.points, *of.bases]])
    return _Axes(size, logarithmic, ends[0] - air, ends[1] + air, ticks, scores)


def _head(axes: _Axes, of: Plot) -> list[Markup]:
    """What goes up, and the modes with their colours."""
    parts = [_written(Label(measure_title(of.measure), 0, 11, "start"))]
    x = float(axes.size.width - _RIGHT)
    for mode, colour in reversed(of.colours.items()):
        x -= width(mode)
        parts.append(_written(Label(mode, x, 11, "start")))
        parts.append(html.element("circle", cx=round(x - 8, 1), cy=7, r=_RADIUS - 1, fill=colour))
        x -= _KEYS
    return parts


def _rules(axes: _Axes) -> list[Markup]:
    """A hairline and its score at each tick."""
    parts = []
    for row in axes.rows:
        y = axes.y(row)
        parts.append(html.element("line", x1=_LEFT, x2=axes.size.width - _RIGHT, y1=y, y2=y, cls="axis"))
        parts.append(_written(Label(numbers.measure(row, 2), _LEFT - 7, y + 4, "end")))
    return parts


def _columns(axes: _Axes, of: Plot) -> list[Markup]:
    """Quantities below the floor, as many as there is room for, and what they are."""
    parts, free = [], 0.0
    for column in filter(axes.shows, axes.columns):
        x, words = axes.x(column), of.quantity.written(column)
        label = Label(words, x, axes.floor + 17, "middle")
        parts.append(html.element("line", x1=x, x2=x, y1=axes.floor, y2=axes.floor + 4, cls="axis"))
        if label.box.left >= free and label.box.right <= axes.size.width:
            parts.append(_written(label))
            free = label.box.right + 6
    scale = ", logarithmic" if axes.logarithmic else ""
    return [*parts, _written(Label(of.quantity.title + scale, axes.size.width - _RIGHT, axes.size.height - 6, "end"))]


def _baselines(axes: _Axes, of: Plot) -> list[Markup]:
    across = {"x1": _LEFT, "x2": axes.size.width - _RIGHT}
    return [
        html.element(
            "line",
            html.element("title", f"{base.standing.full_name}, before training: {numbers.measure(base.y)}"),
            stroke=base.colour, stroke_dasharray="3 3", y1=axes.y(base.y), y2=axes.y(base.y), **across,
        )
        for base in of.bases
    ]  # fmt: skip


def _line(axes: _Axes, of: Plot) -> Markup:
    places = " ".join(f"{axes.x(point.x)},{axes.y(point.y)}" for point in of.front)
    return html.element("polyline", points=places, fill="none", stroke=SOFT, stroke_width=FINE, stroke_linejoin="round")


def _circle(axes: _Axes, of: Plot, point: Point) -> Markup:
    told = f"{point.standing.full_name}: {measure_title(of.measure)} {numbers.measure(point.y)}, {of.quantity.title} {of.quantity.written(point.x)}"
    full = point.standing.kind == "tuned"
    return html.element(
        "circle",
        html.element("title", told),
        cx=axes.x(point.x),
        cy=axes.y(point.y),
        r=_RADIUS,
        fill=point.colour if full else "var(--bh-paper)",
        stroke=point.colour,
        stroke_width=2,
    )


def _labels(axes: _Axes, of: Plot) -> list[Label]:
    """Names, first those on the line, then those that score best; neither points nor lines are written over."""
    front = of.front
    points = [*front, *sorted((one for one in of.points if one not in front), key=lambda one: -one.y)]
    spots = [Spot(point.name, axes.x(point.x), axes.y(point.y)) for point in points]
    dots = [Box.around(spot.x, spot.y, _RADIUS + 1) for spot in spots]
    frame = Box(_LEFT, 0, axes.size.width, axes.floor)
    bases = [Box(_LEFT, axes.y(base.y) - 1, axes.size.width, axes.y(base.y) + 1) for base in of.bases]
    return place(spots, frame, [*dots, *bases, *_along(spots[: len(front)])])


def _along(spots: Sequence[Spot]) -> Iterator[Box]:
    """Small boxes that cover the line through these."""
    for one, other in pairwise(spots):
        pieces = ceil(max(abs(other.x - one.x), abs(other.y - one.y)) / _PIECE)
        for piece in range(1, pieces):
            share = piece / pieces
            x, y = (one.x + share * (other.x - one.x), one.y + share * (other.y - one.y))
            yield Box.around(x, y, _PIECE / 2)


def _written(label: Label) -> Markup:
    return html.element("text", label.text, x=round(label.x, 1), y=round(label.y, 1), text_anchor=label.anchor)


def _told(of: Plot) -> str:
    best = (f"{point.name} {numbers.measure(point.y)} at {of.quantity.written(point.x)}" for point in of.front)
    return f"{measure_title(of.measure)} against {of.quantity.title}; not beaten in both: {', '.join(best)}"
