"""Approximate search for a page over a very large corpus; whatever is judged or mined stays exact.

Hierarchical navigable small worlds (Malkov and Yashunin, 2016), by FAISS.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.artifact import alone, building, key_of, read_manifest
from retrieval.dense import TopK
from retrieval.home import home
from retrieval.records import FloatArray

LINKS = 16
EF_CONSTRUCTION = 80
EF_SEARCH = 128
_FILE = "hnsw.faiss"


@dataclass(frozen=True)
class Hnsw:
    """A graph over the vectors of one corpus by one model."""

    index: Any

    def search(self, queries: FloatArray, k: int) -> TopK:
        """The nearest k of each query, most of them; shape (queries, k)."""
        self.index.hnsw.efSearch = max(EF_SEARCH, k)
        scores, positions = self.index.search(np.ascontiguousarray(queries), k)
        return TopK(positions.astype(np.int32), np.where(positions >= 0, scores, -np.inf).astype(np.float32))


def build(vectors: FloatArray, corpus: str, model: str) -> Hnsw:
    """Build the graph and keep it; both fingerprints name it.

    :param vectors: Shape (documents, d), float32, unit length, in the order that positions refer to.
    """
    import faiss

    index = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = EF_CONSTRUCTION
    index.add(np.ascontiguousarray(vectors))
    about = {"kind": "hnsw", "corpus": corpus, "model": model, "documents": len(vectors)}
    folder = _folder(corpus, model)
    with alone(folder), building(folder, about, fresh=True) as partial:
        faiss.write_index(index, str(partial / _FILE))
    return Hnsw(index)


def opened(corpus: str, model: str) -> Hnsw | None:
    """The graph of a corpus and a model, or None where none was built."""
    folder = _folder(corpus, model)
    if read_manifest(folder) is None:
        return None
    import faiss

    return Hnsw(faiss.read_index(str(folder / _FILE)))


def _folder(corpus: str, model: str) -> Path:
    key = key_of(kind="hnsw", corpus=corpus, model=model, links=LINKS, ef_construction=EF_CONSTRUCTION)
    return home() / "indexes" / key
