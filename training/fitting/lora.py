"""Low-rank adapters beside the frozen layers of an encoder.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021); every linear layer of the encoder
gets one, as Dettmers et al., "QLoRA" (2023) found best.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.config import Fit
from training.fitting.layers import encoder_layers, quiet
from training.fitting.learner import PartLearner

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn


@dataclass
class LoraLearner(PartLearner):
    """Beside the model with adapters stands a whole one, which holds the adapters' work in its own weights.

    Both share what no adapter touches, such as the word embeddings. Merging into the model in training and
    taking it out again would leave rounding behind, so that a resumed run ended elsewhere.
    """

    def current(self) -> SentenceTransformer:
        """See :meth:`Learner.current`."""
        import torch
        from peft.tuners.lora import LoraLayer

        places = dict(self.whole.named_modules())
        with torch.no_grad():
            for name, module in self.taught.named_modules():
                if isinstance(module, LoraLayer):
                    layer: Any = module
                    [adapter] = layer.active_adapters
                    places[name].weight.copy_(layer.weight + layer.get_delta_weight(adapter))
        return self.whole


def learner(model: SentenceTransformer, settings: Fit) -> LoraLearner:
    """Put an adapter beside each linear layer of the encoder of a frozen model.

    :raises BakehouseError: if the encoder has no stack of layers.
    """
    import torch
    from peft import LoraConfig, inject_adapter_in_model

    network: Any = model[0].auto_model
    names = linear_layers(model)
    adapted = {id(network.get_submodule(name).weight) for name in names}
    shared = {id(weight): weight for weight in model.parameters() if id(weight) not in adapted}
    whole = copy.deepcopy(model, dict(shared)).eval()
    config = LoraConfig(
        r=settings.lora_rank, lora_alpha=settings.lora_alpha, target_modules=names, lora_dropout=0.0, bias="none"
    )
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        inject_adapter_in_model(config, network)
    quiet(network)
    return LoraLearner(whole, model)


def linear_layers(model: SentenceTransformer) -> list[str]:
    """The names of the encoder's linear layers, within the network of transformers.

    :raises BakehouseError: if it has no stack of layers.
    """
    from torch import nn

    inside: set[nn.Module] = set(encoder_layers(model[0]).modules())
    network: Any = model[0].auto_model
    return [name for name, module in network.named_modules() if module in inside and isinstance(module, nn.Linear)]
