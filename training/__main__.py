"""``python -m training run | list | show | stop | resume``."""

from __future__ import annotations

import argparse
import sys

from retrieval.cli import execute
from training.commands import add_commands


def main() -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m training", description="A BEIR folder in, checkpoints out.")
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    return execute(parser)


if __name__ == "__main__":
    sys.exit(main())
