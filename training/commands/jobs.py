"""The commands ``run``, ``list``, ``show``, ``stop`` and ``resume``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from retrieval.cli import Report, command
from training import jobs, pipeline, runs
from training.presets import PRESETS
from training.runs import RunFolder, Status
from training.settings import load_recipe, parse_assignments


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register all commands of training."""
    run = command(subparsers, "run", _run, "tune a model to a corpus without labels")
    run.add_argument("--corpus", required=True, metavar="DIR", help="a BEIR folder, or a name under workspace/corpora")
    run.add_argument("--base", metavar="MODEL", help="the model to tune (default: the bundled multilingual-e5-small)")
    run.add_argument("--preset", help=f"{' | '.join(PRESETS)} (default quick)")
    run.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML, as in any run's config.toml")
    run.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one setting, e.g. fit.epochs=2")
    run.add_argument("--detach", action="store_true", help="return at once; the run goes on by itself")
    command(subparsers, "list", _list, "list all runs")
    for name, do, summary in (
        ("show", _show, "show a run's state, figures and last events"),
        ("stop", _stop, "ask a run to save a checkpoint and stop"),
        ("resume", _resume, "go on with a stopped or failed run"),
    ):
        command(subparsers, name, do, summary).add_argument("run_id", metavar="RUN", help="a run's id, or 'last'")
    work = subparsers.add_parser("work")  # what a detached job runs; not for people
    work.add_argument("folder", type=Path)
    work.set_defaults(run=_work, json=False)


def as_json(run: RunFolder, status: Status) -> dict[str, Any]:
    """What ``run`` and ``show`` answer to a program."""
    return {"run": run.id, "folder": str(run.path), **asdict(status)}


def _run(args: argparse.Namespace) -> Report:
    named = {"corpus": args.corpus, "base": args.base, "preset": args.preset}
    flags = parse_assignments(args.set) | {name: value for name, value in named.items() if value is not None}
    run = jobs.start(load_recipe(flags, args.config))
    if args.detach:
        human = f"{run.id} is started.\nWatch it: python -m training show {run.id}"
        return Report(as_json(run, run.status()), human)
    return _follow(run)


def _resume(args: argparse.Namespace) -> Report:
    run = jobs.resume(runs.find(args.run_id))
    return Report(as_json(run, run.status()), f"{run.id} goes on.\nWatch it: python -m training show {run.id}")


def _stop(args: argparse.Namespace) -> Report:
    run = jobs.stop(runs.find(args.run_id))
    return Report(as_json(run, run.status()), f"{run.id} saves a checkpoint and stops.")


def _show(args: argparse.Namespace) -> Report:
    run = runs.find(args.run_id)
    status = run.status()
    events = [event for event in run.events() if event["message"]][-8:]
    lines = [f"{_clock(event['time'])}  {event['stage']:<9} {event['message']}" for event in events]
    return Report(as_json(run, status), "\n".join([_summary(run, status), *lines, *_ending(status)]))


def _list(args: argparse.Namespace) -> Report:
    found = [(run, run.status()) for run in runs.all_runs()]
    lines = [_summary(run, status) for run, status in found]
    empty = "No runs yet. Start one: python -m training run --corpus DIR --preset quick"
    return Report({"runs": [as_json(run, status) for run, status in found]}, "\n".join(lines) or empty)


def _work(args: argparse.Namespace) -> Report:
    done = pipeline.work(RunFolder(args.folder))
    return Report({}, "", failed=not done)


def _follow(run: RunFolder) -> Report:
    """Tell what happens until the run ends. Ctrl-C asks it to stop, and waits for its checkpoint."""

    def tell(event: dict[str, Any]) -> None:
        if event["message"]:
            print(f"{_clock(event['time'])}  {event['stage']:<9} {event['message']}", file=sys.stderr, flush=True)

    try:
        status = jobs.follow(run, tell)
    except KeyboardInterrupt:
        print("Stopping: a checkpoint is saved first.", file=sys.stderr)
        run.ask_stop()
        status = jobs.follow(run, lambda event: None)
    return Report(
        as_json(run, status),
        "\n".join([_summary(run, status), *_ending(status)]),
        failed=status.state == "failed",
    )


def _summary(run: RunFolder, status: Status) -> str:
    progress = f" {status.stage} {status.step}/{status.total}" if status.alive and status.total else ""
    return f"{run.id}  {status.state}{progress}  {_gain(status)}".rstrip()


def _gain(status: Status) -> str:
    base, best = status.base.get("dev"), status.best.get("dev")
    if not base or not best:
        return ""
    return f"dev nDCG@10, hybrid: base {base['hybrid']['ndcg@10']:.3f} → best {best['hybrid']['ndcg@10']:.3f}"


def _ending(status: Status) -> list[str]:
    if status.state == "failed":
        return [f"Reason: {status.reason}", f"Remedy: {status.remedy}"]
    lines = []
    for split in ("dev", "test"):
        for mode, told in status.report.get(split, {}).items():
            name = "synthetic dev" if split == "dev" and status.report.get("synthetic_dev") else split
            lines.append(f"{name}, {mode}: base {told['base']:.3f}, best {told['best']:.3f}. {told['sentence']}")
    return [*lines, *([status.report["told"]] if status.report else [])]


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%H:%M:%S")
