"""A dot for each query: A's score across, B's score up, as inline SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin, sqrt

from markupsafe import Markup

from eval.compare import Change
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name

MOST = 500
"""Dots drawn at most."""
SIZE = 400
_EDGE, _LEFT = 22, 34
_SMALLEST, _LARGEST = 3.2, 22.0
_MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Dot:
    """The queries of one language with the same two scores, to two digits.

    :param query_id: One of them.
    """

    language: str
    a: float
    b: float
    queries: int
    query_id: str

    @property
    def difference(self) -> float:
        """b − a."""
        return self.b - self.a


def dots(changes: Iterable[Change]) -> list[Dot]:
    """Queries that would hide one another become one dot; the largest differences first."""
    spots = Counter[tuple[str, float, float]]()
    first: dict[tuple[str, float, float], str] = {}
    for change in changes:
        spot = (change.language, round(change.a, 2), round(change.b, 2))
        spots[spot] += 1
        first.setdefault(spot, change.query_id)
    made = [Dot(*spot, queries, first[spot]) for spot, queries in spots.items()]
    return sorted(made, key=lambda dot: (-abs(dot.difference), -dot.queries, dot.language))


def picture(found: Sequence[Dot], colours: Mapping[str, int], chosen: str = "") -> Markup:
    """Draw the first :data:`MOST` dots; above the diagonal B is better.

    :param colours: Language → colour number.
    :param chosen: The id of the query that is looked at.
    """
    shown = found[:MOST]
    most = max((dot.queries for dot in shown), default=1)
    marks = (_circle(dot, at, colours, most, chosen) for dot, at in zip(shown, _places(shown, most), strict=True))
    label = "Each query's score under A (across) and under B (up)"
    return html.element(
        "svg",
        html.join([*_frame(), *marks]),
        cls="bh-chart bh-duel",
        viewBox=f"0 0 {SIZE + _LEFT + _EDGE} {SIZE + 2 * _EDGE + 14}",
        role="img",
        aria_label=label,
    )


def legend(found: Sequence[Dot], colours: Mapping[str, int]) -> Markup:
    """The languages with their colours and sizes, and what the sizes of the dots mean."""
    sizes = Counter[str]()
    for dot in found:
        sizes[dot.language] += dot.queries
    tags = [
        html.tag(f"{language_name(lang)} {numbers.count(sizes[lang])}", series=colours[lang])
        for lang in colours
        if sizes[lang]
    ]
    told = "Above the line B is better, below it A. A larger dot is several queries with the same two scores."
    if len(found) > MOST:
        told += f" Drawn are the {MOST} dots farthest from the line, of {numbers.count(len(found))}."
    return html.element("p", html.join(tags, " "), cls="bh-legend") + html.note(told)


def _x(score: float) -> float:
    return _LEFT + score * SIZE


def _y(score: float) -> float:
    return _EDGE + (1 - score) * SIZE


def _radius(queries: int, most: int) -> float:
    """Areas grow with the number of queries, as long as the largest dot stays small enough."""
    scale = min(_SMALLEST, _LARGEST / sqrt(most))
    return max(2.0, scale * sqrt(queries))


def _places(shown: Sequence[Dot], most: int) -> list[tuple[float, float]]:
    """Where dots of several languages fall on one spot, they stand in a ring around it."""
    together: dict[tuple[float, float], list[Dot]] = {}
    for dot in shown:
        together.setdefault((dot.a, dot.b), []).append(dot)
    at: dict[tuple[str, float, float], tuple[float, float]] = {}
    for spot, group in together.items():
        ring = _ring([_radius(dot.queries, most) for dot in group])
        for number, dot in enumerate(sorted(group, key=lambda each: each.language)):
            angle = 2 * pi * number / len(group) - pi / 2
            at[dot.language, *spot] = (_x(dot.a) + ring * cos(angle), _y(dot.b) + ring * sin(angle))
    return [at[dot.language, dot.a, dot.b] for dot in shown]


def _ring(radii: Sequence[float]) -> float:
    """How far from the spot the dots must stand to touch one another at most a little."""
    return 0.0 if len(radii) == 1 else max(radii) / sin(pi / len(radii)) * 0.9


def _circle(dot: Dot, at: tuple[float, float], colours: Mapping[str, int], most: int, chosen: str) -> Markup:
    counted = numbers.counted(dot.queries, "query", "queries")
    told = f"{language_name(dot.language)}, {counted}: A {numbers.measure(dot.a, 2)}, B {numbers.measure(dot.b, 2)}"
    return html.element(
        "circle",
        html.element("title", told),
        cx=f"{at[0]:.1f}",
        cy=f"{at[1]:.1f}",
        r=f"{_radius(dot.queries, most):.1f}",
        fill=f"var(--bh-series-{colours[dot.language] + 1})",
        cls="is-chosen" if dot.query_id == chosen else None,
        data_act="query",
        data_query=dot.query_id,
    )


def _frame() -> list[Markup]:
    parts = [
        html.element("path", d=f"M{_x(0)} {_y(1)}V{_y(0)}H{_x(1)}", cls="axis"),
        html.element("path", d=f"M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}", cls="axis is-even"),
    ]
    for mark in _MARKS:
        said = numbers.measure(mark, 2) if 0 < mark < 1 else f"{mark:.0f}"
        parts.append(html.element("text", said, x=_x(mark), y=_y(0) + 18, text_anchor="middle"))
        parts.append(html.element("text", said, x=_LEFT - 8, y=_y(mark) + 4, text_anchor="end"))
    parts.append(html.element("text", "B is better", x=_x(0) + 10, y=_y(1) + 12, cls="is-word"))
    parts.append(html.element("text", "A is better", x=_x(1) - 10, y=_y(0) - 10, text_anchor="end", cls="is-word"))
    return parts
