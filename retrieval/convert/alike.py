"""The documents of a corpus whose texts are nearly the same as that of an earlier one.

What is compared is title and text. Documents with a key in common (``minhash``) are candidates, a number of them
for each document; those that are said to be alike were compared shingle by shingle.

A document that resembles an earlier one, and has its language, its title and its numbers, is a copy of it. No other
is compared with a copy, but with what it is a copy of: all copies resemble the one that came first. Where one of the
three differs, the two say different things in the same words, as two invoices do, and none is a copy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from retrieval.beir import CORPUS
from retrieval.convert.minhash import BANDS, signatures
from retrieval.convert.shingles import Shingles, folded, numbers_of, shingles_of, similarity, words_of
from retrieval.records import UNKNOWN

THRESHOLD = 0.8
"""The least similarity of texts that are nearly the same: one word in 30 may be another."""

LEAST = 10
"""Shingles of a text that is compared: of shorter ones, a single other word would leave too little."""

MOST = 1_000_000
"""Characters of a text that is compared, so that memory stays flat."""

_BATCH_CHARACTERS = 400_000
_SWEEP = 1000
_NEIGHBOURS = 32
"""Of those with the same key, how many are looked at: the last ones."""
_TRIED = 8
"""Candidates that a document is compared with; those that share most keys with it first."""

_Positions = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Alike:
    """A document and the earlier one that it resembles.

    :param place: Where its line begins in ``corpus.jsonl``, in bytes.
    :param apart: In what the two differ of language, title and numbers; a copy in none.
    """

    id: str
    like: str
    lang: str
    place: int
    similarity: float
    apart: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """What is known of the documents that are compared.

    :param places: Where the line of each begins, int64.
    :param previous: Shape (bands, documents), int32: the last one before it with the same key, or -1.
    :param short: How many are too short to be compared.
    :param long: How many are too long.
    """

    places: npt.NDArray[np.int64]
    previous: _Positions
    short: int
    long: int


@dataclass(frozen=True, slots=True)
class _Text:
    """
    :param marks: What a copy has as well: its language, title and numbers.
    """

    id: str
    shingles: Shingles
    marks: dict[str, str]

    @property
    def key(self) -> int:
        """A hash of the marks, above 0."""
        marks = "\n".join(self.marks.values()).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(marks, digest_size=7).digest(), "big") + 1


def index_of(folder: Path) -> Index:
    """Read a BEIR folder once. It takes about 80 bytes a document."""
    total = _lines(folder / CORPUS)
    keys = np.empty((BANDS, total), np.uint32)
    places = np.empty(total, np.int64)
    compared = long = 0
    for batch in _batches(folder / CORPUS):
        found = signatures([text if len(text) <= MOST else "" for _, text in batch], LEAST)
        until = compared + len(found.rows)
        keys[:, compared:until] = found.keys
        places[compared:until] = [batch[row][0] for row in found.rows.tolist()]
        compared = until
        long += sum(len(text) > MOST for _, text in batch)
    for band in range(BANDS):
        keys[band, :compared] = _previous(keys[band, :compared]).view(np.uint32)
    return Index(places[:compared], keys[:, :compared].view(np.int32), total - compared - long, long)


def _lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def _batches(path: Path) -> Iterator[list[tuple[int, str]]]:
    """Place and folded text of documents."""
    batch: list[tuple[int, str]] = []
    characters = place = 0
    with path.open("rb") as lines:
        for line in lines:
            text = _full_text(json.loads(line))
            batch.append((place, folded(text) if len(text) <= MOST else text))
            place += len(line)
            characters += len(text)
            if characters >= _BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
    yield batch


def _full_text(value: dict[str, Any]) -> str:
    return f"{value['title']} {value['text']}".strip()


def _previous(keys: npt.NDArray[np.uint32]) -> _Positions:
    """For each key, where it stood last; -1 where it is new."""
    sort = (keys.astype(np.uint64) << np.uint64(32)) | np.arange(len(keys), dtype=np.uint64)
    sort.sort()
    order = (sort & np.uint64(0xFFFFFFFF)).astype(np.int32)
    again = np.flatnonzero(sort[1:] >> np.uint64(32) == sort[:-1] >> np.uint64(32)) + 1
    previous = np.full(len(keys), -1, np.int32)
    previous[order[again]] = order[again - 1]
    return previous


def find_alike(folder: Path, index: Index) -> Iterator[Alike]:
    """The documents that resemble an earlier one, in the order of the corpus."""
    with (folder / CORPUS).open("rb") as lines:
        sweep = _Sweep(lines, index.places)
        for position, neighbours in _neighbours(index.previous):
            if found := sweep.look(position, neighbours):
                yield found


def _neighbours(previous: _Positions) -> Iterator[tuple[int, _Positions]]:
    """Documents that have a key of an earlier one, with the last that have it, each as often as it shares keys."""
    shared = np.flatnonzero((previous >= 0).any(axis=0))
    bands = np.arange(BANDS)[:, None]
    for start in range(0, len(shared), _SWEEP):
        some = shared[start : start + _SWEEP]
        steps = [previous[:, some]]
        while len(steps) < _NEIGHBOURS and (steps[-1] >= 0).any():
            steps.append(np.where(steps[-1] >= 0, previous[bands, steps[-1]], -1))
        for position, neighbours in zip(some.tolist(), np.concatenate(steps).T, strict=True):
            yield position, neighbours[neighbours >= 0]


class _Sweep:
    """Compares documents in their order, and remembers which are copies."""

    def __init__(self, lines: BinaryIO, places: npt.NDArray[np.int64]) -> None:
        self._lines = lines
        self._places = places
        self._first = np.arange(len(places), dtype=np.int32)
        self._keys = np.zeros(len(places), np.uint64)

    def look(self, position: int, neighbours: _Positions) -> Alike | None:
        """What a document resembles: what it is a copy of where there is such a one, else another."""
        candidates, shared = np.unique(self._first[neighbours], return_counts=True)
        candidates = candidates[np.argsort(-shared, kind="stable")]
        own = self._read(position)
        known = self._keys[candidates]
        same = (known == 0) | (known == own.key)  # 0: not read yet
        other: Alike | None = None
        for candidate in [*candidates[same][:_TRIED].tolist(), *candidates[~same][:_TRIED].tolist()]:
            if other and self._keys[candidate] not in (0, own.key):
                break
            found = self._compare(position, own, candidate)
            if found and not found.apart:
                self._first[position] = candidate
                return found
            other = other or found
        return other

    def _compare(self, position: int, own: _Text, candidate: int) -> Alike | None:
        text = self._read(candidate)
        alike = similarity(own.shingles, text.shingles)
        if alike < THRESHOLD:
            return None
        apart = tuple(name for name, mark in own.marks.items() if text.marks[name] != mark)
        return Alike(own.id, text.id, own.marks["language"], int(self._places[position]), alike, apart)

    def _read(self, position: int) -> _Text:
        self._lines.seek(self._places[position])
        value = json.loads(self._lines.readline())
        text = folded(_full_text(value))
        marks = {
            "language": str(value["metadata"].get("lang") or UNKNOWN),
            "title": " ".join(words_of(folded(value["title"]))),
            "numbers": " ".join(numbers_of(text)),
        }
        read = _Text(value["_id"], shingles_of(text), marks)
        self._keys[position] = read.key
        return read
