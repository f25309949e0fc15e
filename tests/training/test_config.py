"""Settings: defined once, read from four places in a fixed order, refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.errors import BakehouseError
from training.presets import DOC2QUERY, PRESETS
from training.settings import load_recipe, parse_assignments, parse_recipe, setting_names, to_toml


def test_flags_win_over_environment_over_file_over_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text('corpus = "bread"\n[fit]\nmax_steps = 2\nbatch_size = 3\nlearning_rate = 0.1\n')
    monkeypatch.setenv("BAKEHOUSE_FIT__BATCH_SIZE", "4")
    monkeypatch.setenv("BAKEHOUSE_FIT__LEARNING_RATE", "0.2")
    recipe = load_recipe({"fit": {"learning_rate": 0.3}}, file)
    assert (recipe.fit.learning_rate, recipe.fit.batch_size, recipe.fit.max_steps) == (0.3, 4, 2)
    assert recipe.split.max_passages == PRESETS["quick"]["split"]["max_passages"]
    assert recipe.corpus == "bread"


def test_a_recipe_survives_its_file_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe({"corpus": "bread", "preset": "gpl"})
    monkeypatch.setenv("BAKEHOUSE_FIT__BATCH_SIZE", "4")
    assert parse_recipe(to_toml(recipe)) == recipe


def test_the_gpl_preset_is_that_of_the_paper() -> None:
    recipe = load_recipe({"corpus": "bread", "preset": "gpl"})
    assert (recipe.fit.max_steps, recipe.fit.batch_size, recipe.mine.negatives) == (140_000, 32, 50)
    assert recipe.label.kind == "cross-encoder"
    assert (recipe.generate.generator, recipe.generate.queries_per_passage) == ("seq2seq", 0)
    assert DOC2QUERY["de"] == "doc2query/msmarco-german-mt5-base-v1"


def test_assignments_are_typed() -> None:
    nested = parse_assignments(["fit.batch_size=8", "mine.retrievers=['bm25']", "base=a/b", "generate.models.de=x"])
    assert nested == {
        "fit": {"batch_size": 8},
        "mine": {"retrievers": ["bm25"]},
        "base": "a/b",
        "generate": {"models": {"de": "x"}},
    }


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("fit.batchsize=8", r"unknown setting 'fit\.batchsize'\. Did you mean 'fit\.batch_size'"),
        ("fitt.batch_size=8", r"unknown setting 'fitt'"),
        ("fit.batch_size=many", r"fit\.batch_size = 'many': input should be a valid integer"),
        ("fit.warmup=1.5", r"fit\.warmup = 1\.5: input should be less than 1"),
        ("evaluate.mode=lexical", r"evaluate\.mode = 'lexical': input should be 'hybrid' or 'dense'"),
        ("preset=slow", r"unknown preset 'slow': choose quick or ensemble or gpl or small"),
        ("fit.batch_size", r"wanted name=value"),
    ],
)
def test_what_does_not_fit_is_named(assignment: str, said: str) -> None:
    with pytest.raises(BakehouseError, match=said):
        load_recipe({"corpus": "bread", **parse_assignments([assignment])})


def test_a_missing_corpus_and_a_bad_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match="the setting 'corpus' is missing"):
        load_recipe({})
    with pytest.raises(BakehouseError, match="is missing: --config"):
        load_recipe({}, tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("fit = [")
    with pytest.raises(BakehouseError, match="is no TOML"):
        load_recipe({}, tmp_path / "bad.toml")


def test_every_setting_explains_itself() -> None:
    from training.config import Recipe, Section

    for section in Recipe.model_fields.values():
        if isinstance(section.annotation, type) and issubclass(section.annotation, Section):
            assert all(field.description for field in section.annotation.model_fields.values())
    assert "fit.learning_rate" in setting_names()
