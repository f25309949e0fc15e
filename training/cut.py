"""A model with fewer layers: the start of a small, fast student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.artifact import building
from retrieval.encoder import load
from retrieval.errors import BakehouseError
from retrieval.models import Model
from training.fitting.layers import encoder_layers

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

_CARD = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
---
The layers {layers} of `{base}`, counted from 0, with all else as it was. It is not trained yet: tune it before use.
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut: layers and parameters before and after."""

    folder: Path
    layers_before: int
    layers: int
    parameters_before: int
    parameters: int


def cut(model: Model, layers: Sequence[int], out: Path) -> Cut:
    """Save ``model`` with only the given layers, in this order, as a folder that loads like any other.

    Starting a student from some of its teacher's layers follows Sanh et al., "DistilBERT" (2019).

    :param layers: Positions from 0.
    :raises BakehouseError: if a layer does not exist, none or all are named, or ``out`` exists.
    """
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise BakehouseError(f"{out} exists already: name a new folder with --out.")
    loaded = load(model, device="cpu")
    transformer: Any = loaded[0]
    stack = encoder_layers(transformer)
    _check(layers, len(stack))
    whole, depth = _count(loaded), len(stack)
    _keep(transformer.auto_model.config, stack, layers)
    with building(out, {"base": model.fingerprint, "layers": list(layers)}, fresh=True) as partial:
        loaded.save_pretrained(str(partial), create_model_card=False)
        (partial / "README.md").write_text(_CARD.format(layers=list(layers), base=model.name), encoding="utf-8")
    return Cut(out, depth, len(stack), whole, _count(loaded))


def _check(layers: Sequence[int], depth: int) -> None:
    wrong = [layer for layer in layers if not 0 <= layer < depth]
    if wrong or not layers or len(set(layers)) < len(layers):
        raise BakehouseError(
            f"--layers {','.join(map(str, layers))}: the model has layers 0 to {depth - 1}; name some of them, each once."
        )


def _keep(config: Any, stack: nn.ModuleList, layers: Sequence[int]) -> None:
    kept = [stack[layer] for layer in layers]
    del stack[:]
    stack.extend(kept)
    config.num_hidden_layers = len(kept)
    if getattr(config, "layer_types", None):  # networks whose layers differ say so, one by one
        config.layer_types = [config.layer_types[layer] for layer in layers]


def _count(model: SentenceTransformer) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
