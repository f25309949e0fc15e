"""What happens between two training steps: log, save, examine, choose the best, stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrieval.models import best_step
from training import device
from training.checkpoints import Checkpoint, commit, keep_as_best, latest, prune
from training.config import Recipe
from training.journal import Journal

Examine = Callable[[Checkpoint], float]


@dataclass
class Watcher:
    """The methods that a ``transformers.TrainerCallback`` has, for the events that matter here.

    :param examine: Judges the model as it stands and returns the figure that decides.
    :param base_score: That figure of the base model.
    """

    run: Path
    key: str
    recipe: Recipe
    journal: Journal
    examine: Examine
    best_score: float = -1.0
    milestones: set[int] = field(default_factory=set)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Spread the evaluations evenly over the run, the last one at its end."""
        times = min(self.recipe.evaluate.times, state.max_steps)
        self.milestones = {round(state.max_steps * number / times) for number in range(1, times + 1)}
        start = latest(self.run, self.key)
        if start and start.step in self.milestones - self._examined():
            self.consider(start)  # the job was killed between saving and examining

    def _examined(self) -> set[int]:
        return {event["step"] for event in self.journal.run.events() if "dev" in event["metrics"]}

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """Write the point of the curves."""
        numbers = {name: float(value) for name, value in (logs or {}).items() if name in _CURVES}
        if numbers:
            total, step = state.max_steps, state.global_step
            metrics = numbers | device.reading()
            self.journal.event(f"step {step} of {total}", stage="fit", step=step, total=total, metrics=metrics)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Save where an evaluation is due, and before stopping."""
        control.should_save = state.global_step in self.milestones
        if self.journal.run.stop_asked:
            control.should_save = control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Turn what was saved into a checkpoint; examine it where an evaluation is due."""
        written = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        checkpoint = commit(written, self.run, state.global_step, self.key, self.recipe.base)
        stops_early = control.should_training_stop and state.global_step < state.max_steps
        if state.global_step in self.milestones and not stops_early:  # else it is examined on resuming
            self.consider(checkpoint)
        prune(self.run, self.recipe.checkpoints.keep)

    def consider(self, checkpoint: Checkpoint) -> None:
        """Examine a checkpoint and keep it as the best if it is; the first of equals stays."""
        score = self.examine(checkpoint)
        if best_step(self.run) is None or score > self.best_score:
            keep_as_best(checkpoint, self.run, score)
            self.best_score = score


_CURVES = ("loss", "learning_rate", "grad_norm", "epoch")
