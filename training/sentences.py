"""A recipe and a plan in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from retrieval.page import numbers
from retrieval.page.tongues import language_name
from training.config import Recipe
from training.form import FOLDS
from training.plan import Plan

_GENERATORS = {
    "extract": "taken out of the passage itself",
    "seq2seq": "by a doc2query model",
    "causal": "by an instruction model",
}
_LISTED = 4


def fold_titles(recipe: Recipe) -> list[str]:
    """For each fold its title, and on a second line what it is set to."""
    return [f"{fold.title}\n{_SENTENCES[fold.title](recipe)}" for fold in FOLDS]


def _of_split(recipe: Recipe) -> str:
    split = recipe.split
    languages = listed(list(map(language_name, split.languages))) if split.languages else "All languages"
    return (
        f"{languages}, at most {numbers.counted(split.max_passages, 'passage')} each; "
        f"{numbers.percent(split.dev_share)} kept out where there are no dev judgments."
    )


def _of_queries(recipe: Recipe) -> str:
    generate, mine, label = recipe.generate, recipe.mine, recipe.label
    finders = listed([{"bm25": "BM25", "base": "the base model"}.get(name, name) for name in mine.retrievers])
    teacher = (
        f"taught by {Path(label.teacher).name or 'a teacher without a name'}" if label.kind != "none" else "no teacher"
    )
    return (
        f"{numbers.counted(generate.queries_per_passage, 'question')} a passage, {_GENERATORS[generate.generator]}; "
        f"{numbers.counted(mine.negatives, 'negative')} found by {finders}; {teacher}."
    )


def _of_fit(recipe: Recipe) -> str:
    fit = recipe.fit
    layers = (
        "All layers learn" if fit.trainable == "all" else f"The top {numbers.counted(fit.top_layers, 'layer')} learn"
    )
    if fit.trainable == "all" and fit.freeze_embeddings:
        layers += ", but not the word embeddings"
    length = f"at most {numbers.counted(fit.max_steps, 'step')}" if fit.max_steps else f"{fit.epochs:g} × all pairs"
    return f"{layers}; {length} of {numbers.counted(fit.batch_size, 'question')}; learning rate {fit.learning_rate:g}."


def _of_checkpoints(recipe: Recipe) -> str:
    judged, keep = recipe.evaluate, recipe.checkpoints.keep
    kept = "the latest" if keep == 1 else f"the latest {keep}"
    return (
        f"Judged {numbers.counted(judged.times, 'time')} by {judged.mode} nDCG@10; "
        f"the best and {kept} kept; on this machine."
    )


_SENTENCES: Mapping[str, Callable[[Recipe], str]] = dict(
    zip((fold.title for fold in FOLDS), (_of_split, _of_queries, _of_fit, _of_checkpoints), strict=True)
)


def listed(names: list[str], most: int = _LISTED) -> str:
    """``a, b and c``; what is beyond ``most`` is counted."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def judging(plan: Plan) -> str:
    """By what the checkpoints are judged."""
    times = numbers.counted(plan.examinations, "time")
    if plan.synthetic:
        kept = numbers.counted(plan.kept_out, "passage")
        return f"{times}, on synthetic dev: questions made from {kept} kept out of training"
    return f"{times}, on the corpus’s own dev judgments"


def memory(plan: Plan) -> str:
    """What weights and optimizer take."""
    if plan.need is None:
        return "known once the base model is on this machine; starting fetches it"
    share = f"{numbers.count(plan.need.trainable)} of {numbers.count(plan.need.parameters)} parameters learn"
    return f"about {numbers.size(plan.need.memory)} for weights and optimizer, an estimate; the batch comes on top ({share})"


def disk(plan: Plan) -> str:
    """What the checkpoints take against what is free."""
    if plan.need is None:
        return f"known once the base model is on this machine; {numbers.size(plan.free)} free"
    return f"{numbers.size(plan.need.disk)} for checkpoints, {numbers.size(plan.free)} free"


def time(plan: Plan) -> str:
    """How long the steps take, if it is known."""
    if plan.pace is None or plan.seconds is None:
        return "known after the first steps: no run with this model and these settings was timed here"
    each = plan.pace.seconds
    pace = f"{numbers.plain(each)} s" if 1 <= each < 10 else numbers.duration(each)
    return f"about {numbers.duration(plan.seconds)} for the steps, at {pace} each as in an earlier run"
