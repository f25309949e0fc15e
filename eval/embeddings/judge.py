"""One model on files of one kind: a result that can be repeated, kept in ``scores/embeddings/`` of the workspace."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from eval.embeddings.embedder import Embedder, Roles
from eval.embeddings.records import Kind, Options, Part
from eval.evaluate import versions
from eval.results import scores_folder
from retrieval.artifact import key_of, write_json
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError
from retrieval.models import resolve

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "sentence-transformers", "transformers")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PartResult:
    """The scores of one part.

    :param columns: Role → what the file calls it.
    """

    name: str
    rows: int
    columns: Mapping[str, str]
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Result:
    """What one model's embeddings are worth on files of one kind: ``scores/embeddings/KEY.json``.

    :param label: A short name of the model, for people.
    :param files: What was read.
    :param data_fingerprint: A hash of the rows as they were read, whatever file they stood in.
    :param metrics: Measure → mean over the parts, each part counting the same.
    :param settings: What decides the scores beside model and data: the prompts' roles, seeds, resamples.
    :param created: ISO 8601, UTC.
    :param path: The file it was written to; not part of the file.
    """

    id: str
    kind: str
    model: str
    model_fingerprint: str
    label: str
    files: Sequence[str]
    data_fingerprint: str
    rows: int
    metrics: Mapping[str, float]
    parts: Sequence[PartResult]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    seconds: float
    created: str
    path: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """As it is written, without the path."""
        value = asdict(self)
        del value["path"]
        return value


def judge(kind: Kind, files: Sequence[Path], model_name: str, options: Options, roles: Roles | None = None) -> Result:
    """Judge a model; nothing is saved yet. The files are read and checked before the model is looked for.

    :param roles: Which of the model's prompts the texts get; as the kind says if None.
    :raises BakehouseError: if a file cannot be judged on, or the model is not to be had.
    """
    _check(kind, files, options)
    parts = kind.read(files, options)
    start = time.perf_counter()
    model = resolve(model_name)
    roles = roles or kind.roles
    embedder = Embedder(Encoder(model), roles)
    judged = [_judged(kind, part, embedder) for part in parts]
    settings = {**kind.settings, "roles": asdict(roles)}
    data = key_of(parts=[part.values for part in parts])
    return Result(
        id=key_of(kind=kind.name, model=model.fingerprint, data=data, settings=settings),
        kind=kind.name,
        model=model.name,
        model_fingerprint=model.fingerprint,
        label=model.title,
        files=[str(path.resolve()) for path in files],
        data_fingerprint=data,
        rows=sum(part.rows for part in parts),
        metrics={name: float(np.mean([each.metrics[name] for each in judged])) for name in kind.titles},
        parts=judged,
        settings=settings,
        versions=versions(_LIBRARIES),
        seconds=round(time.perf_counter() - start, 3),
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )


def _check(kind: Kind, files: Sequence[Path], options: Options) -> None:
    for path in files:
        if not path.exists():
            raise BakehouseError(f"{path} does not exist: wanted a file of {kind.rows}.")
    if options.languages and not any(path.is_dir() for path in files):
        raise BakehouseError("--lang chooses among the languages of a folder, and none was named: leave it out.")


def _judged(kind: Kind, part: Part, embedder: Embedder) -> PartResult:
    scores = kind.judge(part, embedder)
    log.info("%s: judged %d %s", part.name, part.rows, kind.rows)
    return PartResult(part.name, part.rows, part.taken, scores.metrics, scores.intervals)


def save(result: Result) -> Result:
    """Write a result, replacing an older one with the same id; return it with its path."""
    path = scores_folder() / "embeddings" / f"{result.id}.json"
    write_json(path, result.to_dict())
    return replace(result, path=path)
