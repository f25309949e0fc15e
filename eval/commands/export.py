"""The command ``export``: results as other programs read them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from eval import export, mteb_results
from eval.choose import candidates
from eval.export import FORMATS
from eval.measures import STANDARD
from eval.quantities import NAMES
from eval.results import Summary, all_results
from retrieval.artifact import write_atomic
from retrieval.cli import Report, command
from retrieval.errors import BakehouseError, nearest

_FORMATS = (*FORMATS, mteb_results.FORMAT)


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``export``."""
    out = command(
        subparsers,
        "export",
        _export,
        "write results for a spreadsheet (csv), a model card (model-index), a paper (svg) or mteb (mteb)",
    )
    out.add_argument("form", metavar="FORMAT", help=" | ".join(_FORMATS))
    out.add_argument(
        "results", nargs="*", metavar="RESULT", help="as for compare, all that a name means (default: all)"
    )
    for name in ("corpus", "split"):
        out.add_argument(f"--{name}", default="", help=f"only results on this {name}")
    out.add_argument("--measure", default=STANDARD[0], metavar="NAME@K", help=f"of a picture (default {STANDARD[0]})")
    out.add_argument("--against", default="", metavar="NAME", help=f"draw it against one of: {', '.join(NAMES)}")
    out.add_argument("--out", type=Path, metavar="PLACE", help="a file (default: printed); for mteb a folder")


def _export(args: argparse.Namespace) -> Report:
    if args.form not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise BakehouseError(f"unknown format '{args.form}': choose {known}.{nearest(args.form, _FORMATS)}")
    _check_place(args)
    results = _wanted(args)
    if args.form == mteb_results.FORMAT:
        return _export_for_mteb(results, args.out)
    text = export.written(results, args.form, measure=args.measure, against=args.against)
    machine = {"format": args.form, "results": [each.id for each in results]}
    if not args.out:
        return Report({**machine, "text": text}, text.rstrip("\n"))
    write_atomic(args.out, text)
    return Report({**machine, "file": str(args.out)}, f"{export.names(results)}\n→ {args.out}")


def _export_for_mteb(results: Sequence[Summary], folder: Path) -> Report:
    written = mteb_results.write(results, folder)
    machine = {
        "format": mteb_results.FORMAT,
        "results": [each.id for each in written.results],
        "folder": str(folder),
        "files": [str(file) for file in written.files],
        "left_out": {each.id: reason for each, reason in written.left_out},
    }
    told = [f"{export.names([each])}: left out, {reason}" for each, reason in written.left_out]
    return Report(machine, "\n".join([export.names(written.results), *told, *(f"→ {file}" for file in written.files)]))


def _wanted(args: argparse.Namespace) -> list[Summary]:
    """The results that were named, or all, on the corpus and split that were said."""
    named = [each for name in args.results for each in candidates(name)]
    found = list({each.file: each for each in named}.values()) if args.results else all_results()
    results = [each for each in found if args.corpus in ("", each.corpus.name) and args.split in ("", each.split)]
    if found and not results:
        have = sorted({f"{each.corpus.name} ({each.split})" for each in found})
        raise BakehouseError(
            f"none of {len(found)} results is on what --corpus and --split name: found {', '.join(have)}."
        )
    return results


def _check_place(args: argparse.Namespace) -> None:
    """Refuse what only a picture has, pictures that are not drawn, and a folder that was not named."""
    if args.form == mteb_results.FORMAT and not args.out:
        raise BakehouseError("mteb keeps results in a folder, with a file for each task: say which with --out FOLDER.")
    if args.form != "svg" and args.against:
        raise BakehouseError(
            f"--against draws a picture, and '{args.form}' is none: write `export svg --against {args.against}`."
        )
    if args.form == "svg" and args.out and args.out.suffix != ".svg":
        raise BakehouseError(
            f"'{args.out}' is no .svg: that is what is drawn, and nothing here turns it into another format. Name a "
            "file with .svg; a browser or Inkscape opens it and saves it as PNG or PDF."
        )
