"""Work done in numbered shards: a killed stage loses at most the shard it was at.

Where the caller says what an item is (``digest``), a shard is named by its content too, and a shard that
an earlier artefact of the stage holds already is taken over instead of made. The items are then cut at
places that they choose themselves, as rsync and restic do, so that one changed item changes two or three
shards and leaves all others as they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from retrieval.artifact import key_of, link, write_atomic
from training.journal import Journal

Row = dict[str, Any]
Item = TypeVar("Item")
_LONGEST = 2
"""A shard holds at most so many times ``size`` items, if none of them offers a cut."""


def fill(
    folder: Path,
    name: str,
    items: Sequence[Item],
    size: int,
    work: Callable[[Sequence[Item]], Iterable[Row]],
    journal: Journal,
    *,
    digest: Callable[[Item], str] | None = None,
    made_of: Mapping[str, Any] | None = None,
) -> None:
    """Write ``folder/NAME-00000.jsonl`` and on, about one for each ``size`` items, leaving those that stand.

    :param work: Items → rows. It must not depend on which shards were done before.
    :param digest: What of an item decides its rows, as a string. With it, shards of earlier artefacts
        beside ``folder`` are taken over: ``work`` must then depend on nothing but the items of the shard
        and ``made_of``.
    :param made_of: What else decides the rows: settings, fingerprints of models.
    :raises Stopped: between two shards, if someone asked the job to stop.
    """
    digests = [digest(item) for item in items] if digest else None
    earlier = _earlier(folder) if digests else {}
    start = taken = 0
    for number, end in enumerate(ends := _ends(len(items), size, digests)):
        content = f"-{key_of(items=digests[start:end], made_of=made_of, name=name)}" if digests else ""
        path = folder / f"{name}-{number:05d}{content}.jsonl"
        if not path.is_file():
            journal.check_stop()
            if content in earlier:
                link(earlier[content], path)
                taken += 1
            else:
                rows = work(items[start:end])
                write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        journal.event(f"{name}: {end} of {len(items)}", step=end, total=len(items))
        start = end
    if taken:
        journal.event(f"{name}: {taken} of {len(ends)} shards did not change and were taken over")


def _ends(count: int, size: int, digests: Sequence[str] | None) -> list[int]:
    """Where each shard ends: after every ``size`` items, or after the items whose hash says so."""
    if digests is None:
        return [min(start + size, count) for start in range(0, count, size)]
    ends: list[int] = []
    for end, digest in enumerate(digests, 1):
        full = end - (ends[-1] if ends else 0) == _LONGEST * size
        if full or end == count or int(key_of(cut=digest), 16) % size == 0:
            ends.append(end)
    return ends


def _earlier(folder: Path) -> dict[str, Path]:
    """Content → shard, of the other artefacts of the same stage, complete or not."""
    stage, _, _ = folder.name.rpartition("-")
    found = folder.parent.glob(f"{stage}-*/*-[0-9][0-9][0-9][0-9][0-9]-*.jsonl")
    return {"-" + path.stem.rpartition("-")[2]: path for path in found if path.parent != folder}


def read_rows(folder: Path) -> Iterator[Row]:
    """The rows of all shards of a folder, in order."""
    for path in sorted(folder.glob("*-[0-9][0-9][0-9][0-9][0-9]*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
