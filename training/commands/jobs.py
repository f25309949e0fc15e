"""The commands ``run``, ``create``, ``list``, ``show``, ``stop`` and ``resume``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from retrieval.cli import Report, command
from training import jobs, pipeline, runs
from training.config import Recipe
from training.fitting import settle
from training.presets import PRESETS
from training.runs import RunFolder, Status
from training.settings import load_recipe, parse_assignments
from training.smoke import Trial, smoke
from training.stages import NAMES, stages_of
from training.stalls import LEAST_SILENCE, Stall, stall_of


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register all commands of training."""
    run = command(subparsers, "run", _run, "tune a model to a corpus without labels")
    _takes_recipe(run)
    run.add_argument("--until", default="", metavar="STAGE", help=f"stop after this stage: {' | '.join(NAMES)}")
    run.add_argument("--detach", action="store_true", help="return at once; the run goes on by itself")
    run.add_argument(
        "--smoke", action="store_true", help="try every stage on 100 passages, save nothing, and say how long each took"
    )
    create = command(subparsers, "create", _create, "make a run without starting it: for `stage`, or another machine")
    _takes_recipe(create)
    listed = command(subparsers, "list", _list, "list all runs")
    for name, do, summary in (
        ("show", _show, "show a run's state, figures and last events"),
        ("stop", _stop, "ask a run to save a checkpoint and stop"),
        ("resume", _resume, "go on with a stopped or failed run"),
    ):
        parser = command(subparsers, name, do, summary)
        parser.add_argument("run_id", metavar="RUN", help="a run's id, the path of its folder, or 'last'")
        if name == "resume":
            takes_changes(parser)
            parser.add_argument("--until", default="", metavar="STAGE", help="stop after this stage")
        if name == "show":
            _takes_silence(parser)
    _takes_silence(listed)
    work = subparsers.add_parser("work")  # what a detached job runs; not for people
    work.add_argument("folder", type=Path)
    work.add_argument("--until", default="")
    work.set_defaults(run=_work, json=False)


def _takes_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--corpus", required=True, metavar="DIR", help="a BEIR folder, or a name under workspace/corpora"
    )
    parser.add_argument(
        "--base", metavar="MODEL", help="the model to tune (default: the bundled multilingual-e5-small)"
    )
    parser.add_argument("--preset", help=f"{' | '.join(PRESETS)} (default quick)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML, as in any run's config.toml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="one setting, e.g. fit.epochs=2"
    )


def takes_changes(parser: argparse.ArgumentParser) -> None:
    """Let a command change settings of a run that exists."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another value: what depends on it is made again",
    )


def _takes_silence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stalled-after",
        type=float,
        default=LEAST_SILENCE,
        metavar="SECONDS",
        help="call a running job stalled that has said nothing for so long (default 600, or 20 times its usual gap)",
    )


def as_json(run: RunFolder, status: Status, stall: Stall | None = None) -> dict[str, Any]:
    """What ``run`` and ``show`` answer to a program. ``folder`` is where the run lies here and now."""
    return {"run": run.id, **asdict(status), "folder": str(run.path), "stalled": asdict(stall) if stall else None}


def _recipe(args: argparse.Namespace) -> Recipe:
    named = {"corpus": args.corpus, "base": args.base, "preset": args.preset}
    flags = parse_assignments(args.set) | {name: value for name, value in named.items() if value is not None}
    return load_recipe(flags, args.config)


def _create(args: argparse.Namespace) -> Report:
    run = jobs.create(_recipe(args))
    status = run.status()
    human = f"{run.id} is made in {run.path}, and not started.\n{status.remedy}\n"
    first = stages_of(run.recipe())[0].name
    return Report(as_json(run, status), human + f"Or one stage of it: python -m training stage {first} {run.id}")


def _run(args: argparse.Namespace) -> Report:
    if args.smoke:
        return _smoked(smoke(_recipe(args), tell))
    run = jobs.start(_recipe(args), args.until)
    if args.detach:
        human = f"{run.id} is started.\nWatch it: python -m training show {run.id}"
        return Report(as_json(run, run.status()), human)
    return _follow(run)


def _smoked(trial: Trial) -> Report:
    status, seconds = trial.status, dict(trial.seconds)
    lines = [f"{stage:<9} {took:>7.1f} s" for stage, took in seconds.items()]
    head = f"Tried on {trial.passages} passages and {trial.steps} steps; nothing was saved."
    failed = status.state != "finished"
    end = [f"Stopped in {status.stage or 'the beginning'}: {status.reason or status.message}"] if failed else []
    machine = {"smoke": True, "state": status.state, "reason": status.reason, "stages": seconds}
    return Report(
        machine | {"passages": trial.passages, "steps": trial.steps}, "\n".join([head, *lines, *end]), failed=failed
    )


def _resume(args: argparse.Namespace) -> Report:
    run = jobs.resume(runs.find(args.run_id), parse_assignments(args.set), args.until)
    return Report(as_json(run, run.status()), f"{run.id} goes on.\nWatch it: python -m training show {run.id}")


def _stop(args: argparse.Namespace) -> Report:
    run = jobs.stop(runs.find(args.run_id))
    return Report(as_json(run, run.status()), f"{run.id} saves a checkpoint and stops.")


def _show(args: argparse.Namespace) -> Report:
    run = runs.find(args.run_id)
    status = run.status()
    stall = stall_of(run, status, args.stalled_after)
    events = [event for event in run.events() if event["message"]][-8:]
    lines = [_line(event) for event in events]
    ending = [f"Silent for {_duration(stall.silent)}.", f"Remedy: {stall.remedy}"] if stall else ending_of(status)
    fitted = filter(None, [settle.told(status.fit)])
    return Report(as_json(run, status, stall), "\n".join([summary_of(run, status, stall), *fitted, *lines, *ending]))


def _list(args: argparse.Namespace) -> Report:
    states = [(run, run.status()) for run in runs.all_runs()]
    found = [(run, status, stall_of(run, status, args.stalled_after)) for run, status in states]
    lines = [summary_of(*each) for each in found]
    empty = "No runs yet. Start one: python -m training run --corpus DIR --preset quick"
    return Report({"runs": [as_json(*each) for each in found]}, "\n".join(lines) or empty)


def _work(args: argparse.Namespace) -> Report:
    done = pipeline.work(RunFolder(args.folder), until=args.until)
    return Report({}, "", failed=not done)


def _follow(run: RunFolder) -> Report:
    """Tell what happens until the run ends. Ctrl-C asks it to stop, and waits for its checkpoint."""

    try:
        status = jobs.follow(run, tell)
    except KeyboardInterrupt:
        print("Stopping: a checkpoint is saved first.", file=sys.stderr)
        run.ask_stop()
        status = jobs.follow(run, lambda event: None)
    return outcome(run, status)


def outcome(run: RunFolder, status: Status) -> Report:
    """How a run ended."""
    return Report(
        as_json(run, status),
        "\n".join([summary_of(run, status), *ending_of(status)]),
        failed=status.state == "failed",
    )


def tell(event: Mapping[str, Any]) -> None:
    """Say on stderr what happens."""
    if event["message"]:
        print(_line(event), file=sys.stderr, flush=True)


def _line(event: Mapping[str, Any]) -> str:
    return f"{datetime.fromtimestamp(event['time']).strftime('%H:%M:%S')}  {event['stage']:<9} {event['message']}"


def summary_of(run: RunFolder, status: Status, stall: Stall | None = None) -> str:
    """A run in one line."""
    progress = f" {status.stage} {status.step}/{status.total}" if status.alive and status.total else ""
    state = f"stalled{progress}, silent for {_duration(stall.silent)} after “{stall.last}”" if stall else ""
    return f"{run.id}  {state or status.state + progress}  {_gain(status)}".rstrip()


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def _gain(status: Status) -> str:
    base, best = status.base.get("dev"), status.best.get("dev")
    if not base or not best:
        return ""
    return f"dev nDCG@10, hybrid: base {base['hybrid']['ndcg@10']:.3f} → best {best['hybrid']['ndcg@10']:.3f}"


def ending_of(status: Status) -> list[str]:
    """What a person should know at the end, line by line."""
    if status.state == "failed":
        return [f"Reason: {status.reason}", f"Remedy: {status.remedy}"]
    if status.state == "stopped":
        return [f"{status.message[:1].upper()}{status.message[1:]}.", *filter(None, [status.remedy])]
    lines = []
    for split in ("dev", "test"):
        for mode, told in status.report.get(split, {}).items():
            name = "synthetic dev" if split == "dev" and status.report.get("synthetic_dev") else split
            lines.append(f"{name}, {mode}: base {told['base']:.3f}, best {told['best']:.3f}. {told['sentence']}")
    return [*lines, *([status.report["told"]] if status.report else [])]
