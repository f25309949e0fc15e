"""Several processes train one model: one on each GPU, or on a CPU to try it out.

The job starts them by ``accelerate launch`` and stays the only one that writes the run's journal: the first
process tells it what happens, as the others are told to do what the first one decides.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from retrieval.errors import BakehouseError
from retrieval.home import ROOT, home
from training.config import Recipe
from training.data.inputs import Inputs
from training.journal import Journal, Stopped
from training.runs import RunFolder

PLAN = "processes.json"
"""In a run's folder: what each process reads to do its part."""
_ADDRESS, _SECRET = "BAKEHOUSE_RELAY", "BAKEHOUSE_RELAY_SECRET"
STOPPED = "stopped"


def command(run: Path, processes: int) -> list[str]:
    """What starts them; it can be given by hand, too."""
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    told = {
        "num_processes": processes,
        "num_machines": 1,
        "main_process_port": 0,
        "mixed_precision": "no",  # the trainer sets it
        "dynamo_backend": "no",
    }
    flags = [word for name, value in told.items() for word in (f"--{name}", str(value))]
    return [*launcher, *flags, "--module", "training.fitting.rank", str(run)]


def launch(run: Path, recipe: Recipe, inputs: Inputs, journal: Journal) -> None:
    """Train in processes of their own, and wait for them.

    :raises Stopped: if someone asked the job to stop; a checkpoint is saved by then.
    :raises BakehouseError: if there are not as many GPUs, or with what a process could not do.
    """
    _check_devices(recipe.fit.processes)
    _write_plan(run, recipe, inputs)
    words = command(run, recipe.fit.processes)
    journal.event(f"{recipe.fit.processes} processes train together: {shlex.join(words)}", stage="fit")
    secret = secrets.token_bytes(16)
    with Listener(authkey=secret) as listener:
        threads = max(1, (os.cpu_count() or 1) // recipe.fit.processes)
        environment = {
            **os.environ,
            "BAKEHOUSE_HOME": str(home()),
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads)),
            _ADDRESS: json.dumps(listener.address),
            _SECRET: secret.hex(),
        }
        child = subprocess.Popen(words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)
        told: list[str] = []
        threading.Thread(target=_hear, args=(listener, journal, told), daemon=True, name="relay").start()
        code = child.wait()
    if told == [STOPPED]:
        raise Stopped
    if code or told:
        raise BakehouseError(told[0] if told else f"a training process ended with status {code}: see the run's log.")


def _check_devices(processes: int) -> None:
    import torch

    gpus = torch.cuda.device_count()
    if gpus and processes > gpus:
        raise BakehouseError(f"fit.processes is {processes}, and this machine has {gpus} GPUs: set it to {gpus}.")


def _write_plan(run: Path, recipe: Recipe, inputs: Inputs) -> None:
    folders = {"generated": inputs.generated, "mined": inputs.mined, "labelled": inputs.labelled}
    plan = {
        "recipe": recipe.model_dump(mode="json"),
        "made": {name: str(folder.relative_to(run)) for name, folder in folders.items() if folder},
    }
    (run / PLAN).write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")


def read_plan(run: Path) -> tuple[Recipe, dict[str, Path | None]]:
    """The recipe, and stage → folder or None.

    :raises BakehouseError: if the job has not written it.
    """
    path = run / PLAN
    if not path.is_file():
        raise BakehouseError(f"{path} is missing: a job with fit.processes above 1 writes it before training.")
    plan = json.loads(path.read_text(encoding="utf-8"))
    made = {
        name: run / plan["made"][name] if name in plan["made"] else None for name in ("generated", "mined", "labelled")
    }
    return Recipe.model_validate(plan["recipe"]), made


def _hear(listener: Listener, journal: Journal, told: list[str]) -> None:
    """Do in the journal what the first process says, until it is gone; an end that is no good one goes into ``told``."""
    try:
        connection = listener.accept()
    except OSError:  # closed: no process came so far
        return
    with connection:
        while True:
            try:
                what, changes = connection.recv()
            except EOFError:
                return
            if what == "end":
                told.append(changes["reason"])
            else:
                getattr(journal, what)(*changes.pop("args", ()), **changes)
            connection.send("done")


class Relay:
    """The first process's line to the job. Each word waits for its answer, so that nothing is lost on the way."""

    def __init__(self) -> None:
        address = json.loads(os.environ[_ADDRESS])
        secret = bytes.fromhex(os.environ[_SECRET])
        self._line: Connection = Client(tuple(address) if isinstance(address, list) else address, authkey=secret)

    def __call__(self, what: str, changes: dict[str, Any]) -> None:
        self._line.send((what, changes))
        self._line.recv()

    def end(self, reason: str) -> None:
        """Say why this is not a good end."""
        self("end", {"reason": reason})


def relayed() -> bool:
    """Whether a job listens; not so if the command was given by hand."""
    return _ADDRESS in os.environ


class Told(Journal):
    """A journal that writes nothing itself.

    :param tell: Is told each call; the job does it in its own journal.
    """

    def __init__(self, run: RunFolder, tell: Callable[[str, dict[str, Any]], None]) -> None:
        super().__init__(run)
        self._tell = tell

    def update(self, **changes: Any) -> None:
        """See :meth:`Journal.update`."""
        self.status = replace(self.status, **changes)
        self._tell("update", changes)

    def event(self, message: str = "", **about: Any) -> None:
        """See :meth:`Journal.event`."""
        known = {"stage": about.get("stage"), "step": about.get("step", 0), "total": about.get("total", 0)}
        self.status = replace(self.status, **{**known, "stage": known["stage"] or self.status.stage})
        self._tell("event", {"args": (message,), **about})


@dataclass(frozen=True)
class Group:
    """The processes of one training, joined by torch.

    :param rank: This one's number; 0 decides.
    :param device: Where it trains.
    """

    rank: int
    device: str

    def wait(self) -> None:
        """Until all are here."""
        import torch.distributed as together

        together.barrier()

    def share(self, value: Any) -> Any:
        """The first one's value, in all."""
        import torch.distributed as together

        values = [value]
        together.broadcast_object_list(values)
        return values[0]


def in_step(group: Group, watcher: Any | None) -> Any:
    """A trainer callback that does in the first process what the watcher does, and in all what that decides.

    :param watcher: None in the others.
    """
    from transformers import TrainerCallback

    class InStep(TrainerCallback):
        def _do(self, hook: str, args: Any, state: Any, control: Any, **more: Any) -> None:
            if watcher:
                getattr(watcher, hook)(args, state, control, **more)
            control.should_save, control.should_training_stop = group.share(
                (control.should_save, control.should_training_stop)
            )

        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            self._do("on_train_begin", args, state, control, **more)

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            self._do("on_step_end", args, state, control, **more)

        def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            group.wait()  # each has written its random numbers into the folder that is moved now
            self._do("on_save", args, state, control, **more)

        def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if watcher:
                watcher.on_log(args, state, control, **more)

        def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if watcher:
                watcher.on_train_end(args, state, control, **more)

    return InStep()
