"""What learns: all, the top layers, a dense layer on frozen features, or adapters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fitting import Fitting
from tiny_texts import sentences

from retrieval.encoder import encode, load
from retrieval.models import resolve
from training.config import Fit
from training.fitting import learner
from training.fitting.head import HeadLearner
from training.fitting.layers import choose, encoder_layers
from training.fitting.learner import LEARNED
from training.fitting.weights import weigh

KINDS = ("all", "top", "head", "lora")
LAYER = 4 * (32 * 32 + 32) + (32 * 64 + 64) + (64 * 32 + 32) + 4 * 32
"""Four projections, two dense layers, two normalisations."""
ADAPTERS = 2 * (4 * (32 + 32) + 2 * (32 + 64))
"""Of rank 1, beside the six linear layers of two encoder layers."""


def vectors(model: Any) -> np.ndarray:
    """What a model makes of the tiny corpus, in single precision."""
    return np.asarray(model.encode(sentences(), convert_to_numpy=True))


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(one[name].equal(other[name]) for name in one)


@pytest.mark.parametrize(
    ("settings", "more", "learning"),
    [
        (Fit(trainable="top", top_layers=1), 0, LAYER),
        (Fit(trainable="top"), 0, 2 * LAYER),
        (Fit(trainable="top", freeze_embeddings=False), 0, 2 * LAYER),
        (Fit(trainable="all", freeze_embeddings=False), 0, 32_896),
        (Fit(trainable="all"), 0, 32_896 - 393 * 32),
        (Fit(trainable="head"), 32 * 32 + 32, 32 * 32 + 32),
        (Fit(trainable="head", freeze_embeddings=False), 32 * 32 + 32, 32 * 32 + 32),
        (Fit(trainable="lora", lora_rank=1), ADAPTERS, ADAPTERS),
        (Fit(trainable="lora", lora_rank=16, freeze_embeddings=False), 16 * ADAPTERS, 16 * ADAPTERS),
    ],
)
def test_parameters_are_those_that_learn(tiny_bert: Path, settings: Fit, more: int, learning: int) -> None:
    real = learner.make(load(resolve(str(tiny_bert))), settings).parameters
    assert (real.total, real.trainable) == (32_896 + more, learning)
    weights = weigh(tiny_bert, settings)  # read from the files alone
    assert (weights.total, weights.trainable) == (real.total, real.trainable)
    assert weights.octets == 4 * 32_896


def test_there_is_no_dropout_where_nothing_learns(tiny_bert: Path) -> None:
    model = load(resolve(str(tiny_bert)))
    choose(model, Fit(trainable="top", top_layers=1))
    layers = encoder_layers(model[0])
    assert (layers[0].output.dropout.p, layers[1].output.dropout.p) == (0.0, 0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_has_changed_before_the_first_step(tiny_bert: Path, kind: str) -> None:
    base = load(resolve(str(tiny_bert)))
    before = vectors(base)
    student = learner.make(load(resolve(str(tiny_bert))), Fit(trainable=kind))
    assert np.array_equal(vectors(student.current()), before)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_shall_learn_changes_and_plain_sentence_transformers_loads_it(
    tiny_bert: Path, tmp_path: Path, kind: str
) -> None:
    fitting = Fitting(tiny_bert, tmp_path / "run", trainable=kind, top_layers=1).train()
    before = load(resolve(str(tiny_bert))).state_dict()
    after = fitting.weights()
    changed = {name for name in after if name not in before or not after[name].equal(before[name])}
    assert changed
    allowed = {
        "all": lambda name: "word_embeddings" not in name,
        "top": lambda name: "encoder.layer.1." in name,
        "head": lambda name: name in ("2.linear.weight", "2.linear.bias"),
        "lora": lambda name: "encoder.layer." in name and name.endswith(".weight") and "LayerNorm" not in name,
    }[kind]
    assert all(map(allowed, changed))
    fitting.learner.save(tmp_path / "kept")
    kept = load(resolve(str(tmp_path / "kept")))
    assert np.array_equal(vectors(kept), vectors(fitting.learner.current()))
    assert not np.allclose(vectors(kept), vectors(load(resolve(str(tiny_bert)))), atol=1e-3)
    assert (tmp_path / "kept" / LEARNED).exists() == (kind in ("head", "lora"))
    assert "lora" not in "".join(kept.state_dict())


@pytest.mark.parametrize("kind", KINDS)
def test_going_on_from_a_checkpoint_ends_where_an_uninterrupted_run_does(
    tiny_bert: Path, tmp_path: Path, kind: str
) -> None:
    whole = Fitting(tiny_bert, tmp_path / "run", save_at=2, trainable=kind).train()
    resumed = Fitting(tiny_bert, tmp_path / "again", trainable=kind).train(tmp_path / "run" / "checkpoint-2")
    assert sorted(whole.losses) == [1, 2, 3, 4]
    assert resumed.losses == whole.losses
    assert same(resumed.weights(), whole.weights())


def test_the_adapters_work_is_the_same_merged_and_beside(tiny_bert: Path, tmp_path: Path) -> None:
    fitting = Fitting(tiny_bert, tmp_path, trainable="lora", lora_rank=4, lora_alpha=8).train()
    beside = vectors(fitting.learner.taught.eval())
    merged = vectors(fitting.learner.current())
    assert np.allclose(beside, merged, atol=1e-5)
    frozen = {name: weight for name, weight in fitting.learner.taught.state_dict().items() if "base_layer" in name}
    before = load(resolve(str(tiny_bert))).state_dict()
    assert frozen and all(weight.equal(before[name.replace(".base_layer", "")]) for name, weight in frozen.items())


def test_adapters_differ_by_rank_scale_and_seed(tiny_bert: Path, tmp_path: Path) -> None:
    def trained(**settings: Any) -> dict[str, Any]:
        return Fitting(tiny_bert, tmp_path, trainable="lora", max_steps=2, **settings).train().weights()

    first = trained(lora_rank=2, lora_alpha=4)
    assert same(first, trained(lora_rank=2, lora_alpha=4))
    assert not same(first, trained(lora_rank=4, lora_alpha=4))
    assert not same(first, trained(lora_rank=2, lora_alpha=8))
    assert not same(first, trained(lora_rank=2, lora_alpha=4, seed=14))


def test_the_encoder_reads_each_text_once_for_the_head(tiny_bert: Path, tmp_path: Path) -> None:
    fitting = Fitting(tiny_bert, tmp_path, trainable="head")
    student = fitting.learner
    assert isinstance(student, HeadLearner)
    texts = {text for name in ("query", "positive", "negative") for text in fitting.data.datasets["all"][name]}
    assert len(student.features.rows) == len(texts)
    some = fitting.data.datasets["all"]["positive"][:3]
    taught = student.taught(student.taught.preprocess(some, prompt=""))["sentence_embedding"].detach().numpy()
    assert np.allclose(taught, np.asarray(student.whole.encode(some)), atol=1e-6)
    # frozen layers are not even there for the trainer
    assert sum(parameter.numel() for parameter in fitting.trainer.model.parameters()) == 32 * 32 + 32


def test_the_head_is_examined_without_the_encoder(tiny_bert: Path, tmp_path: Path) -> None:
    import torch

    asked = ["where is the bakery", "wo ist die Bäckerei", "where"]
    student = Fitting(tiny_bert, tmp_path, asked=asked, trainable="head").train().learner
    assert isinstance(student, HeadLearner)
    read: list[int] = []
    hook = student.encoder[0].register_forward_hook(lambda *_: read.append(1))
    found = encode(student.examined(), asked[::-1], "query")
    assert not read, "the frozen encoder has read these texts before the first step"
    assert np.allclose(
        found, encode(student.current(), asked[::-1], "query"), atol=1e-2
    )  # bfloat16 rounds by the batch
    new = [asked[0], "who bakes", "who bakes"]
    assert np.allclose(encode(student.examined(), new, "query"), encode(student.current(), new, "query"), atol=1e-2)
    hook.remove()
    with torch.no_grad():
        student.whole[2].linear.weight.zero_()
        student.whole[2].linear.bias.fill_(1.0)
    assert np.allclose(encode(student.examined(), asked, "query"), 32**-0.5), "the dense layer is the one that learns"


def test_a_model_in_half_precision_learns_in_single(tiny_bert: Path, tmp_path: Path) -> None:
    import torch

    half = load(resolve(str(tiny_bert))).to(torch.bfloat16)
    half.save_pretrained(str(tmp_path / "half"), create_model_card=False)
    assert json.loads((tmp_path / "half" / "config.json").read_text())["dtype"] == "bfloat16"
    fitting = Fitting(tmp_path / "half", tmp_path / "run", trainable="all", learning_rate=1e-6, max_steps=1)
    before = {name: weight.clone() for name, weight in fitting.weights().items()}
    after = fitting.train().weights()
    moved = "0.model.encoder.layer.0.output.dense.weight"
    assert after[moved].dtype == torch.float32
    assert (after[moved] != before[moved]).float().mean() > 0.9  # a step this small is lost in bfloat16
