"""The commands ``convert`` and ``validate``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from retrieval.cli import Report, command
from retrieval.convert.convert import TO_CHOOSE_FROM, convert
from retrieval.convert.names import ROLES
from retrieval.convert.options import Options
from retrieval.validate import Fault, Validation, examine

_SHOWN = 50
"""Faults that the report for a person shows; ``--json`` gives all."""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``convert`` and ``validate``."""
    parser = command(subparsers, "convert", _convert, "turn documents into a BEIR folder")
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="SOURCE",
        help="a file, a folder, a ZIP archive, or hub:OWNER/NAME[:CONFIG[:SPLIT]]",
    )  # fmt: skip
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the BEIR folder to make")
    parser.add_argument("--force", action="store_true", help="replace DIR though it is no earlier conversion")
    _add_columns(parser)
    _add_reading(parser)
    checked = command(subparsers, "validate", _validate, "name every fault of a BEIR folder, with file and line")
    checked.add_argument("folder", type=Path, metavar="DIR", help="a BEIR folder")


def _add_columns(parser: argparse.ArgumentParser) -> None:
    columns = parser.add_argument_group("columns, guessed where they are not given ('-' for none)")
    for role, what in ROLES.items():
        columns.add_argument(f"--{role.replace('_', '-')}", dest=f"role_{role}", metavar="COLUMN", help=what)
    columns.add_argument(
        "--keep", action="append", default=[], metavar="COLUMN", help="carry it over into the metadata"
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--split", default="test", help="the name of the split for judgments found (default test)")
    parser.add_argument(
        "--language", action="append", default=[], metavar="CODE",
        help="the language of everything; given more than once, the languages to choose from",
    )  # fmt: skip
    parser.add_argument("--encoding", default="", metavar="NAME", help="of every file, such as cp1252; else detected")
    parser.add_argument("--delimiter", default="", metavar="CHAR", help="between columns; else detected")
    parser.add_argument("--records", default="", metavar="PATH", help="of the list of rows in JSON, such as data.items")
    parser.add_argument("--no-header", action="store_true", help="the first line of tables is a row, not names")


def _convert(args: argparse.Namespace) -> Report:
    columns = {role: name for role in ROLES if (name := getattr(args, f"role_{role}")) is not None}
    options = Options(
        columns,
        tuple(args.keep),
        args.split,
        tuple(args.language),
        args.encoding,
        args.delimiter.replace("\\t", "\t"),
        False if args.no_header else None,
        args.records,
    )
    report = convert(args.sources, args.out, options, force=args.force, least=TO_CHOOSE_FROM)
    return Report(report.as_json(), report.as_text())


def _validate(args: argparse.Namespace) -> Report:
    validation = examine(args.folder)
    counts = {name: getattr(validation, name) for name in ("documents", "queries", "judgments")}
    machine = {
        "folder": str(args.folder),
        "valid": validation.valid,
        "counts": counts,
        "faults": [asdict(fault) for fault in validation.faults],
    }
    return Report(machine, _in_words(validation), failed=not validation.valid)


def _in_words(validation: Validation) -> str:
    shown: list[Fault] = list(validation.faults[:_SHOWN])
    lines = [*map(str, shown)]
    if len(validation.faults) > len(shown):
        lines.append(f"… and {len(validation.faults) - len(shown):,} more; --json lists all.")
    errors = sum(fault.severity == "error" for fault in validation.faults)
    warnings = len(validation.faults) - errors
    verdict = "valid" if validation.valid else "not valid"
    found = f"{errors:,} errors, {warnings:,} warnings"
    v = validation
    lines.append(
        f"{v.folder} is {verdict}: {v.documents:,} documents, {v.queries:,} queries, {v.judgments:,} judgments; {found}."
    )
    return "\n".join(lines)
