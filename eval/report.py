"""What the commands say: to a program, and to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from textwrap import shorten
from typing import Any

from eval.breakdown import KINDS
from eval.compare import Change, Comparison
from eval.measures import STANDARD
from eval.quantities import QUANTITIES, Costs, Quantity, costs_of
from eval.regressions import Moved, Regressions
from eval.results import RERANKED, Summary
from eval.significance import RESAMPLES, SEED, detectable, queries_needed
from eval.wording import (
    POINT,
    full_name,
    language_name,
    measure_title,
    points,
    power,
    reranked,
    sentence,
    system_names,
    table,
)
from retrieval.cli import Report
from retrieval.page import numbers

_PASSAGES = 3
"""How many passages of a query are named that moved."""
_SHOWN = 10
"""How many risers and fallers a comparison names."""
_OLD = "This result was made before scores were broken down: evaluate again with `python -m eval run`."


def evaluated(systems: Sequence[Summary], by: str = "") -> Report:
    """Report an evaluation.

    :param systems: The results of one evaluation; the first leads.
    :param by: A kind of group of :data:`eval.breakdown.KINDS` to print as well.
    """
    lead = systems[0]
    machine = {
        **lead.to_dict(),
        **_efficiencies(systems),
        "systems": {each.system.mode: dict(each.metrics) for each in systems},
        "results": [str(each.path) for each in systems],
    }
    counts = lead.counts
    head = f"{lead.corpus.name} · {lead.split} · {counts['queries']:,} queries · {counts['documents']:,} documents"
    titles = [measure_title(name) for name in lead.metrics]
    # a bound stands above the systems that it bounds
    ordered = sorted(systems, key=lambda each: each.system.mode != RERANKED)
    scores = table(["", *titles], [[_role(each), *_cells(each, each.metrics)] for each in ordered])
    ids = "\n".join(f"{each.id}  {full_name(each)}" for each in systems)
    blocks = [
        head,
        scores,
        _taken(systems),
        _languages(lead, titles),
        _groups(lead, by, titles),
        _no_bound(systems),
        _remarks(lead),
        ids,
    ]
    return Report(machine, "\n\n".join(filter(None, blocks)))


def _efficiencies(systems: Sequence[Summary]) -> dict[str, Any]:
    """Mode → what was measured, where anything was."""
    measured = {each.system.mode: asdict(each.efficiency) for each in systems if each.efficiency}
    return {"efficiency": measured} if measured else {}


def _taken(systems: Sequence[Summary]) -> str:
    """What each system takes, as far as it was measured or its training tells."""
    if not any(each.efficiency for each in systems):
        return ""
    costs = costs_of(systems, systems)
    shown = [one for one in QUANTITIES if any(one.value(of) is not None for of in costs.values())]
    rows = [[full_name(each), *(_written(one, costs[each.id]) for one in shown)] for each in systems]
    machines = dict.fromkeys(str(each.efficiency.machine) for each in systems if each.efficiency)
    return f"{table(['', *(one.title for one in shown)], rows)}\nMeasured on {'; '.join(machines)}."


def _written(one: Quantity, costs: Costs) -> str:
    value = one.value(costs)
    return "" if value is None else one.written(value)


def shown(results: Sequence[Summary], by: str = "") -> Report:
    """Report results that are kept, each as :func:`evaluated` does."""
    reports = [evaluated([each], by) for each in results]
    machine = {"results": [{**each.to_dict(), "path": str(each.path)} for each in results]}
    return Report(machine, "\n\n\n".join(each.human for each in reports))


def _role(summary: Summary) -> str:
    """The system's name; of a bound also that it is one, and over what."""
    if summary.system.mode != RERANKED:
        return full_name(summary)
    return f"upper bound: {summary.system.label}, {reranked(summary)}"


def line(summary: Summary) -> str:
    """One result in a line: who, and its measures."""
    return f"{full_name(summary)}  " + "  ".join(
        f"{measure_title(name)} {at:.3f}" for name, at in summary.metrics.items()
    )


def watched(place: str, results: Sequence[Summary]) -> Report:
    """Report what a watch has judged."""
    machine = {"place": place, "results": [{**each.to_dict(), "path": str(each.path)} for each in results]}
    if not results:
        return Report(machine, f"{place} has no checkpoint that was not judged already.")
    titles = [measure_title(name) for name in results[0].metrics]
    return Report(machine, table(["", *titles], [[full_name(each), *_cells(each, each.metrics)] for each in results]))


def compared(comparison: Comparison, lost: Regressions | None = None) -> Report:
    """Report a comparison.

    :param lost: What B is worse at, if that was asked for.
    """
    machine = {
        "measure": comparison.measure,
        "difference": comparison.difference,
        "interval": comparison.interval,
        "p_value": comparison.p_value,
        "verdict": comparison.verdict,
        "sentence": sentence(comparison),
        "queries": comparison.queries,
        "power": _power(comparison),
        "corpus": asdict(comparison.a.corpus),
        "split": comparison.a.split,
        "synthetic": comparison.a.synthetic,
        "a": _side(comparison.a, comparison.a_value),
        "b": _side(comparison.b, comparison.b_value),
        "by_language": {each.language: asdict(each) for each in comparison.by_language},
        "risers": [_change(each) for each in comparison.risers[:_SHOWN]],
        "fallers": [_change(each) for each in comparison.fallers[:_SHOWN]],
        "counts": {"risers": len(comparison.risers), "fallers": len(comparison.fallers)},
        "notes": list(comparison.notes),
        "drawn": {"resamples": RESAMPLES, "seed": SEED},
        **({"regressions": asdict(lost)} if lost else {}),
    }
    blocks = [sentence(comparison), power(comparison), *comparison.notes, _sides(comparison), _verdicts(comparison)]
    blocks += [_moved("rose", comparison.risers), _moved("fell", comparison.fallers), _lost(lost)]
    return Report(machine, "\n\n".join(filter(None, blocks)))


def compared_each(comparisons: Sequence[Comparison]) -> Report:
    """Report several comparisons with the same system."""
    first = comparisons[0]
    machine = {"comparisons": [compared(each).machine for each in comparisons]}
    rows = [
        [
            full_name(each.b),
            f"{each.b_value:.3f}",
            *map(points, (each.difference, *each.interval)),
            numbers.p_value(each.p_value),
            f"{each.queries:,}",
            each.verdict,
        ]
        for each in sorted(comparisons, key=lambda each: -each.b_value)
    ]
    head = f"Compared with {full_name(first.a)}: {measure_title(first.measure)} {first.a_value:.3f}"
    columns = ["system", measure_title(first.measure), "points", "from", "to", "p (Holm)", "queries", "verdict"]
    notes = list(dict.fromkeys(note for each in comparisons for note in each.notes))
    return Report(machine, "\n\n".join([head, table(columns, rows), *notes]))


def _power(comparison: Comparison) -> dict[str, float] | None:
    if not power(comparison):
        return None
    return {
        "detectable": detectable(comparison.spread, comparison.queries),
        "queries_for_a_point": queries_needed(comparison.spread, POINT),
    }


def listed(results: Sequence[Summary]) -> Report:
    """Report which results there are."""
    machine = {"results": [{**each.to_dict(), "path": str(each.path)} for each in results]}
    if not results:
        return Report(machine, "No results yet. Make one with `python -m eval run DIR --model M --split S`.")
    head = ["id", "corpus", "split", "queries", *map(measure_title, STANDARD), "system"]
    rows = [
        [
            each.id,
            each.corpus.name,
            f"{each.split} (synthetic)" if each.synthetic else each.split,
            f"{each.counts['queries']:,}",
            *(f"{each.metrics[name]:.3f}" if name in each.metrics else "" for name in STANDARD),
            full_name(each),
        ]
        for each in results
    ]
    return Report(machine, table(head, rows))


def _cells(summary: Summary, metrics: Mapping[str, float]) -> list[str]:
    return [f"{metrics[name]:.3f}" if name in metrics else "" for name in summary.metrics]


def _languages(lead: Summary, titles: Sequence[str]) -> str:
    if len(lead.by_language) < 2:
        return ""
    rows = [[lang, f"{of['queries']:,}", *_cells(lead, of)] for lang, of in lead.by_language.items()]
    return f"{full_name(lead)}\n{table(['language', 'queries', *titles], rows)}"


def _groups(lead: Summary, by: str, titles: Sequence[str]) -> str:
    groups = lead.breakdown.get(by, {})
    if by and not groups:
        return f"By {KINDS[by]} there is nothing to tell apart here." if lead.breakdown else _OLD
    rows = [[group, f"{of['queries']:,}", *_cells(lead, of)] for group, of in groups.items()]
    return f"{full_name(lead)}\n{table([KINDS[by], 'queries', *titles], rows)}" if rows else ""


def _no_bound(systems: Sequence[Summary]) -> str:
    """What to think of a teacher that orders the hits worse than they were."""
    lead, teacher = systems[0], systems[-1]
    if teacher.system.mode != RERANKED or teacher.metrics[STANDARD[0]] >= lead.metrics[STANDARD[0]]:
        return ""
    return (
        f"{teacher.system.label} orders the hits of {full_name(lead)} worse than they were: it is no judge of these texts "
        "(another language, another task), and no bound. Name another teacher."
    )


def _remarks(lead: Summary) -> str:
    said = [
        ("without_results", "queries without a result: scored 0"),
        ("without_relevant", "queries without a relevant document: scored 0"),
        ("unjudged", "queries that this split does not judge: left out"),
    ]
    return "\n".join([f"{lead.counts[name]:,} {what}" for name, what in said if lead.counts[name]] + [*lead.warnings])


def _side(summary: Summary, value: float) -> dict[str, Any]:
    return {"id": summary.id, "run": summary.run, "step": summary.step, **asdict(summary.system), "value": value}


def _change(change: Change) -> dict[str, Any]:
    return {**asdict(change), "difference": change.difference}


def _sides(comparison: Comparison) -> str:
    name_a, name_b = system_names(comparison.a, comparison.b)
    return table(
        [f"{comparison.a.corpus.name} · {comparison.a.split}", measure_title(comparison.measure)],
        [[f"A  {name_a}", f"{comparison.a_value:.3f}"], [f"B  {name_b}", f"{comparison.b_value:.3f}"]],
    )


def _verdicts(comparison: Comparison) -> str:
    if len(comparison.by_language) < 2:
        return ""
    rows = [
        [
            each.language,
            f"{each.queries:,}",
            *map(points, (each.difference, *each.interval)),
            numbers.p_value(each.p_value),
            each.verdict,
        ]
        for each in comparison.by_language
    ]
    return table(["language", "queries", "points", "from", "to", "p (Holm)", "verdict"], rows)


def _lost(lost: Regressions | None) -> str:
    if not lost or not (lost.languages or lost.queries):
        return ""
    named = [f"{language_name(each.language)} by {points(-each.difference)}" for each in lost.languages]
    counted = f"{len(lost.queries):,} {'query' if len(lost.queries) == 1 else 'queries'}"
    head = f"Worse by more than {points(lost.threshold)} points: {counted}"
    lines = [f"Languages that lost: {', '.join(named)}"] if named else []
    for each in lost.queries[:_SHOWN]:
        lines.append(f"{points(-each.change.difference)}  [{each.change.language}] {each.change.query_id}")
        lines += [f"      {how}: {_ranks(some)}" for how, some in (("rose", each.rose), ("fell", each.fell)) if some]
    return "\n".join([head, *lines])


def _ranks(moved: Sequence[Moved]) -> str:
    return ", ".join(f"{one.doc_id} ({one.was or '–'} → {one.now or '–'})" for one in moved[:_PASSAGES])


def _moved(how: str, changes: Sequence[Change]) -> str:
    if not changes:
        return ""
    more = f", the first {_SHOWN}" if len(changes) > _SHOWN else ""
    lines = [
        f"{each.a:.3f} → {each.b:.3f}  [{each.language}] {each.query_id}  {shorten(each.text, 100, placeholder=' …')}"
        for each in changes[:_SHOWN]
    ]
    return "\n".join([f"Queries on which B {how}: {len(changes):,}{more}", *lines])
