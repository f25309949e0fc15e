"""The command ``embeddings``."""

from __future__ import annotations

import argparse
from pathlib import Path

from retrieval.cli import Report, command
from retrieval.errors import BakehouseError
from retrieval.models import DEFAULT

_FILES = (
    "CSV, TSV, JSON, JSON Lines or Parquet with columns such as anchor, positive, negative (triplets), sentence1, "
    "sentence2, score (sts), text, label (clusters), source, target (bitext); for bitext also two aligned text files, or "
    "a folder of files named like tatoeba.deu-eng.deu"
)


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register it."""
    parser = command(subparsers, "embeddings", _embeddings, "judge a model's embeddings where nothing is retrieved")
    parser.add_argument("kind", metavar="KIND", help="triplets | sts | clusters | bitext")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=_FILES)
    parser.add_argument("--model", default=DEFAULT, help=f"a folder, a run's id or a Hub id (default {DEFAULT})")
    parser.add_argument(
        "--column", action="append", default=[], metavar="ROLE=COLUMN", help="say which column it is (default: guessed)"
    )
    parser.add_argument(
        "--lang", action="append", default=[], metavar="L[,L…]", help="only these languages of a folder: deu,fra"
    )
    parser.add_argument(
        "--as",
        dest="role",
        choices=["query", "document"],
        help="the prompt that every text gets (default: query; of triplets, positives and negatives are documents)",
    )


def _embeddings(args: argparse.Namespace) -> Report:
    from eval.embeddings import report
    from eval.embeddings.embedder import Roles
    from eval.embeddings.judge import judge, save
    from eval.embeddings.kinds import kind_of
    from eval.embeddings.records import Options

    kind = kind_of(args.kind)
    languages = tuple(lang for given in args.lang for lang in given.split(",") if lang)
    options = Options(dict(map(_told, args.column)), languages)
    roles = Roles(args.role, args.role) if args.role else None
    return report.judged(save(judge(kind, args.files, args.model, options, roles)), kind)


def _told(given: str) -> tuple[str, str]:
    role, sign, column = given.partition("=")
    if not (role and sign and column):
        raise BakehouseError(f"found --column {given!r}, wanted ROLE=COLUMN, such as --column score=rating.")
    return role, column
