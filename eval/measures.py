"""The measures, vectorised over integer ids.

Judgments become sorted integers once (:class:`Judged`); each run is then looked up in them in one
pass, and every measure is a sum over the few judged documents that the run found. The definitions
are those of trec_eval, as pytrec_eval computes them: nDCG has a linear gain, ``grade / log2(rank + 1)``,
and an ideal over all judged documents (Järvelin and Kekäläinen, 2002); MAP and recall divide by all
relevant documents; a grade of 0 or less counts as not relevant. R-cap divides by no more than could be
found within the cut (Thakur et al., "BEIR", 2021); hole is the share of the cut that nobody judged for the
query (Xiong et al., "Approximate Nearest Neighbor Negative Contrastive Learning", 2021).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from retrieval.errors import BakehouseError, nearest
from retrieval.records import Qrels, Run

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

STANDARD = ("ndcg@10", "recall@100", "mrr@10", "map@100")
"""What every result reports; the first is the one that verdicts lead with."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Judgments as integers, for one set of documents; made once, used for every run over them.

    :param query_ids: The queries that have judgments; ``row`` below points into it.
    :param keys: Shape (judgments of known documents,): ``row * len(doc_ids) + position``, ascending.
    :param grades: Shape as ``keys``.
    :param sieve: True at the slot of each key; see :func:`_slots`.
    :param relevant: Shape (queries,): how many documents have a grade above 0, known or not.
    :param ideal: The best possible ranking of each query's judged documents.
    :param unknown_documents: How many judgments name a document that is not in ``doc_ids``.
    """

    query_ids: Sequence[str]
    doc_ids: Sequence[str]
    keys: Integers
    grades: Floats
    sieve: npt.NDArray[np.bool_]
    relevant: Floats
    ideal: Found
    unknown_documents: int

    @classmethod
    def of(cls, qrels: Qrels, doc_ids: Sequence[str]) -> Judged:
        """Convert judgments once.

        :raises BakehouseError: if no query has a judgment.
        """
        judged = {query: grades for query, grades in qrels.items() if grades}
        if not judged:
            raise BakehouseError("there are no judgments: wanted at least one query with a judged document.")
        # only the judged few of the documents are looked up, and no loop over judgments runs in Python
        named = list(chain.from_iterable(judged.values()))
        known = np.fromiter(map(set(named).__contains__, doc_ids), np.bool_, len(doc_ids))
        position_of = {doc_ids[position]: position for position in np.flatnonzero(known).tolist()}
        positions = np.fromiter(map(position_of.get, named, repeat(-1)), np.int64, len(named))
        grades = np.fromiter(chain.from_iterable(of.values() for of in judged.values()), np.int64, len(named))
        rows = np.repeat(np.arange(len(judged)), [len(of) for of in judged.values()])
        return cls.of_rows(list(judged), doc_ids, rows, positions, grades)

    @classmethod
    def of_rows(
        cls, query_ids: Sequence[str], doc_ids: Sequence[str], rows: Integers, positions: Integers, grades: Integers
    ) -> Judged:
        """The same from arrays, one element a judgment.

        :param rows: Positions in ``query_ids``.
        :param positions: Positions in ``doc_ids``, or -1 for an unknown document.
        """
        keys = rows * len(doc_ids) + positions
        order = np.argsort(keys, kind="stable")
        order = order[positions[order] >= 0]
        return cls(
            query_ids=query_ids,
            doc_ids=doc_ids,
            keys=keys[order],
            grades=grades[order].astype(np.float64),
            sieve=_sieve(keys[order]),
            relevant=np.bincount(rows, grades > 0, len(query_ids)).astype(np.float64),
            ideal=_ideal(rows, grades.astype(np.float64)),
            unknown_documents=len(keys) - len(order),
        )


class Hits(NamedTuple):
    """The judged documents of a run, one an element, grouped by query and ordered by rank.

    :param rows: Positions in ``Judged.query_ids``.
    :param ranks: From 1.
    :param places: Positions in ``Judged.keys``.
    """

    rows: Integers
    ranks: Integers
    places: Integers


class Found(NamedTuple):
    """Documents that a ranking holds, one an element, grouped by query and ordered by rank.

    :param rows: Positions in ``Judged.query_ids``.
    :param ranks: From 1.
    :param grades: What they were judged.
    :param nth: The element is the query's nth of these documents, from 1.
    """

    rows: Integers
    ranks: Integers
    grades: Floats
    nth: Integers

    def within(self, k: int) -> Found:
        """Those among the first k ranks."""
        kept = self.ranks <= k
        return Found(self.rows[kept], self.ranks[kept], self.grades[kept], self.nth[kept])


class Seen(NamedTuple):
    """What the judgments say of the rankings of a run.

    :param relevant: The documents whose grade is above 0.
    :param judged: All that were judged for the query.
    :param depth: Shape (queries,): how many documents the run has for the query.
    """

    relevant: Found
    judged: Found
    depth: Integers

    def within(self, k: int) -> Seen:
        """The same of the first k ranks."""
        return Seen(self.relevant.within(k), self.judged.within(k), np.minimum(self.depth, k))


@dataclass(frozen=True, slots=True)
class Counts:
    """What was judged and what was not.

    :param queries: Judged queries, over which means are taken.
    :param unjudged: Queries of the run that have no judgments and were dropped.
    :param without_results: Judged queries for which the run has no document; they score 0.
    :param without_relevant: Judged queries whose judgments are all 0 or less; they score 0.
    :param unknown_documents: Judgments that name a document outside the corpus.
    """

    queries: int
    unjudged: int
    without_results: int
    without_relevant: int
    unknown_documents: int


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Measures of one run, a query at a time.

    :param query_ids: The judged queries, in the order of the judgments.
    :param values: Measure name → float64 of shape (queries,), each between 0 and 1.
    """

    query_ids: Sequence[str]
    values: Mapping[str, Floats]
    counts: Counts

    def means(self) -> dict[str, float]:
        """The mean of each measure over the judged queries."""
        return {name: float(values.mean()) for name, values in self.values.items()}


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure cut at a rank, such as nDCG@10."""

    kind: str
    k: int

    @property
    def name(self) -> str:
        """As it is written in results, such as ``ndcg@10``."""
        return f"{self.kind}@{self.k}"

    @property
    def title(self) -> str:
        """As people write it, such as ``nDCG@10``."""
        return f"{_KINDS[self.kind].title}@{self.k}"

    @property
    def judges(self) -> bool:
        """Whether more of it is better; holes say how much of a ranking nobody knows."""
        return self.kind != "hole"


def parse(name: str) -> Measure:
    """Read a name such as ``ndcg@10``; upper and lower case are the same, and ``R_cap@10`` is ``rcap@10``.

    :raises BakehouseError: if the measure is unknown or the cut is not 1 or more.
    """
    match = re.fullmatch(r"([a-z_-]+)@(\d+)", name.strip().lower())
    kind = re.sub("[_-]", "", match[1]) if match else ""
    if not match or kind not in _KINDS or int(match[2]) < 1:
        known = ", ".join(f"{kind}@k" for kind in _KINDS)
        raise BakehouseError(
            f"unknown measure '{name}': wanted one of {known} with k of 1 or more, such as ndcg@10."
            + nearest(name.lower(), STANDARD)
        )
    return Measure(kind, int(match[2]))


def measure(run: Run, judged: Judged, names: Iterable[str] = STANDARD) -> Measured:
    """Judge a run.

    A run that holds fewer than k documents a query is judged on what it holds, as trec_eval does.

    :raises BakehouseError: if a measure's name is unknown.
    :raises ValueError: if run and judgments are not over the same documents, or a query stands twice in the run.
    """
    measures = [parse(name) for name in names]
    rows = _rows(run, judged)
    values = compute(measures, _seen(run, rows, judged), judged)
    answered = int(np.count_nonzero((run.ranking >= 0).any(axis=1) & (rows >= 0)))
    counts = Counts(
        queries=len(judged.query_ids),
        unjudged=int(np.count_nonzero(rows < 0)),
        without_results=len(judged.query_ids) - answered,
        without_relevant=int(np.count_nonzero(judged.relevant == 0)),
        unknown_documents=judged.unknown_documents,
    )
    return Measured(judged.query_ids, values, counts)


def compute(measures: Iterable[Measure], seen: Seen, judged: Judged) -> dict[str, Floats]:
    """Measure → float64 of shape (queries,)."""
    return {each.name: _KINDS[each.kind].compute(seen.within(each.k), judged, each.k) for each in measures}


def look_up(run: Run, judged: Judged) -> Hits:
    """Which of the judged documents a run holds, and where.

    :raises ValueError: as :func:`measure` does.
    """
    return _look_up(run, _rows(run, judged), judged)


def _rows(run: Run, judged: Judged) -> Integers:
    """The row of ``judged`` that each row of the run belongs to, or -1."""
    if run.doc_ids is not judged.doc_ids and list(run.doc_ids) != list(judged.doc_ids):
        raise ValueError("the run and the judgments are not over the same documents in the same order")
    if len(set(run.query_ids)) != len(run.query_ids):
        raise ValueError("the run holds a query twice")
    row_of = {query_id: row for row, query_id in enumerate(judged.query_ids)}
    return np.array([row_of.get(query_id, -1) for query_id in run.query_ids], np.int64)


def _look_up(run: Run, rows: Integers, judged: Judged) -> Hits:
    """The judged documents of the run: most cells fall through the sieve, the rest are bisected."""
    keys = rows[:, None] * len(run.doc_ids) + run.ranking
    known = (run.ranking >= 0) & (rows >= 0)[:, None]
    row, column = np.nonzero(known & judged.sieve[_slots(keys, len(judged.sieve))])
    keys = keys[row, column]
    places = np.minimum(np.searchsorted(judged.keys, keys), len(judged.keys) - 1)
    sure = judged.keys[places] == keys
    return Hits(rows[row[sure]], column[sure] + 1, places[sure])


def _seen(run: Run, rows: Integers, judged: Judged) -> Seen:
    of_query, ranks, places = _look_up(run, rows, judged)
    grades = judged.grades[places]
    good = grades > 0
    depth = np.bincount(rows[rows >= 0], (run.ranking[rows >= 0] >= 0).sum(axis=1), len(judged.query_ids))
    return Seen(
        grouped(of_query[good], ranks[good], grades[good]), grouped(of_query, ranks, grades), depth.astype(np.int64)
    )


def _sieve(keys: Integers) -> npt.NDArray[np.bool_]:
    """A table of 16 or more slots a key, so that at most one strange key in 16 passes it."""
    table = np.zeros(1 << max(10, 4 + len(keys).bit_length()), np.bool_)
    table[_slots(keys, len(table))] = True
    return table


def _slots(keys: Integers, size: int) -> Integers:
    """Fibonacci hashing (Knuth, 1973) of keys into a table whose size is a power of two."""
    spread = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (spread >> np.uint64(65 - size.bit_length())).astype(np.int64)


def grouped(rows: Integers, ranks: Integers, grades: Floats) -> Found:
    """Number the elements of each query; equal rows must stand together."""
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    lengths = np.diff(starts, append=len(rows))
    return Found(rows, ranks, grades, np.arange(1, len(rows) + 1) - np.repeat(starts, lengths))


def _ideal(rows: Integers, grades: Floats) -> Found:
    rows, grades = rows[grades > 0], grades[grades > 0]
    order = np.lexsort((-grades, rows))
    numbered = grouped(rows[order], np.zeros(len(order), np.int64), grades[order])
    return numbered._replace(ranks=numbered.nth)


def _per_query(found: Found, judged: Judged, parts: Floats | None = None) -> Floats:
    return np.bincount(found.rows, parts, len(judged.query_ids)).astype(np.float64)


def _share(part: Floats, whole: Floats) -> Floats:
    """``part / whole``, and 0 where there is nothing to find."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _gain(found: Found, judged: Judged) -> Floats:
    return _per_query(found, judged, found.grades / np.log2(found.ranks + 1))


def _ndcg(seen: Seen, judged: Judged, k: int) -> Floats:
    return _share(_gain(seen.relevant, judged), _gain(judged.ideal.within(k), judged))


def _recall(seen: Seen, judged: Judged, k: int) -> Floats:
    return _share(_per_query(seen.relevant, judged), judged.relevant)


def _r_cap(seen: Seen, judged: Judged, k: int) -> Floats:
    return _share(_per_query(seen.relevant, judged), np.minimum(judged.relevant, k))


def _precision(seen: Seen, judged: Judged, k: int) -> Floats:
    return _per_query(seen.relevant, judged) / k


def _hit(seen: Seen, judged: Judged, k: int) -> Floats:
    return (_per_query(seen.relevant, judged) > 0).astype(np.float64)


def _hole(seen: Seen, judged: Judged, k: int) -> Floats:
    return (seen.depth - _per_query(seen.judged, judged)) / k


def _map(seen: Seen, judged: Judged, k: int) -> Floats:
    return _share(_per_query(seen.relevant, judged, seen.relevant.nth / seen.relevant.ranks), judged.relevant)


def _mrr(seen: Seen, judged: Judged, k: int) -> Floats:
    return _per_query(seen.relevant, judged, np.where(seen.relevant.nth == 1, 1 / seen.relevant.ranks, 0.0))


class _Kind(NamedTuple):
    title: str
    compute: Callable[[Seen, Judged, int], Floats]


_KINDS = {
    "ndcg": _Kind("nDCG", _ndcg),
    "recall": _Kind("Recall", _recall),
    "mrr": _Kind("MRR", _mrr),
    "map": _Kind("MAP", _map),
    "precision": _Kind("Precision", _precision),
    "hit": _Kind("Hit", _hit),
    "rcap": _Kind("R-cap", _r_cap),
    "hole": _Kind("Hole", _hole),
}
"""Every measure: its name for people, and its values from what a run found within the cut."""
