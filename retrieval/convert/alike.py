"""The documents of a corpus whose texts are nearly the same as that of an earlier one.

What is compared is title and text. Documents with a key in common (``minhash``) are candidates, a number of them
for each document; those that are said to be alike were compared shingle by shingle.

A document that resembles an earlier one, and has its language, its title and its numbers, is a copy of it. No other
is compared with a copy, but with what it is a copy of: all copies resemble the one that came first. Where one of the
three differs, the two say different things in the same words, as two invoices do, and none is a copy.
"""

from __future__ import annotations

import json
from array import array
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
_LOOKED_AT = 16
"""Of the documents that share a key, how many are candidates: the last ones, and the first."""
_TRIED = 16
"""Candidates that a document is compared with: those that share most keys with it."""
_HELD, _HELD_SHINGLES = 512, 200
"""How many texts are held, and how long they may be: what resembles much is compared with much."""

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
    :param buckets: Shape (bands, documents), int32: the first that has the same key, or the document itself.
    :param short: How many are too short to be compared.
    :param long: How many are too long.
    """

    places: npt.NDArray[np.int64]
    buckets: _Positions
    short: int
    long: int


@dataclass(frozen=True, slots=True)
class _Text:
    """A document as it is compared with others.

    :param marks: What a copy has as well: its language, title and numbers.
    :param key: A hash of the marks, above 0.
    """

    id: str
    shingles: Shingles
    marks: dict[str, str]
    key: int


def index_of(folder: Path) -> Index:
    """Read a BEIR folder once. It takes about 75 bytes a document."""
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
        keys[band, :compared] = _buckets(keys[band, :compared]).view(np.uint32)
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
            text = _full_text(json.loads(line.decode()))
            batch.append((place, folded(text) if len(text) <= MOST else text))
            place += len(line)
            characters += 1 + len(text)
            if characters >= _BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
    yield batch


def _full_text(value: dict[str, Any]) -> str:
    return f"{value['title']} {value['text']}".strip()


def _buckets(keys: npt.NDArray[np.uint32]) -> _Positions:
    """For each key, where it stood first."""
    sort = (keys.astype(np.uint64) << np.uint64(32)) | np.arange(len(keys), dtype=np.uint64)
    sort.sort()
    order = (sort & np.uint64(0xFFFFFFFF)).astype(np.int32)
    again = np.concatenate(([False], sort[1:] >> np.uint64(32) == sort[:-1] >> np.uint64(32)))[: len(keys)]
    starts = np.maximum.accumulate(np.where(again, 0, np.arange(len(keys))))
    buckets = np.empty(len(keys), np.int32)
    buckets[order] = order[starts]
    return buckets


def find_alike(folder: Path, index: Index) -> Iterator[Alike]:
    """The documents that resemble an earlier one, in the order of the corpus."""
    own = np.arange(len(index.places), dtype=np.int32)
    with (folder / CORPUS).open("rb") as lines:
        sweep = _Sweep(lines, index)
        for position in np.flatnonzero((index.buckets != own).any(axis=0)).tolist():
            if found := sweep.look(position):
                yield found


class _Sweep:
    """Compares documents in their order. In each bucket it remembers those that are no copies."""

    def __init__(self, lines: BinaryIO, index: Index) -> None:
        self._lines = lines
        self._places = index.places
        self._buckets = index.buckets
        self._original = np.arange(len(index.places), dtype=np.int32)
        # At the first of a bucket, the last one remembered in it; at that one, the one before. 0 is none, 1 is the first
        # document: zeros take no memory until they are written over.
        self._last = np.zeros(index.buckets.shape, np.int32)
        self._keys = array("Q", bytes(8 * len(index.places)))
        self._held: dict[int, _Text] = {}

    def look(self, position: int) -> Alike | None:
        """What a document resembles: what it is a copy of where there is such a one, else another."""
        own = self._read(position)
        candidates = self._candidates(position)
        originals = [each for each in candidates if self._keys[each] in (0, own.key)]  # 0: not read yet
        others = [each for each in candidates if self._keys[each] not in (0, own.key)]
        other: Alike | None = None
        for candidate in originals[:_TRIED] + others[:_TRIED]:
            if other and self._keys[candidate] not in (0, own.key):
                break
            found = self._compare(position, own, candidate)
            if found and not found.apart:
                self._original[position] = candidate
                return found
            other = other or found
        self._remember(position)
        self._hold(position, own)
        return other

    def _candidates(self, position: int) -> list[int]:
        """Those that share a key; those that share most come first, of these the earliest."""
        found: set[int] = set()
        for band, first in enumerate(self._buckets[:, position].tolist()):
            if first == position:
                continue
            found.add(int(self._original[first]))
            last = self._last[band]
            each = int(last[first])
            for _ in range(_LOOKED_AT):
                if not each:
                    break
                found.add(each - 1)
                each = int(last[each - 1])
        candidates = np.array(sorted(found))
        shared = (self._buckets[:, candidates] == self._buckets[:, [position]]).sum(axis=0)
        return [int(each) for each in candidates[np.argsort(-shared, kind="stable")]]

    def _remember(self, position: int) -> None:
        for band, first in enumerate(self._buckets[:, position].tolist()):
            if first != position:
                self._last[band, position] = self._last[band, first]
                self._last[band, first] = position + 1

    def _compare(self, position: int, own: _Text, candidate: int) -> Alike | None:
        text = self._text(candidate)
        alike = similarity(own.shingles, text.shingles)
        if alike < THRESHOLD:
            return None
        apart = tuple(name for name, mark in own.marks.items() if text.marks[name] != mark)
        return Alike(own.id, text.id, own.marks["language"], int(self._places[position]), alike, apart)

    def _text(self, position: int) -> _Text:
        """A document that others are compared with; the last ones are not read again."""
        text = self._held.pop(position, None) or self._read(position)
        self._hold(position, text)
        return text

    def _hold(self, position: int, text: _Text) -> None:
        if len(text.shingles) <= _HELD_SHINGLES:
            self._held[position] = text
        if len(self._held) > _HELD:
            del self._held[next(iter(self._held))]

    def _read(self, position: int) -> _Text:
        self._lines.seek(self._places[position])
        value = json.loads(self._lines.readline())
        words = words_of(folded(_full_text(value)))
        marks = {
            "language": str(value["metadata"].get("lang") or UNKNOWN),
            "title": " ".join(words_of(folded(value["title"]))) if value["title"] else "",
            "numbers": " ".join(numbers_of(words)),
        }
        self._keys[position] = key = _key(marks)
        return _Text(value["_id"], shingles_of(words), marks, key)


def _key(marks: dict[str, str]) -> int:
    joined = "\n".join(marks.values()).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(joined, digest_size=7).digest(), "big") + 1
