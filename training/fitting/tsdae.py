"""TSDAE: texts with words missing, and the decoder that must tell them in full again.

Wang, Reimers and Gurevych, "TSDAE: Using Transformer-based Sequential Denoising Auto-Encoder for
Unsupervised Sentence Embedding Learning" (2021).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from retrieval.errors import BakehouseError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

KEPT = 0.4
"""The share of words left in a text: the paper found deleting 60 % best."""
_LONG_WORD = 12
"""Characters between two spaces, on average, beyond which a script puts none between words."""


def noisy(text: str, seed: int) -> str:
    """The text with most of its words missing, one at least left; the same for the same seed.

    Where the script puts no spaces between words, characters are dropped instead.
    """
    spaced = len(text) <= _LONG_WORD * (text.count(" ") + 1)
    words = text.split() if spaced else list(text)
    draw = random.Random(f"{seed}:{text}")
    kept = [word for word in words if draw.random() < KEPT] or [draw.choice(words)]
    return (" " if spaced else "").join(kept)


def denoising_loss(model: SentenceTransformer, seed: int) -> nn.Module:
    """The loss, its decoder's new weights drawn by ``seed``; encoder and decoder share all others.

    :raises BakehouseError: if transformers has no decoder for the model's architecture.
    """
    import torch
    from sentence_transformers.sentence_transformer.losses import DenoisingAutoEncoderLoss

    encoder: Any = model.transformers_model
    learns = {name: parameter.requires_grad for name, parameter in encoder.named_parameters()}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            loss = DenoisingAutoEncoderLoss(model)
        except (ValueError, TypeError) as error:
            raise BakehouseError(
                f"tsdae needs a decoder of the model's own kind, and transformers has none for {type(encoder).__name__} "
                f"({str(error).splitlines()[0][:160]}). Choose another loss, such as mnrl."
            ) from error
    for name, parameter in encoder.named_parameters():
        parameter.requires_grad_(learns[name])  # sharing put the decoder's parameters, which all learn, in place
    return loss
