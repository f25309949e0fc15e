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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.artifact import key_of, write_atomic
from retrieval.encoder import Encoder, Role
from retrieval.home import home
from retrieval.records import FloatArray

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
        folder = self.folder
        digests = [_digest(text) for text in texts]
        places = _read_places(folder)
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in places}
        if missing:
            self._encode(folder, missing, progress)
            places = _read_places(folder)
        return _gather(digests, places)

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


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class _Place:
    shard: Path
    row: int


def _shards(folder: Path) -> Iterator[tuple[Path, Path]]:
    for ids in sorted(folder.glob("*.ids")):
        yield ids, ids.with_suffix(".npy")


def _read_places(folder: Path) -> dict[bytes, _Place]:
    places: dict[bytes, _Place] = {}
    for ids, shard in _shards(folder):
        data = ids.read_bytes()
        for row in range(len(data) // 16):
            places[data[16 * row : 16 * row + 16]] = _Place(shard, row)
    return places


def _write_shard(folder: Path, digests: Sequence[bytes], vectors: FloatArray) -> None:
    """The ids are written last: a shard counts once they stand. The name follows from the content."""
    ids = b"".join(digests)
    name = hashlib.sha256(ids).hexdigest()[:16]
    buffer = io.BytesIO()
    np.save(buffer, vectors)
    write_atomic(folder / f"{name}.npy", buffer.getvalue())
    write_atomic(folder / f"{name}.ids", ids)


def _gather(digests: Sequence[bytes], places: dict[bytes, _Place]) -> FloatArray:
    wanted: dict[Path, tuple[list[int], list[int]]] = {}
    for position, digest in enumerate(digests):
        place = places[digest]
        into, rows = wanted.setdefault(place.shard, ([], []))
        into.append(position)
        rows.append(place.row)
    if not wanted:
        return np.zeros((0, 0), np.float32)
    arrays = {shard: np.load(shard, mmap_mode="r") for shard in wanted}
    dimension = next(iter(arrays.values())).shape[1]
    out = np.empty((len(digests), dimension), np.float32)
    for shard, (into, rows) in wanted.items():
        out[into] = arrays[shard][rows]
    return out
