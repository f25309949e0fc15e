"""Each loss trains one real step; each that does not fit its data is refused with what does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from tiny_texts import PASSAGES, QUESTIONS

from retrieval.encoder import Role, load
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from training.config import Fit, LossName
from training.data.parts import LABEL, Part, TrainingData, batch_sampler, noisy_part, roles_of, vector_part
from training.data.shapes import WORDS, Shape
from training.fitting import losses
from training.fitting.losses import RECOMMENDED, TABLE
from training.settings import load_recipe

_QUERIES = list(QUESTIONS["en"].values())
_PASSAGES = [text for _, text in PASSAGES["en"].values()]
_N = len(_QUERIES)


def _columns(shape: Shape) -> dict[str, Any]:
    negatives = {"negative_1": _PASSAGES[2 : 2 + _N], "negative_2": _PASSAGES[3 : 3 + _N]}
    pair = {"query": _QUERIES, "positive": _PASSAGES[:_N]}
    vectors = np.eye(32, dtype=np.float32)[:_N]
    return {
        Shape.PAIR: pair,
        Shape.SCORED_PAIR: pair | {LABEL: [0.9, 0.1, 0.5, 0.3, 0.7]},
        Shape.LABELLED_PAIR: pair | {LABEL: [1.0, 0.0, 1.0, 0.0, 1.0]},
        Shape.TRIPLET: pair | negatives,
        Shape.SCORED_TRIPLET: pair | negatives | {LABEL: [[4.0, 1.0, -2.0]] * _N},
        Shape.MARGIN: pair | {"negative": _PASSAGES[2 : 2 + _N], LABEL: [0.5, 0.2, 0.1, 0.4, 0.3]},
        Shape.LABELLED_TEXT: {"text": _PASSAGES, LABEL: [0, 1] * 4},
        Shape.TEXT: dict(noisy_part("en", _PASSAGES, "document", 13).columns),
        Shape.VECTOR: {"text": _QUERIES, LABEL: vectors},
        Shape.PARALLEL: {"source": _QUERIES, "target": list(QUESTIONS["de"].values()), LABEL: vectors},
    }[shape]


_AS_TRAINED: Mapping[LossName, Mapping[Shape, Shape]] = {
    "margin-mse": {Shape.SCORED_TRIPLET: Shape.MARGIN},
    "mnrl": {Shape.SCORED_TRIPLET: Shape.TRIPLET},
    "cached-mnrl": {Shape.SCORED_TRIPLET: Shape.TRIPLET},
    "triplet": {Shape.SCORED_TRIPLET: Shape.TRIPLET},
}
"""Losses whose rows are brought into another shape than the data has."""


def _part(name: LossName, shape: Shape) -> Part:
    columns = _columns(shape)
    if name == "triplet":
        columns = {key: columns[key] for key in ("query", "positive", "negative_1")}
    return Part("en", shape, name, columns, roles_of(columns))


def _step(model: Any, part: Part, settings: Fit) -> float:
    """One step of gradient descent on the first rows, prepared as the trainer does; the loss before it."""
    data = TrainingData.of(model, [part], settings.max_length)
    module = losses.build(model, data, settings)["en"]
    batch = data.collator(model)([{**row, "dataset_name": "en"} for row in data.datasets["en"].select(range(4))])
    features = [
        {key.removeprefix(f"{name}_"): value for key, value in batch.items() if key.startswith(f"{name}_")}
        for name in part.columns
        if name != LABEL
    ]
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    loss = module(features, batch.get("label"))
    loss.backward()
    optimizer.step()
    return loss.item()


def _cases() -> list[tuple[LossName, Shape, tuple[int, ...]]]:
    """Each loss with each of its shapes, plain and with a shorter dimension where it can be trained."""
    found = [
        (loss.name, _AS_TRAINED.get(loss.name, {}).get(shape, shape), dimensions)
        for loss in TABLE.values()
        for shape in loss.shapes
        for dimensions in ((), (16,))
        if loss.matryoshka or not dimensions
    ]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(("name", "shape", "dimensions"), _cases())
def test_one_step_changes_the_weights(
    name: LossName, shape: Shape, dimensions: tuple[int, ...], tiny_bert: Path
) -> None:
    model = load(resolve(str(tiny_bert)))
    before = {key: weight.clone() for key, weight in model.state_dict().items()}
    loss = _step(model, _part(name, shape), Fit(loss=name, matryoshka=dimensions))
    assert math.isfinite(loss)
    assert loss > 0
    after = model.state_dict()
    assert any(not after[key].equal(weight) for key, weight in before.items())


def test_data_sets_of_all_kinds_train_together(tmp_path: Path, tiny_bert: Path) -> None:
    """The trainer finds for each batch its loss, its prompts and its way of drawing rows."""
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments

    model = load(resolve(str(tiny_bert)))
    names: list[LossName] = ["mnrl", "margin-mse", "batch-all-triplet", "mse", "tsdae", "cosent"]
    parts = [replace(_part(name, TABLE[name].shapes[-1]), name=name) for name in names]
    data = TrainingData.of(model, parts, 64)
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path),
        num_train_epochs=1,
        per_device_train_batch_size=4,
        learning_rate=0.01,
        use_cpu=True,
        batch_sampler=batch_sampler,
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        report_to="none",
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=dict(data.datasets),
        loss=losses.build(model, data, Fit()),
        data_collator=data.collator(model),
    )
    trainer.train()
    logged = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(logged) == trainer.state.max_steps == sum(-(-len(rows) // 4) for rows in data.datasets.values())
    assert all(map(math.isfinite, logged))


def test_the_table_names_every_loss_and_every_shape() -> None:
    assert set(TABLE) == set(get_args(LossName)) - {"auto"}
    assert set(RECOMMENDED) == set(Shape) == set(WORDS)
    for shape, name in RECOMMENDED.items():
        assert shape in TABLE[name].shapes
    assert all(loss.fits.endswith(".") and "(" in loss.source for loss in TABLE.values())


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("name", TABLE)
def test_a_loss_is_chosen_where_it_fits_and_refused_where_not(name: LossName, shape: Shape) -> None:
    settings = Fit(loss=name, trainable="all")
    if shape in TABLE[name].shapes:
        assert losses.choose(settings, [shape]) == losses.Choice(TABLE[name], shape)
        return
    with pytest.raises(BakehouseError) as refused:
        losses.choose(settings, [shape])
    fitting = ", ".join(loss.name for loss in losses.valid_for([shape]))
    assert f"What fits: {fitting}. fit.loss=auto takes {RECOMMENDED[shape]}." in str(refused.value)


@pytest.mark.parametrize("shape", Shape)
def test_auto_takes_what_is_recommended(shape: Shape) -> None:
    assert losses.choose(Fit(), [shape]).loss.name == RECOMMENDED[shape]


def test_what_the_values_bar_is_not_chosen() -> None:
    why = {"cosine": "the scores run from 0 to 5, and a cosine lies between -1 and 1"}
    with pytest.raises(BakehouseError, match=r"the scores run from 0 to 5.* What fits: cosent\."):
        losses.choose(Fit(loss="cosine"), [Shape.SCORED_PAIR], barred=why)
    assert losses.choose(Fit(), [Shape.LABELLED_PAIR], barred={"contrastive": "x"}).loss.name == "cosent"
    with pytest.raises(BakehouseError, match="can train no loss: there is no teacher"):
        losses.choose(Fit(), [Shape.PARALLEL], barred={"mse": "there is no teacher"})


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"matryoshka": (16,)}, "fit.matryoshka cannot train shorter dimensions with tsdae"),
        ({"processes": 2}, "tsdae trains in one process only"),
        ({"trainable": "lora"}, "set fit.trainable to all or top"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, Any], wanted: str) -> None:
    with pytest.raises(BakehouseError, match=wanted):
        losses.choose(Fit(loss="tsdae", **settings), [Shape.TEXT])


def test_matryoshka_takes_no_more_dimensions_than_there_are(tiny_bert: Path) -> None:
    model = load(resolve(str(tiny_bert)))
    data = TrainingData.of(model, [_part("mnrl", Shape.PAIR)], 64)
    with pytest.raises(BakehouseError, match="names 64 dimensions, and the model has 32"):
        losses.build(model, data, Fit(matryoshka=(64, 16)))
    assert losses.build(model, data, Fit(matryoshka=(8, 16)))["en"].matryoshka_dims == (32, 16, 8)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, "mnrl"),
        ({"fit": {"negatives": 0}}, "mnrl"),
        ({"label": {"kind": "cross-encoder", "teacher": "x"}}, "margin-mse"),
        ({"label": {"kind": "cross-encoder", "teacher": "x"}, "fit": {"loss": "distill-kl"}}, "distill-kl"),
        ({"label": {"kind": "cross-encoder", "teacher": "x"}, "fit": {"loss": "cached-mnrl"}}, "cached-mnrl"),
        ({"label": {"kind": "bi-encoder", "teacher": "x"}}, "margin-mse"),
        ({"label": {"kind": "bi-encoder", "teacher": "x"}, "fit": {"loss": "mse"}}, "mse"),
        ({"fit": {"loss": "tsdae"}}, "tsdae"),
        ({"fit": {"loss": "triplet"}}, "triplet"),
    ],
)
def test_the_loss_of_generated_questions(settings: dict[str, Any], wanted: str) -> None:
    assert losses.generated_loss(load_recipe({"corpus": "handbook", **settings})) == wanted


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"fit": {"loss": "margin-mse"}}, r"does not fit the generated questions .*What fits: mnrl, cached-mnrl"),
        ({"fit": {"loss": "cosent"}}, "does not fit the generated questions"),
        ({"fit": {"loss": "triplet", "negatives": 0}}, "it needs triplet"),
        ({"fit": {"loss": "mse"}}, "needs text with vector"),
        ({"fit": {"loss": "mse"}, "label": {"kind": "bi-encoder"}}, r"with no label\.teacher"),
        (
            {"fit": {"loss": "mse"}, "label": {"kind": "bi-encoder", "teacher": "a", "teachers": {"de": "b"}}},
            r"Leave label\.teachers empty",
        ),
    ],
)
def test_generated_questions_refuse_what_they_cannot_train(settings: dict[str, Any], wanted: str) -> None:
    with pytest.raises(BakehouseError, match=wanted):
        losses.generated_loss(load_recipe({"corpus": "handbook", **settings}))


def test_questions_are_ranked_against_the_passages_of_all_languages(tiny_bert: Path) -> None:
    model = load(resolve(str(tiny_bert))).eval()
    vectors = np.eye(32, dtype=np.float32)
    places: dict[str, tuple[slice, Role]] = {
        "en-query": (slice(0, 3), "query"),
        "en-document": (slice(3, 6), "document"),
        "de-document": (slice(6, 9), "document"),
    }
    parts = [
        vector_part(name, {"text": _PASSAGES[:3]}, role, vectors[rows], loss="similarity-kl")
        for name, (rows, role) in places.items()
    ]
    data = TrainingData.of(model, parts, 64)
    assert data.banks["en-query"].tolist() == vectors[3:9].tolist()
    assert data.banks["de-document"].tolist() == vectors[:3].tolist()
    built = losses.build(model, data, Fit(loss="similarity-kl", temperature=0.5))
    assert built["en-document"] is built["de-document"] is not built["en-query"]
    with torch.no_grad():
        found = built["en-query"]([model.preprocess(_PASSAGES[:3])], torch.tensor(vectors[:3]))
        own = model.encode(_PASSAGES[:3], convert_to_tensor=True)
    belief = torch.log_softmax(own @ torch.tensor(vectors[3:9]).T / 0.5, 1)
    even = torch.full((3, 6), 1 / 6)  # a question's vector is as far from every passage's
    wanted = (even * (even.log() - belief)).sum(1).mean() + (own - torch.tensor(vectors[:3])).square().sum(1).mean()
    assert found.item() == pytest.approx(wanted.item(), rel=1e-4)


def test_data_sets_with_one_loss_share_its_module(tiny_bert: Path) -> None:
    model = load(resolve(str(tiny_bert)))
    english, german = (
        Part(lang, Shape.PAIR, "mnrl", _columns(Shape.PAIR), roles_of(_columns(Shape.PAIR))) for lang in ("en", "de")
    )
    scored = Part("own-en", Shape.MARGIN, "margin-mse", _columns(Shape.MARGIN), roles_of(_columns(Shape.MARGIN)))
    built = losses.build(model, TrainingData.of(model, [english, german, scored], 64), Fit(temperature=0.05))
    assert built["en"] is built["de"]
    assert built["en"].scale == pytest.approx(20)
    assert type(built["own-en"]).__name__ == "MarginMSELoss"


def test_distilled_beliefs_are_those_of_cosines_by_temperature(tiny_bert: Path) -> None:
    """The loss is the divergence of softmax(cosine / temperature) from the teacher's softmax."""
    model = load(resolve(str(tiny_bert))).eval()
    columns = _columns(Shape.SCORED_TRIPLET)
    data = TrainingData.of(model, [_part("distill-kl", Shape.SCORED_TRIPLET)], 64)
    module = losses.build(model, data, Fit(loss="distill-kl", temperature=0.1))["en"]
    texts = [columns[name] for name in ("query", "positive", "negative_1", "negative_2")]
    with torch.no_grad():
        found = module([model.preprocess(each) for each in texts], torch.tensor(columns[LABEL]))
        query, *passages = (model.encode(each, convert_to_tensor=True) for each in texts)
    own = torch.log_softmax(torch.stack([(query * each).sum(1) for each in passages], 1) / 0.1, 1)
    taught = torch.softmax(torch.tensor(columns[LABEL]), 1)
    assert float(found) == pytest.approx(float((taught * (taught.log() - own)).sum(1).mean()), rel=1e-4)
