"""Everything the page shows of one run, read from its folder at one moment."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrieval.corpora import HANDBOOK, known_corpora
from retrieval.home import ROOT
from training import runs
from training.config import Recipe
from training.keeping import disk
from training.page import form
from training.page.history import History, history_of
from training.runs import RunFolder, Status, recipe_of
from training.stalls import Stall, stall_of

LOG_LINES = 30


@dataclass(frozen=True, slots=True)
class Line:
    """A run as one line of the list.

    :param stall: How long it has been silent, where that is suspicious.
    """

    run: RunFolder
    status: Status
    recipe: Recipe
    stall: Stall | None = None
    now: float = field(default_factory=time.time)

    @property
    def state(self) -> str:
        """Its state in a word: that of its status, or ``stalled``, or ``paused`` while the disk is full."""
        if self.status.state == "running" and self.status.message.startswith(disk.PAUSED):
            return "paused"
        return "stalled" if self.stall else self.status.state

    @property
    def corpus(self) -> str:
        """The corpus' own name."""
        return Path(self.recipe.corpus).name

    @property
    def mode(self) -> str:
        """The mode whose figure decides."""
        return self.recipe.evaluate.mode

    @property
    def synthetic(self) -> bool:
        """Whether its dev judgments are generated, as far as is known yet."""
        return bool(self.status.base.get("synthetic") or self.status.report.get("synthetic_dev"))

    @property
    def dev(self) -> str:
        """What the dev judgments are called on the page."""
        return "synthetic dev" if self.synthetic else "dev"

    @property
    def base(self) -> float | None:
        """The base model's dev nDCG@10, once it is known."""
        return self._figure(self.status.base)

    @property
    def best(self) -> float | None:
        """The best checkpoint's dev nDCG@10, once there is one."""
        return self._figure(self.status.best)

    def _figure(self, found: dict[str, Any]) -> float | None:
        dev = found.get("dev")
        return float(dev[self.mode]["ndcg@10"]) if dev else None


@dataclass(frozen=True, slots=True)
class Look:
    """A run with all that its page shows."""

    line: Line
    history: History
    log: str
    stop_asked: bool


def lines() -> list[Line]:
    """All runs, the newest first."""
    return [line_of(run) for run in runs.all_runs()]


def line_of(run: RunFolder) -> Line:
    """One run's line."""
    status = run.status()
    return Line(run, status, recipe_of(run), stall_of(run, status))


def look_at(run: RunFolder) -> Look:
    """One run in full."""
    return Look(line_of(run), history_of(run), run.log_tail(LOG_LINES), run.stop_asked)


def place_of(corpus: str) -> str:
    """How a command names a corpus of the menu: the handbook has no folder in the workspace."""
    return f"retrieval/{HANDBOOK}" if corpus == HANDBOOK else corpus


def menu_name(folder: str) -> str:
    """The name that a corpus folder has in the menu, or the folder itself where it is elsewhere."""
    known = {corpus.folder.resolve(): corpus.name for corpus in known_corpora()}
    return known.get(Path(folder).resolve(), folder)


def command_of(recipe: Recipe) -> str:
    """The command that starts such a run again, from the repository's root."""
    corpus = place_of(menu_name(recipe.corpus))
    if Path(corpus).is_relative_to(ROOT):
        corpus = str(Path(corpus).relative_to(ROOT))
    return form.command_line(corpus, recipe.base, recipe.preset, form.changed_in(recipe))
