"""How long documents are for a model, and where it stops reading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.encoder import document_prompt
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
    """Count the tokens of at most :data:`SAMPLE` documents, title, prompt and special tokens included.

    :raises BakehouseError: if the model has no ``tokenizer.json``.
    """
    step = max(1, -(-len(documents) // SAMPLE))
    ruler = ruler_of(model)
    return Lengths(tuple(sorted(ruler.whole([document.full_text for document in documents[::step]]))), ruler.limit)


@dataclass(frozen=True, slots=True)
class Ruler:
    """Counts tokens as a model does.

    :param limit: The most tokens that the model reads, prompt and special tokens included.
    :param prompt: What the model is given before each document.
    """

    tokenizer: Tokenizer
    limit: int
    prompt: str

    def whole(self, texts: Sequence[str]) -> list[int]:
        """The lengths of documents, prompt and special tokens included."""
        return list(map(len, self.tokenizer.encode_batch_fast([self.prompt + text for text in texts])))

    def parts(self, texts: Sequence[str]) -> list[int]:
        """The lengths of parts of documents, each on its own."""
        return list(map(len, self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)))

    def starts(self, text: str) -> list[int]:
        """Where in a text each of its tokens begins, ascending."""
        return sorted(start for start, _ in self.tokenizer.encode(text, add_special_tokens=False).offsets)


def ruler_of(model: Model) -> Ruler:
    """What counts the tokens of a model.

    :raises BakehouseError: if the model has no ``tokenizer.json``.
    """
    return Ruler(_tokenizer(model.folder), _limit(model.folder), document_prompt(model))


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
