"""How long documents are for a model, and where it stops reading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import BakehouseError
from retrieval.models import Model
from retrieval.records import Document

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SAMPLE = 400
"""Documents that are measured; of a larger corpus every n-th is taken."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """The lengths of documents as a model reads them.

    :param tokens: One number a document measured, ascending.
    :param limit: The most tokens that the model reads; the rest is cut off.
    """

    tokens: tuple[int, ...]
    limit: int

    @property
    def median(self) -> int:
        """The length that half of the documents stay below."""
        return self.tokens[len(self.tokens) // 2] if self.tokens else 0

    @property
    def cut(self) -> float:
        """The share of documents that are longer than the limit, 0 to 1."""
        return sum(length > self.limit for length in self.tokens) / max(1, len(self.tokens))


def measure_lengths(documents: Sequence[Document], model: Model) -> Lengths:
    """Count the tokens of at most :data:`SAMPLE` documents, title and special tokens included.

    :raises BakehouseError: if the model has no ``tokenizer.json``.
    """
    step = max(1, -(-len(documents) // SAMPLE))
    tokenizer = _tokenizer(model.folder)
    encoded = tokenizer.encode_batch([document.full_text for document in documents[::step]])
    return Lengths(tuple(sorted(len(each.ids) for each in encoded)), _limit(model.folder))


@lru_cache(maxsize=2)
def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise BakehouseError(f"{folder} has no tokenizer.json, so the length of texts cannot be told for this model.")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _limit(folder: Path) -> int:
    for name, key in (("sentence_bert_config.json", "max_seq_length"), ("config.json", "max_position_embeddings")):
        path = folder / name
        limit = json.loads(path.read_text(encoding="utf-8")).get(key) if path.is_file() else None
        if isinstance(limit, int):
            return limit
    return 512
