"""The command ``validate``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retrieval.artifact import MANIFEST
from retrieval.beir import HANDBOOK
from retrieval.cli import Report, command
from retrieval.errors import BakehouseError
from retrieval.home import home
from retrieval.page import numbers
from retrieval.validate.examine import examine
from retrieval.validate.fault import KEPT, Validation
from retrieval.validate.fix import Fixed, fix
from retrieval.validate.lines import BACKUP
from retrieval.validate.rules import RULES, Rule, explained

SHOWN = 5
"""Faults of each rule that a person is shown, unless ``--show`` says another number."""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``validate``."""
    parser = command(subparsers, "validate", _validate, "name every fault of a BEIR folder, with file and line")
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="DIR", help="a BEIR folder, or a name under workspace/corpora"
    )
    parser.add_argument("--fix", action="store_true", help=f"mend what is safe; a changed file is kept as NAME{BACKUP}")
    parser.add_argument("--show", type=int, default=SHOWN, metavar="N", help=f"faults of each rule (default {SHOWN})")
    parser.add_argument("--rules", action="store_true", help="list the rules of the format, each with an example")


def _validate(args: argparse.Namespace) -> Report:
    if args.rules:
        return Report({"rules": [asdict(rule) for rule in RULES.values()]}, explained())
    if args.folder is None:
        raise BakehouseError("no folder was named: wanted `validate DIR`, or `validate --rules` for the format.")
    folder = _place(args.folder)
    if args.fix:
        fixed = fix(folder)
        left = fixed.left
        machine = {**_machine(left), "fixed": fixed.mended, "files": fixed.files}
        return Report(machine, f"{_mended(fixed)}\n{_in_words(left, args.show)}", failed=not left.valid)
    found = examine(folder)
    return Report(_machine(found), _in_words(found, args.show), failed=not found.valid)


def _place(named: Path) -> Path:
    """A folder by path, or by its name in the workspace."""
    kept = HANDBOOK if str(named) == HANDBOOK.name else home() / "corpora" / named
    return kept if kept.is_dir() and not named.exists() else named


def _machine(validation: Validation) -> dict[str, Any]:
    """The object of ``--json``: at most :data:`KEPT` faults of each rule, and how many there are of it."""
    return {
        "folder": str(validation.folder),
        "valid": validation.valid,
        "counts": {name: getattr(validation, name) for name in ("documents", "queries", "judgments")},
        "rules": {
            rule: {"severity": RULES[rule].severity, "faults": count, "fixable": validation.fixable.get(rule, 0)}
            for rule, count in _in_order(validation.counts).items()
        },
        "faults": [asdict(fault) for fault in validation.faults],
    }


def _in_order(counts: Mapping[str, int]) -> dict[str, int]:
    return {rule: counts[rule] for rule in RULES if counts.get(rule)}


def _in_words(validation: Validation, most: int) -> str:
    parts = [_group(validation, RULES[rule], most) for rule in _in_order(validation.counts)]
    verdict = "valid" if validation.valid else "not valid"
    held = [
        numbers.counted(validation.documents, "document"),
        numbers.counted(validation.queries, "query", "queries"),
        numbers.counted(validation.judgments, "judgment"),
    ]
    found = [numbers.counted(validation.errors, "error"), numbers.counted(validation.warnings, "warning")]
    parts.append(f"{validation.folder} is {verdict}: {', '.join(held)}; {', '.join(found)}.")
    if fixable := sum(validation.fixable.values()):
        parts[-1] += f" --fix mends {fixable:,} of them."
    return "\n".join(parts)


def _group(validation: Validation, rule: Rule, most: int) -> str:
    """A rule, the first faults against it, and how many more there are."""
    count = validation.counts[rule.name]
    shown = [fault for fault in validation.faults if fault.rule == rule.name][: max(most, 0)]
    lines = [f"{rule.severity} {rule.name} · {rule.says}", *(f"  {each.place}: {each.message}" for each in shown)]
    if count > len(shown):
        more = f"{count - len(shown):,} more" if shown else f"{count:,} faults"
        lines.append(f"  … {more}; --show N shows more, --json the first {KEPT:,} of each rule.")
    return "\n".join(lines) + "\n"


def _mended(fixed: Fixed) -> str:
    if not fixed.files:
        return "Nothing was found that could be mended safely.\n"
    width = max(map(len, fixed.mended), default=0)
    lines = [f"  {rule:<{width}}  {count:>7,}  {RULES[rule].fix}" for rule, count in _in_order(fixed.mended).items()]
    if MANIFEST in fixed.files:
        lines.append(f"  {MANIFEST} counts what the files hold now.")
    kept = f"What was there before stands beside each as NAME{BACKUP}."
    return "\n".join([f"Mended {', '.join(fixed.files)}:", *lines, kept, ""])
