"""What the trainer is given: one dataset for each source, language and role, and the loss of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.encoder import Role
from retrieval.records import FloatArray, IntArray
from training.config import LossName
from training.data.shapes import Shape
from training.data.table import Table
from training.fitting.tsdae import noisy

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

LABEL = "label"
"""The column that holds scores, margins, classes or vectors; every other column is text."""
_QUERIES = ("query", "sentence1", "sentence2")
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """Rows of one source and one language, so that a batch never mixes a passage with its own translation.

    :param name: Unique, such as ``en`` (generated) or ``own-en``; without dots, which torch keeps for itself.
    :param columns: Column → its values, in the order that the loss wants, ``label`` last.
    :param roles: Text column → which of the model's prompts it gets; none where it is not named.
    """

    name: str
    shape: Shape
    loss: LossName
    columns: Columns
    roles: Mapping[str, Role]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def text_columns(self) -> list[str]:
        """All columns but the label."""
        return [name for name in self.columns if name != LABEL]

    def sample(self, size: int) -> list[dict[str, Any]]:
        """About ``size`` rows, evenly spread."""
        picked = range(0, len(self), max(1, len(self) // size))
        return [{name: values[row] for name, values in self.columns.items()} for row in picked]

    def relabelled(self, factor: float) -> Part:
        """The part with each label multiplied."""
        return replace(self, columns={**self.columns, LABEL: factor * np.asarray(self.columns[LABEL], np.float64)})


def gathered(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, dict[str, list[Any]]]:
    """Rows with the name of their group → for each group its columns. The rows of a group have the same columns."""
    groups: dict[str, dict[str, list[Any]]] = {}
    for name, row in rows:
        columns = groups.setdefault(name, {column: [] for column in row})
        for column, values in columns.items():
            values.append(row[column])
    return groups


def roles_of(columns: Columns) -> dict[str, Role]:
    """The role of each text column, by its name: sentences of equal rank are queries, as E5's card asks for."""
    return {name: "query" if name in _QUERIES else "document" for name in columns if name != LABEL}


def vector_part(
    name: str, columns: Columns, role: Role, vectors: FloatArray, shape: Shape = Shape.VECTOR, loss: LossName = "mse"
) -> Part:
    """Texts, and the vector that each column's text shall get: shape (rows, dimension)."""
    return Part(name, shape, loss, {**columns, LABEL: vectors}, dict.fromkeys(columns, role))


def noisy_part(name: str, texts: Sequence[str], role: Role, seed: int) -> Part:
    """Texts beside what a heavy loss of words leaves of them; only the encoder's side gets a prompt."""
    columns = {"noisy": [noisy(text, seed) for text in texts], "text": texts}
    return Part(name, Shape.TEXT, "tsdae", columns, {"noisy": role})


@dataclass(frozen=True)
class TrainingData:
    """Everything the trainer reads.

    :param datasets: Name → rows.
    :param losses: Name → the loss that these rows train, by its name in :mod:`training.fitting.losses`.
    :param prompts: Name → text column → what is put before its texts.
    :param shapes: Name → shape.
    :param max_length: Tokens read of each text, prompt included; the model's own limit stays as it is.
    :param places: Name → text column → where in ``texts`` the text of each row stands: shape (rows,).
    :param texts: Every text, once.
    :param banks: Name → what :mod:`training.fitting.bank` ranks its texts against, where the loss wants that.
    """

    datasets: Mapping[str, Dataset]
    losses: Mapping[str, LossName]
    prompts: Mapping[str, Mapping[str, str]]
    shapes: Mapping[str, Shape]
    max_length: int
    banks: Mapping[str, FloatArray]
    texts: Table
    places: Mapping[str, Mapping[str, IntArray]]

    @classmethod
    def of(cls, model: SentenceTransformer, parts: Sequence[Part], max_length: int) -> TrainingData:
        """Make the datasets, and look up the model's prompts.

        :param max_length: As wished; the model may read less.
        """
        limit, texts = model.max_seq_length, Table()
        places = {part.name: {name: texts.places(part.columns[name]) for name in part.text_columns} for part in parts}
        return cls(
            datasets={
                part.name: texts.dataset({**part.columns, **places[part.name]}, places[part.name]) for part in parts
            },
            losses={part.name: part.loss for part in parts},
            prompts={part.name: _prompts(model, part) for part in parts},
            shapes={part.name: part.shape for part in parts},
            max_length=min(max_length, limit) if limit else max_length,
            banks=_banks(parts),
            texts=texts,
            places=places,
        )

    @property
    def rows(self) -> dict[str, int]:
        """Name → how many rows."""
        return {name: len(rows) for name, rows in self.datasets.items()}

    def unique(self, name: str, column: str) -> list[str]:
        """The texts of a column, each once, in the order of the rows."""
        found, first = np.unique(self.places[name][column], return_index=True)
        return [self.texts.texts[place] for place in found[np.argsort(first)]]

    def lengths(self, name: str) -> IntArray:
        """Characters of each row of a dataset, all its texts together: shape (rows,)."""
        of_text = self.texts.lengths()
        return np.asarray(sum(of_text[places] for places in self.places[name].values()), np.int32)

    @property
    def told(self) -> str:
        """The losses and their rows in words."""
        counts: dict[str, int] = {}
        for name, loss in self.losses.items():
            counts[loss] = counts.get(loss, 0) + len(self.datasets[name])
        return ", ".join(f"{loss} on {count:,} rows" for loss, count in counts.items())

    def collator(self, model: SentenceTransformer) -> Any:
        """Turns rows into tensors: puts the prompts before the texts, and reads ``max_length`` tokens of each.

        Cutting here costs nothing, while shortening 100,000 passages beforehand took a minute and a half.
        """
        from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

        prompts = {name: dict(of_columns) for name, of_columns in self.prompts.items()}
        return SentenceTransformerDataCollator(model.preprocess, prompts=prompts, max_length=self.max_length)


def _prompts(model: SentenceTransformer, part: Part) -> dict[str, str]:
    of_role = {
        "query": model.prompts.get("query") or "",
        "document": model.prompts.get("document") or model.prompts.get("passage") or "",
    }
    return {column: of_role[role] for column, role in part.roles.items()}


def _banks(parts: Sequence[Part]) -> dict[str, FloatArray]:
    """Questions are ranked against the passages of all languages, and passages against the questions."""
    ranked = [part for part in parts if part.loss == "similarity-kl"]
    by_role: dict[str, list[FloatArray]] = {}
    for part in ranked:
        by_role.setdefault(_role(part), []).append(np.asarray(part.columns[LABEL], np.float32))
    whole = {role: np.concatenate(vectors) for role, vectors in by_role.items()}
    return {
        part.name: next((whole[role] for role in whole if role != _role(part)), whole[_role(part)]) for part in ranked
    }


def _role(part: Part) -> str:
    return next(iter(part.roles.values()))


def batch_sampler(dataset: Dataset, **settings: Any) -> Any:
    """The sampler that a dataset's loss needs; its columns tell which loss it is for.

    Without labels, the other rows of a batch serve as negatives, so no text may stand in it twice.
    Classes need two texts of two classes in each batch at least.
    """
    from sentence_transformers.base.sampler import (
        DefaultBatchSampler,
        GroupByLabelBatchSampler,
        NoDuplicatesBatchSampler,
    )
    from torch.utils.data import RandomSampler

    columns = set(dataset.column_names)
    if columns == {"text", LABEL} and isinstance(dataset[0][LABEL], int):
        return GroupByLabelBatchSampler(dataset, **settings)
    if not columns & {LABEL, "noisy"}:
        return NoDuplicatesBatchSampler(dataset, **settings)
    return DefaultBatchSampler(RandomSampler(dataset, generator=settings["generator"]), **settings)
