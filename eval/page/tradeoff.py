"""Quality against what it takes: which systems, on which machine, and which of them no other beats in both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.page.standing import Standing
from eval.page.tables import View, value
from eval.quantities import QUANTITIES, Costs, Quantity
from retrieval.page import html, numbers
from retrieval.searcher import MODES

_COLOURS: dict[str, int] = {mode: number for number, mode in enumerate(MODES)}
_OTHER = 7
_OF_TRAINING = ("trainable", "training")


@dataclass(frozen=True, slots=True)
class Point:
    """A system.

    :param x: The quantity; 0 for a base, which stands for no training at all.
    :param y: The measure, 0 to 1.
    """

    standing: Standing
    name: str
    x: float
    y: float

    @property
    def colour(self) -> str:
        """That of its mode."""
        return html.colour(_COLOURS.get(self.standing.mode, _OTHER))


@dataclass(frozen=True, slots=True)
class Plot:
    """What is to be drawn.

    :param machine: Where all of it was measured; empty where that does not matter.
    :param elsewhere: How many systems were measured on another machine, and are left out.
    :param bases: The models before training, where the quantity is one of training.
    """

    quantity: Quantity
    measure: str
    points: Sequence[Point]
    machine: str = ""
    elsewhere: int = 0
    bases: Sequence[Point] = ()

    @property
    def tells(self) -> bool:
        """Whether there are systems with different quantities: others are nothing to choose from."""
        return len({point.x for point in self.points}) > 1

    @property
    def colours(self) -> dict[str, str]:
        """Mode → its colour, of the modes that are drawn."""
        return {point.standing.mode: point.colour for point in self.points}

    @property
    def front(self) -> list[Point]:
        """The systems that no other beats in both, the cheapest first (the Pareto front)."""
        found: list[Point] = []
        sign = 1 if self.quantity.less else -1
        for point in sorted(self.points, key=lambda point: (sign * point.x, -point.y)):
            if not found or point.y > found[-1].y:
                found.append(point)
        return found


def plots(view: View, costs: Mapping[str, Costs]) -> dict[str, Plot]:
    """A plot for each quantity that tells systems apart, by its name.

    :param costs: Result id → what is known of the system.
    """
    made = {each.name: plot(view, costs, each) for each in QUANTITIES}
    return {name: each for name, each in made.items() if each.tells}


def plot(view: View, costs: Mapping[str, Costs], quantity: Quantity) -> Plot:
    """The systems of which the quantity is known, of the machine that most were measured on."""
    found = list(_points(view, costs, quantity))
    machines = [quantity.machine(costs[point.standing.summary.id]) for point in found]
    most = Counter(machines).most_common(1)[0][0] if machines else ""
    points = [point for point, name in zip(found, machines, strict=True) if name == most]
    bases = _bases(view) if quantity.name in _OF_TRAINING else []
    return Plot(quantity, view.measure, points, most, len(found) - len(points), bases)


def system(row: Standing, of: Costs) -> str:
    """What to call a system: a tuned one by what learned in it, which is what sets such systems apart here."""
    return f"{of.training.learned}, step {row.step}" if of.training and row.step else row.name


def reading(of: Plot) -> Iterator[str]:
    """How to read the picture, as sentences."""
    yield f"Better is up and to the {'left' if of.quantity.less else 'right'}."
    yield "The line joins the systems that no other beats in both."
    if len({point.standing.kind == "tuned" for point in of.points}) > 1:
        yield "Full dots were tuned here, rings were not."
    if of.bases:
        yield "Dashed: before training."
    if of.machine:
        yield f"Measured on {of.machine}."
    if of.elsewhere:
        counted = numbers.counted(of.elsewhere, "system")
        yield f"Left out: {counted} measured on another machine, since such figures cannot be compared."


def _points(view: View, costs: Mapping[str, Costs], quantity: Quantity) -> Iterator[Point]:
    for row in view.rows:
        of = costs.get(row.summary.id, Costs())
        x, y = quantity.value(of), value(row, view.measure)
        if x and y is not None:
            yield Point(row, system(row, of), x, y)


def _bases(view: View) -> list[Point]:
    """What the runs began with."""
    found = []
    for row in view.rows:
        y = value(row, view.measure)
        if row.kind == "base" and row.summary.run and y is not None:
            found.append(Point(row, row.name, 0.0, y))
    return found
