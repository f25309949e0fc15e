"""The results as they are on disk now, read again only when a file has changed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from eval.results import Summary, all_results, result_files
from retrieval.artifact import key_of
from retrieval.errors import BakehouseError


def stamp() -> str:
    """A short text that changes whenever a result is added, replaced or deleted."""
    return key_of(files=[(str(path), _changed(path)) for path in result_files()])


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # deleted since it was listed
        return 0


def known(state: str = "") -> tuple[Summary, ...]:
    """Every result, oldest first.

    :param state: The :func:`stamp` of now, where the caller has it already.
    """
    return _read(state or stamp())


def by_id(result_id: str) -> Summary:
    """The newest result with an id.

    :raises BakehouseError: if there is none.
    """
    found = [each for each in known() if each.id == result_id]
    if not found:
        raise BakehouseError(f"the result '{result_id}' is gone. Choose another, or evaluate again.")
    return found[-1]


@lru_cache(maxsize=2)
def _read(state: str) -> tuple[Summary, ...]:
    return tuple(all_results())
