"""The command ``watch``: checkpoints are judged as they appear."""

from __future__ import annotations

import argparse
import sys

from eval import report
from eval.commands.checks import check_mode, check_task
from retrieval.beir import open_corpus
from retrieval.cli import Report, command


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``watch``."""
    look = command(subparsers, "watch", _watch, "judge the checkpoints of a run or folder as they appear")
    look.add_argument(
        "place", metavar="PLACE", help="a run, where step-N or checkpoint-N are copied to, or hub:OWNER/NAME"
    )
    look.add_argument("--corpus", default="", metavar="DIR", help="what to judge on (default: the run's own corpus)")
    look.add_argument("--split", default="dev", help="which judgments (default dev)")
    look.add_argument("--mode", default="all", help="all, hybrid or dense")
    look.add_argument("--every", type=float, default=30.0, metavar="SECONDS", help="between two looks (default 30)")
    look.add_argument(
        "--idle",
        type=float,
        default=3600.0,
        metavar="SECONDS",
        help="end after so long without a new one (default 3600)",
    )
    look.add_argument("--once", action="store_true", help="judge what is there and end")


def _watch(args: argparse.Namespace) -> Report:
    from eval import watch
    from eval.task import open_task
    from retrieval.searcher import MODES

    check_mode(args.mode, ("all", *MODES[:2]))
    place = watch.Place.of(args.place)
    task = open_task(open_corpus(args.corpus or place.corpus), args.split)
    check_task(task, cross_lingual=False)
    modes = MODES[:2] if args.mode == "all" else (args.mode,)
    found = []
    for result in watch.watch(place, task, modes, args.every, 0.0 if args.once else args.idle):
        found.append(result.summary)
        print(report.line(result.summary), file=sys.stderr, flush=True)
    return report.watched(place.name, found)
