"""Exact nearest neighbours over vectors.

Ties are broken by position, the lower first; :class:`~retrieval.searcher.Searcher` sorts documents
by id, so that a tie goes to the smaller id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from retrieval.records import FloatArray, IntArray

if TYPE_CHECKING:
    import torch

MEMORY_MB = 64
"""How large the scores held at once may grow, where the caller does not say."""

_MANY = 64
"""From so many queries on, it pays to round the documents to what the hardware multiplies fastest."""
_DEEP = 16
"""Documents in a group of a large slab."""
_CELLS = 1 << 20
_FLOAT32 = 2.0**-24
_BFLOAT16 = 2.0**-8
_TENSOR32 = 2.0**-11  # what a GPU may round float32 to before it multiplies
_SPARE = 1.1  # the bounds below are first-order; this is more than the orders they leave out


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """The best k of each row: ``positions`` (rows, k) int32, padded with -1, and ``scores`` float32, with -inf."""

    positions: IntArray
    scores: FloatArray


class Rows(Protocol):
    """Vectors that are read by position: an array in memory, or :class:`retrieval.vectors.Stored` on disk."""

    def __len__(self) -> int: ...
    def __getitem__(self, at: slice, /) -> FloatArray: ...


def best(scores: FloatArray, k: int) -> TopK:
    """The k largest of each row, ties to the lower position. ``-inf`` counts as absent.

    :param scores: Shape (rows, columns), float32.
    """
    rows, columns = scores.shape
    k_real = min(k, columns)
    positions = np.full((rows, k), -1, np.int32)
    values = np.full((rows, k), -np.inf, np.float32)
    for row in range(rows if k_real else 0):
        line = scores[row]
        threshold = np.partition(line, columns - k_real)[columns - k_real]
        candidates = np.flatnonzero((line >= threshold) & (line > -np.inf))
        order = candidates[np.argsort(-line[candidates], kind="stable")][:k_real]
        positions[row, : len(order)] = order
        values[row, : len(order)] = line[order]
    return TopK(positions, values)


def less(top: TopK, own: IntArray) -> TopK:
    """The rankings less one document each, and one shorter.

    :param own: Shape (rows,): the position that each row shall not hold, or -1; whoever has none loses its last.
    """
    unwanted = (top.positions == own[:, None]) & (own >= 0)[:, None]
    order = np.argsort(unwanted, axis=1, kind="stable")[:, :-1]
    return TopK(np.take_along_axis(top.positions, order, 1), np.take_along_axis(top.scores, order, 1))


def exact(
    queries: FloatArray, documents: Rows, k: int, memory_mb: int = MEMORY_MB, longest: float | None = None
) -> TopK:
    """The k documents of the largest inner product with each query.

    A fast matrix product, in bfloat16 where the hardware has it, only proposes candidates: all documents
    that could be among the best k, given a bound on its error. Each of these is then scored by one sum in
    float32, which decides. So the result depends neither on the hardware nor on how the work is cut.

    :param queries: Shape (queries, d), float32.
    :param documents: Shape (documents, d), float32. They are read in slices.
    :param memory_mb: The fast scores held at once, at most.
    :param longest: The largest length of a document, or more (:func:`longest_of`). Who asks again and again knows it;
        without it each call reads all documents once more, which for one query takes about as long as the search.
    """
    found = TopK(np.full((len(queries), k), -1, np.int32), np.full((len(queries), k), -np.inf, np.float32))
    if not (len(queries) and len(documents) and k):
        return found
    kind = _kind(len(queries))
    at_once = max(1, memory_mb * 2**20 // kind.dtype.itemsize)
    block = min(len(queries), max(1, isqrt(at_once // 128)))
    slabs = -(-len(documents) // max(1, at_once // block))
    width = -(-len(documents) // slabs)
    room = kind.room(block * (width + _DEEP))
    for start in range(0, len(documents), width):
        _Slab.of(start, documents[start : start + width], kind, k, longest).search_all(queries, found, block, room)
    return found


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the fast product is computed: where, in which type, and the relative errors of its input and output."""

    device: str
    dtype: torch.dtype
    rounded: float
    stored: float

    def room(self, scores: int) -> torch.Tensor:
        """Memory for so many scores, used again and again: the system's giving it out costs a fifth of the product."""
        import torch

        return torch.empty(scores, dtype=self.dtype, device=self.device)


def _kind(queries: int) -> _Kind:
    import torch

    from retrieval.encoder import has_bf16

    if torch.cuda.is_available() and queries >= _MANY:
        return _Kind("cuda", torch.float32, _TENSOR32, _FLOAT32)
    if has_bf16("cpu") and queries >= _MANY:
        return _Kind("cpu", torch.bfloat16, 0.0, _BFLOAT16)
    return _Kind("cpu", torch.float32, 0.0, _FLOAT32)


@dataclass(frozen=True, slots=True)
class _Slab:
    """Some documents, and the same again as the fast product reads them: less their mean, rounded.

    What is taken from every document changes no query's order, but it makes the numbers smaller, and
    with them the error.

    :param fast: Shape (depth * groups, d), the last rows zero. Rows that are ``groups`` apart form a group.
    :param longest: The largest length among the fast vectors.
    :param off: The largest distance of a fast vector from what it stands for.
    """

    start: int
    vectors: FloatArray
    mean: FloatArray
    fast: torch.Tensor
    depth: int
    kind: _Kind
    longest: float
    off: float

    @classmethod
    def of(cls, start: int, vectors: FloatArray, kind: _Kind, k: int, longest: float | None) -> _Slab:
        import torch

        plain = kind.dtype == torch.float32 and kind.device == "cpu"  # then nothing need be copied
        depth = 1 if plain else max(1, min(_DEEP, len(vectors) // (8 * k)))
        groups = -(-len(vectors) // depth)
        mean = np.zeros(vectors.shape[1], np.float32) if plain else vectors.mean(axis=0, dtype=np.float32)
        if plain:
            fast = torch.from_numpy(np.require(vectors, requirements=["C", "W"]))
            return cls(start, vectors, mean, fast, depth, kind, longest or longest_of(vectors), 0.0)
        fast = torch.zeros((depth * groups, vectors.shape[1]), dtype=kind.dtype)
        longest = off = 0.0  # of what is left once the mean is taken away: usually much less
        for part in _parts(len(vectors)):
            centred = vectors[part] - mean
            fast[part] = torch.from_numpy(centred).to(kind.dtype)
            longest = max(longest, float(_lengths(centred).max()))
            off = max(off, float(_lengths(centred - fast[part].float().numpy()).max()))
        return cls(start, vectors, mean, fast.to(kind.device), depth, kind, longest, off)

    def search_all(self, queries: FloatArray, found: TopK, block: int, room: torch.Tensor) -> None:
        """:meth:`search`, ``block`` queries at a time."""
        for at in range(0, len(queries), block):
            rows = slice(at, at + block)
            self.search(queries[rows], TopK(found.positions[rows], found.scores[rows]), room)

    def search(self, queries: FloatArray, found: TopK, room: torch.Tensor) -> None:
        """Bring ``found`` up to date with what this slab holds.

        The best of each group are so many documents, so with those found before their k-th best bounds the k-th best
        of all from below; and only a group whose best reaches the floor can hold a candidate.

        :param room: For as many products as there are queries times fast vectors, at least.
        """
        import torch

        fast, error = self._rounded(queries)
        products = room[: len(queries) * len(self.fast)].view(len(queries), len(self.fast))
        torch.mm(fast, self.fast.T, out=products)
        products[:, len(self.vectors) :] = -torch.inf
        products = products.view(len(queries), self.depth, -1)
        peaks = products.amax(dim=1)
        base = queries @ self.mean
        # Of all documents the k-th best scores at least this, so nothing whose fast product lies below the floor counts
        top = peaks.topk(min(found.scores.shape[1], peaks.shape[1]), dim=1, sorted=False).values.float().cpu().numpy()
        least = _kth(np.hstack([found.scores, self._below(top) + (base - error)[:, None]]), found.scores.shape[1])
        floor = self._below(least - base - error)
        bar = torch.from_numpy(floor).to(self.kind.device)
        rows, groups = (peaks.float() >= bar[:, None]).nonzero().T
        for some in _parts(len(rows), _CELLS // self.depth):
            cells = products[rows[some], :, groups[some]].float() >= bar[rows[some], None]
            hits, place = cells.nonzero().T
            columns = place * peaks.shape[1] + groups[some][hits]
            self._merge(queries, rows[some][hits].cpu().numpy(), columns.cpu().numpy(), found)

    def _rounded(self, queries: FloatArray) -> tuple[torch.Tensor, FloatArray]:
        """The queries as the fast product reads them, and how far each one's products may be from the exact scores.

        |q·d − q'·d'| ≤ |q − q'|·|d'| + |q|·|d − d'|, and the sums of either side lose at most one rounding a term.
        """
        import torch

        fast = torch.from_numpy(np.require(queries, requirements=["C", "W"])).to(self.kind.dtype)
        length, off = _lengths(queries), _lengths(queries - fast.float().numpy())
        whole = self.longest + float(np.linalg.norm(self.mean))
        terms = 2 * _FLOAT32 * queries.shape[1] * length * whole
        error = off * self.longest + length * self.off + 2 * self.kind.rounded * length * self.longest + terms
        return fast.to(self.kind.device), np.asarray(_SPARE * error, np.float32)

    def _below(self, products: FloatArray) -> FloatArray:
        """The least product that may have been stored as this one."""
        return np.asarray(products - _SPARE * self.kind.stored * np.abs(products), np.float32)

    def _merge(self, queries: FloatArray, rows: IntArray, columns: IntArray, found: TopK) -> None:
        """Score the candidates exactly; leave the best of these and those found before, in place.

        :param rows: Whose candidates, shape (candidates,), ascending.
        """
        values = np.empty(len(rows), np.float32)
        for part in _parts(len(rows)):
            values[part] = np.einsum("nd,nd->n", self.vectors[columns[part]], queries[rows[part]])
        touched, counts = np.unique(rows, return_counts=True)
        k = found.scores.shape[1]
        place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        keys = np.full((len(touched), k + counts.max(initial=0)), _LAST, np.uint64)
        keys[:, :k] = _keys(found.scores[touched], found.positions[touched])
        keys[np.repeat(np.arange(len(touched)), counts), k + place] = _keys(values, columns + self.start)
        keys.sort(axis=1)
        found.scores[touched], found.positions[touched] = _values(keys[:, :k])


_LAST = np.uint64(2**64 - 1)
_HALF = np.uint64(32)


def _keys(scores: FloatArray, positions: IntArray) -> npt.NDArray[np.uint64]:
    """One integer for a score and a position: the better comes first, and of two alike the lower position."""
    bits = (scores + np.float32(0)).view(np.int32)  # no zero below zero
    return _turned(bits).view(np.uint32).astype(np.uint64) << _HALF | positions.astype(np.int32).view(np.uint32)


def _values(keys: npt.NDArray[np.uint64]) -> tuple[FloatArray, IntArray]:
    """The reverse of :func:`_keys`."""
    bits = (keys >> _HALF).astype(np.uint32).view(np.int32)
    return _turned(bits).view(np.float32), keys.astype(np.uint32).view(np.int32)


def _turned(bits: IntArray) -> IntArray:
    """The bits of a float32 such that, read without a sign, they fall as it rises; and the reverse of that."""
    return np.where(bits < 0, bits, bits ^ 0x7FFFFFFF)


def _kth(scores: FloatArray, k: int) -> FloatArray:
    """The k-th largest of each row."""
    return np.asarray(np.partition(scores, -k, axis=1)[:, -k])


def longest_of(vectors: FloatArray) -> float:
    """The largest length of a row, 0.0 without rows."""
    return float(_lengths(vectors).max(initial=0.0))


def _lengths(vectors: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", vectors, vectors)), np.float32)


def _parts(count: int, size: int = 1024) -> Iterator[slice]:
    """Pieces whose vectors stay in the processor's cache."""
    for at in range(0, count, size):
        yield slice(at, min(at + size, count))
