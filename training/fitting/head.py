"""A dense layer on frozen features: the encoder reads each text once, and training is nearly free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retrieval.encoder import Role, autocast, encode
from retrieval.errors import BakehouseError
from training.config import Fit
from training.fitting.layers import Parameters
from training.fitting.learner import PartLearner, Say

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

    from training.data.parts import TrainingData

_AT_ONCE = 1024
"""Texts between two signs of progress, sorted by length among themselves."""
_BATCH = 32


@dataclass
class HeadLearner(PartLearner):
    """The trainer sees a table of features and the modules behind the encoder; the whole model shares these.

    :param features: The table, a module that :func:`learner` makes.
    :param encoder: Everything before the dense layer.
    :param remembering: The whole model with an encoder that reads no text twice.
    """

    features: Any
    encoder: SentenceTransformer
    remembering: SentenceTransformer

    @property
    def parameters(self) -> Parameters:
        """See :attr:`Learner.parameters`."""
        return Parameters.of(self.whole)

    def examined(self) -> SentenceTransformer:
        """See :meth:`Learner.examined`."""
        return self.remembering

    def prepare(self, data: TrainingData, asked: Mapping[Role, Sequence[str]], settings: Fit, say: Say) -> None:
        """Encode every text of the training data and of the examinations once, in memory: four bytes a dimension."""
        for prompt, texts in _texts(data).items():
            for start in range(0, len(texts), _AT_ONCE):
                some = texts[start : start + _AT_ONCE]
                self.features.learn(prompt, some, self._encoded(some, prompt, data.max_length, settings))
                say("texts read by the frozen encoder", start + len(some), len(texts))
        self.remembering.eval()
        for role, of_role in asked.items():
            for start in range(0, len(of_role), _AT_ONCE):
                encode(self.remembering, of_role[start : start + _AT_ONCE], role)
                say("texts of the examination read by it", min(start + _AT_ONCE, len(of_role)), len(of_role))

    def _encoded(self, texts: Sequence[str], prompt: str, max_length: int, settings: Fit) -> Tensor:
        import torch
        from sentence_transformers.util import batch_to_device

        self.encoder.eval()
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        vectors: list[Any] = [None] * len(texts)
        device = self.encoder.device
        exact = settings.precision in ("fp32", "tf32")
        for rows in _batches(order):
            features = self.encoder.preprocess([texts[row] for row in rows], prompt=prompt, max_length=max_length)
            with torch.inference_mode(), torch.autocast(device.type, enabled=False) if exact else autocast(device.type):
                found = self.encoder(batch_to_device(features, device))["sentence_embedding"].float().cpu()
            for row, vector in zip(rows, found, strict=True):
                vectors[row] = vector
        return torch.stack(vectors)


def learner(model: SentenceTransformer) -> HeadLearner:
    """Put a dense layer before the normalisation of a frozen model. It starts as the identity: nothing changes yet.

    :raises BakehouseError: if the model does not tell its dimension.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense, Normalize

    modules = list(model)
    place = next((n for n, module in enumerate(modules) if isinstance(module, Normalize)), len(modules))
    size = model.get_embedding_dimension()
    if not size:
        raise BakehouseError("the base model does not tell its dimension: fit.trainable=head cannot add a layer to it.")
    dense = Dense(size, size, activation_function=None, init_weight=torch.eye(size), init_bias=torch.zeros(size)).to(
        model.device
    )
    encoder = SentenceTransformer(modules=modules[:place], device=str(model.device))
    model.insert(place, dense)
    features = _table(size)
    taught = SentenceTransformer(modules=[features, *list(model)[place:]], device=str(model.device))
    remembering = SentenceTransformer(modules=[_memory(encoder, size), *list(model)[place:]], device=str(model.device))
    remembering.prompts = model.prompts
    return HeadLearner(model, taught, features, encoder, remembering)


def _texts(data: TrainingData) -> dict[str, list[str]]:
    """Prompt → the texts that are read with it, each once, in the order of the data."""
    found: dict[str, dict[str, None]] = {}
    for name, columns in data.places.items():
        for column in columns:
            prompt = data.prompts[name].get(column) or ""
            found.setdefault(prompt, {}).update(dict.fromkeys(data.unique(name, column)))
    return {prompt: list(texts) for prompt, texts in found.items()}


def _batches(order: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(order), _BATCH):
        yield order[start : start + _BATCH]


def _memory(encoder: SentenceTransformer, size: int) -> Any:
    """A first module for sentence-transformers that asks a frozen encoder for the texts it has not seen before.

    :param size: Dimensions of the encoder's vectors.
    """
    import torch
    from sentence_transformers.base.modules import InputModule

    class Memory(InputModule):
        """Prompt and text → what the encoder makes of them, the second time without it."""

        def __init__(self) -> None:
            super().__init__()
            self.known: dict[tuple[str, str], Tensor] = {}

        def preprocess(self, inputs: Any, prompt: str | None = None, **more: Any) -> dict[str, Any]:
            """Only what is new goes to the encoder; ``asked`` says of which texts the vectors are wanted."""
            asked = [(prompt or "", text) for text in inputs]
            new = [key for key in dict.fromkeys(asked) if key not in self.known]
            features = encoder.preprocess([text for _, text in new], prompt=prompt, **more) if new else {}
            return {**features, "new": new, "asked": asked}

        def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
            new, asked = features.pop("new"), features.pop("asked")
            if new:
                self.known |= zip(new, encoder(features)["sentence_embedding"].float(), strict=True)
            return {"sentence_embedding": torch.stack([self.known[key] for key in asked])}

        def get_embedding_dimension(self) -> int:
            return size

        def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
            raise TypeError("vectors are not saved: the learner saves the whole model")

    return Memory()


def _table(size: int) -> Any:
    """A first module for sentence-transformers that has seen every text before.

    :param size: Dimensions of its features.
    """
    import torch
    from sentence_transformers.base.modules import InputModule

    class Features(InputModule):
        """Prompt and text → what the encoder made of them."""

        def __init__(self) -> None:
            super().__init__()
            self.rows: dict[tuple[str, str], int] = {}
            self.blocks: list[Tensor] = []

        def learn(self, prompt: str, texts: Sequence[str], vectors: Tensor) -> None:
            """Remember the features of texts, of shape (texts, dimension)."""
            self.rows |= {(prompt, text): len(self.rows) + n for n, text in enumerate(texts)}
            self.blocks.append(vectors)

        def preprocess(self, inputs: Any, prompt: str | None = None, **_: Any) -> dict[str, Any]:
            """Look the texts up."""
            if len(self.blocks) > 1:
                self.blocks = [torch.cat(self.blocks)]
            return {"sentence_embedding": self.blocks[0][[self.rows[prompt or "", text] for text in inputs]]}

        def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
            return features

        def get_embedding_dimension(self) -> int:
            return size

        def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
            raise TypeError("features are not saved: the learner saves the whole model")

    return Features()
