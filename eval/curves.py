"""Scores over training steps, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from markupsafe import Markup

from eval.standing import Standing
from eval.tables import View, value
from retrieval.page import html, numbers

WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 10, 10, 24
_LEAST_SPAN = 0.05
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_STEPS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One curve.

    :param colour: A CSS colour.
    :param points: ``(step, score)``, by step.
    """

    name: str
    colour: str
    points: Sequence[tuple[int, float]]
    strong: bool = False


def lines(view: View, examined: Sequence[Standing], mode: str) -> list[Line]:
    """A curve for each language, and last a strong one for all queries.

    :param examined: What one run has judged; only those of the mode are drawn.
    """
    of_mode = [each for each in examined if each.mode == mode]
    found = [
        Line(lang or "all", _colour(view, lang), _points(of_mode, view.measure, lang), strong=not lang)
        for lang in [*view.languages, ""]
    ]
    return [line for line in found if len(line.points) > 1]


def _points(examined: Sequence[Standing], measure: str, lang: str) -> list[tuple[int, float]]:
    scores = {each.step: value(each, measure, lang) for each in examined}
    return [(step, score) for step, score in scores.items() if score is not None]


def _colour(view: View, lang: str) -> str:
    return html.colour(view.colours[lang]) if lang else "var(--bh-ink)"


def chart(curves: Sequence[Line], label: str) -> Markup:
    """Draw curves over one another; the vertical axis begins where the scores do.

    :param label: What it shows, for screen readers.
    """
    steps = sorted({step for line in curves for step, _ in line.points})
    scores = [score for line in curves for _, score in line.points]
    scale = _Scale(steps[0], steps[-1], *_range(min(scores), max(scores)))
    parts = [*_rules(scale), *_step_marks(scale, steps), *(_curve(scale, line) for line in curves)]
    return html.element(
        "svg",
        html.join(parts),
        cls="bh-chart bh-curve",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=label,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """From steps and scores to the picture."""

    first: int
    last: int
    low: float
    high: float

    def x(self, step: int) -> float:
        share = (step - self.first) / max(1, self.last - self.first)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, score: float) -> float:
        share = (score - self.low) / (self.high - self.low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def _range(low: float, high: float) -> tuple[float, float]:
    """A little more than the scores need, and never so little that noise looks like a mountain."""
    missing = max(0.0, _LEAST_SPAN - (high - low)) / 2
    room = 0.06 * (high - low)
    return max(0.0, low - missing - room), min(1.0, high + missing + room)


def _rules(scale: _Scale) -> list[Markup]:
    gap = next((tick for tick in _TICKS if (scale.high - scale.low) / tick <= 5), _TICKS[-1])
    parts = []
    for number in range(ceil(scale.low / gap), floor(scale.high / gap) + 1):
        y = scale.y(number * gap)
        parts.append(html.element("path", d=f"M{_LEFT} {y}H{WIDTH - _RIGHT}", cls="axis"))
        parts.append(html.element("text", numbers.measure(number * gap, 2), x=_LEFT - 6, y=y + 4, text_anchor="end"))
    return parts


def _step_marks(scale: _Scale, steps: Sequence[int]) -> list[Markup]:
    every = ceil(len(steps) / _STEPS_SHOWN)
    shown = [step for at, step in enumerate(steps) if at % every == 0]
    return [
        html.element("text", _step_name(step), x=scale.x(step), y=HEIGHT - 6, text_anchor=_anchor(scale, step))
        for step in shown
    ]


def _step_name(step: int) -> str:
    return f"step {step:,}" if step else "base"


def _anchor(scale: _Scale, step: int) -> str:
    return "start" if step == scale.first else "end" if step == scale.last else "middle"


def _curve(scale: _Scale, line: Line) -> Markup:
    places = [(scale.x(step), scale.y(score)) for step, score in line.points]
    path = html.element("polyline", points=" ".join(f"{x},{y}" for x, y in places), stroke=line.colour)
    dots = (
        html.element(
            "circle",
            html.element("title", f"{line.name}, step {step:,}: {numbers.measure(score)}"),
            cx=x,
            cy=y,
            r=3.5 if line.strong else 2.5,
            fill=line.colour,
        )
        for (x, y), (step, score) in zip(places, line.points, strict=True)
    )
    return html.element("g", html.join([path, *dots]), cls="bh-line is-strong" if line.strong else "bh-line")
