"""What the trainer is told: steps, batches, precision, optimizer; and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from fitting import Fitting

from retrieval.errors import BakehouseError
from training.config import Fit
from training.fitting import arguments
from training.fitting.arguments import planned_steps, steps_an_epoch


@pytest.fixture(scope="module")
def still_bert(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny BERT without dropout: what it learns depends on the rows alone, however they are cut into batches."""
    folder = shutil.copytree(tiny_bert, tmp_path_factory.mktemp("still") / "bert")
    config = folder / "config.json"
    config.write_text(config.read_text().replace('_dropout_prob": 0.1', '_dropout_prob": 0.0'))
    return folder


def most(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The largest difference between the same weights of two models."""
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


@pytest.mark.parametrize(
    ("settings", "rows", "wanted"),
    [
        ({}, {"en": 33, "de": 16}, 4),  # 3 batches and 1
        ({"epochs": 2.5}, {"en": 33, "de": 16}, 10),
        ({"max_steps": 3}, {"en": 1000}, 3),
        ({"accumulate": 3}, {"en": 33, "de": 16}, 2),  # 4 batches
        ({"accumulate": 3, "epochs": 3.0}, {"en": 33, "de": 16}, 6),
        ({"processes": 2}, {"en": 33, "de": 16}, 3),  # 4 and 2 whole batches of 8, two at a time
        ({"processes": 2, "accumulate": 2}, {"en": 33, "de": 16}, 2),
        ({"processes": 2}, {"en": 15}, 1),
    ],
)
def test_planned_steps(settings: dict[str, Any], rows: dict[str, int], wanted: int) -> None:
    assert planned_steps(Fit(**{"epochs": 1.0, "batch_size": 16, **settings}), rows) == wanted


def test_the_trainer_counts_its_epochs_as_planned(tiny_bert: Path, tmp_path: Path) -> None:
    settings = {"accumulate": 2, "batch_size": 2, "epochs": 2.0, "max_steps": 0}
    fitting = Fitting(tiny_bert, tmp_path, **settings).train()
    # 15 rows are 8 batches, 4 steps; twice
    assert steps_an_epoch(fitting.settings, fitting.data.rows) == 4
    assert fitting.trainer.state.global_step == fitting.trainer.state.max_steps == 8
    assert fitting.trainer.state.epoch == 2.0


def test_two_runs_of_the_same_seed_end_in_the_same_bytes(tiny_bert: Path, tmp_path: Path) -> None:
    kept = []
    for seed in (13, 13, 14):
        fitting = Fitting(tiny_bert, tmp_path / "run", trainable="all", seed=seed).train()
        fitting.learner.save(tmp_path / "kept")
        kept.append((tmp_path / "kept" / "model.safetensors").read_bytes())
    assert kept[0] == kept[1] != kept[2]


def test_accumulated_batches_are_one_large_batch(still_bert: Path, tmp_path: Path) -> None:
    large = Fitting(still_bert, tmp_path, trainable="all", batch_size=15, max_steps=1).train()
    small = Fitting(still_bert, tmp_path, trainable="all", batch_size=5, accumulate=3, max_steps=1).train()
    assert small.losses[1] == pytest.approx(large.losses[1], abs=1e-6)
    # Adam's first step is the sign of the gradient, and where that is nearly nothing it may be the other one
    moved = large.weights()["0.model.encoder.layer.1.output.dense.weight"]
    other = small.weights()["0.model.encoder.layer.1.output.dense.weight"]
    assert float((moved - other).abs().median()) < 1e-5


def test_what_only_saves_memory_changes_no_weight(tiny_bert: Path, tmp_path: Path) -> None:
    plain = Fitting(tiny_bert, tmp_path, trainable="all", max_steps=2).train()
    thrifty = Fitting(tiny_bert, tmp_path, trainable="all", max_steps=2, gradient_checkpointing=True, workers=1).train()
    assert thrifty.trainer.args.dataloader_num_workers == 1
    assert thrifty.trainer.model[0].auto_model.is_activation_checkpointing
    assert most(plain.weights(), thrifty.weights()) == 0.0


def test_each_optimizer_learns(tiny_bert: Path, tmp_path: Path) -> None:
    found = {}
    for name, made in (("adamw", "AdamW"), ("adamw-fused", "AdamW"), ("adafactor", "Adafactor")):
        fitting = Fitting(tiny_bert, tmp_path, optimizer=name, max_steps=2, weight_decay=0.1).train()
        optimizer = fitting.trainer.optimizer.optimizer
        assert type(optimizer).__name__ == made
        assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]
        assert bool(optimizer.param_groups[0].get("fused")) == (name == "adamw-fused")
        found[name] = fitting.weights()
    assert most(found["adamw"], found["adamw-fused"]) < 1e-5
    assert most(found["adamw"], found["adafactor"]) > 1e-4


def test_precision_is_what_was_asked_for(tiny_bert: Path, tmp_path: Path) -> None:
    import torch

    args = {wanted: Fitting(tiny_bert, tmp_path, precision=wanted).trainer.args for wanted in ("fp32", "bf16")}
    assert (args["fp32"].bf16, args["bf16"].bf16) == (False, True)
    assert not any(of.fp16 or of.tf32 for of in args.values())
    assert arguments.numbers(Fit(precision="auto"), "mps") == "fp32"
    hardware = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    assert arguments.numbers(Fit(precision="auto"), "cpu") == ("bf16" if hardware else "fp32")
    for wanted in ("fp16", "tf32"):
        with pytest.raises(BakehouseError, match=f"fit.precision={wanted} needs a GPU, and this is a cpu"):
            arguments.numbers(Fit(precision=wanted), "cpu")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"processes": 3, "batch_size": 16}, "batch_size=16 cannot be shared by fit.processes=3: .* multiple of 3"),
        ({"processes": 2, "batch_size": 0}, "batch_size=0 looks for the largest batch of one process"),
        ({"processes": 2, "trainable": "head"}, "set fit.processes=1"),
        ({"average": 0.5, "trainable": "head"}, "set fit.average=1"),
        ({"trainable": "head", "loss": "tsdae"}, "tsdae trains the encoder itself, which fit.trainable=head"),
        ({"trainable": "lora", "loss": "tsdae"}, "tsdae trains the encoder itself, which fit.trainable=lora"),
        ({"trainable": "head", "gradient_checkpointing": True}, "fit.trainable=head has none"),
        ({"optimizer": "adamw-8bit"}, "needs the package bitsandbytes, which is not installed"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(BakehouseError, match=said):
        arguments.check(Fit(**settings))


def test_what_goes_together_is_not() -> None:
    arguments.check(Fit())
    arguments.check(Fit(processes=4, batch_size=32))
    arguments.check(Fit(trainable="lora", gradient_checkpointing=True, batch_size=0))
