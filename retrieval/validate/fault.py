"""What is wrong with a folder, counted in full and remembered up to a bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from retrieval.validate.rules import RULES, Severity

KEPT = 1_000
"""Faults of each rule that are remembered; all are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    :param file: Relative to the folder.
    :param line: Counted from 1; 0 where the file as a whole is meant.
    :param message: What was found, what was wanted, what to do.
    :param fixable: Whether ``--fix`` mends it.
    """

    file: str
    line: int
    rule: str
    message: str
    severity: Severity = "error"
    fixable: bool = False

    @property
    def place(self) -> str:
        """``corpus.jsonl, line 3``."""
        return f"{self.file}, line {self.line:,}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.severity}: {self.place}: {self.message} [{self.rule}]"


@dataclass(slots=True)
class Tally:
    """Collects faults. Memory: at most :data:`KEPT` faults a rule, however many there are."""

    faults: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    fixable: Counter[str] = field(default_factory=Counter)
    fixable_in: Counter[str] = field(default_factory=Counter)

    def note(self, rule: str, file: str, line: int, message: str, *, fixable: bool = False) -> None:
        """Count a fault, and remember it while there is room."""
        self.counts[rule] += 1
        if self.counts[rule] <= KEPT:
            self.faults.append(Fault(file, line, rule, message, RULES[rule].severity, fixable))
        if fixable:
            self.fixable[rule] += 1
            self.fixable_in[file] += 1

    def leave(self, file: str, left: Mapping[int, str]) -> None:
        """Take back that faults of a file can be mended.

        :param left: Line → the rule of its fault.
        """
        self.fixable.subtract(left.values())
        self.fixable_in[file] -= len(left)
        for place, fault in enumerate(self.faults):
            if fault.file == file and left.get(fault.line) == fault.rule:
                self.faults[place] = replace(fault, fixable=False)


@dataclass(frozen=True, slots=True)
class Validation:
    """The faults of a folder, in the order of files and lines, and what it holds.

    :param faults: At most :data:`KEPT` of each rule.
    :param counts: Rule → how many faults there are in all.
    :param fixable: Rule → how many of them ``--fix`` mends.
    """

    folder: Path
    faults: tuple[Fault, ...]
    counts: dict[str, int]
    fixable: dict[str, int]
    documents: int
    queries: int
    judgments: int

    @property
    def errors(self) -> int:
        """How many faults are errors."""
        return sum(count for rule, count in self.counts.items() if RULES[rule].severity == "error")

    @property
    def warnings(self) -> int:
        """How many faults are warnings."""
        return sum(self.counts.values()) - self.errors

    @property
    def valid(self) -> bool:
        """Whether there is no error; warnings do not count."""
        return not self.errors
