"""``python -m retrieval convert | split | validate | index | search``."""

from __future__ import annotations

import argparse
import sys

from retrieval import commands
from retrieval.cli import execute
from retrieval.convert import commands as convert_commands
from retrieval.validate import commands as validate_commands


def main() -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m retrieval", description="Documents in, ranked documents out.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    convert_commands.add_commands(subparsers)
    validate_commands.add_commands(subparsers)
    commands.add_commands(subparsers)
    return execute(parser)


if __name__ == "__main__":
    sys.exit(main())
