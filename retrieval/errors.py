"""The one error that reaches a person as a sentence instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BakehouseError(Exception):
    """Bad input or a missing thing.

    The message says what was found, what was wanted and what to do. Commands print it and exit
    with status 2; the page shows it as a sentence.
    """


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint such as `` Did you mean 'title'?``, or an empty string when nothing is near."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{matches[0]}'?" if matches else ""
