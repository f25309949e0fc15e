"""What several commands refuse before they begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retrieval.errors import BakehouseError, nearest

if TYPE_CHECKING:
    from eval.task import Task


def check_mode(mode: str, known: Sequence[str]) -> None:
    """Refuse a mode that is not known.

    :raises BakehouseError: with the nearest that is.
    """
    if mode not in known:
        raise BakehouseError(f"unknown mode '{mode}': choose {', '.join(known)}.{nearest(mode, known)}")


def check_task(task: Task, *, cross_lingual: bool) -> None:
    """Refuse what would give a number that means nothing, or something else than was meant."""
    if len(task.corpus.documents) == 1:
        raise BakehouseError(f"{task.corpus.folder} has a single document: every ranking is perfect. Add documents.")
    if task.foreign and not cross_lingual:
        langs = ", ".join(f"{lang} ({count} queries)" for lang, count in task.foreign.items())
        raise BakehouseError(
            f"no document of {task.corpus.folder} is in the language of these queries: {langs}. Add documents in that "
            "language, correct metadata.lang, or say --cross-lingual if they are meant to find documents in another."
        )
