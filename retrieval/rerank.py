"""A cross-encoder reads query and passage together and orders the first hits anew."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.encoder import autocast
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.records import FloatArray

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_turn = threading.RLock()


def load_cross_encoder(model: Model, max_length: int = 0) -> CrossEncoder:
    """Load a cross-encoder that answers with logits: a sigmoid would squeeze the margins.

    :param max_length: Tokens of query and passage that it shall read, at most; 0 for as many as it can.
    :raises BakehouseError: if the model is an encoder without a head, whose scores would be random numbers, or has
        several outputs, of which none is the score.
    """
    _check_head(model)
    import torch
    from sentence_transformers import CrossEncoder

    loaded = CrossEncoder(
        str(model.folder),
        activation_fn=torch.nn.Identity(),
        trust_remote_code=False,
        local_files_only=True,
        model_kwargs={"use_safetensors": True},
    )
    if loaded.num_labels != 1:
        raise BakehouseError(
            f"'{model.name}' answers with {loaded.num_labels} numbers (a classifier, such as one for entailment), where "
            "one score of question and passage is wanted. Name a reranker."
        )
    if max_length:
        loaded.max_seq_length = min(max_length, loaded.max_seq_length or max_length)
    return loaded


def configured_activation(model: Model) -> str:
    """The activation that a cross-encoder's configuration puts on its logits, such as ``Sigmoid``; ours is none."""
    configs = [_json(model, name) for name in ("config_sentence_transformers.json", "config.json")]
    for config in configs:
        for place in (config, config.get("sentence_transformers") or {}):
            named = place.get("activation_fn") or place.get("sbert_ce_default_activation_function")
            if named:
                return str(named).rpartition(".")[2]
    return "Sigmoid"  # what the library takes for a model with one output


def _json(model: Model, name: str) -> dict[str, Any]:
    path = model.folder / name
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def is_bare(model: Model) -> bool:
    """Whether a model is an encoder without a head, which gives vectors and cannot score a pair of texts."""
    return any(kind.endswith("Model") for kind in _architectures(model))


def _architectures(model: Model) -> list[str]:
    return _json(model, "config.json").get("architectures") or []


def _check_head(model: Model) -> None:
    if is_bare(model):
        raise BakehouseError(
            f"'{model.name}' is no cross-encoder but a bare encoder ({', '.join(_architectures(model))}), which cannot "
            "score a question and a passage together. Name a cross-encoder, such as "
            "cross-encoder/mmarco-mMiniLMv2-L12-H384-v1."
        )


def pair_scores(loaded: CrossEncoder, pairs: Sequence[tuple[str, str]], batch_size: int = 32) -> FloatArray:
    """Logits of (query, passage) pairs, shape (pairs,), float32.

    The longest are scored first, in bfloat16 where the hardware has it.
    """
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
