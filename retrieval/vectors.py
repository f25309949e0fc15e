"""Embeddings kept on disk, keyed by the model and role that made them and by the text itself.

``vectors/KEY/`` holds shards, each a float32 array beside the digests of its texts. A text that
was encoded once is never encoded again, whichever corpus it stands in; a corpus that changes by
one document costs one document.
"""

from __future__ import annotations

import hashlib
import io
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.artifact import key_of, write_atomic
from retrieval.encoder import Encoder, Role
from retrieval.home import home
from retrieval.records import FloatArray, IntArray

SHARD = 1024
Progress = Callable[[int, int], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Vectors:
    """The cache of one model in one role."""

    encoder: Encoder
    role: Role

    @property
    def folder(self) -> Path:
        """Where this cache lies."""
        key = key_of(model=self.encoder.model.fingerprint, role=self.role)
        return home() / "vectors" / key

    def get(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        """The vectors of the texts, encoding only those that are not on disk yet.

        :param progress: Called with (done, total) of the texts that must be encoded.
        :returns: Shape (texts, dimension), float32, unit length.
        """
        return self.stored(texts, progress)[:]

    def stored(self, texts: Sequence[str], progress: Progress | None = None) -> Stored:
        """Like :meth:`get`, but the vectors stay on disk until they are asked for by position."""
        folder = self.folder
        digests = [_digest(text) for text in texts]
        places = _Places.read(folder)
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in places.number}
        if missing:
            self._encode(folder, missing, progress)
            places = _Places.read(folder)
        return Stored.of(places, digests)

    def _encode(self, folder: Path, missing: dict[bytes, str], progress: Progress | None) -> None:
        """Encode in shards, longest texts first, so that batches pad little and an early out-of-memory shows."""
        order = sorted(missing, key=lambda digest: -len(missing[digest]))
        start = time.perf_counter()
        for at in range(0, len(order), SHARD):
            digests = order[at : at + SHARD]
            vectors = self.encoder([missing[digest] for digest in digests], self.role)
            _write_shard(folder, digests, vectors)
            done = at + len(digests)
            if progress:
                progress(done, len(order))
            if len(order) > SHARD:
                log.info("encoded %d of %d (%.0f a second)", done, len(order), done / (time.perf_counter() - start))


@dataclass(frozen=True)
class Stored:
    """Vectors on disk, in an order of their own.

    :param shards: The files that hold them.
    :param shard: Of each vector, which file, shape (vectors,).
    :param row: And which row of it.
    """

    shards: Sequence[Path]
    shard: IntArray
    row: IntArray

    @classmethod
    def of(cls, places: _Places, digests: Sequence[bytes]) -> Stored:
        """The vectors of these texts."""
        numbers = np.fromiter((places.number[digest] for digest in digests), np.int32, len(digests))
        shard = np.asarray(np.searchsorted(places.starts, numbers, side="right") - 1, np.int32)
        return cls(places.shards, shard, numbers - places.starts[shard] if len(numbers) else numbers)

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, at: slice | IntArray) -> FloatArray:
        """Read some vectors, shape (some, dimension), float32; (0, 0) if there are none."""
        shard, row = self.shard[at], self.row[at]
        order = np.argsort(shard, kind="stable")
        starts = np.flatnonzero(np.diff(shard[order], prepend=-1))
        out = np.zeros((0, 0), np.float32)
        for start, into in zip(starts, np.split(order, starts[1:]), strict=False):
            array = np.load(self.shards[shard[order[start]]], mmap_mode="r")
            if not len(out):
                out = np.empty((len(row), array.shape[1]), np.float32)
            out[into] = array[row[into]]
        return out


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True)
class _Places:
    """Which texts have vectors, and where.

    :param starts: The number of each shard's first vector.
    :param number: Digest of a text → the number of its vector, counted over all shards.
    """

    shards: Sequence[Path]
    starts: IntArray
    number: Mapping[bytes, int]

    @classmethod
    def read(cls, folder: Path) -> _Places:
        shards: list[Path] = []
        starts: list[int] = []
        digests: list[bytes] = []
        for ids in sorted(folder.glob("*.ids")):
            data = ids.read_bytes()
            shards.append(ids.with_suffix(".npy"))
            starts.append(len(digests))
            digests += [data[at : at + 16] for at in range(0, len(data), 16)]
        return cls(shards, np.array(starts, np.int32), {digest: number for number, digest in enumerate(digests)})


def _write_shard(folder: Path, digests: Sequence[bytes], vectors: FloatArray) -> None:
    """The ids are written last: a shard counts once they stand. The name follows from the content."""
    ids = b"".join(digests)
    name = hashlib.sha256(ids).hexdigest()[:16]
    buffer = io.BytesIO()
    np.save(buffer, vectors)
    write_atomic(folder / f"{name}.npy", buffer.getvalue())
    write_atomic(folder / f"{name}.ids", ids)
