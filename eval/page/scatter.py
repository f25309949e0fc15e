"""A dot for each query: A's score across, B's score up, as inline SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from typing import NamedTuple

from markupsafe import Markup

from eval.compare import Change
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name

MOST = 500
"""Dots drawn at most."""
SIZE = 400
_EDGE, _LEFT = 34, 40
WIDTH, HEIGHT = SIZE + _LEFT + _EDGE, SIZE + 2 * _EDGE + 14
"""Of the whole picture, in pixels."""
_USUAL, _LEAST = 3.6, 2.2
"""Radius of a single query where there is room, and of the smallest dot in any case."""
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


class Point(NamedTuple):
    """A place in the picture."""

    x: float
    y: float


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
    spots = _spots(shown)
    scale = _scale(spots.values())
    marks = (_circle(dot, at, scale, colours, chosen) for group in spots.values() for dot, at in _ring(group, scale))
    label = "Each query's score under A (across) and under B (up)"
    return html.element(
        "svg",
        html.join([*_frame(), *marks]),
        cls="bh-chart bh-duel",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=label,
    )


def legend(found: Sequence[Dot], colours: Mapping[str, int]) -> Markup:
    """The languages with their colours and sizes, and what the sizes of the dots mean."""
    sizes = Counter[str]()
    for dot in found:
        sizes[dot.language] += dot.queries
    tags = [
        html.tag(f"{html.isolate(language_name(lang))} {numbers.count(sizes[lang])}", series=colours[lang])
        for lang in colours
        if sizes[lang]
    ]
    told = "Above the line B is better, below it A. A larger dot is several queries with the same two scores."
    if len(found) > MOST:
        told += f" Drawn are the {MOST} dots farthest from the line, of {numbers.count(len(found))}."
    return html.element("p", html.join(tags, " "), cls="bh-keys") + html.note(told)


def _x(score: float) -> float:
    return _LEFT + score * SIZE


def _y(score: float) -> float:
    return _EDGE + (1 - score) * SIZE


def _spots(shown: Sequence[Dot]) -> dict[tuple[float, float], list[Dot]]:
    """The dots with the same two scores: one for each language."""
    spots: dict[tuple[float, float], list[Dot]] = {}
    for dot in sorted(shown, key=lambda dot: dot.language):
        spots.setdefault((dot.a, dot.b), []).append(dot)
    return spots


def _scale(groups: Iterable[Sequence[Dot]]) -> float:
    """Radius of a single query: so large that the largest group stays within the margin."""
    widest = max((_distance(group, 1.0) + sqrt(_most(group)) for group in groups), default=1.0)
    return min(_USUAL, (_EDGE - 2) / widest)


def _most(group: Sequence[Dot]) -> int:
    return max(dot.queries for dot in group)


def _distance(group: Sequence[Dot], scale: float) -> float:
    """How far from their spot the dots of several languages stand, so that they hardly touch."""
    return 0.0 if len(group) == 1 else scale * sqrt(_most(group)) / sin(pi / len(group)) * 0.9


def _ring(group: Sequence[Dot], scale: float) -> Iterator[tuple[Dot, Point]]:
    """The dots of one spot, in a ring around it."""
    distance = _distance(group, scale)
    for number, dot in enumerate(group):
        angle = 2 * pi * number / len(group) - pi / 2
        yield dot, Point(_x(dot.a) + distance * cos(angle), _y(dot.b) + distance * sin(angle))


def _circle(dot: Dot, at: Point, scale: float, colours: Mapping[str, int], chosen: str) -> Markup:
    counted = numbers.counted(dot.queries, "query", "queries")
    told = f"{html.isolate(language_name(dot.language))}, {counted}: A {numbers.measure(dot.a, 2)}, B {numbers.measure(dot.b, 2)}"
    return html.element(
        "circle",
        html.element("title", told),
        cx=f"{at.x:.1f}",
        cy=f"{at.y:.1f}",
        r=f"{max(_LEAST, scale * sqrt(dot.queries)):.1f}",
        fill=html.colour(colours[dot.language]),
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
