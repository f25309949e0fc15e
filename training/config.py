"""Every setting of a training run, defined once.

The TOML file, the environment (``BAKEHOUSE_FIT__BATCH_SIZE=8``), the command line
(``--set fit.batch_size=8``) and the Train tab's form all derive from these models. What is said on
the command line wins over the environment, that over the file, that over the preset, that over the
defaults below.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from retrieval.errors import BakehouseError, nearest
from retrieval.models import DEFAULT

ENV_PREFIX = "BAKEHOUSE_"


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Split(Section):
    """Which languages are trained on, and which documents are kept out."""

    languages: tuple[str, ...] = Field((), description="Train on these languages only; all if empty")
    max_passages: int = Field(2000, ge=1, description="Passages a language that questions are made from, at most")
    dev_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="Share of passages kept out of training to judge by, where there are no dev judgments",
    )
    seed: int = Field(13, description="Draws the passages")


class Generate(Section):
    """Questions for passages: the stage that replaces labels."""

    generator: Literal["extract", "seq2seq", "causal"] = Field(
        "extract",
        description="extract takes sentences and key phrases, needing no model; seq2seq is doc2query; causal is an instruction model",
    )
    model: str = Field("", description="Generator for languages that have none of their own")
    models: dict[str, str] = Field({}, description="Language code → generator model")
    queries_per_passage: int = Field(3, ge=1, le=50, description="Questions made from each passage")
    prompt: str = Field(
        "Write one short search question, in {language}, that the following text answers. Text: {text}\nQuestion:",
        description="What a causal generator is asked; {language} and {text} are filled in",
    )
    max_passage_tokens: int = Field(350, ge=16, description="A passage is cut here before the generator reads it")
    max_query_tokens: int = Field(64, ge=4, description="A question is cut here")
    temperature: float = Field(1.0, gt=0, description="Sampling temperature of the generator")
    top_p: float = Field(0.95, gt=0, le=1, description="Nucleus sampling share (Holtzman et al., 2020)")
    seed: int = Field(13, description="Seeds the sampling, so that two runs ask the same")


class Mine(Section):
    """Hard negatives: passages that look right and are not the source of the question."""

    retrievers: tuple[str, ...] = Field(
        ("bm25", "base"), min_length=1, description="Who looks: bm25, base (the model being tuned), or model names"
    )
    depth: int = Field(50, ge=1, description="How far down each ranking")
    skip: int = Field(0, ge=0, description="Leave out the first ranks, where unmarked right answers gather")
    negatives: int = Field(8, ge=1, description="Negatives kept for each question, drawn over all retrievers")
    ceiling: float = Field(
        0.95,
        gt=0,
        description="Drop a candidate whose dense score exceeds this share of the source passage's: it may be right too",
    )
    seed: int = Field(13, description="Draws the negatives")


class Label(Section):
    """A teacher scores question and passage; the student learns the differences."""

    kind: Literal["none", "cross-encoder", "bi-encoder"] = Field(
        "none", description="What the teacher is; none trains by contrast"
    )
    teacher: str = Field("", description="The teacher's model name")
    batch_size: int = Field(32, ge=1, description="Pairs scored at once; no part of the result's key")


class Fit(Section):
    """The training itself."""

    loss: Literal["auto", "margin-mse", "mnrl"] = Field(
        "auto", description="auto: MarginMSE where a teacher gave margins, else multiple negatives ranking"
    )
    trainable: Literal["top", "all"] = Field("top", description="Which layers learn: the top ones, or all")
    top_layers: int = Field(2, ge=1, description="How many layers learn when trainable is top")
    freeze_embeddings: bool = Field(True, description="Leave the word embeddings as they are")
    epochs: float = Field(1.0, gt=0, description="Passes over the training pairs")
    max_steps: int = Field(0, ge=0, description="Stop after this many steps; 0 for no limit")
    batch_size: int = Field(16, ge=2, description="Questions a step")
    negatives: int = Field(1, ge=0, description="Mined negatives beside each question (multiple negatives ranking)")
    learning_rate: float = Field(2e-5, gt=0, description="Peak of the linear schedule")
    warmup: float = Field(0.1, ge=0, lt=1, description="Share of the steps that the learning rate climbs")
    temperature: float = Field(0.02, gt=0, description="Softmax temperature of multiple negatives ranking")
    max_length: int = Field(256, ge=8, description="Tokens of a passage that training reads")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="auto: bf16 where the hardware has it")
    log_every: int = Field(1, ge=1, description="Steps between two points of the loss curve")
    seed: int = Field(13, description="Seeds the order of the batches")


class Evaluate(Section):
    """How the checkpoints are judged while training goes on."""

    times: int = Field(5, ge=1, description="Evaluations spread evenly over the run, beside the one before it")
    mode: Literal["hybrid", "dense"] = Field(
        "hybrid",
        description="The ranking that decides which checkpoint is best; BM25's own does not depend on the model",
    )
    weight: float = Field(0.5, ge=0, le=1, description="Share of the dense side in the hybrid")
    max_queries: int = Field(1000, ge=1, description="Dev questions used, drawn by seed")
    max_documents: int = Field(5000, ge=1, description="Documents ranked on dev: all relevant ones, filled up by draw")
    test: bool = Field(True, description="After the run, judge base and best on the test split, if there is one")
    seed: int = Field(13, description="Draws questions and documents")


class Checkpoints(Section):
    """What stays on disk."""

    keep: int = Field(1, ge=1, description="Latest checkpoints kept beside the best one")


class Recipe(Section):
    """A whole run: corpus, base model and the settings of every stage."""

    corpus: str = Field(description="A BEIR folder, or the name of one in the workspace")
    base: str = Field(DEFAULT, description="The model to tune")
    preset: Literal["quick", "gpl"] = Field("quick", description="Which set of settings the recipe started from")
    split: Split = Split()
    generate: Generate = Generate()
    mine: Mine = Mine()
    label: Label = Label()
    fit: Fit = Fit()
    evaluate: Evaluate = Evaluate()
    checkpoints: Checkpoints = Checkpoints()


_DOC2QUERY = "doc2query/msmarco-{}-mt5-base-v1"
_DOC2QUERY_LANGUAGES = {
    "ar": "arabic", "de": "german", "es": "spanish", "fr": "french", "hi": "hindi", "id": "indonesian",
    "it": "italian", "ja": "japanese", "nl": "dutch", "pt": "portuguese", "ru": "russian", "vi": "vietnamese",
    "zh": "chinese",
}  # fmt: skip

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "split": {"max_passages": 500},
        "fit": {"max_steps": 120},
        "evaluate": {"max_queries": 300, "max_documents": 1000},
    },
    "gpl": {
        "split": {"max_passages": 100_000},
        "generate": {
            "generator": "seq2seq",
            "model": "doc2query/msmarco-14langs-mt5-base-v1",
            "models": {
                "en": "doc2query/msmarco-t5-base-v1",
                **{lang: _DOC2QUERY.format(name) for lang, name in _DOC2QUERY_LANGUAGES.items()},
            },
        },
        "mine": {"retrievers": ("bm25", "base"), "negatives": 50, "ceiling": 1e9},
        "label": {"kind": "cross-encoder", "teacher": "cross-encoder/mmarco-mMiniLMv2-L12-H384-v1"},
        "fit": {
            "trainable": "all",
            "freeze_embeddings": False,
            "max_steps": 140_000,
            "epochs": 1000.0,
            "batch_size": 32,
            "max_length": 350,
        },
    },
}
"""``quick`` needs no Hub and trains the top layers in minutes. ``gpl`` follows Wang et al., "GPL: Generative
Pseudo Labeling for Unsupervised Domain Adaptation of Dense Retrieval" (2022), with a question generator
for each language: 50 negatives, MarginMSE, batches of 32, 140,000 steps."""


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
