"""Which texts may be alike, without comparing each with each.

Of all shingles of a text, the one that a hash function maps to the smallest number is the same in two texts as often
as they share shingles. Bands of several such minima make keys: texts with a key in common are worth comparing. Of
those alike to 0.8, all but 2 in a thousand have one.

Sources: Broder, "On the resemblance and containment of documents" (1997), for the minima; Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3.4, for the bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from retrieval.convert.shingles import SIZE, codes_of, find_words

BANDS, ROWS = 16, 5
"""Keys of a text, and the minima in each."""

Keys = npt.NDArray[np.uint32]
_Hashes = npt.NDArray[np.uint64]
_BASE = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))


@dataclass(frozen=True, slots=True)
class Signatures:
    """The keys of the texts that are long enough.

    :param rows: Which texts these are, int64.
    :param keys: Shape (:data:`BANDS`, rows), uint32.
    """

    rows: npt.NDArray[np.int64]
    keys: Keys


@dataclass(frozen=True, slots=True)
class _Hashed:
    """The words of several texts, one text after the other.

    :param words: A hash of each.
    :param bounds: Where the words of each text begin, and where those of the last end.
    """

    words: _Hashes
    bounds: npt.NDArray[np.int64]


def signatures(texts: Sequence[str], least: int) -> Signatures:
    """The keys of folded texts.

    :param least: How many shingles a text must have, at least one.
    """
    hashed = _hash_words(texts)
    counts = np.diff(hashed.bounds) - (SIZE - 1)
    rows = np.flatnonzero(counts >= least)
    if not len(rows):
        return Signatures(rows, np.empty((BANDS, 0), np.uint32))
    shingles = _hash_shingles(hashed, counts >= least)
    starts = np.concatenate(([0], np.cumsum(counts[rows])[:-1]))
    return Signatures(rows, _bands(shingles, starts))


def _hash_words(texts: Sequence[str]) -> _Hashed:
    """A word's hash is that of Karp and Rabin, modulo 2⁶⁴: a sum over its characters, wherever it stands."""
    codes = codes_of("\n".join([*texts, ""]))
    words = find_words(codes)
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    bounds = np.searchsorted(words.starts, np.concatenate(([0], ends)))
    if not len(words.starts):
        return _Hashed(np.empty(0, np.uint64), bounds)
    size = 1 << (len(codes) - 1).bit_length()
    sums = np.concatenate(([np.uint64(0)], np.cumsum(codes * _powers(_BASE, size)[: len(codes)])))
    return _Hashed((sums[words.ends] - sums[words.starts]) * _powers(_INVERSE, size)[words.starts], bounds)


@lru_cache(maxsize=4)
def _powers(base: np.uint64, size: int) -> _Hashes:
    powers = np.full(size, base)
    powers[0] = 1
    return np.cumprod(powers)


def _hash_shingles(hashed: _Hashed, long_enough: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint32]:
    """Those of the long texts; none reaches from one text into the next."""
    words, bounds = hashed.words, hashed.bounds
    begins = np.repeat(long_enough, np.diff(bounds))
    for last in range(1, SIZE):
        begins[bounds[1:] - last] = False
    at = np.flatnonzero(begins)
    hashes = np.zeros(len(at), np.uint64)
    for place in range(SIZE):
        hashes = _mixed(hashes + words[at + place])
    return (hashes >> np.uint64(32)).astype(np.uint32)


def _mixed(hashes: _Hashes) -> _Hashes:
    """Every bit depends on every other. Source: Steele, Lea and Flood, SplitMix64 (2014)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return hashes ^ (hashes >> np.uint64(27))


def _bands(shingles: npt.NDArray[np.uint32], starts: npt.NDArray[np.int64]) -> Keys:
    """Keys from the minima of as many permutations of the 32-bit numbers, each a multiplication by an odd one."""
    factors = np.random.default_rng(13).integers(0, 1 << 31, (BANDS, ROWS), np.uint32) * np.uint32(2) + np.uint32(1)
    keys = np.zeros((BANDS, len(starts)), np.uint64)
    for band in range(BANDS):
        for factor in factors[band]:
            minima = np.minimum.reduceat(shingles * factor, starts)
            keys[band] = _mixed(keys[band] + minima)
    return (keys >> np.uint64(32)).astype(np.uint32)
