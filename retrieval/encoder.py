"""Texts become vectors: the model's own prompts, the fastest safe precision, batches by length."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from retrieval.models import Model
from retrieval.records import FloatArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Role = Literal["query", "document"]

_E5 = {"query": "query: ", "document": "passage: "}
_PUBLISHED_PROMPTS = {
    r"(^|/)(multilingual-)?e5-(small|base|large)(-v2)?$": _E5,
    r"(^|/)bge-(small|base|large)-en(-v1\.5)?$": {
        "query": "Represent this sentence for searching relevant passages: ",
        "document": "",
    },
}
"""Prompts that a model's card asks for while its configuration does not carry them."""

_DOCUMENT_PROMPTS = ("document", "passage", "corpus")
"""The names under which sentence-transformers looks for the prompt of documents, in this order."""


def load(model: Model, device: str | None = None) -> SentenceTransformer:
    """Load a sentence-transformers model from safetensors, with its prompts, running no remote code."""
    from sentence_transformers import SentenceTransformer

    loaded = SentenceTransformer(
        str(model.folder),
        device=device,
        trust_remote_code=False,
        local_files_only=True,
        model_kwargs={"use_safetensors": True},
    )
    if not any(loaded.prompts.values()):
        loaded.prompts.update(_published_prompts(model))
    return loaded


def document_prompt(model: Model) -> str:
    """What the model is given before each document, read without loading it."""
    path = model.folder / "config_sentence_transformers.json"
    prompts = json.loads(path.read_text(encoding="utf-8")).get("prompts") or {} if path.is_file() else {}
    if not any(prompts.values()):
        prompts = _published_prompts(model)
    return next((prompts[name] for name in _DOCUMENT_PROMPTS if prompts.get(name) is not None), "")


def _published_prompts(model: Model) -> dict[str, str]:
    found = (prompts for pattern, prompts in _PUBLISHED_PROMPTS.items() if re.search(pattern, model.name))
    return dict(next(found, {}))


def has_bf16(device: str) -> bool:
    """Whether the device multiplies bfloat16 in hardware: on these it is 2 to 3 times faster."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported()
    return device == "cpu" and bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def autocast(device: str) -> AbstractContextManager[object]:
    """bfloat16 where the hardware has it (cosine to fp32 above 0.9999), full precision elsewhere."""
    import torch

    kind = device.split(":")[0]
    return torch.autocast(kind, dtype=torch.bfloat16) if has_bf16(device) else nullcontext()


def encode(loaded: SentenceTransformer, texts: Sequence[str], role: Role, batch_size: int = 32) -> FloatArray:
    """Encode with the prompt of the role.

    :returns: Shape (texts, dimension), float32, each row of unit length.
    """
    import torch

    if not texts:
        return np.zeros((0, loaded.get_embedding_dimension() or 0), np.float32)
    method = loaded.encode_query if role == "query" else loaded.encode_document
    with torch.inference_mode(), autocast(loaded.device.type):
        vectors = method(list(texts), batch_size=batch_size, convert_to_numpy=True, show_progress_bar=False)
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


@dataclass(frozen=True)
class Encoder:
    """A model that loads itself on first use and serves several threads one after the other."""

    model: Model

    def __call__(self, texts: Sequence[str], role: Role) -> FloatArray:
        """See :func:`encode`."""
        with _turn:
            return encode(self._loaded, texts, role)

    @property
    def parameters(self) -> int:
        """How many the model has; one that stands in two places counts once."""
        return sum(parameter.numel() for parameter in self._loaded.parameters())

    @property
    def device(self) -> str:
        """Where it runs: ``cpu``, or ``cuda`` with a number."""
        return str(self._loaded.device)

    @property
    def _loaded(self) -> SentenceTransformer:
        with _turn:
            return _shared(self.model, self.model.fingerprint)


_turn = threading.RLock()


@lru_cache(maxsize=2)
def _shared(model: Model, fingerprint: str) -> SentenceTransformer:
    # the fingerprint is part of the key: a run's best checkpoint may change under the same path
    return load(model)
