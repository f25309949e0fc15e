"""The command ``convert``."""

from __future__ import annotations

import argparse
from pathlib import Path

from retrieval.cli import Report, command
from retrieval.convert.convert import TO_CHOOSE_FROM, convert
from retrieval.convert.names import ROLES
from retrieval.convert.options import Options


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``convert``."""
    parser = command(subparsers, "convert", _convert, "turn documents into a BEIR folder")
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="SOURCE",
        help="a file, a folder, a ZIP archive, or hub:OWNER/NAME[:CONFIG[:SPLIT]]",
    )  # fmt: skip
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the BEIR folder to make")
    parser.add_argument("--force", action="store_true", help="replace DIR though it is no earlier conversion")
    _add_columns(parser)
    _add_reading(parser)


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
