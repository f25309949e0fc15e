"""The form says what the settings say, and what is typed there is what a command line would say."""

from __future__ import annotations

import shlex
from itertools import pairwise
from typing import Any

import pytest

from retrieval.errors import BakehouseError
from training.config import Recipe
from training.data.shapes import Shape
from training.fitting.losses import TABLE
from training.page import form
from training.page.losses import losses_table
from training.page.sentences import fold_titles
from training.settings import load_recipe, parse_assignments, setting_names


def changed(preset: str = "quick", **values: Any) -> list[str]:
    """The assignments after these fields were filled in; ``fit__epochs`` stands for ``fit.epochs``."""
    filled = {name.replace("__", "."): value for name, value in values.items()}
    return form.assignments(preset, form.start_values(preset) | filled)


def test_every_setting_has_a_field_with_its_own_words() -> None:
    fields = form.settings()
    assert {*fields, "corpus", "base", "preset"} == set(setting_names())
    assert all(setting.description and setting.label for setting in fields.values())
    assert fields["fit.learning_rate"] == form.Setting(
        "fit.learning_rate", "Learning rate", "Peak of the linear schedule", "number", 2e-5
    )
    assert fields["label.kind"].choices == ("none", "cross-encoder", "bi-encoder")
    kinds = {name: setting.kind for name, setting in fields.items()}
    assert [kinds[name] for name in ("fit.freeze_embeddings", "split.languages", "generate.models")] == [
        "switch",
        "words",
        "mapping",
    ]


def test_every_setting_lies_in_one_fold_and_no_label_stands_twice() -> None:
    inside = [setting for fold in form.FOLDS for part in form.of_fold(fold) for setting in part]
    assert sorted(setting.name for setting in inside) == sorted(form.settings())
    assert len({setting.label for setting in inside}) == len(inside)
    assert form.settings()["mine.seed"].label == "Seed (mine)"


@pytest.mark.parametrize("preset", ["quick", "ensemble", "gpl", "small"])
def test_an_untouched_form_changes_nothing(preset: str) -> None:
    assert changed(preset) == []
    values = form.start_values(preset)
    assert form.to_recipe("c", "b", preset, values) == load_recipe({"corpus": "c", "base": "b", "preset": preset})


def test_what_is_typed_becomes_assignments_and_a_recipe() -> None:
    told = changed(
        fit__max_steps=8.0, fit__freeze_embeddings=False, split__languages=["de", "ar"], label__teacher=" a/b "
    )
    assert told == [
        'split.languages=["de", "ar"]',
        "label.teacher=a/b",
        "fit.freeze_embeddings=false",
        "fit.max_steps=8",
    ]
    recipe = load_recipe(parse_assignments(told) | {"corpus": "c"})
    assert (recipe.fit.max_steps, recipe.fit.freeze_embeddings) == (8, False)
    assert (recipe.split.languages, recipe.label.teacher) == (("de", "ar"), "a/b")


@pytest.mark.parametrize("text", ["12", "true", "[1]", "two\nlines", 'a "quoted" word', "x = 1", "2020-01-01"])
def test_text_stays_text(text: str) -> None:
    values = form.start_values("quick") | {"generate.prompt": text}
    assert form.to_recipe("c", "b", "quick", values).generate.prompt == text


def test_an_emptied_number_goes_back_to_the_preset() -> None:
    assert changed(fit__batch_size=None, fit__epochs=None) == []


def test_a_mapping_is_lines_and_what_is_taken_out_is_gone() -> None:
    values = form.start_values("gpl") | {"label.teachers": "fr = my/model\n\n de=other "}
    told = form.assignments("gpl", values)
    assert "label.teachers.fr=my/model" in told and 'label.teachers.en=""' in told
    teachers = form.to_recipe("c", "b", "gpl", values).label.teachers
    assert {lang: name for lang, name in teachers.items() if name} == {"fr": "my/model", "de": "other"}
    with pytest.raises(BakehouseError, match=r"generate\.models: found the line 'nonsense', wanted 'code = name'"):
        form.assignments("gpl", {"generate.models": "nonsense"})


@pytest.mark.parametrize("value", [8.5, -1])
def test_a_value_that_does_not_fit_names_its_setting(value: float) -> None:
    with pytest.raises(BakehouseError, match=r"fit\.batch_size = "):
        form.to_recipe("c", "b", "quick", form.start_values("quick") | {"fit.batch_size": value})


def test_a_run_can_be_typed_again_from_its_recipe() -> None:
    values = form.start_values("gpl") | {"fit.max_steps": 5, "generate.prompt": "Ask\nabout {text}"}
    recipe = form.to_recipe("my corpus", "a/base", "gpl", values)
    line = form.command_line("my corpus", "a/base", "gpl", form.changed_in(recipe))
    words = shlex.split(line)
    start = ["python", "-m", "training", "run", "--corpus", "my corpus", "--base", "a/base", "--preset", "gpl"]
    assert words[:10] == start
    told = [word for flag, word in pairwise(words) if flag == "--set"]
    assert load_recipe(parse_assignments(told) | {"corpus": "my corpus", "base": "a/base", "preset": "gpl"}) == recipe
    assert form.values_of(recipe) == values


def test_the_default_base_is_not_repeated_in_the_command() -> None:
    base = Recipe.model_fields["base"].default
    assert form.command_line("c", base, "quick", []) == "python -m training run --corpus c --preset quick"


def test_a_closed_fold_says_what_it_is_set_to() -> None:
    titles = fold_titles(load_recipe({"corpus": "c", "split": {"languages": ("de", "ar")}, "fit": {"max_steps": 1}}))
    assert titles == [
        "Corpus and languages\nDeutsch and العربية, at most 500 passages each; "
        "10\u202f% kept out where there are no dev judgments.",
        "Queries and teacher\n3 questions a passage, taken out of the passage itself; "
        "8 negatives found by BM25 and the base model; no teacher.",
        "Fit\nLoss mnrl; the top 2 layers learn; at most 1 step of 16 rows; learning rate 2e-05.",
        "Checkpoints and place\nJudged 5 times by hybrid nDCG@10; the best and the latest kept; on this machine.",
    ]
    assert (
        "Loss margin-mse; all layers learn; at most 140,000 steps of 32 rows"
        in fold_titles(load_recipe({"corpus": "c", "preset": "gpl"}))[2]
    )


@pytest.mark.parametrize(
    ("section", "values", "fold", "said"),
    [
        ("split", {"balance": "equal"}, 0, "500 passages each, as many of each language; "),
        ("generate", {"queries_per_passage": 0}, 1, "As many questions a passage as GPL, taken out"),
        ("filter", {"round_trip": 10}, 1, "itself; kept if BM25 finds the passage among the first 10; 8 negatives"),
        ("filter", {"round_trip": 1, "retriever": "base"}, 1, "; kept if the base model finds the passage first; "),
        ("label", {"kind": "bi-encoder", "teacher": "a/b", "ensemble": ["c/d"]}, 1, "; taught by b and d."),
        ("fit", {"loss": "tsdae"}, 1, "taken out of the passage itself; no teacher."),
        ("fit", {"data_only": True, "data": "x.csv"}, 1, "No questions are made: your own data alone trains."),
        ("fit", {"data_only": True, "data": "x.csv"}, 2, "The loss that fits on your own data alone; the top"),
        ("fit", {"data": "/a/x.csv"}, 2, "Loss mnrl on the questions and x.csv; "),
        ("fit", {"matryoshka": (128, 64)}, 2, "Loss mnrl (and at 128 and 64 dimensions); "),
        ("fit", {"trainable": "lora", "lora_rank": 4}, 2, "; LoRA adapters of rank 4 learn; "),
        ("fit", {"trainable": "head"}, 2, "; only a dense layer on top learns; "),
        ("fit", {"top_layers": 1}, 2, "; the top 1 layer learns; "),
        ("fit", {"trainable": "all"}, 2, "; all layers learn, but not the word embeddings; "),
        (
            "fit",
            {"batch_size": 0, "average": 0.5},
            2,
            "of as many rows as fit; learning rate 2e-05; 50\u202f% of the base mixed in.",
        ),
        (
            "evaluate",
            {"every": 0.25, "patience": 2},
            3,
            "every 25\u202f% of the run by hybrid nDCG@10, until 2 times without",
        ),
        ("checkpoints", {"best": 2, "push": "me/it"}, 3, "the best 2 and the latest kept; pushed to me/it."),
    ],
)
def test_what_is_set_is_said(section: str, values: dict[str, Any], fold: int, said: str) -> None:
    assert said in fold_titles(load_recipe({"corpus": "c", section: values}))[fold]


def test_a_loss_that_does_not_fit_is_a_sentence_with_those_that_do() -> None:
    with pytest.raises(BakehouseError, match=r"fit\.loss is cosent, .* What fits: mnrl, cached-mnrl, triplet, tsdae\."):
        fold_titles(load_recipe({"corpus": "c", "fit": {"loss": "cosent"}}))


def test_the_table_of_losses_names_each_shape_and_each_loss() -> None:
    table = str(losses_table())
    assert all(str(shape) in table for shape in Shape)
    assert all(f">{name}</dfn>" in table for name in TABLE)
    assert table.index(">margin-mse</dfn>") < table.index(">distill-kl</dfn>"), "what auto takes stands first"
