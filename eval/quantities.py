"""What quality is set against: each quantity with its name, its unit, and which way is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from eval.efficiency import Efficiency
from eval.origin import Training, origin_of, training_of
from eval.results import Summary
from retrieval.errors import BakehouseError, nearest
from retrieval.page import numbers


@dataclass(frozen=True, slots=True)
class Costs:
    """What is known of what a system takes."""

    efficiency: Efficiency | None = None
    training: Training | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that a system takes or does.

    :param name: As ``--against`` takes it, and the column of a CSV.
    :param title: For people.
    :param value: From the costs of a system; None where it is not known.
    :param written: The value with its unit.
    :param less: Whether less is better.
    :param machine: Where the value was measured; empty where it is the same everywhere.
    """

    name: str
    title: str
    value: Callable[[Costs], float | None]
    written: Callable[[float], str]
    machine: Callable[[Costs], str] = lambda costs: ""
    less: bool = True


def _measured(value: Callable[[Efficiency], float | None]) -> Callable[[Costs], float | None]:
    return lambda costs: value(costs.efficiency) if costs.efficiency else None


def _trained(value: Callable[[Training], float]) -> Callable[[Costs], float | None]:
    return lambda costs: value(costs.training) if costs.training else None


def _measuring(costs: Costs) -> str:
    return str(costs.efficiency.machine) if costs.efficiency else ""


def _training(costs: Costs) -> str:
    return costs.training.host if costs.training else ""


def _milliseconds(value: float) -> str:
    return f"{value:.3g} ms" if value < 1000 else f"{value:,.0f} ms"


def _a_second(value: float) -> str:
    return f"{value:.3g}/s" if value < 1000 else f"{value:,.0f}/s"


QUANTITIES = (
    Quantity("parameters", "parameters", _measured(lambda of: of.parameters), numbers.short),
    Quantity("trainable", "trainable parameters", _trained(lambda of: of.parameters), numbers.short),
    Quantity("training", "training time", _trained(lambda of: of.seconds), numbers.duration, _training),
    Quantity("index", "index size", _measured(lambda of: of.index_bytes), numbers.size),
    Quantity(
        "passages", "passages encoded", _measured(lambda of: of.passages_per_second), _a_second, _measuring, less=False
    ),
    Quantity(
        "queries", "queries encoded", _measured(lambda of: of.queries_per_second), _a_second, _measuring, less=False
    ),
    Quantity("p50", "latency, median", _measured(lambda of: of.latency_p50), _milliseconds, _measuring),
    Quantity("p99", "latency, p99", _measured(lambda of: of.latency_p99), _milliseconds, _measuring),
)
NAMES = tuple(each.name for each in QUANTITIES)


def quantity(name: str) -> Quantity:
    """The quantity with a name.

    :raises BakehouseError: if there is none.
    """
    found = next((each for each in QUANTITIES if each.name == name), None)
    if found is None:
        raise BakehouseError(
            f"there is no '{name}' to set quality against: choose {', '.join(NAMES)}.{nearest(name, NAMES)}"
        )
    return found


Key = tuple[str, str, str]


def _key(summary: Summary) -> Key:
    """What a system took is the same on every split of a corpus, whoever judged it."""
    return summary.corpus.fingerprint, summary.system.model_fingerprint, summary.system.mode


def costs_of(summaries: Iterable[Summary], known: Iterable[Summary]) -> Mapping[str, Costs]:
    """Result id → what its system takes.

    :param known: Results, oldest first, in which measurements may be: also those on another split.
    """
    measured = {_key(each): each.efficiency for each in known if each.efficiency}
    found = {}
    for each in summaries:
        origin = origin_of(each) if each.system.model else None
        training = training_of(origin) if origin and origin.step else None
        found[each.id] = Costs(measured.get(_key(each), each.efficiency), training)
    return found
