"""Numbers and verdicts as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eval.measures import parse
from eval.results import RERANKED
from eval.significance import detectable, queries_needed
from retrieval.languages import name_of
from retrieval.records import UNKNOWN

if TYPE_CHECKING:
    from eval.compare import Comparison
    from eval.results import Summary

_NAMED_AT_MOST = 4
_FEW = 20
"""Below so many queries the normal approximation of the power is none."""
POINT = 0.01
_HAVE_NO_MODE = ("lexical", "run")
"""BM25 has but one, and a run of another system does not tell."""


def language_name(code: str) -> str:
    """The English name of a query language, with its code where that says more."""
    if code == UNKNOWN:
        return "queries of unknown language"
    return f"{name_of(code)} ({code})" if "-" in code else name_of(code)


def points(value: float) -> str:
    """A measure or a difference in points, hundredths of the measure: ``3.1``, ``−0.4``."""
    return f"{100 * value:.1f}".replace("-0.0", "0.0").replace("-", "−")


def signed(value: float) -> str:
    """A difference in points with its sign: ``+3.1``, ``−0.4``, ``0.0``."""
    said = points(value)
    return said if said.startswith("−") or said == "0.0" else f"+{said}"


def measure_title(name: str) -> str:
    """``ndcg@10`` as people write it: ``nDCG@10``."""
    return parse(name).title


def full_name(summary: Summary) -> str:
    """A system's label with its mode, such as ``e5-small · hybrid``; BM25 has but one, a run none."""
    return system_name(summary.system.label, summary.system.mode)


def system_name(label: str, mode: str) -> str:
    """The same from its parts."""
    return label if mode in _HAVE_NO_MODE else f"{label} · {mode}"


def reranked(summary: Summary) -> str:
    """What a teacher ordered anew, such as ``first 100 of e5-small · hybrid``."""
    first = summary.settings[RERANKED]
    return f"first {summary.settings['depth']} of {system_name(first['label'], first['mode'])}"


def system_names(a: Summary, b: Summary) -> tuple[str, str]:
    """What to call two systems: by their labels, with the mode where it is what sets them apart.

    Within one training run they are the base model and the checkpoint of a step.
    """
    if a.run and a.run == b.run and a.system.mode == b.system.mode and a.step != b.step:
        return _within_run(a), _within_run(b)
    if a.system.mode == b.system.mode and a.system.label != b.system.label:
        return a.system.label, b.system.label
    return _with_mode(a), _with_mode(b)


def _within_run(summary: Summary) -> str:
    return f"the checkpoint of step {summary.step}" if summary.step else "the base model"


def sentence(comparison: Comparison) -> str:
    """The verdict as one sentence for a reader who knows no statistics."""
    name_a, name_b = system_names(comparison.a, comparison.b)
    size, measured = points(abs(comparison.difference)), _measured(comparison)
    if comparison.verdict == "no difference shown":
        direction = "higher" if comparison.difference > 0 else "lower"
        shift = "the same" if size == "0.0" else f"{size} points {direction}"
        start = f"No difference shown between {name_b} and {name_a}: {name_b} is {shift} in {measured}"
        low, high = comparison.interval
    else:
        start = f"{name_b} is {comparison.verdict} than {name_a} by {size} points of {measured}"
        low, high = sorted(map(abs, comparison.interval))
    within = f"between {points(low)} and {points(high)}; {_queries(comparison)}"
    return (
        f"{start[0].upper() if start.startswith('the ') else start[0]}{start[1:]} ({within}){_languages(comparison)}."
    )


def power(comparison: Comparison) -> str:
    """What these queries can show, and how many it would take for a point; empty where nothing can be said."""
    if not comparison.spread or comparison.queries < _FEW:
        return ""
    seen = detectable(comparison.spread, comparison.queries)
    told = f"{_queries(comparison)} show a difference of {points(seen)} points or more four times in five"
    if seen <= POINT:
        return f"{told}."
    return f"{told}; for one of 1 point it would take {queries_needed(comparison.spread, POINT):,}."


def _measured(comparison: Comparison) -> str:
    """The measure, and the kind of search where both systems have the same."""
    modes = {comparison.a.system.mode, comparison.b.system.mode}
    where = f" in {modes.pop()} search" if len(modes) == 1 and not modes & set(_HAVE_NO_MODE) else ""
    return measure_title(comparison.measure) + where


def _with_mode(summary: Summary) -> str:
    label, mode = summary.system.label, summary.system.mode
    return label if mode in _HAVE_NO_MODE else f"{label} ({mode})"


def _queries(comparison: Comparison) -> str:
    kind = "synthetic " if comparison.a.synthetic else ""
    return f"{comparison.queries:,} {kind}{'query' if comparison.queries == 1 else 'queries'}"


def _languages(comparison: Comparison) -> str:
    """``; better in German, no difference shown in Chinese``, or nothing for a single language."""
    if len(comparison.by_language) < 2:
        return ""
    parts = [
        f"{verdict} in {listed(names, 'languages')}"
        for verdict in ("better", "worse", "no difference shown")
        if (names := [language_name(each.language) for each in comparison.by_language if each.verdict == verdict])
    ]
    return "; " + ", ".join(parts)


def listed(names: Sequence[str], noun: str = "") -> str:
    """``a, b and c``; of more than four the last are counted: ``a, b, c and 3 more languages``.

    :param noun: What is counted, in the plural.
    """
    if len(names) > _NAMED_AT_MOST:
        rest = len(names) - _NAMED_AT_MOST + 1
        names = [*names[: _NAMED_AT_MOST - 1], f"{rest} more {noun}".rstrip()]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart: numbers to the right, words to the left."""
    columns = list(zip(head, *rows, strict=True))
    aligned = []
    for title, *cells in columns:
        width = max(map(len, (title, *cells)))
        numbers = any(cells) and not any(cell.strip("0123456789.,−<") for cell in cells)
        aligned.append([f"{cell:>{width}}" if numbers else f"{cell:<{width}}" for cell in (title, *cells)])
    return "\n".join("  ".join(line).rstrip() for line in zip(*aligned, strict=True))
