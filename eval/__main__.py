"""``python -m eval run | show | watch | compare | list | export | embeddings``."""

from __future__ import annotations

import argparse
import sys

from eval.commands import add_commands
from retrieval.cli import execute


def main() -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m eval", description="Rankings in, verdicts out.")
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    return execute(parser)


if __name__ == "__main__":
    sys.exit(main())
