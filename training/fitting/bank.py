"""The loss that learns a teacher's vectors and whom the teacher finds near them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from retrieval.records import FloatArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

_AT_ONCE = 4096
"""Vectors of the bank that one step compares with: more cost time and hardly sharpen the picture."""


def similarity_loss(model: SentenceTransformer, bank: FloatArray, temperature: float) -> nn.Module:
    """How far the student's vectors lie from the teacher's, and its beliefs from the teacher's beliefs.

    The second part compares two distributions over a bank of the teacher's vectors: what the student's
    vector is near to, and what the teacher's is near to. The bank is known beforehand, so each text is
    ranked against thousands at the price of one product of matrices. After Fang et al., "SEED:
    Self-supervised Distillation for Visual Representation" (2021).

    :param bank: What the texts are ranked against, in the teacher's space: passages for questions, and the reverse.
        Shape (texts, dimension), unit length.
    :param temperature: Divides the cosines of both; small ones look at the nearest only.
    """
    import torch
    from torch import nn
    from torch.nn.functional import kl_div, log_softmax, normalize, softmax

    class SimilarityLoss(nn.Module):
        """Cosines over the bank as KL divergence, plus the squared distance."""

        bank: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.register_buffer("bank", torch.as_tensor(bank), persistent=False)

        def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
            (features,) = sentence_features
            own = normalize(self.model(features)["sentence_embedding"].float(), dim=1)
            taught = normalize(labels.to(own), dim=1)
            bank = self._drawn().to(own)
            belief = log_softmax(own @ bank.T / temperature, dim=1)
            wanted = softmax(taught @ bank.T / temperature, dim=1)
            return kl_div(belief, wanted, reduction="batchmean") + (own - taught).square().sum(1).mean()

        def _drawn(self) -> Tensor:
            bank = self.bank
            if len(bank) <= _AT_ONCE:
                return bank
            return bank[torch.randint(len(bank), (_AT_ONCE,)).to(bank.device)]

    return SimilarityLoss()
