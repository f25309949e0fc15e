"""A small line chart as SVG, in the colours of the house."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup

from retrieval.page import html
from training.history import Curve

INK, CRUST, SOFT = "var(--bh-ink)", "var(--bh-crust)", "var(--bh-soft)"
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 10, 22
_TICKS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One curve.

    :param name: Said when the pointer rests on it.
    :param colour: A CSS colour, such as ``var(--bh-series-1)``.
    :param dots: Whether each point is marked: for few points.
    """

    name: str
    points: Curve
    colour: str = CRUST
    width: float = 1.5
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """How a chart is drawn: its size in pixels, the last step, and how values are written.

    :param baseline: A dashed line at this value, such as the base model's.
    :param marked: The step of a ring around the first line's point, such as the best checkpoint's.
    :param zero: Whether the axis of values starts at zero.
    """

    title: str
    steps: float
    written: Callable[[float], str]
    width: int = 352
    height: int = 132
    baseline: float | None = None
    marked: int | None = None
    zero: bool = False


@dataclass(frozen=True, slots=True)
class _Scale:
    frame: Frame
    low: float
    high: float

    def x(self, step: float) -> float:
        return _LEFT + (self.frame.width - _LEFT - _RIGHT) * step / max(self.frame.steps, 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.frame.height - _BOTTOM - (self.frame.height - _TOP - _BOTTOM) * share


def chart(frame: Frame, lines: Sequence[Line]) -> Markup:
    """Draw lines over steps. A screen reader hears the title, the first and the last value."""
    drawn = [line for line in lines if line.points]
    if not drawn:
        return Markup("")
    values = [value for line in drawn for _, value in line.points]
    if frame.baseline is not None:
        values.append(frame.baseline)
    ticks = nice_ticks(0.0 if frame.zero else min(values), max(values))
    scale = _Scale(frame, ticks[0], ticks[-1])
    parts = [*_axes(scale, ticks), *_baseline(scale), *(_line(scale, line) for line in reversed(drawn))]
    parts += _mark(scale, drawn[0])
    return html.element(
        "svg",
        html.join(parts),
        cls="bh-chart",
        viewBox=f"0 0 {frame.width} {frame.height}",
        role="img",
        aria_label=_told(frame, drawn[0]),
    )


def nice_ticks(low: float, high: float) -> list[float]:
    """Round values from at most ``low`` to at least ``high``, about three steps apart.

    >>> nice_ticks(0.81, 0.86), nice_ticks(0.5, 0.5)
    ([0.8, 0.82, 0.84, 0.86], [0.49, 0.5, 0.51])
    """
    if high - low < 1e-12:
        room = abs(low) / 50 or 1.0
        low, high = low - room, high + room
    raw = (high - low) / _TICKS
    power = 10.0 ** floor(log10(raw))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= raw * 0.999)
    first = floor(low / step + 1e-9)
    ticks = [first * step]
    while ticks[-1] < high - step * 1e-6:
        ticks.append((first + len(ticks)) * step)
    return [float(f"{tick:.12g}") for tick in ticks]


def _axes(scale: _Scale, ticks: Sequence[float]) -> list[Markup]:
    frame = scale.frame
    right, bottom = frame.width - _RIGHT, frame.height - 5
    parts = []
    for tick in ticks:
        y = round(scale.y(tick), 1)
        parts.append(html.element("line", x1=_LEFT, x2=right, y1=y, y2=y, cls="axis"))
        parts.append(html.element("text", frame.written(tick), x=_LEFT - 7, y=y + 4, text_anchor="end"))
    parts.append(html.element("text", "0", x=_LEFT, y=bottom))
    last = f"step {frame.steps:,.0f}"
    return [*parts, html.element("text", last, x=right, y=bottom, text_anchor="end")]


def _baseline(scale: _Scale) -> list[Markup]:
    if scale.frame.baseline is None:
        return []
    y = round(scale.y(scale.frame.baseline), 1)
    across = {"x1": _LEFT, "x2": scale.frame.width - _RIGHT, "y1": y, "y2": y}
    return [html.element("line", stroke=SOFT, stroke_dasharray="3 3", **across)]


def _line(scale: _Scale, line: Line) -> Markup:
    places = [(round(scale.x(step), 1), round(scale.y(value), 1)) for step, value in line.points]
    path = html.element(
        "polyline",
        html.element("title", line.name),
        points=" ".join(f"{x},{y}" for x, y in places),
        fill="none",
        stroke=line.colour,
        stroke_width=line.width,
        stroke_linejoin="round",
        stroke_linecap="round",
    )
    if not line.dots and len(places) > 1:
        return path
    dots = (
        html.element("circle", html.element("title", said), cx=x, cy=y, r=line.width + 0.7, fill=line.colour)
        for (x, y), said in zip(places, _said(scale.frame, line), strict=True)
    )
    return path + html.join(dots)


def _said(frame: Frame, line: Line) -> list[str]:
    return [f"{line.name}, step {step:,.0f}: {frame.written(value)}" for step, value in line.points]


def _mark(scale: _Scale, line: Line) -> list[Markup]:
    """A ring around the point of the marked step."""
    value = dict(line.points).get(float(scale.frame.marked)) if scale.frame.marked is not None else None
    if value is None or scale.frame.marked is None:
        return []
    title = html.element("title", f"best, step {scale.frame.marked:,}: {scale.frame.written(value)}")
    place = {"cx": round(scale.x(scale.frame.marked), 1), "cy": round(scale.y(value), 1)}
    return [html.element("circle", title, r=6, fill="none", stroke=CRUST, stroke_width=1.5, **place)]


def _told(frame: Frame, line: Line) -> str:
    (start, first), (end, last) = line.points[0], line.points[-1]
    return f"{frame.title}: {frame.written(first)} at step {start:,.0f}, {frame.written(last)} at step {end:,.0f}"
