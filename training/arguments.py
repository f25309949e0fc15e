"""What the trainer is told."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.encoder import has_bf16
from training.config import Fit

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer


def planned_steps(settings: Fit, rows: Mapping[str, int]) -> int:
    """How many steps the run takes, given the number of training rows of each language."""
    one_epoch = sum(ceil(count / settings.batch_size) for count in rows.values())
    steps = max(1, ceil(one_epoch * settings.epochs))
    return min(steps, settings.max_steps) if settings.max_steps else steps


def build(model: SentenceTransformer, datasets: dict[str, Dataset], settings: Fit, folder: Path) -> Any:
    from sentence_transformers import SentenceTransformerTrainingArguments

    device = model.device.type
    columns = next(iter(datasets.values())).column_names
    query = model.prompts.get("query") or ""
    passage = model.prompts.get("document") or model.prompts.get("passage") or ""
    return SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=planned_steps(settings, {lang: len(rows) for lang, rows in datasets.items()}),
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        bf16=settings.precision == "bf16" or (settings.precision == "auto" and has_bf16(device)),
        use_cpu=device == "cpu",
        dataloader_pin_memory=device == "cuda",
        prompts={name: query if name == "query" else passage for name in columns if name != "label"},
        batch_sampler="no_duplicates",
        multi_dataset_batch_sampler="proportional",
        save_strategy="no",
        logging_steps=settings.log_every,
        seed=settings.seed,
        data_seed=settings.seed,
        disable_tqdm=True,
        report_to="none",
    )
