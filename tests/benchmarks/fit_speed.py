"""Our fit against a bare loop of sentence-transformers: same model, rows and settings, rows a second.

    python -m tests.benchmarks.fit_speed                          # the default model as the preset gpl trains it
    python -m tests.benchmarks.fit_speed --model tiny --rows 8 --tokens 32 --steps 60

Ours is the stage ``fit`` as a job runs it: every step logged, in the journal and as the status. The bare loop
logs as the library does by default, and neither saves nor examines. Both are measured between the first steps,
which warm up, and the last, before ours saves and examines. They take turns, and the best round of each counts:
what else the machine does can only slow a round down.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WARM = 5
"""Steps that are not timed."""


@dataclass(frozen=True)
class Case:
    """What both train.

    :param rows: Rows a step, each of a query, two passages and a margin.
    :param tokens: Tokens of a passage.
    """

    model: Path
    rows: int
    tokens: int
    steps: int
    precision: str

    def texts(self) -> list[dict[str, Any]]:
        """The rows, in a fixed order."""
        draw = random.Random(13)
        words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=5)) for _ in range(2000)]

        def text(count: int) -> str:
            return " ".join(draw.choices(words, k=count))

        return [
            {"query": text(8), "positive": text(self.tokens), "negative": text(self.tokens), "label": draw.random()}
            for _ in range(self.rows * self.steps)
        ]


@dataclass(frozen=True)
class Speed:
    """Rows a second by the clock, and seconds of processor time a step."""

    rows: float
    processor: float


def bare(case: Case, data: list[dict[str, Any]], folder: Path) -> Speed:
    """The loop that the library's documentation shows."""
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MarginMSELoss
    from transformers import TrainerCallback
    from transformers.trainer_callback import PrinterCallback

    marks: list[tuple[float, float]] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            marks.append((time.time(), time.process_time()))

    model = SentenceTransformer(str(case.model), local_files_only=True)
    model.max_seq_length = case.tokens
    on_cpu = model.device.type == "cpu"
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=case.steps,
        per_device_train_batch_size=case.rows,
        learning_rate=2e-5,
        warmup_steps=0.1,
        optim="adamw_torch",
        bf16=case.precision == "bf16",
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        save_strategy="no",
        disable_tqdm=True,
        report_to="none",
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(data),
        loss=MarginMSELoss(model),
        callbacks=[Clock()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return _speed(case, marks)


def ours(case: Case, data: list[dict[str, Any]], folder: Path) -> Speed:
    """The stage fit, from a file of rows, judged once at the end by a handful of questions."""
    from retrieval.beir import open_corpus, write_documents, write_qrels, write_queries
    from retrieval.records import Document, Query
    from training import fit, runs
    from training.data.inputs import Inputs
    from training.journal import Journal
    from training.keeping import examine
    from training.settings import load_recipe

    file, corpus = folder / "rows.jsonl", folder / "corpus"
    file.write_text("".join(json.dumps(row) + "\n" for row in data), encoding="utf-8")
    write_documents(corpus, [Document(str(n), row["positive"]) for n, row in enumerate(data[:16])])
    write_queries(corpus, [Query(f"q{n}", row["query"]) for n, row in enumerate(data[:4])])
    write_qrels(corpus, "dev", {f"q{n}": {str(n): 1} for n in range(4)})
    settings = {
        "data": str(file),
        "data_only": True,
        "trainable": "all",
        "freeze_embeddings": False,
        "max_steps": case.steps,
        "batch_size": case.rows,
        "max_length": case.tokens,
        "precision": case.precision,
    }
    recipe = load_recipe(
        {"corpus": str(corpus), "base": str(case.model), "fit": settings, "evaluate": {"times": 1, "test": False}}
    )
    run = runs.create(recipe, "speed")
    marks: list[tuple[float, float]] = []

    def mark(event: Any) -> None:
        if "loss" in event["metrics"]:
            marks.append((event["time"], time.process_time()))

    with Journal(run, mark) as journal:
        opened = open_corpus(corpus)
        inputs = Inputs.of(recipe, {document.id: document for document in opened.documents}, None, None, None)
        fit.run(run.path, recipe, inputs, examine.prepare(opened, None, recipe, run.id), journal)
    return _speed(case, marks)


def _speed(case: Case, marks: list[tuple[float, float]]) -> Speed:
    timed = marks[_WARM:]
    (began, ran), (ended, had_run) = timed[0], timed[-1]
    steps = len(timed) - 1
    return Speed(case.rows * steps / (ended - began), (had_run - ran) / steps)


def _model(name: str, folder: Path) -> Path:
    from retrieval.models import resolve

    if name != "tiny":
        return resolve(name).folder
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tiny_models import save_bert
    from tiny_texts import sentences

    return save_bert(folder / "tiny", sentences())


def main() -> None:
    """Print both speeds and their ratio."""
    from retrieval.models import DEFAULT

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", default=DEFAULT, help="a model's name or folder, or `tiny`: 2 layers of 32 dimensions"
    )
    parser.add_argument("--rows", type=int, default=32, help="rows a step")
    parser.add_argument("--tokens", type=int, default=350, help="tokens of a passage")
    parser.add_argument("--steps", type=int, default=40, help="steps of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="", help="fp32 or bf16; what the machine has if left out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["BAKEHOUSE_HOME"] = str(folder / "home")
        model = _model(args.model, folder)
        case = Case(model, args.rows, args.tokens, args.steps, args.precision or _precision())
        data = case.texts()
        found: dict[str, list[Speed]] = {"bare": [], "ours": []}
        for number in range(args.rounds):
            for label, measure in (("bare", bare), ("ours", ours)):
                place = folder / f"{label}-{number}"
                place.mkdir()
                found[label].append(measure(case, data, place))
                print(f"{label}: {found[label][-1].rows:.1f} rows a second", file=sys.stderr, flush=True)
    rows = {label: max(speed.rows for speed in speeds) for label, speeds in found.items()}
    processor = {label: min(speed.processor for speed in speeds) for label, speeds in found.items()}
    print(
        f"{args.model}, {case.rows} rows of {case.tokens} tokens a step, {case.precision}: "
        f"bare {rows['bare']:.1f} rows a second, ours {rows['ours']:.1f}: {rows['ours'] / rows['bare']:.1%}\n"
        f"processor time a step: bare {1000 * processor['bare']:.1f} ms, ours {1000 * processor['ours']:.1f} ms"
    )


def _precision() -> str:
    import torch

    from retrieval.encoder import has_bf16

    return "bf16" if has_bf16("cuda" if torch.cuda.is_available() else "cpu") else "fp32"


if __name__ == "__main__":
    main()
