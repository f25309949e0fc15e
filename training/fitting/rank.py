"""One of the processes that train together: ``accelerate launch … --module training.fitting.rank RUN``.

The job starts them; given by hand, after the job was stopped, the first process writes the journal itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

from retrieval.beir import open_corpus
from retrieval.cli import explain
from retrieval.errors import BakehouseError
from training import fit
from training.data.inputs import Inputs
from training.fitting import processes
from training.fitting.processes import Group, Relay, Told
from training.journal import Journal, Stopped
from training.keeping import examine
from training.runs import RunFolder
from training.split import trained_on

_PATIENT = timedelta(days=1)


def main(folder: Path) -> int:
    """Do this process's part of the fit; return its exit status."""
    run, rank = RunFolder(folder.resolve()), int(os.environ["RANK"])
    relay = Relay() if rank == 0 and processes.relayed() else None
    with _journal(run, rank, relay) as journal:
        try:
            _train(run, rank, journal)
        except Stopped:
            if relay:
                relay.end(processes.STOPPED)
            elif rank == 0:
                journal.end("stopped", "stopped on request", remedy=f"Go on: python -m training resume {run.id}")
            return 0
        except Exception as error:
            if relay:
                relay.end(explain(error) or f"{type(error).__name__}: {error}")
            raise
        if rank == 0 and not relay:
            journal.end("stopped", "fit is complete", remedy=f"Go on: python -m training resume {run.id}")
    return 0


def _journal(run: RunFolder, rank: int, relay: Relay | None) -> AbstractContextManager[Journal]:
    if rank == 0 and not relay:
        return _own_journal(run)
    return nullcontext(Told(run, relay or (lambda what, changes: None)))


@contextmanager
def _own_journal(run: RunFolder) -> Iterator[Journal]:
    if run.status().alive:
        raise BakehouseError(f"{run.id} is {run.status().state}: its job trains already. Stop that first.")
    with Journal(run) as journal:
        journal.update(state="running")
        yield journal


def _train(run: RunFolder, rank: int, journal: Journal) -> None:
    import torch

    gpu = torch.cuda.is_available()
    device = f"cuda:{os.environ['LOCAL_RANK']}" if gpu else "cpu"
    if gpu:
        torch.cuda.set_device(device)
    torch.distributed.init_process_group("nccl" if gpu else "gloo", timeout=_PATIENT)
    recipe, made = processes.read_plan(run.path)
    corpus = open_corpus(recipe.corpus)
    inputs = Inputs.of(recipe, trained_on(corpus, recipe.split), **made)
    group = Group(rank, device)
    if rank == 0:
        examination = examine.prepare(corpus, made["generated"], recipe, run.id)
        fit.lead(run.path, recipe, inputs, examination, journal, group)
    else:
        fit.follow(run.path, recipe, inputs, journal, group)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    status = main(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    # All is written. A common exit takes the interpreter down under torch's own threads, and one that still wants
    # the lock of the interpreter by then aborts the process: a finished training would be told as a failed one.
    os._exit(status)
