"""Where a recipe names models and files, for those who must name them otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from training import settings
from training.config import Recipe

MODELS = (
    "base", "generate.model", "generate.models", "filter.retriever", "mine.retrievers", "label.teacher",
    "label.teachers", "label.ensemble",
)  # fmt: skip
FILES = ("corpus", "generate.source", "fit.data")
_NO_MODEL = {"bm25", "base"}
"""Retrievers that are named so are no models."""


def renamed(recipe: Recipe, names: Iterable[str], rename: Callable[[str], str]) -> Recipe:
    """The recipe with other names of models or files.

    :param names: Of settings: :data:`MODELS`, :data:`FILES` or both.
    """
    values = recipe.model_dump(mode="json")
    changes: dict[str, Any] = {}
    for name in names:
        *sections, last = name.split(".")
        of, into = values, changes
        for section in sections:
            of, into = of[section], into.setdefault(section, {})
        into[last] = _each(of[last], rename)
    return settings.changed(recipe, changes)


def _each(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _each(inner, rename) for name, inner in value.items()}
    if isinstance(value, list):
        return [_each(inner, rename) for inner in value]
    return rename(value) if value and value not in _NO_MODEL else value
