"""The command ``export``: a run's data as other programs read it."""

from __future__ import annotations

import argparse
from pathlib import Path

from retrieval.cli import Report, command
from retrieval.convert.gpl import LABELLED
from retrieval.errors import BakehouseError, nearest
from training import gpl, runs
from training.gpl import Exported

_FORMATS = (gpl.FORMAT,)


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``export``."""
    out = command(subparsers, "export", _export, "write a run's questions, negatives and margins for the GPL toolkit")
    out.add_argument("form", metavar="FORMAT", help=" | ".join(_FORMATS))
    out.add_argument("run_id", metavar="RUN", help="a run's id, the path of its folder, or 'last'")
    out.add_argument("--out", required=True, type=Path, metavar="DIR", help="the folder to make")


def _export(args: argparse.Namespace) -> Report:
    if args.form not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise BakehouseError(f"unknown format '{args.form}': choose {known}.{nearest(args.form, _FORMATS)}")
    written = gpl.export(runs.find(args.run_id), args.out)
    machine = {
        "format": gpl.FORMAT,
        "run": written.run,
        "folder": str(written.folder),
        "files": written.counts,
        "verbatim": written.verbatim,
    }
    return Report(machine, _told(written))


def _told(written: Exported) -> str:
    width = max(map(len, written.counts))
    lines = [f"  {file:<{width}}  {count:>9,}" for file, count in written.counts.items()]
    if written.verbatim:
        lines.append(
            f"{written.verbatim:,} questions stand word for word in their passages, which training takes them out of and "
            "the toolkit does not: they teach it little. generate.generator=seq2seq asks as the toolkit does."
        )
    steps = written.counts.get(LABELLED, 0) // gpl.BATCH
    once = f" --gpl_steps {steps}" if steps else ""
    lines.append(
        f"→ {written.folder}\n"
        f"Go on: python -m gpl.train --path_to_generated_data {written.folder} --output_dir DIR --base_ckpt MODEL{once}"
    )
    return "\n".join(lines)
