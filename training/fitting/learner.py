"""The model in training: what the trainer sees of it, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.config import Fit
from training.fitting.layers import Parameters, choose

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

    from retrieval.encoder import Role
    from training.data.parts import TrainingData

LEARNED = "learned.pt"
"""In a checkpoint of ``head`` or ``lora``: what learns, as the trainer goes on from it."""
Say = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass
class Learner:
    """A model of which all, or the top layers, learn.

    :param whole: The model as it is examined and kept; plain sentence-transformers loads what is saved of it.
    :param taught: The model that the trainer sees. Here the same.
    """

    whole: SentenceTransformer
    taught: SentenceTransformer

    @property
    def parameters(self) -> Parameters:
        """How many there are, and how many learn."""
        return Parameters.of(self.taught)

    def examined(self) -> SentenceTransformer:
        """The whole model as it stands after the last step, for reading what :meth:`prepare` was told of."""
        return self.current()

    def prepare(self, data: TrainingData, asked: Mapping[Role, Sequence[str]], settings: Fit, say: Say) -> None:
        """Whatever must be done once before the first step.

        :param asked: What each examination will encode.
        """

    def current(self) -> SentenceTransformer:
        """The whole model as it stands after the last step."""
        return self.whole

    def save(self, folder: Path) -> None:
        """Write the whole model, and what else :meth:`restore` needs."""
        # no card: the library's own quotes training texts, which may be private
        self.current().save_pretrained(str(folder), create_model_card=False)

    def restore(self, folder: Path) -> None:
        """Go on from what :meth:`save` has written."""
        from sentence_transformers import SentenceTransformer

        saved = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self.taught.load_state_dict(saved.state_dict())


@dataclass
class PartLearner(Learner):
    """A model of which a small part learns that does not stand in the whole model as it is."""

    def save(self, folder: Path) -> None:
        """See :meth:`Learner.save`."""
        import torch

        super().save(folder)
        learned = {name: weight.detach().cpu() for name, weight in self._learning()}
        torch.save(learned, folder / LEARNED)

    def restore(self, folder: Path) -> None:
        """See :meth:`Learner.restore`."""
        import torch

        learned = torch.load(folder / LEARNED, map_location="cpu", weights_only=True)
        with torch.no_grad():
            for name, weight in self._learning():
                weight.copy_(learned[name])

    def _learning(self) -> list[tuple[str, nn.Parameter]]:
        return [(name, weight) for name, weight in self.taught.named_parameters() if weight.requires_grad]


def make(model: SentenceTransformer, settings: Fit) -> Learner:
    """Turn a base model into a learner. It learns in single precision, however its weights are stored.

    In half precision a step of 2e-5 would be lost in rounding (Micikevicius et al., "Mixed Precision
    Training", 2018).

    :raises BakehouseError: if the model does not offer what shall learn.
    """
    from training.fitting import head, lora

    model.float()
    choose(model, settings)
    if settings.trainable == "head":
        return head.learner(model)
    if settings.trainable == "lora":
        return lora.learner(model, settings)
    return Learner(model, model)
