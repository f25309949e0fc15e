"""The models that a run will load, looked for before it does anything expensive."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.beir import Corpus
from retrieval.models import check
from training import generate
from training.config import Recipe
from training.fitting.losses import OF_VECTORS, generated_loss
from training.stages import stages_of
from training.teaching import teachers

_NO_MODEL = ("", "bm25", "base")


def check_models(recipe: Recipe, corpus: Corpus, until: str = "") -> None:
    """Refuse a run that would fail hours later, where a stage looks in vain for its model. Nothing is downloaded.

    A language that is yet to be identified counts when its stage comes.

    :param until: The last stage that is to be made; empty for all.
    :raises BakehouseError: if a model is nowhere to be had.
    """
    for name in dict.fromkeys(_named(recipe, corpus, until)):
        if name not in _NO_MODEL:
            check(name)


def _named(recipe: Recipe, corpus: Corpus, until: str) -> Iterator[str]:
    languages = recipe.split.languages or tuple(corpus.languages)
    yield recipe.base
    for stage in stages_of(recipe):
        if stage.name == "generate":
            yield from (generate.name_of(lang, recipe.generate) for lang in languages)
        elif stage.name == "filter" and recipe.filter.round_trip:
            yield recipe.filter.retriever
        elif stage.name == "mine":
            yield from recipe.mine.retrievers
        elif stage.name == "label":
            yield from (teachers.name_of(lang, recipe.label) for lang in languages)
        elif stage.name == "fit" and not recipe.fit.data_only and generated_loss(recipe) in OF_VECTORS:
            yield from (recipe.label.teacher, *recipe.label.ensemble)
        if stage.name == until:
            return
