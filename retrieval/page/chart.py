"""Values over training steps as a line chart: inline SVG in the colours of the house."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, floor, inf, log10

from markupsafe import Markup

from retrieval.page import html, numbers

INK, CRUST, SOFT = "var(--bh-ink)", "var(--bh-crust)", "var(--bh-soft)"
STRONG, PLAIN, FINE = 2.4, 1.5, 1.2
"""Widths of lines, in pixels."""
SIZES = (1.0, 2.0, 2.5, 5.0, 10.0)
"""How far ticks may be apart, times any power of ten."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 10, 24
_TICKS = 3
_DECADES = 1000
"""From such a ratio of the ends on, a logarithmic axis has a tick a power of ten."""
_LETTER = 7
"""Pixels that a letter of a step's name takes, with some room around the name."""

Points = Sequence[tuple[float, float]]
"""``(step, value)``, by step."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve.

    :param name: Said when the pointer rests on it.
    :param colour: A CSS colour, such as ``var(--bh-series-1)``.
    :param dots: Whether each point is marked: for few points.
    """

    name: str
    points: Points
    colour: str = CRUST
    width: float = PLAIN
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """How values are written, and what their axis holds.

    :param written: A value in full.
    :param short: A value beside its tick, if shorter than in full.
    :param zero: Whether the axis starts at zero.
    :param span: From its lowest to its highest value at least, so that noise does not look like a mountain.
    :param most: The highest value that there can be; the lowest is then 0.
    :param sizes: How far ticks may be apart: see :data:`SIZES`.
    """

    written: Callable[[float], str]
    short: Callable[[float], str] | None = None
    zero: bool = False
    span: float = 0.0
    most: float = inf
    sizes: Sequence[float] = SIZES

    def ticks(self, values: Sequence[float]) -> list[float]:
        """Round values around all of the given ones."""
        low, high = (0.0 if self.zero else min(values)), max(values)
        missing = max(0.0, self.span - (high - low)) / 2
        low, high = low - missing, high + missing
        if self.most < inf:
            moved = max(0.0, -low) - max(0.0, high - self.most)
            low, high = max(0.0, low + moved), min(self.most, high + moved)
        return nice_ticks(low, high, self.sizes)


SCORES = Axis(numbers.measure, partial(numbers.measure, digits=2), span=0.05, most=1.0, sizes=(1.0, 2.0, 5.0, 10.0))
"""The axis of a measure between 0 and 1: two digits at the ticks, so none stands at .625."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chart shows and how large it is drawn.

    :param title: Said by screen readers.
    :param steps: The last step of the axis.
    :param width: In pixels, as are all lengths; the page scales the drawing.
    :param start: What step 0 is called.
    :param baseline: A dashed line at this value, such as the base model's.
    :param marked: The step of a ring around the first line's point, such as the best checkpoint's.
    """

    title: str
    steps: float
    axis: Axis
    width: int = 352
    height: int = 132
    start: str = "0"
    baseline: float | None = None
    marked: float | None = None


@dataclass(frozen=True, slots=True)
class _Scale:
    """From steps and values to the picture."""

    frame: Frame
    low: float
    high: float

    def x(self, step: float) -> float:
        return round(_LEFT + (self.frame.width - _LEFT - _RIGHT) * step / max(self.frame.steps, 1), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.frame.height - _BOTTOM - (self.frame.height - _TOP - _BOTTOM) * share, 1)


def chart(frame: Frame, lines: Sequence[Line]) -> Markup:
    """Draw lines over steps, the first on top. A screen reader hears the title and that line's two ends."""
    drawn = [line for line in lines if line.points]
    if not drawn:
        return Markup("")
    values = [value for line in drawn for _, value in line.points]
    ticks = frame.axis.ticks(values if frame.baseline is None else [*values, frame.baseline])
    scale = _Scale(frame, ticks[0], ticks[-1])
    parts = [*_rules(scale, ticks), *_step_names(scale, drawn), *_baseline(scale)]
    parts += [*(_curve(scale, line) for line in reversed(drawn)), *_mark(scale, drawn[0])]
    return html.element(
        "svg",
        html.join(parts),
        cls="bh-chart",
        viewBox=f"0 0 {frame.width} {frame.height}",
        role="img",
        aria_label=_told(frame, drawn[0]),
    )


def nice_ticks(low: float, high: float, sizes: Sequence[float] = SIZES) -> list[float]:
    """Round values from at most ``low`` to at least ``high``, about three steps apart.

    >>> nice_ticks(0.81, 0.86), nice_ticks(0.5, 0.5)
    ([0.8, 0.82, 0.84, 0.86], [0.49, 0.5, 0.51])
    """
    if high - low < 1e-12:
        room = abs(low) / 50 or 1.0
        low, high = low - room, high + room
    raw = (high - low) / _TICKS
    power = 10.0 ** floor(log10(raw))
    step = next(size * power for size in sizes if size * power >= raw * 0.999)
    first = floor(low / step + 1e-9)
    ticks = [first * step]
    while ticks[-1] < high - step * 1e-6:
        ticks.append((first + len(ticks)) * step)
    return [float(f"{tick:.12g}") for tick in ticks]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 or 5 times powers of ten from at most ``low`` to at least ``high``; only the powers where those are enough.

    >>> log_ticks(3, 70), log_ticks(12, 90_000)
    ([2.0, 5.0, 10.0, 20.0, 50.0, 100.0], [10.0, 100.0, 1000.0, 10000.0, 100000.0])
    """
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    sizes = (1, 2, 5) if high / low < _DECADES else (1,)
    steps = [float(f"{size * 10.0**power:.12g}") for power in powers for size in sizes]
    first = max(step for step in steps if step <= low * (1 + 1e-9))
    last = min(step for step in steps if step >= high * (1 - 1e-9))
    return [step for step in steps if first <= step <= last]


def _rules(scale: _Scale, ticks: Sequence[float]) -> list[Markup]:
    """A hairline and its value at each tick."""
    axis, right = scale.frame.axis, scale.frame.width - _RIGHT
    written = axis.short or axis.written
    parts = []
    for tick in ticks:
        y = scale.y(tick)
        parts.append(html.element("line", x1=_LEFT, x2=right, y1=y, y2=y, cls="axis"))
        parts.append(html.element("text", written(tick), x=_LEFT - 7, y=y + 4, text_anchor="end"))
    return parts


def _step_names(scale: _Scale, drawn: Sequence[Line]) -> list[Markup]:
    """Both ends of the axis, and as many of the marked steps between them as there is room for."""
    last = scale.frame.steps
    room = _LETTER * len(f"step {last:,.0f}")
    shown = [0.0]
    for step in sorted({step for line in drawn if line.dots for step, _ in line.points}):
        # the last name ends at its step, the others stand around theirs
        if scale.x(step) - scale.x(shown[-1]) >= room and scale.x(last) - scale.x(step) >= 1.5 * room:
            shown.append(step)
    return [_step_name(scale, step) for step in [*shown, last]]


def _step_name(scale: _Scale, step: float) -> Markup:
    words = f"step {step:,.0f}" if step else scale.frame.start
    anchor = "end" if step == scale.frame.steps else "middle" if step else "start"
    return html.element("text", words, x=scale.x(step), y=scale.frame.height - 6, text_anchor=anchor)


def _baseline(scale: _Scale) -> list[Markup]:
    if scale.frame.baseline is None:
        return []
    y = scale.y(scale.frame.baseline)
    across = {"x1": _LEFT, "x2": scale.frame.width - _RIGHT, "y1": y, "y2": y}
    return [html.element("line", stroke=SOFT, stroke_dasharray="3 3", **across)]


def _curve(scale: _Scale, line: Line) -> Markup:
    places = [(scale.x(step), scale.y(value)) for step, value in line.points]
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
        html.element("circle", html.element("title", said), cx=x, cy=y, r=round(line.width + 1, 1), fill=line.colour)
        for (x, y), said in zip(places, _said(scale.frame, line), strict=True)
    )
    return path + html.join(dots)


def _said(frame: Frame, line: Line) -> list[str]:
    return [f"{line.name}, step {step:,.0f}: {frame.axis.written(value)}" for step, value in line.points]


def _mark(scale: _Scale, line: Line) -> list[Markup]:
    """A ring around the point of the marked step."""
    step, frame = scale.frame.marked, scale.frame
    value = dict(line.points).get(step) if step is not None else None
    if step is None or value is None:
        return []
    title = html.element("title", f"best, step {step:,.0f}: {frame.axis.written(value)}")
    place = {"cx": scale.x(step), "cy": scale.y(value)}
    return [html.element("circle", title, r=6, fill="none", stroke=CRUST, stroke_width=PLAIN, **place)]


def _told(frame: Frame, line: Line) -> str:
    (start, first), (end, last) = line.points[0], line.points[-1]
    written = frame.axis.written
    return f"{frame.title}: {written(first)} at step {start:,.0f}, {written(last)} at step {end:,.0f}"
