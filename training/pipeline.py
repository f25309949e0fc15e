"""The stages in order: split, generate, mine, label, fit, verdict."""

from __future__ import annotations

import logging
import signal
import traceback

from retrieval.beir import Corpus, open_corpus, splits
from retrieval.cli import explain
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from training import examine, fit, generate, jobs, label, mine, tracking, verdict
from training.config import Recipe
from training.inputs import Inputs
from training.journal import Journal, Listener, Stopped
from training.runs import RunFolder
from training.split import Shares, split_by_language

log = logging.getLogger(__name__)


def work(run: RunFolder, *listeners: Listener) -> bool:
    """Do a whole run in this process, from whatever is complete already; whether it ended well.

    However it ends, the status says how and what to do.

    :param listeners: Hear each event too.
    """
    recipe = run.recipe()
    signal.signal(signal.SIGTERM, lambda signum, frame: run.ask_stop())
    with tracking.tracked(run, recipe) as tracker, Journal(run, *filter(None, [tracker, *listeners])) as journal:
        try:
            with jobs.turn(journal):
                journal.update(state="running")
                _bake(run, recipe, journal)
        except Stopped:
            journal.end("stopped", "stopped on request", remedy="Resume it to go on from here.")
        except Exception as error:  # the last place that can tell the person what happened
            log.error("%s", traceback.format_exc())
            _fail(journal, error)
            return False
    return True


def _bake(run: RunFolder, recipe: Recipe, journal: Journal) -> None:
    corpus = open_corpus(recipe.corpus)
    languages = _split(corpus, recipe, journal)
    journal.event("making questions", stage=generate.NAME)
    generated = generate.run(run.path, recipe, corpus.fingerprint, languages, journal)
    journal.event("looking for hard negatives", stage=mine.NAME)
    mined = mine.run(run.path, recipe, generated, languages, journal)
    documents = {document.id: document for document in corpus.documents}
    labelled = None
    if recipe.label.kind != "none":
        journal.event("asking the teacher", stage=label.NAME)
        labelled = label.run(run.path, recipe, generated, mined, documents, journal)
    journal.event("preparing the dev examination", stage=fit.NAME)
    examination = examine.prepare(corpus, generated, recipe.evaluate, run.id)
    inputs = Inputs(resolve(recipe.base), generated, mined, labelled, documents)
    fit.run(run.path, recipe, inputs, examination, journal)
    report = verdict.run(recipe, corpus, journal)
    journal.update(report=report)
    journal.end("finished", str(report["told"]))


def _split(corpus: Corpus, recipe: Recipe, journal: Journal) -> list[Shares]:
    judged = "dev" in splits(corpus.folder)
    shares = [share for share in split_by_language(corpus.documents, recipe.split, judged=judged) if share.train]
    if not shares:
        wanted = f" in {', '.join(recipe.split.languages)}" if recipe.split.languages else ""
        raise BakehouseError(
            f"{corpus.folder} has no passage{wanted} that is long enough to ask about: it holds {corpus.languages}."
        )
    if not judged and not any(share.dev for share in shares):
        raise BakehouseError(
            f"{corpus.folder} has too few passages to keep any out, and no dev judgments to judge checkpoints by. "
            "Give at least two passages in one language, or judgments in qrels/dev.tsv."
        )
    sizes = ", ".join(f"{share.lang} {len(share.train)}" for share in shares)
    journal.event(f"passages to ask about: {sizes}", stage="split")
    return shares


def _fail(journal: Journal, error: Exception) -> None:
    reason = explain(error) or f"{type(error).__name__}: {error}"
    remedy = "Mend this, then resume: it goes on from what is complete."
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        remedy = "Resume with less at a time: start a run with a lower fit.batch_size or fit.max_length."
    journal.end("failed", "failed", reason=reason, remedy=remedy)
