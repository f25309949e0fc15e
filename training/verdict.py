"""After the run: base against best, on dev and on test, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eval.compare import Comparison, compare
from eval.evaluate import evaluate
from eval.results import Result, all_results, load, save, scores_folder
from eval.task import open_task
from eval.wording import measure_title, sentence
from retrieval.beir import Corpus, splits
from retrieval.models import best_step
from training.config import Recipe
from training.journal import Journal
from training.keeping.disk import gigabytes, used
from training.keeping.examine import EXAMINED, MEASURE
from training.keeping.examiner import figures

NAME = "verdict"
TEST = "test"


def run(recipe: Recipe, corpus: Corpus, journal: Journal) -> dict[str, Any]:
    """Judge base and best on the test split, if there is one, and say which to use.

    Test judgments are read here for the first time, when the choice of the checkpoint is made.

    :returns: The report: comparisons by split and mode, and what is recommended.
    """
    run_id = journal.run.id
    journal.event("comparing base and best", stage=NAME)
    pairs = {"dev": _dev_results(run_id)}
    if recipe.evaluate.test and TEST in splits(corpus.folder):
        pairs[TEST] = _test_results(recipe, corpus, journal)
    found = {
        split: {mode: _told(compare(base, best, MEASURE)) for mode, (base, best) in of_split.items()}
        for split, of_split in pairs.items()
    }
    return {
        **found,
        "synthetic_dev": _is_synthetic(pairs["dev"]),
        **_recommendation(recipe, journal),
        "costs": list(_costs(journal)),
    }


def closing(report: Mapping[str, Any]) -> str:
    """The last message of a run: what to use, and what it took."""
    return " ".join([str(report["told"]), *report["costs"]])


_TELLING = ("early", "examination_share", "memory_peak_mb")
"""Metrics of events whose messages say what a fit took, or why it ended."""


def _costs(journal: Journal) -> Iterator[str]:
    """Sentences: why it ended early, what examinations and memory took, and the disk."""
    told = {name: event["message"] for event in journal.run.events() for name in _TELLING if name in event["metrics"]}
    yield from (f"{message[:1].upper()}{message[1:]}." for message in told.values())
    yield f"The checkpoints take {gigabytes(used(journal.run.path / 'checkpoints'))} of disk."


Pairs = dict[str, tuple[Result, Result]]


def _is_synthetic(pairs: Pairs) -> bool:
    return any(base.summary.synthetic for base, _ in pairs.values())


def _dev_results(run_id: str) -> Pairs:
    """Mode → (base, best), as examined during the run."""
    of_run = [result for result in all_results() if result.run == run_id and result.split == "dev"]
    step = best_step(scores_folder(run_id).parent)
    pairs: Pairs = {}
    for mode in EXAMINED:
        steps = {summary.step: summary for summary in of_run if summary.system.mode == mode}
        pairs[mode] = (load(steps[0]), load(steps[step]))
    return pairs


def _test_results(recipe: Recipe, corpus: Corpus, journal: Journal) -> Pairs:
    run_id = journal.run.id
    task = open_task(corpus, TEST, allow_unknown=True)
    step = best_step(journal.run.path) or 0
    # BM25 once: its ranking does not depend on the model
    named = ((recipe.base, 0, "base", (*EXAMINED, "lexical")), (run_id, step, "best", EXAMINED))
    results: list[Sequence[Result]] = []
    for name, at_step, label, modes in named:
        journal.event(f"judging {label} on {len(task.queries)} test questions", stage=NAME)
        judged = evaluate(task, name, modes, weight=recipe.evaluate.weight, run=run_id, step=at_step)
        results.append([save(result, scores_folder(run_id)) for result in judged])
    base, best = ({result.summary.system.mode: result for result in of_model} for of_model in results)
    status = journal.status
    journal.update(base=status.base | {TEST: figures(base)}, best=status.best | {TEST: figures(best)})
    pairs: Pairs = {mode: (base[mode], best[mode]) for mode in EXAMINED}
    return pairs


def _told(comparison: Comparison) -> dict[str, Any]:
    return {
        "base": comparison.a_value,
        "best": comparison.b_value,
        "difference": comparison.difference,
        "interval": list(comparison.interval),
        "p_value": comparison.p_value,
        "queries": comparison.queries,
        "verdict": comparison.verdict,
        "sentence": sentence(comparison),
    }


def _recommendation(recipe: Recipe, journal: Journal) -> dict[str, str]:
    """The base, unless a checkpoint beat it on dev in the chosen mode: test never decides."""
    mode = recipe.evaluate.mode
    base = journal.status.base["dev"][mode][MEASURE]
    best = journal.status.best["dev"][mode][MEASURE]
    step, measured = journal.status.best["step"], f"{mode} {measure_title(MEASURE)}"
    if best > base:
        told = f"Step {step} is the best checkpoint on dev: {measured} {best:.3f}, base {base:.3f}."
        return {"recommended": journal.run.id, "told": told}
    told = f"No checkpoint beat the base on dev: {measured} {best:.3f} at best, base {base:.3f}. Keep the base."
    return {"recommended": recipe.base, "told": told}
