"""``python -m eval run | watch | compare | list | export | embeddings``."""

from __future__ import annotations

import argparse
import sys

from eval import commands
from eval.embeddings import commands as embeddings
from retrieval.cli import execute


def main() -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m eval", description="Rankings in, verdicts out.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_commands(subparsers)
    embeddings.add_commands(subparsers)
    return execute(parser)


if __name__ == "__main__":
    sys.exit(main())
