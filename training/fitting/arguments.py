"""What the trainer is told."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retrieval.encoder import has_bf16
from retrieval.errors import BakehouseError
from training.config import Fit
from training.data.parts import TrainingData, batch_sampler

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Numbers = Literal["fp32", "tf32", "bf16", "fp16"]
_OPTIMIZERS = {
    "adamw": "adamw_torch",
    "adamw-fused": "adamw_torch_fused",
    "adafactor": "adafactor",
    "adamw-8bit": "adamw_bnb_8bit",
}
_PATIENT = 24 * 3600
"""Seconds that processes wait for the first one: it examines and saves while they do."""


def steps_an_epoch(settings: Fit, rows: Mapping[str, int]) -> int:
    """How often the weights move while all training rows are read once.

    A batch holds rows of one dataset. Each of several processes takes whole batches of its own, ``batch_size``
    divided by their number, so that what is left of a dataset is passed over; alone, it makes a smaller batch.

    :param rows: Dataset → rows; ``settings.batch_size`` must be known.
    """
    each = settings.batch_size // settings.processes
    batches = sum(count // each if settings.processes > 1 else ceil(count / each) for count in rows.values())
    return max(1, ceil(batches // settings.processes / settings.accumulate))


def planned_steps(settings: Fit, rows: Mapping[str, int]) -> int:
    """How many steps the run takes, given the number of training rows of each dataset."""
    steps = max(1, ceil(steps_an_epoch(settings, rows) * settings.epochs))
    return min(steps, settings.max_steps) if settings.max_steps else steps


def check(settings: Fit) -> None:
    """Refuse settings that contradict each other, whatever the machine.

    :raises BakehouseError: naming both settings, or the package that is missing.
    """
    several = settings.processes > 1
    if several and settings.batch_size == 0:
        raise BakehouseError(
            f"fit.batch_size=0 looks for the largest batch of one process, and fit.processes is {settings.processes}: "
            "set fit.batch_size, for example to what a run with fit.processes=1 finds times the processes."
        )
    if several and settings.batch_size % settings.processes:
        raise BakehouseError(
            f"fit.batch_size={settings.batch_size} cannot be shared by fit.processes={settings.processes}: "
            f"set it to a multiple of {settings.processes}."
        )
    if several and settings.trainable == "head":
        raise BakehouseError(
            "fit.trainable=head trains on features that are read once, in one process: set fit.processes=1."
        )
    if settings.trainable in ("head", "lora") and settings.loss == "tsdae":
        raise BakehouseError(
            f"tsdae trains the encoder itself, which fit.trainable={settings.trainable} leaves as it is: "
            "set fit.trainable=all or top, or choose another loss."
        )
    if settings.trainable == "head" and settings.gradient_checkpointing:
        raise BakehouseError(
            "fit.gradient_checkpointing is for layers that learn, and fit.trainable=head has none: set it to false."
        )
    if settings.trainable == "head" and settings.average < 1:
        raise BakehouseError(
            f"fit.average={settings.average} mixes in the base model's weights, and fit.trainable=head adds a layer that "
            "the base does not have: set fit.average=1."
        )
    if settings.optimizer == "adamw-8bit" and importlib.util.find_spec("bitsandbytes") is None:
        raise BakehouseError(
            "fit.optimizer=adamw-8bit needs the package bitsandbytes, which is not installed: "
            "install it (pip install bitsandbytes), or set fit.optimizer=adafactor, which is as small."
        )


def numbers(settings: Fit, device: str) -> Numbers:
    """The precision that the steps are computed in.

    :param device: ``cpu``, ``cuda`` or another type that torch knows.
    :raises BakehouseError: if the device cannot.
    """
    wanted = settings.precision
    if wanted == "auto":
        return "bf16" if has_bf16(device) else "fp32"
    if wanted in ("fp16", "tf32") and device != "cuda":
        raise BakehouseError(f"fit.precision={wanted} needs a GPU, and this is a {device}: set it to auto or fp32.")
    if wanted == "tf32" and not _has_tf32():
        raise BakehouseError(
            "fit.precision=tf32 needs a GPU of the Ampere generation or newer: set it to fp16 or fp32."
        )
    if wanted == "bf16" and device == "cuda" and not has_bf16(device):
        raise BakehouseError("fit.precision=bf16 needs a GPU that has it, which this one is not: set it to fp16.")
    return wanted


def _has_tf32() -> bool:
    import torch

    return torch.cuda.get_device_capability()[0] >= 8


def build(model: SentenceTransformer, data: TrainingData, settings: Fit, folder: Path) -> Any:
    """The arguments of the trainer.

    :param folder: Where it writes.
    :raises BakehouseError: if the settings do not fit the device.
    """
    from sentence_transformers import SentenceTransformerTrainingArguments

    device = model.device.type
    precision = numbers(settings, device)
    if settings.optimizer == "adamw-8bit" and device != "cuda":
        raise BakehouseError(f"fit.optimizer=adamw-8bit needs a GPU, and this is a {device}: set it to adafactor.")
    built = SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=planned_steps(settings, data.rows),
        per_device_train_batch_size=settings.batch_size // settings.processes,
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        optim=_OPTIMIZERS[settings.optimizer],
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        tf32=precision == "tf32",
        activation_checkpointing=settings.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False} if settings.gradient_checkpointing else None,
        use_cpu=device == "cpu",
        ddp_backend="gloo" if device == "cpu" and settings.processes > 1 else None,
        ddp_timeout=_PATIENT,
        dataloader_drop_last=settings.processes > 1,
        dataloader_pin_memory=device == "cuda",
        dataloader_num_workers=settings.workers,
        dataloader_persistent_workers=settings.workers > 0,
        batch_sampler=batch_sampler,
        multi_dataset_batch_sampler="proportional",
        save_strategy="no",
        logging_steps=settings.log_every,
        seed=settings.seed,
        data_seed=settings.seed,
        disable_tqdm=True,
        report_to="none",
    )
    # One process trains on one GPU: else torch would share each batch among all that it sees
    built._n_gpu = min(built.n_gpu, 1)
    return built
