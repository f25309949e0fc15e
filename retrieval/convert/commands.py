"""The commands ``convert`` and ``split``."""

from __future__ import annotations

import argparse
from pathlib import Path

from retrieval.beir import open_corpus
from retrieval.cli import Report, command
from retrieval.convert.convert import TO_CHOOSE_FROM, convert
from retrieval.convert.division import Shares, divide_again, parse_shares
from retrieval.convert.names import ROLES
from retrieval.convert.near import TREATMENTS
from retrieval.convert.options import Options
from retrieval.convert.passages import Chunking
from retrieval.errors import BakehouseError
from retrieval.models import DEFAULT


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``convert`` and ``split``."""
    parser = command(subparsers, "convert", _convert, "turn documents into a BEIR folder")
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="SOURCE",
        help="a file, a folder, a ZIP archive, or hub:OWNER/NAME[:CONFIG[:SPLIT]]",
    )  # fmt: skip
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the BEIR folder to make")
    parser.add_argument("--force", action="store_true", help="replace DIR though it is no earlier conversion")
    _add_columns(parser)
    _add_reading(parser)
    _add_chunking(parser)
    _add_dividing(parser)
    divided = command(subparsers, "split", _split, "divide the judgments of a BEIR folder by document, in place")
    divided.add_argument("corpus", metavar="DIR", help="a BEIR folder, or a name under workspace/corpora")
    divided.add_argument("shares", metavar="TRAIN/DEV/TEST", help="percent of the queries, such as 80/10/10")
    _add_dividing(divided)


def _add_columns(parser: argparse.ArgumentParser) -> None:
    columns = parser.add_argument_group("columns, guessed where they are not given ('-' for none)")
    for role, what in ROLES.items():
        columns.add_argument(f"--{role.replace('_', '-')}", dest=f"role_{role}", metavar="COLUMN", help=what)
    columns.add_argument(
        "--keep", action="append", default=[], metavar="COLUMN", help="carry it over into the metadata"
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--split", default="test", metavar="NAME|TRAIN/DEV/TEST",
        help="the name of the split for judgments found (default test), or shares such as 80/10/10 to divide them by document",
    )  # fmt: skip
    parser.add_argument(
        "--language", action="append", default=[], metavar="CODE",
        help="the language of everything; given more than once, the languages to choose from",
    )  # fmt: skip
    parser.add_argument("--encoding", default="", metavar="NAME", help="of every file, such as cp1252; else detected")
    parser.add_argument("--delimiter", default="", metavar="CHAR", help="between columns; else detected")
    parser.add_argument("--records", default="", metavar="PATH", help="of the list of rows in JSON, such as data.items")
    parser.add_argument(
        "--near", default="list", metavar="|".join(TREATMENTS),
        help="what becomes of documents whose texts are nearly the same (default list, in duplicates.jsonl)",
    )  # fmt: skip
    parser.add_argument("--no-header", action="store_true", help="the first line of tables is a row, not names")


def _add_chunking(parser: argparse.ArgumentParser) -> None:
    chunks = parser.add_argument_group("long documents")
    chunks.add_argument(
        "--chunk", type=int, metavar="TOKENS", help="cut what is longer into passages of at most so many"
    )
    chunks.add_argument("--overlap", type=int, metavar="TOKENS", help="repeat at most so many of the passage before")
    chunks.add_argument("--model", metavar="M", help=f"whose tokenizer counts (default {DEFAULT})")


def _add_dividing(parser: argparse.ArgumentParser) -> None:
    dividing = parser.add_argument_group("dividing judgments")
    dividing.add_argument("--seed", type=int, default=0, help="another one divides otherwise (default 0)")
    dividing.add_argument("--again", action="store_true", help="also judgments that came in splits of their own")


def _chunking(args: argparse.Namespace) -> Chunking | None:
    if args.chunk is not None:
        return Chunking(args.chunk, args.overlap or 0, args.model or DEFAULT)
    if args.overlap is not None or args.model is not None:
        raise BakehouseError("--overlap and --model say how to cut: name the tokens of a passage with --chunk too.")
    return None


def _shares(args: argparse.Namespace) -> Shares | None:
    if "/" in args.split:
        return parse_shares(args.split, args.seed, again=args.again)
    if args.seed or args.again:
        raise BakehouseError("--seed and --again say how to divide: name the shares too, such as --split 80/10/10.")
    return None


def _split(args: argparse.Namespace) -> Report:
    folder = open_corpus(args.corpus).folder.resolve()
    division = divide_again(folder, parse_shares(args.shares, args.seed, again=args.again))
    return Report({"folder": str(folder), "splits": division.as_json()}, division.as_text())


def _convert(args: argparse.Namespace) -> Report:
    shares = _shares(args)
    columns = {role: name for role in ROLES if (name := getattr(args, f"role_{role}")) is not None}
    options = Options(
        columns,
        tuple(args.keep),
        "test" if shares else args.split,
        tuple(args.language),
        args.encoding,
        args.delimiter.replace("\\t", "\t"),
        False if args.no_header else None,
        args.records,
        _chunking(args),
        shares,
        args.near,
    )
    report = convert(args.sources, args.out, options, force=args.force, least=TO_CHOOSE_FROM)
    return Report(report.as_json(), report.as_text())
