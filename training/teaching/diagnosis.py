"""What the scale doctor found, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from retrieval.artifact import write_json
from retrieval.errors import BakehouseError
from retrieval.records import FloatArray

Level = Literal["ok", "mended", "refused"]
FILE = "doctor.json"
_BINS = 32
_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    :param about: ``student``, ``prompts``, ``teacher`` or ``margins``.
    :param told: What was found, and what was done or is to be done, in a sentence or two.
    """

    level: Level
    about: str
    told: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """How margins are spread.

    :param edges: One more than there are bins, ascending; what lies outside stands in the outermost bins.
    :param teacher: Margins in each bin.
    :param student: The student's own, before training, of a sample.
    """

    edges: tuple[float, ...]
    teacher: tuple[int, ...]
    student: tuple[int, ...]

    @classmethod
    def of(cls, teacher: FloatArray, student: FloatArray) -> Histogram:
        """Count both over bins that cover nearly all of them and zero."""
        both = np.concatenate([np.quantile(each, [0.005, 0.995]) for each in (teacher, student)] + [np.zeros(1)])
        edges = np.linspace(both.min(), max(both.max(), both.min() + 1e-6), _BINS + 1)
        counts = (np.histogram(np.clip(each, edges[0], edges[-1]), edges)[0].tolist() for each in (teacher, student))
        return cls(tuple(float(edge) for edge in edges), *map(tuple, counts))

    @property
    def told(self) -> list[str]:
        """Two lines of bars over the same axis."""
        low, high = self.edges[0], self.edges[-1]
        return [
            f"teacher {low:+8.2f} │{_bars(self.teacher)}│ {high:+.2f}",
            f"student {low:+8.2f} │{_bars(self.student)}│ {high:+.2f}",
        ]


def _bars(counts: Sequence[int]) -> str:
    most = max(counts) or 1
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] for count in counts)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the scale doctor found.

    :param scales: Part of the training data → what its margins are multiplied by.
    :param before: Whose margins → the histogram of the margins as they are.
    :param after: The same, as they are trained.
    """

    findings: tuple[Finding, ...]
    scales: Mapping[str, float] = field(default_factory=dict)
    before: Mapping[str, Histogram] = field(default_factory=dict)
    after: Mapping[str, Histogram] = field(default_factory=dict)

    @property
    def refused(self) -> list[Finding]:
        """What would train nonsense."""
        return [finding for finding in self.findings if finding.level == "refused"]

    def check(self) -> None:
        """Refuse to go on.

        :raises BakehouseError: if anything found would train nonsense.
        """
        if self.refused:
            raise BakehouseError("The scale doctor refuses: " + " ".join(finding.told for finding in self.refused))

    @property
    def told(self) -> list[str]:
        """All of it, line by line."""
        lines = [f"{finding.level}: {finding.told}" for finding in self.findings]
        for whose, before in self.before.items():
            lines += [f"margins of {whose}, as they are:", *before.told]
            if whose in self.after:
                lines += [f"margins of {whose}, as they are trained:", *self.after[whose].told]
        return lines

    def write(self, run: Path) -> None:
        """Keep it in the run, for the page and for :func:`read`."""
        write_json(run / "stages" / FILE, asdict(self))


def read(run: Path) -> Diagnosis | None:
    """The last diagnosis of a run, or None if there was none."""
    path = run / "stages" / FILE
    if not path.is_file():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Diagnosis(
        tuple(Finding(**finding) for finding in kept["findings"]),
        kept["scales"],
        _histograms(kept["before"]),
        _histograms(kept["after"]),
    )


def _histograms(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, Histogram]:
    return {
        whose: Histogram(**{name: tuple(values) for name, values in of_one.items()}) for whose, of_one in kept.items()
    }
