"""Which loss fits the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from retrieval.errors import BakehouseError
from training.config import Fit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

Loss = Literal["margin-mse", "mnrl"]


def chosen_loss(settings: Fit, labelled: Path | None) -> Loss:
    """MarginMSE needs a teacher's margins; without them, multiple negatives ranking.

    :raises BakehouseError: if margins are asked for and there is no teacher.
    """
    if settings.loss == "margin-mse" and labelled is None:
        raise BakehouseError(
            "fit.loss is margin-mse and there are no margins: set label.kind and label.teacher, or fit.loss=mnrl."
        )
    if settings.loss == "auto":
        return "margin-mse" if labelled else "mnrl"
    return settings.loss


def build(model: SentenceTransformer, loss: Loss, settings: Fit) -> nn.Module:
    from sentence_transformers.sentence_transformer.losses import MarginMSELoss, MultipleNegativesRankingLoss

    if loss == "margin-mse":
        return MarginMSELoss(model)  # Hofstätter et al., "Improving Efficient Neural Ranking Models …" (2020)
    return MultipleNegativesRankingLoss(model, scale=1 / settings.temperature)
