"""A recipe in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from eval.wording import listed
from retrieval.page import numbers
from retrieval.page.tongues import language_name
from training.config import Recipe
from training.page.form import FOLDS

_GENERATORS = {
    "extract": "taken out of the passage itself",
    "seq2seq": "by a doc2query model",
    "causal": "by an instruction model",
}


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
