"""A recipe in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from eval.wording import listed
from retrieval.page import numbers
from retrieval.page.tongues import language_name
from training.config import Fit, Recipe
from training.fitting.losses import generated_loss
from training.page.form import FOLDS
from training.stages import stages_of

_GENERATORS = {
    "extract": "taken out of the passage itself",
    "seq2seq": "by a doc2query model",
    "causal": "by an instruction model",
    "bring": "brought by you",
}
_FINDERS = {"bm25": "BM25", "base": "the base model"}
_BALANCES = {
    "natural": "",
    "root": ", by the root of each language’s size",
    "equal": ", as many of each language",
}
_OWN_DATA = "your own data alone"


def fold_titles(recipe: Recipe) -> list[str]:
    """For each fold its title, and on a second line what it is set to.

    :raises BakehouseError: if the loss does not fit what it would be trained on.
    """
    return [f"{fold.title}\n{_SENTENCES[fold.title](recipe)}" for fold in FOLDS]


def _of_split(recipe: Recipe) -> str:
    split = recipe.split
    languages = listed(list(map(language_name, split.languages))) if split.languages else "All languages"
    return (
        f"{languages}, at most {numbers.counted(split.max_passages, 'passage')} each{_BALANCES[split.balance]}; "
        f"{numbers.percent(split.dev_share)} kept out where there are no dev judgments."
    )


def _of_queries(recipe: Recipe) -> str:
    if recipe.fit.data_only:
        return f"No questions are made: {_OWN_DATA} trains."
    return f"{'; '.join([_questions(recipe), *_filtered(recipe), *_negatives(recipe), _teacher(recipe)])}."


def _questions(recipe: Recipe) -> str:
    each = recipe.generate.queries_per_passage
    count = f"{numbers.counted(each, 'question')} a passage" if each else "As many questions a passage as GPL"
    if recipe.generate.generator == "bring":
        count = "The questions"
    return f"{count}, {_GENERATORS[recipe.generate.generator]}"


def _filtered(recipe: Recipe) -> list[str]:
    settings = recipe.filter
    if not settings.round_trip:
        return []
    finder = _FINDERS.get(settings.retriever, Path(settings.retriever).name)
    first = f"the first {numbers.count(settings.round_trip)}" if settings.round_trip > 1 else "first"
    return [f"kept if {finder} finds the passage {'among ' if settings.round_trip > 1 else ''}{first}"]


def _negatives(recipe: Recipe) -> list[str]:
    if "mine" not in [stage.name for stage in stages_of(recipe)]:
        return []
    finders = listed([_FINDERS.get(name, Path(name).name) for name in recipe.mine.retrievers])
    return [f"{numbers.counted(recipe.mine.negatives, 'negative')} found by {finders}"]


def _teacher(recipe: Recipe) -> str:
    label = recipe.label
    if label.kind == "none":
        return "no teacher"
    named = [
        _FINDERS.get(name, Path(name).name) or "a teacher without a name" for name in (label.teacher, *label.ensemble)
    ]
    return f"taught by {listed(named)}"


def _of_fit(recipe: Recipe) -> str:
    fit = recipe.fit
    length = f"at most {numbers.counted(fit.max_steps, 'step')}" if fit.max_steps else f"{fit.epochs:g} × all pairs"
    each = numbers.counted(fit.batch_size, "row") if fit.batch_size else "as many rows as fit"
    mixed = [f"{numbers.percent(1 - fit.average)} of the base mixed in"] if fit.average < 1 else []
    parts = [_loss(recipe), _learning(fit), f"{length} of {each}", f"learning rate {fit.learning_rate:g}", *mixed]
    return f"{'; '.join(parts)}."


def _loss(recipe: Recipe) -> str:
    """Which loss trains on what, and the shorter dimensions trained beside."""
    fit = recipe.fit
    name = fit.loss if fit.data_only else generated_loss(recipe)
    said = "The loss that fits" if name == "auto" else f"Loss {name}"
    also = f" (and at {listed([str(size) for size in fit.matryoshka])} dimensions)" if fit.matryoshka else ""
    on = f" on {_OWN_DATA}" if fit.data_only else f" on the questions and {Path(fit.data).name}" if fit.data else ""
    return f"{said}{also}{on}"


def _learning(fit: Fit) -> str:
    """What learns."""
    if fit.trainable == "lora":
        return f"LoRA adapters of rank {fit.lora_rank} learn"
    if fit.trainable == "head":
        return "only a dense layer on top learns"
    if fit.trainable == "top":
        return f"the top {numbers.counted(fit.top_layers, 'layer')} learn{'s' if fit.top_layers == 1 else ''}"
    return "all layers learn" + (", but not the word embeddings" if fit.freeze_embeddings else "")


def _of_checkpoints(recipe: Recipe) -> str:
    judged, keep = recipe.evaluate, recipe.checkpoints.keep
    kept = "the latest" if keep == 1 else f"the latest {keep}"
    best = "the best" if recipe.checkpoints.best == 1 else f"the best {recipe.checkpoints.best}"
    patience = f", until {numbers.counted(judged.patience, 'time')} without a better one" if judged.patience else ""
    pushed = f"pushed to {recipe.checkpoints.push}" if recipe.checkpoints.push else "on this machine"
    return f"Judged {_how_often(recipe)} by {judged.mode} nDCG@10{patience}; {best} and {kept} kept; {pushed}."


def _how_often(recipe: Recipe) -> str:
    every = recipe.evaluate.every
    if not every:
        return numbers.counted(recipe.evaluate.times, "time")
    return (
        f"every {numbers.percent(every)} of the run" if every < 1 else f"every {numbers.counted(round(every), 'step')}"
    )


_SENTENCES: Mapping[str, Callable[[Recipe], str]] = dict(
    zip((fold.title for fold in FOLDS), (_of_split, _of_queries, _of_fit, _of_checkpoints), strict=True)
)
