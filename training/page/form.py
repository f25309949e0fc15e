"""The Train tab's form: derived from the settings, and read back into a recipe.

What stands in the form becomes the same ``--set`` assignments that a person would type, and these
become the recipe: the button and the command line cannot drift apart.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from retrieval.errors import BakehouseError
from training.config import Recipe, Section
from training.settings import load_recipe, parse_assignments

Kind = Literal["choice", "switch", "whole", "number", "words", "mapping", "text"]
Values = dict[str, Any]
"""Dotted setting name → what stands in its field."""

LONG = 80
"""A default longer than this wants a field of several lines."""

_KINDS: dict[Any, Kind] = {bool: "switch", int: "whole", float: "number", tuple: "words", dict: "mapping"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of the form.

    :param name: Dotted, such as ``fit.batch_size``.
    :param choices: What a ``choice`` offers.
    """

    name: str
    label: str
    description: str
    kind: Kind
    default: Any
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of the recipe that opens and closes.

    :param sections: The groups of settings it holds, in order.
    :param common: The settings seen at once; the others are under "all settings".
    """

    title: str
    sections: tuple[str, ...]
    common: tuple[str, ...]


FOLDS = (
    Fold("Corpus and languages", ("split",), ("split.languages", "split.max_passages", "split.balance")),
    Fold(
        "Queries and teacher",
        ("generate", "filter", "mine", "label"),
        (
            "generate.generator",
            "generate.source",
            "generate.queries_per_passage",
            "filter.round_trip",
            "mine.negatives",
            "label.kind",
            "label.teacher",
        ),
    ),
    Fold(
        "Fit",
        ("fit",),
        (
            "fit.loss",
            "fit.data",
            "fit.trainable",
            "fit.top_layers",
            "fit.average",
            "fit.max_steps",
            "fit.batch_size",
            "fit.learning_rate",
        ),
    ),
    Fold(
        "Checkpoints and place",
        ("evaluate", "checkpoints", "track"),
        ("evaluate.times", "evaluate.mode", "evaluate.patience", "checkpoints.keep"),
    ),
)


@cache
def settings() -> dict[str, Setting]:
    """Every setting below the recipe's own three (corpus, base, preset), in the order of its definition."""
    found = [
        _setting(f"{section}.{name}", field)
        for section, entry in Recipe.model_fields.items()
        if isinstance(entry.annotation, type) and issubclass(entry.annotation, Section)
        for name, field in entry.annotation.model_fields.items()
    ]
    return {setting.name: _told_apart(setting, found) for setting in found}


def of_fold(fold: Fold) -> tuple[list[Setting], list[Setting]]:
    """The common settings of a fold, and all its others."""
    inside = [setting for name, setting in settings().items() if name.partition(".")[0] in fold.sections]
    common = [settings()[name] for name in fold.common]
    return common, [setting for setting in inside if setting not in common]


def _told_apart(setting: Setting, all_settings: Sequence[Setting]) -> Setting:
    """A label that several sections have, such as Seed, says which one is meant."""
    if sum(other.label == setting.label for other in all_settings) == 1:
        return setting
    return replace(setting, label=f"{setting.label} ({setting.name.partition('.')[0]})")


def _setting(name: str, field: FieldInfo) -> Setting:
    label = field.title or name.partition(".")[2].replace("_", " ").capitalize()
    kind, choices = _kind(field.annotation)
    return Setting(name, label, field.description or "", kind, field.default, choices)


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    origin = get_origin(annotation)
    if origin is Literal:
        return "choice", get_args(annotation)
    return _KINDS.get(origin or annotation, "text"), ()


def start_values(preset: str) -> Values:
    """What the fields show when a preset is chosen: the recipe before anyone has changed anything."""
    return values_of(load_recipe({"corpus": "-", "preset": preset}))


def values_of(recipe: Recipe) -> Values:
    """What the fields show for a recipe."""
    return {name: _shown(setting, _stored(recipe, name)) for name, setting in settings().items()}


def _stored(recipe: Recipe, name: str) -> Any:
    section, _, inner = name.partition(".")
    return getattr(getattr(recipe, section), inner)


def _shown(setting: Setting, value: Any) -> Any:
    if setting.kind == "mapping":
        return "\n".join(f"{key} = {entry}" for key, entry in value.items())
    return list(value) if setting.kind == "words" else value


def assignments(preset: str, values: Mapping[str, Any]) -> list[str]:
    """``name=value`` for each field that says something else than the preset, as ``--set`` takes them.

    An emptied number goes back to the preset's.

    :raises BakehouseError: if a mapping has a line without an equals sign.
    """
    recipe = load_recipe({"corpus": "-", "preset": preset})
    changed: list[str] = []
    for name, value in values.items():
        setting, stored = settings()[name], _stored(recipe, name)
        if setting.kind == "mapping":
            changed += _of_mapping(name, stored, _entries(setting, value))
        elif value is not None and (read := _read(setting, value)) != stored:
            changed.append(f"{name}={_written(read)}")
    return changed


def _read(setting: Setting, value: Any) -> Any:
    if setting.kind == "words":
        return tuple(value)
    if setting.kind == "whole" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value.strip() if isinstance(value, str) else value


def _entries(setting: Setting, text: str | None) -> dict[str, str]:
    entries = {}
    for line in filter(str.strip, (text or "").splitlines()):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not (key and equals):
            raise BakehouseError(f"{setting.name}: found the line '{line.strip()}', wanted 'code = name'.")
        entries[key] = value
    return entries


def _of_mapping(name: str, stored: Mapping[str, str], entries: dict[str, str]) -> list[str]:
    """One assignment an entry, because assignments add to a mapping; an entry taken out is set empty."""
    wanted = dict.fromkeys(stored, "") | entries
    return [f"{name}.{key}={_written(value)}" for key, value in wanted.items() if value != stored.get(key)]


def _written(value: Any) -> str:
    """The value as ``--set`` reads it: plain words where they cannot be taken for anything else."""
    if isinstance(value, str):
        plain = parse_assignments([f"x={value}"])["x"]
        return value if value and plain == value and "\n" not in value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def to_recipe(corpus: str, base: str, preset: str, values: Mapping[str, Any]) -> Recipe:
    """The recipe that the form says.

    :raises BakehouseError: naming the setting whose value does not fit.
    """
    named = {"corpus": corpus, "base": base.strip(), "preset": preset}
    return load_recipe(parse_assignments(assignments(preset, values)) | named)


def command_line(corpus: str, base: str, preset: str, changed: Sequence[str]) -> str:
    """The command that does what the button does."""
    parts = ["python", "-m", "training", "run", "--corpus", corpus]
    if base != Recipe.model_fields["base"].default:
        parts += ["--base", base]
    parts += ["--preset", preset]
    for assignment in changed:
        parts += ["--set", assignment]
    return shlex.join(parts)


def changed_in(recipe: Recipe) -> list[str]:
    """What a run's recipe says otherwise than its preset, as assignments."""
    return assignments(recipe.preset, values_of(recipe))
