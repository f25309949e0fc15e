"""A model as sentence-transformers' evaluators ask it, answering from the embeddings kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.encoder import Encoder, Role
from retrieval.records import FloatArray
from retrieval.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Roles:
    """Which of the model's prompts texts get.

    Texts of equal rank are all queries, as E5's card asks for: "query: " on both sides of a symmetric task.

    :param first: The texts that ask.
    :param second: The texts that are compared with them.
    """

    first: Role = "query"
    second: Role = "query"


@dataclass(frozen=True)
class Embedder:
    """Embeddings of one model: each text is encoded once, by :class:`retrieval.encoder.Encoder`.

    The evaluators of sentence-transformers call ``encode`` and its like, and write into a model card
    what they found. Left to load the model themselves they would encode in full precision, each time
    anew, and without the prompts that a model's configuration lacks.
    """

    encoder: Encoder
    roles: Roles

    @property
    def first(self) -> Vectors:
        """The embeddings of the texts that ask."""
        return Vectors(self.encoder, self.roles.first)

    @property
    def second(self) -> Vectors:
        """The embeddings of the texts that are compared with them."""
        return Vectors(self.encoder, self.roles.second)

    def encode(self, inputs: Sequence[str], **_: Any) -> FloatArray:
        """Shape (texts, dimension), float32, unit length."""
        return self.first.get(inputs)

    def encode_query(self, inputs: Sequence[str], **_: Any) -> FloatArray:
        """Likewise."""
        return self.first.get(inputs)

    def encode_document(self, inputs: Sequence[str], **_: Any) -> FloatArray:
        """Likewise."""
        return self.second.get(inputs)

    @property
    def model_card_data(self) -> Embedder:
        """Itself: there is no card to fill in."""
        return self

    def set_evaluation_metrics(self, *_: Any) -> None:
        """Nothing is done: a result file is what keeps them."""
