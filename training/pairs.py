"""What the trainer reads: questions, passages and margins as one dataset a language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.beir import read_queries
from retrieval.encoder import encode
from retrieval.records import Document
from training import shards
from training.config import Fit
from training.generators.extract import without
from training.inputs import Inputs
from training.journal import Journal
from training.losses import Loss

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

_MARGIN_SAMPLE = 512
Rows = dict[str, list[dict[str, Any]]]


def datasets_for(
    model: SentenceTransformer, settings: Fit, inputs: Inputs, loss: Loss, journal: Journal
) -> dict[str, Dataset]:
    if loss == "mnrl" or inputs.labelled is None:
        rows = contrastive(inputs.generated, inputs.mined, inputs.documents, settings)
        return as_datasets(rows, model.tokenizer, settings.max_length)
    rows = margins(inputs.generated, inputs.labelled, inputs.documents)
    scale = margin_scale(rows, model)
    journal.event(
        f"teacher margins are multiplied by {scale:.4f} to fit the student's", metrics={"margin_scale": scale}
    )
    return as_datasets(rows, model.tokenizer, settings.max_length, scale)


def contrastive(generated: Path, mined: Path, documents: dict[str, Document], settings: Fit) -> Rows:
    """Language → rows of ``query``, ``positive`` and ``negative_1`` and on."""
    texts = {query.id: query.text for query in read_queries(generated)}
    rows: Rows = {}
    for row in shards.read_rows(mined):
        negatives = [documents[negative["id"]].full_text for negative in row["negatives"][: settings.negatives]]
        if len(negatives) == settings.negatives:
            rows.setdefault(row["lang"], []).append(
                {"query": texts[row["query"]], "positive": _rest(documents[row["positive"]], texts[row["query"]])}
                | {f"negative_{number}": text for number, text in enumerate(negatives, 1)}
            )
    return rows


def margins(generated: Path, labelled: Path, documents: dict[str, Document]) -> Rows:
    """Language → rows of ``query``, ``positive``, ``negative`` and ``label``, the teacher's margin."""
    texts = {query.id: query.text for query in read_queries(generated)}
    rows: Rows = {}
    for row in shards.read_rows(labelled):
        positive, score = row["positive"]
        for negative, negative_score in row["negatives"]:
            rows.setdefault(row["lang"], []).append(
                {
                    "query": texts[row["query"]],
                    "positive": _rest(documents[positive], texts[row["query"]]),
                    "negative": documents[negative].full_text,
                    "label": score - negative_score,
                }
            )
    return rows


def _rest(document: Document, question: str) -> str:
    return replace(document, text=without(document.text, [question])).full_text


def margin_scale(rows: Rows, student: SentenceTransformer) -> float:
    """What to multiply the teacher's margins by, so that they spread as far as the student's own.

    A cross-encoder's logits differ by 15 and more, while a student with unit-length vectors can only
    express margins between -2 and 2: unscaled, MarginMSE could never be met.
    """
    flat = [row for of_language in rows.values() for row in of_language]
    sample = flat[:: max(1, len(flat) // _MARGIN_SAMPLE)]
    query, positive, negative = (
        encode(student, [row[name] for row in sample], "query" if name == "query" else "document")
        for name in ("query", "positive", "negative")
    )
    own = np.std(np.einsum("nd,nd->n", query, positive - negative))
    taught = np.std([row["label"] for row in sample])
    return float(own / taught) if taught > 0 else 1.0


def as_datasets(rows: Rows, tokenizer: Any, max_length: int, scale: float = 1.0) -> dict[str, Dataset]:
    """One dataset a language, so that a batch never mixes a passage with its own translation."""
    from datasets import Dataset

    return {
        lang: Dataset.from_list(_cut(of_language, tokenizer, max_length, scale)) for lang, of_language in rows.items()
    }


def _cut(rows: Sequence[dict[str, Any]], tokenizer: Any, max_length: int, scale: float) -> list[dict[str, Any]]:
    """Shorten texts to ``max_length`` tokens here, and leave the model's own limit as it is."""
    columns = [name for name in rows[0] if name != "label"]
    texts = {row[name] for row in rows for name in columns}
    short = {text: _shortened(text, tokenizer, max_length) for text in texts}
    return [{name: short[value] if name in columns else value * scale for name, value in row.items()} for row in rows]


def _shortened(text: str, tokenizer: Any, max_length: int) -> str:
    if len(text) <= max_length:  # no token is shorter than a character
        return text
    encoded = tokenizer(text, truncation=True, max_length=max_length, return_offsets_mapping=True)
    return text[: max(end for _, end in encoded["offset_mapping"])]
