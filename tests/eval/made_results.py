"""Results with chosen values, for the tests of what is done with results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eval.efficiency import Efficiency, Machine
from eval.results import Data, PerQuery, Result, Summary, System

TAKEN = Efficiency(118, 4096, 26.5, 300.0, 12.0, 30.0, Machine("a processor", 2, "cpu"))
DATA = Data("loaves", "/loaves", "c0ffee", "fade")


def made(values: Mapping[str, float], *, languages: Sequence[str] | None = None, **changes: Any) -> Result:
    """A result whose ndcg@10 of each query is given; other members of the summary by keyword.

    ``label``, ``mode`` and ``model`` go into the system.
    """
    system = System(changes.pop("model", "m"), "f1", changes.pop("mode", "hybrid"), changes.pop("label", "small"))
    mean = float(np.mean(list(values.values())))
    summary = Summary(
        id="0123456789abcdef",
        system=system,
        corpus=DATA,
        split="test",
        synthetic=False,
        metrics={"ndcg@10": mean},
        by_language={"en": {"ndcg@10": mean, "queries": len(values)}},
        counts={"queries": len(values), "documents": 9, "without_results": 0, "without_relevant": 0, "unjudged": 0},
        warnings=(),
        settings={"k": 100},
        versions={"numpy": "2"},
        step=None,
        run=None,
        seconds=0.25,
        created="2025-01-01T00:00:00.000+00:00",
    )
    queries = PerQuery(
        query_ids=list(values),
        languages=list(languages or ["en"] * len(values)),
        texts=[f"what about {query}?" for query in values],
        values={"ndcg@10": np.array(list(values.values()), np.float64)},
        top=[[("d1", 0.5), ("d2", 0.25)] for _ in values],
    )
    return Result(replace(summary, **changes), queries)
