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

    @classmethod
    def of(cls, model: nn.Module) -> Parameters:
        """Count them; one that stands in two places counts once."""
        parameters = list(model.parameters())
        learning = (parameter.numel() for parameter in parameters if parameter.requires_grad)
        return cls(sum(parameter.numel() for parameter in parameters), sum(learning))


def choose(model: SentenceTransformer, settings: Fit) -> Parameters:
    """Freeze what shall not learn; for ``head`` and ``lora`` that is all there is, :mod:`training.fitting.learner` adds to it.

    ``top`` lets the last ``top_layers`` of the encoder learn, and every module behind it, such as a
    dense projection. Gradients then stop at the lowest of these layers, so the rest costs one forward pass.
    """
    transformer: Any = model[0]
    model.requires_grad_(settings.trainable == "all")
    if settings.trainable == "top":
        for layer in list(encoder_layers(transformer))[-settings.top_layers :]:
            layer.requires_grad_(True)
        for module in list(model)[1:]:
            module.requires_grad_(True)
    if settings.freeze_embeddings:
        transformer.auto_model.get_input_embeddings().requires_grad_(False)
    quiet(transformer.auto_model)
    if not settings.dropout:
        _no_dropout(transformer.auto_model)
    return Parameters.of(model)


def quiet(network: nn.Module) -> None:
    """No dropout where nothing learns: it would only be noise, and on a CPU it costs several times the layer itself."""
    for module in network.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            _no_dropout(module)


def _no_dropout(network: nn.Module) -> None:
    from torch import nn

    for dropout in (part for part in network.modules() if isinstance(part, nn.Dropout)):
        dropout.p = 0.0


def encoder_layers(transformer: Any) -> nn.ModuleList:
    """The stack of layers: the longest list of equal modules in the network.

    :raises BakehouseError: if the network has no such list.
    """
    from torch import nn

    stacks = [module for module in transformer.auto_model.modules() if isinstance(module, nn.ModuleList)]
    if not stacks:
        raise BakehouseError(
            f"{type(transformer.auto_model).__name__} has no stack of layers to choose from: set fit.trainable=all."
        )
    return max(stacks, key=len)
