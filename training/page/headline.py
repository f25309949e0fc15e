"""What the header of the page says about the jobs."""

from __future__ import annotations

from retrieval.page import QueueLine, numbers
from training.page.look import line_of
from training.runs import all_runs


def headline() -> QueueLine:
    """The job that has run longest, how it fares and how far its stage is; how many wait, if none runs; else nothing."""
    alive = [line_of(run) for run in all_runs() if run.status().alive]
    begun = [line for line in alive if line.state != "waiting"]
    if not alive:
        return QueueLine()
    if not begun:
        return QueueLine(f"{numbers.counted(len(alive), 'job')} waiting", alive[-1].run.id)
    line, status = begun[-1], begun[-1].status
    share = status.step / status.total if status.total else None
    like_it = [other for other in begun if other.state == line.state]
    counted = f"{numbers.counted(len(like_it), 'job')} {line.state}"
    parts = [counted, status.stage, numbers.percent(share) if share else ""]
    return QueueLine(" · ".join(filter(None, parts)), line.run.id, share)
