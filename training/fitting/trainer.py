"""The trainer of sentence-transformers, with our own ways of saving and going on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.config import Fit
from training.fitting import arguments, losses
from training.fitting.learner import Learner

if TYPE_CHECKING:
    from torch import nn

    from training.data.parts import TrainingData

LOSSES = "losses.pt"
"""In a checkpoint: the parameters that losses have of their own, such as TSDAE's decoder."""


def make(learner: Learner, data: TrainingData, settings: Fit, folder: Path) -> Any:
    """A trainer that is ready to go.

    :param settings: While the batch size is not known, it is taken to be 1.
    :param folder: Where it writes before :mod:`training.keeping.checkpoints` takes over.
    """
    from sentence_transformers import SentenceTransformerTrainer
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    class Trainer(SentenceTransformerTrainer):
        """Saves and restores by the learner, and leaves out the library's card, which quotes texts."""

        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            pass

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
            import torch

            written = Path(output_dir or folder)
            written.mkdir(parents=True, exist_ok=True)
            learner.save(written)
            if of_losses := dict(_of_losses(self.loss, learner)):
                torch.save({name: weight.detach().cpu() for name, weight in of_losses.items()}, written / LOSSES)

        def _load_from_checkpoint(self, checkpoint_path: str, model: Any = None) -> None:
            import torch

            saved = Path(checkpoint_path)
            learner.restore(saved)
            if of_losses := dict(_of_losses(self.loss, learner)):
                found = torch.load(saved / LOSSES, map_location="cpu", weights_only=True)
                with torch.no_grad():
                    for name, weight in of_losses.items():
                        weight.copy_(found[name])

    settings = settings.model_copy(update={"batch_size": settings.batch_size or 1})
    trainer = Trainer(
        model=learner.taught,
        args=arguments.build(learner.taught, data, settings, folder),
        train_dataset=dict(data.datasets),
        loss=losses.build(learner.taught, data, settings),
        data_collator=data.collator(learner.taught),
    )
    for noisy in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(noisy)
    return trainer


def _of_losses(modules: Mapping[str, nn.Module], learner: Learner) -> list[tuple[str, nn.Parameter]]:
    """Parameters that stand in a loss and not in the model, those that several share once."""
    known = {id(parameter) for parameter in learner.taught.parameters()}
    found = []
    for name, module in modules.items():
        for of_module, parameter in module.named_parameters():
            if id(parameter) not in known:
                known.add(id(parameter))
                found.append((f"{name}.{of_module}", parameter))
    return found
