"""Judgments cut by what their documents are, such as by language: the same ranking judged by each part alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from eval.measures import STANDARD, Floats, Integers, Judged, Seen, compute, grouped, look_up, parse
from retrieval.records import Run


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The relevant documents of each query by group; those of one query in one group are a part.

    :param rows: Shape (parts,): the query of each part, as a position in ``Judged.query_ids``.
    :param groups: Shape (parts,): the group that its documents are in.
    :param part: Shape as ``Judged.keys``: the part that a judgment belongs to, or -1.
    :param judged: The judgments of each part, as if it were a query.
    """

    rows: Integers
    groups: Integers
    part: Integers
    judged: Judged

    @classmethod
    def of(cls, judged: Judged, groups: Integers) -> Parts:
        """Cut the judgments once.

        :param groups: Shape (documents,): the group of each document, from 0, or -1 for one that does not count.
        """
        rows, positions = np.divmod(judged.keys, len(judged.doc_ids))
        counted = np.flatnonzero((judged.grades > 0) & (groups[positions] >= 0))
        rows, positions, grades = rows[counted], positions[counted], judged.grades[counted]
        width = int(groups.max(initial=0)) + 1
        cells, of_part = np.unique(rows * width + groups[positions], return_inverse=True)
        part = np.full(len(judged.keys), -1, np.int64)
        part[counted] = of_part
        names = [judged.query_ids[row] for row in cells // width]
        alone = Judged.of_rows(names, judged.doc_ids, of_part, positions, grades.astype(np.int64))
        return cls(cells // width, cells % width, part, alone)


def measure_parts(run: Run, judged: Judged, parts: Parts, names: Iterable[str] = STANDARD) -> dict[str, Floats]:
    """Judge a ranking by each part of the judgments: the documents of other parts keep their ranks, and are not relevant.

    :returns: Measure → float64 of shape (parts,). Holes are left out: what another part judged is no hole.
    :raises BakehouseError: if a measure's name is unknown.
    """
    hits = look_up(run, judged)
    part = parts.part[hits.places]
    order = np.argsort(part, kind="stable")[np.count_nonzero(part < 0) :]
    relevant = grouped(part[order], hits.ranks[order], judged.grades[hits.places[order]])
    seen = Seen(relevant, relevant, np.zeros(len(parts.rows), np.int64))
    return compute([each for each in map(parse, names) if each.judges], seen, parts.judged)
