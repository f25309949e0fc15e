"""The result of one evaluation, and where results lie.

``KEY.json`` says who was judged on what and how well; ``KEY.queries.jsonl`` beside it holds one line
a query, so that listing many results stays cheap. Those of ``eval run`` lie in ``scores/`` of the
workspace, those of a training run in its own ``scores/``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.breakdown import Breakdown
from eval.efficiency import Efficiency
from eval.measures import Floats
from retrieval.artifact import write_atomic, write_json
from retrieval.errors import BakehouseError
from retrieval.home import home

QUERIES_SUFFIX = ".queries.jsonl"
TOP = 10
"""How many hits of each query a result keeps."""
RERANKED = "reranked"
"""The mode of a ranking whose first hits a teacher ordered anew: an upper bound, no way to search."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class System:
    """Who was judged.

    :param model: The name it was asked for by; empty for BM25.
    :param label: A short name for people.
    """

    model: str
    model_fingerprint: str
    mode: str
    label: str


@dataclass(frozen=True, slots=True)
class Data:
    """What it was judged on.

    :param fingerprint: Of ``corpus.jsonl``.
    :param judgments: A hash of the split's judgments and queries.
    """

    name: str
    folder: str
    fingerprint: str
    judgments: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A result without its queries: ``KEY.json``.

    :param synthetic: Whether the queries were generated.
    :param metrics: Measure → mean over the judged queries, 0 to 1.
    :param by_language: Query language → the same, and ``queries``, how many.
    :param counts: How much was judged, and what could not be.
    :param settings: What decides the ranking; ``ranked`` if only so many of the documents were searched.
    :param step: The training step of a checkpoint, 0 for the base; None outside a training run.
    :param run: The training run's id, or None.
    :param seconds: How long search and judging took.
    :param created: ISO 8601, UTC.
    :param breakdown: The same as ``by_language`` by other kinds of group; see :mod:`eval.breakdown`.
    :param efficiency: What the system takes, where that was measured.
    :param path: The file it was read from or written to; not part of the file.
    """

    id: str
    system: System
    corpus: Data
    split: str
    synthetic: bool
    metrics: Mapping[str, float]
    by_language: Mapping[str, Mapping[str, float]]
    counts: Mapping[str, int]
    warnings: tuple[str, ...]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    step: int | None
    run: str | None
    seconds: float
    created: str
    breakdown: Breakdown = field(default_factory=dict)
    efficiency: Efficiency | None = None
    path: Path | None = field(default=None, compare=False)

    @property
    def file(self) -> Path:
        """Where it lies.

        :raises ValueError: if it was never saved.
        """
        if self.path is None:
            raise ValueError("this result was never saved: it has no file")
        return self.path

    @property
    def ranked(self) -> int:
        """How many documents were searched: all, unless the settings say that a part was drawn."""
        return int(self.settings.get("ranked", self.counts["documents"]))

    def to_dict(self) -> dict[str, Any]:
        """As it is written: without the path, and without what was not measured."""
        value = asdict(self)
        del value["path"]
        if self.efficiency is None:
            del value["efficiency"]
        return value

    @classmethod
    def from_dict(cls, value: Mapping[str, Any], path: Path | None = None) -> Summary:
        """The reverse of :meth:`to_dict`; members it does not know are left out.

        :raises KeyError: if a member is missing.
        """
        added = ("breakdown", "efficiency")  # older results lack them
        names = [each.name for each in fields(cls) if each.name != "path"]
        parts = {name: value[name] for name in names if name not in added or name in value}
        parts["system"] = System(**value["system"])
        parts["corpus"] = Data(**value["corpus"])
        parts["warnings"] = tuple(value["warnings"])
        if "efficiency" in parts:
            parts["efficiency"] = Efficiency.from_dict(value["efficiency"])
        return cls(**parts, path=path)


@dataclass(frozen=True, slots=True, eq=False)
class PerQuery:
    """The judged queries, one a row.

    :param values: Measure → float64 of shape (queries,).
    :param top: The first hits of each query, ``(document id, score)``, best first.
    """

    query_ids: Sequence[str]
    languages: Sequence[str]
    texts: Sequence[str]
    values: Mapping[str, Floats]
    top: Sequence[Sequence[tuple[str, float]]]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One system on one split of one corpus."""

    summary: Summary
    per_query: PerQuery


def scores_folder(run: str | None = None) -> Path:
    """Where results lie: the workspace's own, or those of a training run."""
    return home() / "runs" / run / "scores" if run else home() / "scores"


def save(result: Result, folder: Path) -> Result:
    """Write a result, replacing an older one with the same id; return it with its path.

    What the older one took is kept where this was not measured anew: an id means the same weights and settings.
    """
    path = folder / f"{result.summary.id}.json"
    summary = replace(result.summary, path=path, efficiency=result.summary.efficiency or _measured_before(path))
    # the summary is written last: a result is listed only once it is whole
    write_atomic(_queries_path(path), "".join(_query_lines(result.per_query)))
    write_json(path, summary.to_dict())
    return replace(result, summary=summary)


def _measured_before(path: Path) -> Efficiency | None:
    try:
        return read_summary(path).efficiency if path.is_file() else None
    except BakehouseError:
        return None  # damaged: that is mended by replacing it


def read_summary(path: Path) -> Summary:
    """Read ``KEY.json``.

    :raises BakehouseError: if it is missing or damaged.
    """
    try:
        return Summary.from_dict(json.loads(path.read_text(encoding="utf-8")), path)
    except FileNotFoundError as error:
        raise BakehouseError(f"there is no result {path}. `python -m eval list` shows those there are.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BakehouseError(
            f"{path} is no result file or is damaged ({type(error).__name__}: {error}). "
            "Delete it and run the evaluation again."
        ) from error


def load(place: Path | Summary) -> Result:
    """Read a result with its queries.

    :param place: The file of the summary, or a summary that was read from its file.
    :raises ValueError: if the summary was never saved.
    :raises BakehouseError: if either file is missing or damaged.
    """
    path = place.file if isinstance(place, Summary) else place
    summary = read_summary(path)
    beside = _queries_path(path)
    try:
        with beside.open(encoding="utf-8") as lines:
            return Result(summary, _per_query([json.loads(line) for line in lines], list(summary.metrics)))
    except FileNotFoundError as error:
        raise BakehouseError(
            f"{beside} is missing: a result is this file and {path.name} beside it. Copy both, or evaluate again."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BakehouseError(
            f"{beside} is damaged ({type(error).__name__}: {error}). Delete it and run the evaluation again."
        ) from error


def result_files() -> list[Path]:
    """The files of all results of the workspace and of its training runs, by path."""
    return sorted([*home().glob("scores/*.json"), *home().glob("runs/*/scores/*.json")])


def all_results() -> list[Summary]:
    """Every result of the workspace and of its training runs, oldest first; damaged ones are logged."""
    found = []
    for path in result_files():
        try:
            found.append(read_summary(path))
        except BakehouseError as error:
            log.warning("%s", error)
    return sorted(found, key=lambda summary: (summary.created, summary.id))


def _queries_path(path: Path) -> Path:
    return path.with_name(path.stem + QUERIES_SUFFIX)


def _query_lines(queries: PerQuery) -> Iterator[str]:
    for row, query_id in enumerate(queries.query_ids):
        line = {
            "query": query_id,
            "lang": queries.languages[row],
            "text": queries.texts[row],
            **{name: float(values[row]) for name, values in queries.values.items()},
            "top": queries.top[row],
        }
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _per_query(lines: Sequence[Mapping[str, Any]], measures: Sequence[str]) -> PerQuery:
    return PerQuery(
        query_ids=[line["query"] for line in lines],
        languages=[line["lang"] for line in lines],
        texts=[line["text"] for line in lines],
        values={name: np.array([line[name] for line in lines], np.float64) for name in measures},
        top=[[(doc_id, score) for doc_id, score in line["top"]] for line in lines],
    )
