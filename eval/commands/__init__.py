"""The commands of ``python -m eval``, a file for each family."""

from __future__ import annotations

import argparse

from eval.commands import compare, export, judge, watch
from eval.embeddings import commands as embeddings

FAMILIES = (judge, watch, compare, export, embeddings)


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register every family's commands."""
    for family in FAMILIES:
        family.add_commands(subparsers)
