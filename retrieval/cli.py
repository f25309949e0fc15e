"""What every command shares: --json, errors as sentences, exit status 2."""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dotenv import find_dotenv, load_dotenv

from retrieval.errors import BakehouseError

USER_ERROR = 2
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Report:
    """What a command has to say: to a program, and to a person. ``failed`` exits with status 2."""

    machine: dict[str, Any]
    human: str = ""
    failed: bool = field(default=False)


Command = Callable[[argparse.Namespace], Report]


def command(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: Command, summary: str
) -> argparse.ArgumentParser:
    """Add a subcommand that answers with a :class:`Report` and understands ``--json``."""
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=summary, description=summary)
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout, nothing else")
    parser.set_defaults(run=run)
    return parser


def execute(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse, run and print; return the exit status.

    Whatever a library prints while the command works goes to stderr, so that stdout holds the
    report and nothing else.
    """
    prepare()
    args = parser.parse_args(argv)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            report: Report = args.run(args)
    except (BakehouseError, OSError) as error:
        message = explain(error)
        if message is None:
            raise
        if args.json:
            print(_printable(json.dumps({"error": message}, ensure_ascii=False)))
        print(_printable(f"error: {message}"), file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    try:
        print(_printable(json.dumps(report.machine, ensure_ascii=False, indent=2) if args.json else report.human))
    except BrokenPipeError:  # `… | head` closed the pipe: nobody is left to read
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return USER_ERROR if report.failed else 0


def _printable(text: str) -> str:
    """Half characters, which a damaged file may have in its names, as the escapes that JSON has for them."""
    return text.encode("utf-8", "backslashreplace").decode()


def explain(error: Exception) -> str | None:
    """The sentence for an error that a person can mend, or None for a fault of the program."""
    if isinstance(error, BakehouseError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _FULL:
        return (
            f"the disk is full while writing {error.filename or 'a file'}: what was complete before is intact. "
            "Free some space, or set BAKEHOUSE_HOME to a larger disk, and run the same command again."
        )
    if isinstance(error, PermissionError):
        return f"no permission for {error.filename}: choose another folder, or change its permissions."
    return None


def prepare() -> None:
    """Read ``.env`` and send log lines to stderr; the first thing every entry point does."""
    load_dotenv(find_dotenv(usecwd=True))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for noisy in ("httpx", "httpx2", "sentence_transformers", "transformers", "datasets", "faiss", "bm25s"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
