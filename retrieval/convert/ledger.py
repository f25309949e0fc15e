"""What happened to rows, summed up as faults: one for each file and reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from retrieval.convert.entries import Entry, Origin
from retrieval.convert.ids import RENAMED
from retrieval.convert.intake import Settled
from retrieval.validate import Fault

_NAMED = re.compile(r"'[^']*'|\d+")
"""What differs between rows with the same fault: the names and numbers in its message."""


def kind_of(message: str) -> str:
    """What messages on the same fault have in common."""
    return _NAMED.sub("", message)


@dataclass(slots=True)
class _Sum:
    rule: str
    first: Origin
    message: str
    count: int = 0


@dataclass(slots=True)
class Ledger:
    """Counts rows by file and reason, and remembers the first of each."""

    _sums: dict[tuple[str, str], _Sum] = field(default_factory=dict)

    def add(self, entry: Entry, settled: Settled) -> None:
        """Note what became of a row."""
        for problem in settled.problems:
            self._note(entry, "rejected", f"{problem.reason.rstrip('.')}. {problem.remedy}")
        for reason in dict.fromkeys(duplicate.reason for duplicate in settled.duplicates):
            kept = next(each for each in settled.duplicates if each.reason == reason)
            if reason == RENAMED:
                self._note(entry, "renamed", f"{reason}: kept under a new id, such as '{kept.kept_as}'.")
            else:
                self._note(entry, "merged", f"{reason}: merged, such as into '{kept.kept_as}'.")
        for note in dict.fromkeys(settled.notes):
            self._note(entry, "noted", f"{note}.")

    def _note(self, entry: Entry, rule: str, message: str) -> None:
        origin = entry.origin
        key = (origin.file, f"{rule} {kind_of(message)}")
        self._sums.setdefault(key, _Sum(rule, origin, message)).count += 1

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The sums, in the order in which they first occurred."""
        return tuple(
            Fault(file, each.first.line, each.rule, f"{_rows(each)}{each.message}", "warning")
            for (file, _), each in self._sums.items()
        )


def _rows(summed: _Sum) -> str:
    """Which rows a message is about, ``Fault.line`` being that of the first."""
    if not summed.first.row:
        return ""
    first = "this row" if summed.first.line else f"row {summed.first.row:,}"
    return f"{first}: " if summed.count == 1 else f"{first} and {summed.count - 1:,} more: "
