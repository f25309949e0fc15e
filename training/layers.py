"""Which parameters learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retrieval.errors import BakehouseError
from training.config import Fit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn


@dataclass(frozen=True, slots=True)
class Parameters:
    """How many parameters a model has, and how many of them learn."""

    total: int
    trainable: int


def choose(model: SentenceTransformer, settings: Fit) -> Parameters:
    """Freeze what shall not learn.

    ``top`` lets the last ``top_layers`` of the encoder learn, and every module behind it, such as a
    dense projection. Gradients then stop at the lowest of these layers, so the rest costs one forward pass.
    """
    transformer: Any = model[0]
    model.requires_grad_(settings.trainable == "all")
    if settings.trainable == "top":
        for layer in encoder_layers(transformer)[-settings.top_layers :]:
            layer.requires_grad_(True)
        for module in list(model)[1:]:
            module.requires_grad_(True)
    if settings.freeze_embeddings:
        transformer.auto_model.get_input_embeddings().requires_grad_(False)
    _still_frozen(transformer.auto_model)
    parameters = list(model.parameters())
    return Parameters(sum(p.numel() for p in parameters), sum(p.numel() for p in parameters if p.requires_grad))


def _still_frozen(network: nn.Module) -> None:
    """No dropout where nothing learns: it would only be noise, and on a CPU it costs several times the layer itself."""
    from torch import nn

    for module in network.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            for dropout in (part for part in module.modules() if isinstance(part, nn.Dropout)):
                dropout.p = 0.0


def encoder_layers(transformer: Any) -> list[Any]:
    """The stack of layers: the longest list of equal modules in the network.

    :raises BakehouseError: if the network has no such list.
    """
    from torch import nn

    stacks = [module for module in transformer.auto_model.modules() if isinstance(module, nn.ModuleList)]
    if not stacks:
        raise BakehouseError(
            f"{type(transformer.auto_model).__name__} has no stack of layers to choose from: set fit.trainable=all."
        )
    longest: list[Any] = max(map(list, stacks), key=len)
    return longest
