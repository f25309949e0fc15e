"""What each result is in a table of systems: a teacher's bound, BM25, another program's run, a model, a checkpoint."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eval.measures import STANDARD
from eval.origin import origin_of
from eval.results import RERANKED, Summary
from eval.wording import reranked
from retrieval import models
from retrieval.artifact import key_of
from retrieval.home import home
from retrieval.searcher import MODES

Kind = Literal["bound", "lexical", "brought", "base", "teacher", "tuned"]
log = logging.getLogger(__name__)
_KINDS: tuple[Kind, ...] = ("bound", "lexical", "brought", "base", "teacher", "tuned")
_HAVE_NO_MODEL = ("lexical", "brought")


@dataclass(frozen=True, slots=True)
class Standing:
    """A result and what it stands for.

    :param run: The training run of a checkpoint; empty for every other kind.
    :param step: The checkpoint's step.
    :param best: Whether it is its run's best checkpoint.
    """

    summary: Summary
    kind: Kind
    run: str = ""
    step: int = 0
    best: bool = False

    @property
    def mode(self) -> str:
        """How it searched: hybrid, dense or lexical; ``run`` if another program did, ``reranked`` for a bound."""
        return self.summary.system.mode

    @property
    def found_by(self) -> str:
        """:attr:`mode`, and for a bound that of the search whose hits it orders anew."""
        return str(self.summary.settings[RERANKED]["mode"]) if self.kind == "bound" else self.mode

    @property
    def name(self) -> str:
        """A short name: ``BM25``, ``multilingual-e5-small``, ``step 40 · best``; unusual settings are said."""
        return " · ".join([self._system, *_unusual(self.summary)])

    @property
    def full_name(self) -> str:
        """:attr:`name` with the mode and the run."""
        return " · ".join(filter(None, [self.name, "" if self.kind in _HAVE_NO_MODEL else self.mode, self.run]))

    @property
    def model(self) -> str:
        """The name to load it by: a best checkpoint by its run, which outlives the step's own folder."""
        return self.run if self.best else self.summary.system.model

    @property
    def _system(self) -> str:
        if self.kind in _HAVE_NO_MODEL:
            return self.summary.system.label
        if self.kind == "tuned":
            return f"step {self.step}" + (" · best" if self.best else "")
        return Path(self.summary.system.model).name


def standings(results: Iterable[Summary]) -> list[Standing]:
    """The systems of one place: bounds, BM25, the models as they came, teachers, then runs by age and step.

    Of results that were made alike (the same weights, mode and settings) only the newest is kept.
    """
    kept: dict[str, Summary] = {}
    # what a run has judged says its step, so it stays before a later look at the same weights
    for each in sorted(results, key=lambda each: (each.run is not None, each.created)):
        kept[_made(each)] = each
    found = _stand(list(kept.values()))
    return sorted(found, key=lambda each: (_KINDS.index(each.kind), each.run, each.step, order(each.mode)))


def of_steps(results: Iterable[Summary], run: str) -> list[Standing]:
    """Everything that one run has judged, the base at step 0 included, by step."""
    found = [each for each in results if each.run == run and each.step is not None]
    best = best_step(run, found)
    made = [
        Standing(each, "tuned" if each.step else "base", run, each.step or 0, bool(each.step) and each.step == best)
        for each in found
    ]
    return sorted(made, key=lambda each: each.step)


def runs_of(results: Iterable[Summary]) -> list[str]:
    """The training runs with results, the newest first."""
    return list(dict.fromkeys(each.run for each in reversed(list(results)) if each.run))


def best_step(run: str, results: Iterable[Summary] = ()) -> int | None:
    """The step of a run's best checkpoint: as its manifest tells, else by what the results say.

    :param results: Of any runs; used where the checkpoint itself is gone.
    """
    kept = models.best_step(home() / "runs" / run)
    if kept is not None:
        return kept
    trained = [each for each in results if each.run == run and each.step]
    return max(trained, key=_promise).step if trained else None


def _promise(each: Summary) -> tuple[bool, bool, float]:
    """Checkpoints are chosen on dev and in hybrid, by the first measure."""
    return each.split == "dev", each.system.mode == "hybrid", each.metrics.get(STANDARD[0], 0.0)


def _stand(results: Sequence[Summary]) -> list[Standing]:
    taught_by = teachers()
    found = []
    for each in results:
        origin = origin_of(each)
        if each.system.mode == "lexical":
            found.append(Standing(each, "lexical"))
        elif each.system.mode == "run":
            found.append(Standing(each, "brought"))
        elif each.system.mode == RERANKED:
            found.append(Standing(each, "bound"))
        elif origin is not None and origin.step:
            best = best_step(origin.run, results) == origin.step
            found.append(Standing(each, "tuned", origin.run, origin.step, best))
        else:
            found.append(Standing(each, "teacher" if each.system.model in taught_by else "base"))
    return found


def teachers() -> frozenset[str]:
    """The models that label for the training runs of the workspace."""
    named = set()
    for path in home().glob("runs/*/config.toml"):
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read (%s): its teacher is shown as any other model", path, error)
            continue
        named.add(str(settings.get("label", {}).get("teacher", "")))
    return frozenset(named - {""})


def _made(summary: Summary) -> str:
    settings = {name: value for name, value in summary.settings.items() if name != "ranked"}
    return key_of(model=summary.system.model_fingerprint, mode=summary.system.mode, settings=settings)


def _unusual(summary: Summary) -> list[str]:
    """Settings of a hybrid that are not the usual ones, as words; of a bound, what it is one of."""
    if summary.system.mode == RERANKED:
        return [reranked(summary)]
    if summary.system.mode != "hybrid":
        return []
    fusion, weight = summary.settings.get("fusion", "minmax"), summary.settings.get("weight", 0.5)
    if fusion != "minmax":
        return [str(fusion).upper()]
    return [] if weight == 0.5 else [f"dense share {weight:g}"]


def order(mode: str) -> int:
    """For sorting: BM25 first, the hybrid of it last."""
    return MODES[::-1].index(mode) if mode in MODES else -1
