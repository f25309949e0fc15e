"""The lines of ``rejects.jsonl``, grouped by their reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from retrieval.convert.folder import REJECTS
from retrieval.convert.ledger import kind_of


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that were rejected for the same reason.

    :param reason: That of the first; names and numbers in it may differ between the rows.
    :param examples: The first of its lines, as they stand in the file.
    """

    reason: str
    remedy: str
    count: int
    examples: tuple[Mapping[str, Any], ...]


def rejected(folder: Path, examples: int = 5) -> tuple[Group, ...]:
    """What a conversion rejected, the most frequent reason first.

    :param examples: How many lines to show of each group.
    """
    path = folder / REJECTS
    if not path.is_file():
        return ()
    state = path.stat()
    return _grouped(path, examples, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _grouped(path: Path, examples: int, changed: int, octets: int) -> tuple[Group, ...]:
    first: dict[str, list[Mapping[str, Any]]] = {}
    counts: dict[str, int] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            value = json.loads(line)
            kind = kind_of(f"{value['reason']} {value['remedy']}")
            counts[kind] = counts.get(kind, 0) + 1
            if counts[kind] <= examples:
                first.setdefault(kind, []).append(value)
    groups = (
        Group(shown[0]["reason"], shown[0]["remedy"], counts[kind], tuple(shown)) for kind, shown in first.items()
    )
    return tuple(sorted(groups, key=lambda group: -group.count))
