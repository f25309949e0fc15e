"""Hits grouped by the document that they are passages of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from retrieval.records import Hit

_DEEPER = 4


def grouped(hits: Sequence[Hit], k: int) -> list[Hit]:
    """The best passage of each of the first ``k`` parents, ranked anew.

    Its further passages are counted down to where the next parent would begin, so that the count does not
    depend on how many hits were looked at.
    """
    best: dict[str, Hit] = {}
    passages: Counter[str] = Counter()
    for hit in hits:
        parent = hit.document.parent
        if parent not in best and len(best) == k:
            break
        best.setdefault(parent, hit)
        passages[parent] += 1
    return [replace(hit, rank=rank, further=passages[parent] - 1) for rank, (parent, hit) in enumerate(best.items(), 1)]


def search_grouped(search: Callable[[int], list[Hit]], k: int) -> list[Hit]:
    """The first ``k`` parents, searched as deep as it takes.

    :param search: Gives so many hits, or all there are.
    """
    depth = k * _DEEPER
    while True:
        hits = search(depth)
        if len(hits) < depth or len({hit.document.parent for hit in hits}) > k:
            return grouped(hits, k)
        depth *= _DEEPER
