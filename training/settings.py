"""A recipe is put together: flags win over the environment, that over the file, that over the preset.

The TOML file, the environment (``BAKEHOUSE_FIT__BATCH_SIZE=8``), the command line
(``--set fit.batch_size=8``) and the Train tab's form all derive from the models in :mod:`training.config`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from retrieval.errors import BakehouseError, nearest
from training.config import Recipe, Section
from training.presets import PRESETS

ENV_PREFIX = "BAKEHOUSE_"


class _Sourced(BaseSettings, Recipe):  # type: ignore[misc]
    """The recipe as read from flags, environment, file and preset, in this order of precedence."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )
    below: ClassVar[Sequence[Mapping[str, Any]]] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, *(InitSettingsSource(settings_cls, dict(values)) for values in cls.below))


def load_recipe(flags: Mapping[str, Any], file: Path | None = None) -> Recipe:
    """Put a recipe together from nested flags, the environment, a TOML file and the preset.

    :raises BakehouseError: on an unknown setting (with the nearest known name) or a value that does not fit.
    """
    from_file = _read_toml(file) if file else {}
    preset = flags.get("preset") or from_file.get("preset") or "quick"
    if preset not in PRESETS:
        raise BakehouseError(
            f"unknown preset '{preset}': choose {' or '.join(PRESETS)}.{nearest(str(preset), PRESETS)}"
        )
    sourced = type("_Sourced", (_Sourced,), {"below": (from_file, PRESETS[preset]), "__module__": __name__})
    return _checked(lambda: Recipe.model_validate(sourced(**flags).model_dump()))


def parse_recipe(text: str) -> Recipe:
    """The recipe of a run's ``config.toml``, which stands alone: nothing else is asked."""
    return _checked(lambda: Recipe.model_validate(tomllib.loads(text)))


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with other values, nested as in TOML; a table such as ``generate.models`` is added to.

    :raises BakehouseError: on an unknown setting or a value that does not fit.
    """
    return _checked(lambda: Recipe.model_validate(_merged(recipe.model_dump(mode="json"), changes)))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {name: _merged(below[name], above[name]) for name in above if isinstance(below.get(name), dict)}
    return {**below, **above, **both}


def to_toml(recipe: Recipe) -> str:
    """The recipe as TOML, every setting spelled out."""
    import tomlkit

    return tomlkit.dumps(recipe.model_dump(mode="json"))


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """``["fit.batch_size=8"]`` → ``{"fit": {"batch_size": 8}}``. Values are TOML, else plain text.

    :raises BakehouseError: if there is no equals sign.
    """
    nested: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise BakehouseError(f"--set {assignment}: wanted name=value, such as fit.batch_size=8.")
        place = nested
        *sections, last = name.strip().split(".")
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = _toml_value(value.strip())
    return nested


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BakehouseError(f"{file} is missing: --config wants a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BakehouseError(f"{file} is no TOML: {error}.") from error


def _checked(build: Any) -> Recipe:
    try:
        recipe: Recipe = build()
    except ValidationError as error:
        raise BakehouseError(" ".join(_sentence(fault) for fault in error.errors())) from error
    return recipe


def _sentence(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown setting '{name}'.{nearest(name, setting_names())}"
    if fault["type"] == "missing":
        return f"the setting '{name}' is missing."
    return f"{name} = {fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}."


def setting_names() -> list[str]:
    """The dotted names of all settings."""
    names = []
    for name, entry in Recipe.model_fields.items():
        kind = entry.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            names += [f"{name}.{inner}" for inner in kind.model_fields]
        else:
            names.append(name)
    return names
