"""A cross-encoder reads query and passage together and orders the first hits anew."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from retrieval.encoder import autocast
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.records import FloatArray

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_turn = threading.RLock()


def load_cross_encoder(model: Model) -> CrossEncoder:
    """Load a cross-encoder that answers with logits: a sigmoid would squeeze the margins.

    :raises BakehouseError: if the model is an encoder without a head: its scores would be random numbers.
    """
    _check_head(model)
    import torch
    from sentence_transformers import CrossEncoder

    return CrossEncoder(
        str(model.folder),
        activation_fn=torch.nn.Identity(),
        trust_remote_code=False,
        local_files_only=True,
        model_kwargs={"use_safetensors": True},
    )


def _check_head(model: Model) -> None:
    kinds = json.loads((model.folder / "config.json").read_text(encoding="utf-8")).get("architectures") or []
    if any(kind.endswith("Model") for kind in kinds):
        raise BakehouseError(
            f"'{model.name}' is no cross-encoder but a bare encoder ({', '.join(kinds)}), which cannot score a question "
            "and a passage together. Name a cross-encoder, such as cross-encoder/mmarco-mMiniLMv2-L12-H384-v1."
        )


def pair_scores(loaded: CrossEncoder, pairs: Sequence[tuple[str, str]], batch_size: int = 32) -> FloatArray:
    """Logits of (query, passage) pairs, shape (pairs,), float32."""
    import torch

    if not pairs:
        return np.zeros(0, np.float32)
    with torch.inference_mode(), autocast(loaded.device.type):
        scores = loaded.predict(list(pairs), batch_size=batch_size, show_progress_bar=False)
    return np.asarray(scores, np.float32).reshape(len(pairs), -1)[:, 0]


@lru_cache(maxsize=1)
def _shared(model: Model) -> CrossEncoder:
    return load_cross_encoder(model)


def rerank_scores(name: str, query: str, passages: Sequence[str]) -> FloatArray:
    """Logits of one query against passages, by a cross-encoder's name; the model stays loaded."""
    model = resolve(name)
    with _turn:
        return pair_scores(_shared(model), [(query, passage) for passage in passages])
