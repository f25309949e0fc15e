"""What a system takes: parameters, disk, throughput, latency."""

from __future__ import annotations

import os
import platform
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.records import Query

if TYPE_CHECKING:
    from retrieval.encoder import Role
    from retrieval.searcher import Options, Searcher

SEED = 13
PASSAGES = 128
"""How many passages are encoded to time it, drawn from the corpus."""
QUESTIONS = 200
"""How many single searches are timed; fewer questions are asked several times."""
HITS = 10
"""How many hits a timed search brings, as a page shows them."""
_LEAST = 1.0
"""Seconds that encoding is timed for at least: short texts and fast machines go round several times."""
_WARM = 8
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where something was measured.

    :param processor: Its name, as the system tells it.
    :param threads: How many of them compute at the same time.
    :param device: What encodes: ``cpu``, or the name of a GPU.
    """

    processor: str
    threads: int
    device: str

    def __str__(self) -> str:
        on = "" if self.device == "cpu" else f", {self.device}"
        return f"{self.processor}, {self.threads} thread{'s' if self.threads > 1 else ''}{on}"


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What one model in one mode takes on one corpus. Rates and latency hold for one machine.

    :param parameters: Of the model; None for BM25, which has none.
    :param index_bytes: The documents' vectors in float32, the BM25 index, or both, as the mode needs them.
    :param passages_per_second: Encoded in batches by length, prompt and tokenizing included; None for BM25.
    :param queries_per_second: Likewise.
    :param latency_p50: Median milliseconds of a whole search with one question: its language found, encoded,
        all documents ranked exactly; nothing of it from the cache.
    :param latency_p99: The 99th percentile.
    """

    parameters: int | None
    index_bytes: int
    passages_per_second: float | None
    queries_per_second: float | None
    latency_p50: float
    latency_p99: float
    machine: Machine

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Efficiency:
        """The reverse of ``asdict``."""
        return cls(**{**value, "machine": Machine(**value["machine"])})


@dataclass(frozen=True)
class Gauge:
    """Measures a searcher; what all modes have in common is measured once.

    :param queries: Some are drawn from these; at least one, and none without text.
    """

    searcher: Searcher
    queries: Sequence[Query]

    def efficiency(self, options: Options) -> Efficiency:
        """Measure a search with these options, which takes seconds."""
        encodes = options.mode != "lexical"
        milliseconds = self._latency(replace(options, k=HITS))
        return Efficiency(
            parameters=self.searcher.encoder.parameters if encodes else None,
            index_bytes=self._index_bytes(options.mode),
            passages_per_second=self._passages_per_second if encodes else None,
            queries_per_second=self._queries_per_second if encodes else None,
            latency_p50=_rounded(float(np.percentile(milliseconds, 50))),
            latency_p99=_rounded(float(np.percentile(milliseconds, 99))),
            machine=machine(self.searcher.encoder.device if encodes else "cpu"),
        )

    @cached_property
    def _asked(self) -> list[str]:
        """As many questions as are timed, in an order of their own."""
        drawn = random.Random(SEED).sample(list(self.queries), min(QUESTIONS, len(self.queries)))
        return [drawn[number % len(drawn)].text for number in range(QUESTIONS)]

    @cached_property
    def _passages_per_second(self) -> float:
        documents = self.searcher.documents
        drawn = random.Random(SEED).sample(documents, min(PASSAGES, len(documents)))
        return self._rate([document.full_text for document in drawn], "document")

    @cached_property
    def _queries_per_second(self) -> float:
        return self._rate(self._asked, "query")

    def _rate(self, texts: Sequence[str], role: Role) -> float:
        ordered = sorted(texts, key=len, reverse=True)  # as the cache encodes: batches pad little
        return _rounded(rate(lambda: self.searcher.encoder(ordered, role), len(ordered)))

    def _latency(self, options: Options) -> list[float]:
        """Milliseconds of each search. An approximate index is left aside: what is judged is exact."""
        self.searcher.hnsw = None
        of_languages = {query.lang: query.text for query in self.queries}
        for text in [*of_languages.values(), *self._asked[:_WARM]]:
            self.searcher.search(text, options)
        return [1000 * _seconds(partial(self.searcher.search, text, options)) for text in self._asked]

    def _index_bytes(self, mode: str) -> int:
        vectors = self.searcher.matrix.nbytes if mode != "lexical" else 0
        return vectors + (self.searcher.lexical.octets if mode != "dense" else 0)


def rate(work: Callable[[], object], pieces: int) -> float:
    """Pieces a second of some work, which is done once to warm up, then for a second at least."""
    work()
    spent, times = 0.0, 0
    while spent < _LEAST:
        spent += _seconds(work)
        times += 1
    return times * pieces / spent


def machine(device: str) -> Machine:
    """This machine.

    :param device: As PyTorch calls it.
    """
    import torch

    named = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    return Machine(_processor(), torch.get_num_threads(), named)


def _processor() -> str:
    lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines() if _CPUINFO.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine() or os.name


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _rounded(value: float) -> float:
    """Four digits are more than such a measurement can hold."""
    return float(f"{value:.4g}")
