"""The command ``stage``: one stage of a run alone, in this process."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import Any

from retrieval.cli import Report, command
from training import jobs, pipeline, runs
from training.commands.jobs import outcome, takes_changes, tell
from training.settings import parse_assignments
from training.stages import NAMES


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``stage``."""
    stage = command(subparsers, "stage", _stage, "make one stage of a run alone, here and now")
    stage.add_argument("name", metavar="STAGE", help=" | ".join(NAMES))
    stage.add_argument("run_id", metavar="RUN", help="a run's id, the path of its folder, or 'last'")
    takes_changes(stage)


def _stage(args: argparse.Namespace) -> Report:
    run = jobs.take(runs.find(args.run_id), parse_assignments(args.set), args.name)

    def stop(*_: Any) -> None:
        print("Stopping at the next safe place; once more ends it at once.", file=sys.stderr)
        run.ask_stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    try:
        pipeline.work(run, tell, only=args.name)
    finally:
        signal.signal(signal.SIGINT, before)
    return outcome(run, run.status())
