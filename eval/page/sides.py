"""Which two systems to compare when nobody has said, and what to do when one has won."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from eval.compare import Comparison
from eval.page.standing import Standing, order, standings
from eval.results import Summary
from retrieval.errors import BakehouseError
from retrieval.home import on_space
from retrieval.models import known


class Sides(NamedTuple):
    """The two systems of a comparison."""

    a: Standing
    b: Standing


def sides(results: Sequence[Summary], a: str | None = None, b: str | None = None) -> Sides:
    """The two systems with these ids; what is missing or unknown is filled in sensibly.

    B is by default the best checkpoint of the newest run, A the base it began with, in the same mode.

    :param results: Of one place.
    :raises BakehouseError: if there are not two systems.
    """
    everyone = standings(results)
    if len(everyone) < 2:
        raise BakehouseError("a comparison needs two systems judged on the same queries: evaluate one more.")
    named = {each.summary.id: each for each in everyone}
    of_b = named.get(b or "") or _default_b(everyone, named.get(a or ""))
    of_a = named.get(a or "") or _default_a(everyone, of_b)
    return Sides(of_a, of_b)


def _default_b(everyone: Sequence[Standing], taken: Standing | None) -> Standing:
    free = [each for each in everyone if each is not taken]
    return max(
        free, key=lambda each: (each.kind != "bound", each.kind == "tuned", each.run, each.best, order(each.mode))
    )


def _default_a(everyone: Sequence[Standing], b: Standing) -> Standing:
    """The base in the mode of B; where there is none, what comes nearest to it."""
    free = [each for each in everyone if each is not b]
    return max(
        free, key=lambda each: (each.kind != "bound", each.mode == b.mode, each.kind == "base", each.kind == "lexical")
    )


def winner(comparison: Comparison) -> str:
    """``b`` where B is shown to be better, else ``a``: a change needs a reason."""
    return "b" if comparison.verdict == "better" else "a"


def loadable(standing: Standing) -> str | None:
    """The name to search with a system's model by, or None: a bound is no way to search, or the weights are gone."""
    if standing.kind == "bound":
        return None
    offered = known()
    names = [standing.model, standing.summary.system.model]
    for name in names:
        if name in offered:
            return name
    folder = Path(standing.summary.system.model)
    # on a Space the menu takes only what it offers
    return str(folder) if (folder / "config.json").is_file() and not on_space() else None
