"""What happens between two training steps: log, save, examine, wait for room, stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training import device
from training.keeping import checkpoints, disk, milestones
from training.keeping.checkpoints import Checkpoint
from training.keeping.contest import Contest
from training.keeping.milestones import Spent
from training.keeping.push import Push

_CURVES = ("loss", "learning_rate", "grad_norm", "epoch")
_LEFT_OUT = "left_out"
_SECONDS = "seconds"


@dataclass
class Watcher:
    """The methods that a ``transformers.TrainerCallback`` has, for the events that matter here.

    :param size: What a checkpoint takes on disk.
    :param cost: Seconds that an examination is expected to take, before one was timed.
    """

    contest: Contest
    size: disk.Size
    cost: float = 0.0
    evaluations: set[int] = field(default_factory=set)
    saves: set[int] = field(default_factory=set)
    left_out: set[int] = field(default_factory=set)
    spent: Spent = field(default_factory=Spent)
    clock: float = 0.0
    logged: tuple[int, float] = (0, 0.0)

    def __post_init__(self) -> None:
        self.run, self.recipe, self.journal = self.contest.run, self.contest.recipe, self.contest.journal

    def catch_up(self, total: int, restore: Callable[[Path], None]) -> bool:
        """Plan the run's milestones, and make up for an examination that a killed job did not get to.

        :param total: Steps of the whole run.
        :param restore: Gives the model in training the weights of a checkpoint.
        :returns: Whether there are steps left to train.
        """
        judged, kept = self.recipe.evaluate, self.recipe.checkpoints
        self.evaluations = milestones.evaluations(total, judged.times, judged.every)
        self.saves = self.evaluations | milestones.regularly(total, kept.every)
        self._remember()
        start = self.contest.latest
        if start and start.score is None and start.step in self.evaluations - self.left_out:
            restore(start.folder)
            start = self._consider(start, total)
            checkpoints.prune(self.run, kept)
        return start is None or (start.step < total and not self._early(start, total))

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock."""
        self.logged = (state.global_step, self.spent.steps)
        self._lap()

    def _remember(self) -> None:
        """What a former process of this run decided and measured."""
        for event in self.journal.run.events():
            if _LEFT_OUT in event["metrics"]:
                self.left_out.add(event["step"])
            if found := event["metrics"].get(_SECONDS):
                self.spent = Spent(**found)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Save where it is time, and before stopping; wait while the disk has no room for it."""
        self.spent = self.spent.step(self._lap())
        step, total, stop = state.global_step, state.max_steps, self.journal.run.stop_asked
        if step in self.evaluations - self.left_out and not self._affordable(step, total):
            self._leave_out(step, total)
        control.should_save = stop or step in self.saves
        if control.should_save and not self._room(step, total):
            control.should_save = False
        # Never taken back: after the last step the trainer has set it itself
        control.should_training_stop = control.should_training_stop or stop or self.journal.run.stop_asked
        self._lap()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """Write the point of the curves."""
        numbers = {name: float(value) for name, value in (logs or {}).items() if name in _CURVES}
        if numbers:
            total, step = state.max_steps, state.global_step
            metrics = numbers | self._throughput(args, step) | device.reading()
            self._say(f"step {step} of {total}", step, total, metrics)
        self._lap()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Turn what was saved into a checkpoint; examine it where an evaluation is due."""
        step = state.global_step
        checkpoint = self.contest.admit(Path(args.output_dir) / f"checkpoint-{step}", step)
        stops = control.should_training_stop and step < state.max_steps  # then it is examined on resuming
        if step in self.evaluations - self.left_out and not stops:
            checkpoint = self._consider(checkpoint, state.max_steps)
        if step < state.max_steps and self._early(checkpoint, state.max_steps):
            control.should_training_stop = True
        checkpoints.prune(self.run, self.recipe.checkpoints)
        self._push(checkpoint)
        self._lap()

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Say what the examinations took."""
        each, (steps, times) = self.spent, (self.spent.counted_steps, self.spent.counted_examinations)
        if not steps or not times:
            return
        told = (
            f"examinations took {each.share:.1%} of the steps' time: {times} of {each.examinations / times:.2g} s "
            f"beside {steps} steps of {each.steps / steps:.2g} s"
        )
        metrics = {"examination_share": round(each.share, 4), _SECONDS: each.rounded()}
        self._say(told, state.global_step, state.max_steps, metrics)

    def _consider(self, checkpoint: Checkpoint, total: int) -> Checkpoint:
        start = time.perf_counter()
        checkpoint = self.contest.consider(checkpoint, total)
        self.spent = self.spent.examination(time.perf_counter() - start)
        self._say("", checkpoint.step, total, {_SECONDS: self.spent.rounded()})
        return checkpoint

    def _early(self, checkpoint: Checkpoint, total: int) -> bool:
        """Whether patience is lost; said where it is."""
        if told := self.contest.lost_patience(checkpoint):
            self._say(told, checkpoint.step, total, {"early": 1})
        return bool(told)

    def _affordable(self, step: int, total: int) -> bool:
        ahead = sum(one >= step for one in self.evaluations - self.left_out)
        allowed = max(self.recipe.evaluate.share * self.spent.expected(total), milestones.TOO_LITTLE)
        return milestones.affordable(ahead, self.spent.cost or self.cost, allowed - self.spent.examinations)

    def _leave_out(self, step: int, total: int) -> None:
        self.left_out.add(step)
        told = (
            f"step {step} is saved and not examined: an examination takes about {self.spent.cost or self.cost:.2g} s, "
            f"and all of them may take {self.recipe.evaluate.share:.0%} of the steps' time (evaluate.share)"
        )
        self._say(told, step, total, {_LEFT_OUT: 1})

    def _room(self, step: int, total: int) -> bool:
        """Wait until the next checkpoint fits; False if someone asked to stop meanwhile."""

        def say(message: str) -> None:
            self._say(message, step, total)
            self.journal.update(message=message)  # seen at once, also where steps follow fast

        guard = disk.Guard(
            self.run,
            disk.spare(self.recipe.checkpoints),
            free=lambda: disk.free(self.run),
            say=say,
            stop=lambda: self.journal.run.stop_asked,
        )
        if guard.wait(self.size.whole + (self.size.model if self.contest.blend else 0)):
            return True
        last = self.contest.latest
        told = f"step {last.step}" if last else "the start"
        self._say(f"there is no room for a checkpoint of step {step}: resuming goes on from {told}", step, total)
        return False

    def _push(self, checkpoint: Checkpoint) -> None:
        if self.recipe.checkpoints.push:
            push = Push(self.recipe.checkpoints.push, self.journal)
            push.checkpoint(checkpoint, checkpoints.best(self.run))

    def _throughput(self, args: Any, step: int) -> dict[str, float]:
        """Rows a second since the last point, over all processes, without examining and saving."""
        steps, seconds = step - self.logged[0], self.spent.steps - self.logged[1]
        self.logged = (step, self.spent.steps)
        rows = steps * args.train_batch_size * args.gradient_accumulation_steps * args.world_size
        return {"samples_per_second": round(rows / seconds, 2)} if seconds > 0 else {}

    def _say(self, message: str, step: int, total: int, metrics: dict[str, Any] | None = None) -> None:
        self.journal.event(message, stage="fit", step=step, total=total, metrics=metrics)

    def _lap(self) -> float:
        """Seconds since the last call."""
        now = time.perf_counter()
        seconds, self.clock = now - self.clock, now
        return seconds


def as_callback(watcher: Watcher) -> Any:
    """The same as a ``transformers.TrainerCallback``, whose other methods do nothing."""
    from transformers import TrainerCallback

    callback = type("WatcherCallback", (Watcher, TrainerCallback), {})(watcher.contest, watcher.size)
    vars(callback).update(vars(watcher))
    return callback
