"""What the header of the page says about the jobs."""

from __future__ import annotations

from retrieval.page import QueueLine, numbers
from training.runs import all_runs


def headline() -> QueueLine:
    """The job that has run longest and how far its stage is; how many wait, if none runs; else nothing."""
    alive = [(run.id, status) for run in all_runs() if (status := run.status()).alive]
    running = [(run, status) for run, status in alive if status.state == "running"]
    if not alive:
        return QueueLine()
    if not running:
        return QueueLine(f"{numbers.counted(len(alive), 'job')} waiting", alive[-1][0])
    run, status = running[-1]
    share = status.step / status.total if status.total else None
    parts = [f"{numbers.counted(len(running), 'job')} running", status.stage, numbers.percent(share) if share else ""]
    return QueueLine(" · ".join(filter(None, parts)), run, share)
