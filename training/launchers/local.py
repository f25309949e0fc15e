"""A job on this machine: a process of its own that outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys

from retrieval.home import ROOT, home
from training.runs import LOG, RunFolder

_children: list[subprocess.Popen[bytes]] = []


def spawn(run: RunFolder, *flags: str) -> int:
    """Start the worker of a run, detached, its output going to ``log.txt``; return its process id.

    :param flags: Of the command ``work``.
    """
    _reap()
    environment = {**os.environ, "BAKEHOUSE_HOME": str(home()), "PYTHONUNBUFFERED": "1"}
    with (run.path / LOG).open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "training", "work", str(run.path), *flags],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children.append(child)
    return child.pid


def _reap() -> None:
    """Collect the exit status of ended jobs, so that they do not linger as zombies of this process."""
    _children[:] = [child for child in _children if child.poll() is None]
