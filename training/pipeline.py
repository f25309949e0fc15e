"""A whole run, a part of it or one stage alone, in this process."""

from __future__ import annotations

import logging
import signal
import time
import traceback

from retrieval.beir import Corpus, open_corpus, splits
from retrieval.cli import explain
from retrieval.errors import BakehouseError
from training import jobs, snapshot, tracking, verdict
from training.config import Recipe
from training.data import pairs
from training.journal import Journal, Listener, NotReady, Stopped
from training.keeping import examine
from training.runs import RunFolder
from training.split import Shares, held_out, shares_of, told
from training.stages import Context, Stage, stages_of

log = logging.getLogger(__name__)


def work(run: RunFolder, *listeners: Listener, only: str = "", until: str = "") -> bool:
    """Do a run in this process, from whatever is complete already; whether it ended well.

    However it ends, the status says how and what to do.

    :param listeners: Hear each event too.
    :param only: Make this stage alone, from what those before it have left.
    :param until: Stop after this stage.
    :raises NotReady: if a stage before ``only`` is not complete.
    """
    recipe = run.recipe()
    signal.signal(signal.SIGTERM, lambda signum, frame: run.ask_stop())
    with (
        tracking.tracked(run, recipe) as tracker,
        Journal(run, *filter(None, [tracker, *listeners]), only=only) as journal,
    ):
        try:
            with jobs.turn(journal):
                journal.update(state="running")
                _bake(run, recipe, journal, only or until)
        except Stopped:
            journal.end("stopped", "stopped on request", remedy="Resume it to go on from here.")
        except NotReady:
            journal.end("stopped", f"nothing was done: what {only} needs is not complete")
            raise
        except Exception as error:  # the last place that can tell the person what happened
            log.error("%s", traceback.format_exc())
            _fail(journal, error)
            return False
    return True


def _bake(run: RunFolder, recipe: Recipe, journal: Journal, last: str) -> None:
    recipe = snapshot.current(run, recipe, journal)
    pairs.check(recipe)
    corpus = open_corpus(recipe.corpus)
    context = Context(run, recipe, corpus, _split(corpus, recipe, journal), journal)
    stages = stages_of(recipe)
    for stage in stages:
        began = time.perf_counter()
        context = stage.done(context)
        journal.event(stage=stage.name, metrics={"stage_seconds": round(time.perf_counter() - began, 2)})
        if stage.name == last and stage is not stages[-1]:
            _pause(journal, stage, stages[stages.index(stage) + 1])
            return
    journal.end("finished", verdict.closing(journal.status.report))


def _pause(journal: Journal, done: Stage, following: Stage) -> None:
    run = journal.run.id
    remedy = (
        f"Go on to the end with `python -m training resume {run}`, "
        f"or with one stage: `python -m training stage {following.name} {run}`."
    )
    journal.end("stopped", f"{done.name} is complete; {following.name} comes next", remedy=remedy)


def _split(corpus: Corpus, recipe: Recipe, journal: Journal) -> list[Shares]:
    examine.check_judged(corpus, generates=not recipe.fit.data_only)
    judged = "dev" in splits(corpus.folder)
    if recipe.fit.data_only:
        return []
    shares = shares_of(corpus, recipe, judged=judged)
    if not shares:
        wanted = f" in {', '.join(recipe.split.languages)}" if recipe.split.languages else ""
        out = len(held_out(corpus, recipe.split))
        less = (
            f", and {out:,} of these documents are for dev and test (split.held_out=false trains on them)"
            if out
            else ""
        )
        raise BakehouseError(
            f"{corpus.folder} has no passage{wanted} that is long enough to ask about: it holds {corpus.languages}{less}."
        )
    if not judged and not any(share.dev for share in shares):
        raise BakehouseError(
            f"{corpus.folder} has too few passages to keep any out, and no dev judgments to judge checkpoints by. "
            "Give at least two passages in one language, or judgments in qrels/dev.tsv."
        )
    journal.event(told(shares, recipe.split), stage="split")
    return shares


def _fail(journal: Journal, error: Exception) -> None:
    reason = explain(error) or f"{type(error).__name__}: {error}"
    remedy = "Mend this, then resume: it goes on from what is complete."
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        remedy = "Resume with less at a time: start a run with a lower fit.batch_size or fit.max_length."
    journal.end("failed", "failed", reason=reason, remedy=remedy)
