"""The commands of ``python -m training``, a file for each family."""

from __future__ import annotations

import argparse

from training.commands import cut, doctor, export, jobs, losses, queries, stage

FAMILIES = (jobs, stage, queries, losses, doctor, cut, export)


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register every family's commands."""
    for family in FAMILIES:
        family.add_commands(subparsers)
