"""Work done in numbered shards: a killed stage loses at most the shard it was at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from retrieval.artifact import write_atomic
from training.journal import Journal

Row = dict[str, Any]
Item = TypeVar("Item")


def fill(
    folder: Path,
    name: str,
    items: Sequence[Item],
    size: int,
    work: Callable[[Sequence[Item]], Iterable[Row]],
    journal: Journal,
) -> None:
    """Write ``folder/NAME-00000.jsonl`` and on, one for each ``size`` items, leaving those that stand.

    :param work: Items → rows. It must not depend on which shards were done before.
    :raises Stopped: between two shards, if someone asked the job to stop.
    """  # fmt: skip
    starts = range(0, len(items), size)
    for number, start in enumerate(starts):
        path = folder / f"{name}-{number:05d}.jsonl"
        if not path.is_file():
            journal.check_stop()
            rows = work(items[start : start + size])
            write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        done = min(start + size, len(items))
        journal.event(f"{name}: {done} of {len(items)}", step=done, total=len(items))


def read_rows(folder: Path) -> Iterator[Row]:
    """The rows of all shards of a folder, in order."""
    for path in sorted(folder.glob("*-[0-9][0-9][0-9][0-9][0-9].jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def stage_folder(run: Path, name: str, key: str) -> Path:
    """Where the artefact of a stage lies in a run."""
    return run / "stages" / f"{name}-{key}"


def described(name: str, key: str, made_of: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, Any]:
    """The manifest of a stage: what it was made of and how much it holds."""
    return {"stage": name, "key": key, "made_of": dict(made_of), "counts": dict(counts)}
