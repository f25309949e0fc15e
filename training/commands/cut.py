"""The command ``cut``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from retrieval.cli import Report, command
from retrieval.models import resolve
from training.cut import cut


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = command(subparsers, "cut", _cut, "save a model with only some of its layers, as a student to tune")
    parser.add_argument("model", metavar="MODEL", help="a folder, a run's id, or a Hub id")
    parser.add_argument("--layers", required=True, type=_layers, metavar="N,N,…", help="layers to keep, from 0")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new folder")


def _layers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}': wanted numbers with commas between, such as 0,4,8,11") from error


def _cut(args: argparse.Namespace) -> Report:
    done = cut(resolve(args.model), args.layers, args.out)
    human = (
        f"{args.out}: {done.layers} of {done.layers_before} layers, "
        f"{done.parameters:,} of {done.parameters_before:,} parameters.\n"
        f"Tune it: python -m training run --corpus DIR --preset small --base {args.out}"
    )
    return Report(asdict(done) | {"folder": str(done.folder)}, human)
