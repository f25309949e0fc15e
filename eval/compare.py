"""Two results become a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from eval.measures import STANDARD, Floats, parse
from eval.results import Result, Summary
from eval.significance import Interval, holm, paired
from retrieval.errors import BakehouseError, nearest

Verdict = Literal["better", "worse", "no difference shown"]
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """One query under both systems; values are those of the measure, 0 to 1."""

    query_id: str
    language: str
    text: str
    a: float
    b: float

    @property
    def difference(self) -> float:
        """b − a."""
        return self.b - self.a


@dataclass(frozen=True, slots=True)
class LanguageVerdict:
    """The comparison within one query language; the p-value is Holm's, corrected over the languages."""

    language: str
    difference: float
    interval: Interval
    p_value: float
    queries: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A on the queries that both were judged on.

    :param measure: Such as ``ndcg@10``.
    :param a_value: Mean of A over the common queries; ``b_value`` likewise.
    :param difference: B − A, −1 to 1; ``interval`` is its 95 % interval.
    :param spread: The standard deviation of the queries' differences.
    :param by_language: The language with most queries first.
    :param changes: Every common query, the largest rise of B first.
    :param notes: What a reader should know about the pairing, as sentences.
    """

    a: Summary
    b: Summary
    measure: str
    a_value: float
    b_value: float
    difference: float
    interval: Interval
    p_value: float
    queries: int
    spread: float
    verdict: Verdict
    by_language: Sequence[LanguageVerdict]
    changes: Sequence[Change]
    notes: Sequence[str]

    @property
    def risers(self) -> list[Change]:
        """The queries on which B is better, the largest rise first."""
        return [change for change in self.changes if change.difference > 0]

    @property
    def fallers(self) -> list[Change]:
        """The queries on which B is worse, the largest fall first."""
        return [change for change in reversed(self.changes) if change.difference < 0]


def compare(a: Result, b: Result, measure: str = "ndcg@10") -> Comparison:
    """Compare two results query by query, stratified by query language.

    A verdict of better or worse needs both a p-value below .05 and an interval without 0; for a
    language the p-value is first corrected for the number of languages (Holm).

    :raises BakehouseError: if they were judged on different things, have no query in common, or one
        lacks the measure, or more of the measure is not better.
    """
    _check_same_data(a.summary, b.summary)
    if not parse(measure).judges:
        raise BakehouseError(
            f"{parse(measure).title} says how much of a ranking nobody judged, not how good it is: compare by another "
            f"measure, such as {STANDARD[0]}."
        )
    name = parse(measure).name
    pairs = _pair(a, b, name)
    whole = paired(pairs.a, pairs.b, pairs.languages)
    return Comparison(
        a=a.summary,
        b=b.summary,
        measure=name,
        a_value=float(pairs.a.mean()),
        b_value=float(pairs.b.mean()),
        difference=whole.difference,
        interval=whole.interval,
        p_value=whole.p_value,
        queries=whole.queries,
        spread=whole.spread,
        verdict=verdict_of(whole.difference, whole.interval, whole.p_value),
        by_language=_by_language(pairs),
        changes=_changes(a, b, pairs),
        notes=_notes(a, b, pairs),
    )


def compare_each(a: Result, others: Sequence[Result], measure: str = "ndcg@10") -> list[Comparison]:
    """Compare several systems with one, each p-value corrected for the number of comparisons made (Holm).

    Whoever tries twenty checkpoints finds one that is better by luck alone; the correction takes that luck away.

    :raises BakehouseError: as :func:`compare` does.
    """
    alone = [compare(a, other, measure) for other in others]
    corrected = holm([each.p_value for each in alone])
    return [
        replace(each, p_value=p_value, verdict=verdict_of(each.difference, each.interval, p_value))
        for each, p_value in zip(alone, corrected, strict=True)
    ]


def verdict_of(difference: float, interval: Interval, p_value: float) -> Verdict:
    """Better or worse where both the test and the interval say so, else no difference shown."""
    low, high = interval
    if p_value >= LEVEL or low <= 0 <= high:
        return "no difference shown"
    return "better" if difference > 0 else "worse"


class _Pairs(NamedTuple):
    """The common queries: their rows in each result, languages and values."""

    a_rows: list[int]
    b_rows: list[int]
    languages: list[str]
    a: Floats
    b: Floats


def _check_same_data(a: Summary, b: Summary) -> None:
    for what, of_a, of_b in (
        ("corpus", a.corpus.name, b.corpus.name),
        ("split", a.split, b.split),
        ("state of the corpus", a.corpus.fingerprint, b.corpus.fingerprint),
        ("number of documents", a.ranked, b.ranked),
        ("kind of queries", _kind(a), _kind(b)),
    ):
        if of_a != of_b:
            raise BakehouseError(
                f"{a.system.label} and {b.system.label} were not judged on the same {what}: found "
                f"'{of_a}' and '{of_b}'. Evaluate both on the same one with `python -m eval run DIR --split S`."
            )
    # ids of generated queries repeat from run to run with other texts: equal ids mean nothing
    if a.synthetic and a.corpus.judgments != b.corpus.judgments:
        raise BakehouseError(
            f"{a.system.label} and {b.system.label} were judged on different generated queries, as each run makes "
            "its own. Evaluate both on a split with human judgments: `python -m eval run DIR --model M --split test`."
        )


def _kind(summary: Summary) -> str:
    return "synthetic" if summary.synthetic else "human"


def _pair(a: Result, b: Result, measure: str) -> _Pairs:
    a_values, b_values = _values(a, measure), _values(b, measure)
    row_in_b = {query_id: row for row, query_id in enumerate(b.per_query.query_ids)}
    a_rows = [row for row, query_id in enumerate(a.per_query.query_ids) if query_id in row_in_b]
    if not a_rows:
        raise BakehouseError(
            f"{a.summary.system.label} and {b.summary.system.label} have no query in common, though both were judged "
            f"on '{a.summary.split}': the judgments changed in between. Run both evaluations again."
        )
    b_rows = [row_in_b[a.per_query.query_ids[row]] for row in a_rows]
    languages = [a.per_query.languages[row] for row in a_rows]
    return _Pairs(a_rows, b_rows, languages, a_values[a_rows], b_values[b_rows])


def _values(result: Result, measure: str) -> Floats:
    values = result.per_query.values
    if measure not in values:
        raise BakehouseError(
            f"{result.summary.system.label} was not judged by {measure}: it has {', '.join(values)}. Choose one of "
            f"these, or evaluate again with --measure {measure}.{nearest(measure, values)}"
        )
    return values[measure]


def _by_language(pairs: _Pairs) -> list[LanguageVerdict]:
    languages = np.asarray(pairs.languages)
    names, sizes = np.unique(languages, return_counts=True)
    names = names[np.argsort(-sizes, kind="stable")]
    parts = [paired(pairs.a[languages == name], pairs.b[languages == name]) for name in names]
    corrected = holm([part.p_value for part in parts])
    return [
        LanguageVerdict(
            str(name),
            part.difference,
            part.interval,
            p_value,
            part.queries,
            verdict_of(part.difference, part.interval, p_value),
        )
        for name, part, p_value in zip(names, parts, corrected, strict=True)
    ]


def _changes(a: Result, b: Result, pairs: _Pairs) -> list[Change]:
    changes = [
        Change(
            a.per_query.query_ids[row],
            lang,
            b.per_query.texts[other] or a.per_query.texts[row],
            float(at_a),
            float(at_b),
        )
        for row, other, lang, at_a, at_b in zip(
            pairs.a_rows, pairs.b_rows, pairs.languages, pairs.a, pairs.b, strict=True
        )
    ]
    return sorted(changes, key=lambda change: (-change.difference, change.query_id))


def _notes(a: Result, b: Result, pairs: _Pairs) -> list[str]:
    notes = []
    common, of_a, of_b = len(pairs.a_rows), len(a.per_query.query_ids), len(b.per_query.query_ids)
    if common < max(of_a, of_b):
        notes.append(
            f"Only the {common} queries that both were judged on are compared; A has {of_a} and B {of_b}. "
            "Evaluate both again to use them all."
        )
    if a.summary.corpus.judgments != b.summary.corpus.judgments:
        notes.append("The judgments changed between the two evaluations: run both again for a fair comparison.")
    if a.summary.synthetic:
        notes.append("The queries are synthetic: generated from the documents, not asked by people.")
    return notes
