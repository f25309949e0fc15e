"""The command ``queries``."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from retrieval.cli import Report, command
from retrieval.errors import BakehouseError
from retrieval.languages import name_of
from training import runs
from training.questions import editing, queries
from training.questions.queries import Shown
from training.runs import RunFolder

_CLIPPED = 240


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = command(subparsers, "queries", _queries, "show, export or replace the questions of a run")
    parser.add_argument("run_id", metavar="RUN", help="a run's id, or 'last'")
    parser.add_argument("--lang", action="append", default=[], metavar="CODE", help="only questions in this language")
    parser.add_argument(
        "--rejected", action="store_true", help="only those that the filter has rejected, with the reason"
    )
    parser.add_argument("-n", type=int, default=20, help="how many of each language to show (default 20)")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--export", type=Path, metavar="FILE", help="write all of them to FILE, .csv or .jsonl, to edit"
    )
    either.add_argument(
        "--replace", type=Path, metavar="FILE", help="put an edited file back; `resume` then does the rest"
    )


def _queries(args: argparse.Namespace) -> Report:
    run = runs.find(args.run_id)
    if args.rejected and (args.export or args.replace):
        raise BakehouseError(
            "--rejected only shows: a file to edit holds all questions, as --replace takes it for that."
        )
    if args.replace:
        return _replaced(run, args.replace, args.lang)
    rows = queries.shown(run, args.lang, rejected=args.rejected)
    if args.export:
        count = queries.export(rows, args.export)
        only = "".join(f" --lang {lang}" for lang in args.lang)
        human = (
            f"{count} rows are in {args.export}: change questions, delete rows, or add some without a query-id.\n"
            f"Put it back: python -m training queries {run.id}{only} --replace {args.export}"
        )
        return Report({"run": run.id, "file": str(args.export), "rows": count}, human)
    chosen = _first(rows, args.n)
    counts = {lang: _counted(rows, lang) for lang in dict.fromkeys(row.lang for row in rows)}
    machine = {"run": run.id, "counts": counts, "queries": [asdict(row) for row in chosen]}
    return Report(machine, _as_text(chosen, counts) or f"{run.id} has no rejected question.")


def _replaced(run: RunFolder, file: Path, languages: Sequence[str]) -> Report:
    edits = editing.put_back(run, file, languages)
    human = (
        f"The questions of {run.id} are those of {file}: {edits}.\n"
        f"Make again what depends on them: python -m training resume {run.id}"
    )
    return Report({"run": run.id, "file": str(file), **asdict(edits)}, human)


def _first(rows: Sequence[Shown], count: int) -> list[Shown]:
    """The first so many of each language."""
    seen: Counter[str] = Counter()
    chosen = []
    for row in rows:
        if seen[row.lang] < count:
            chosen.append(row)
        seen[row.lang] += 1
    return chosen


def _counted(rows: Sequence[Shown], lang: str) -> dict[str, int]:
    of_language = {row.query: row for row in rows if row.lang == lang}.values()
    return {"questions": len(of_language), "rejected": sum(bool(row.reason) for row in of_language)}


def _as_text(rows: Sequence[Shown], counts: dict[str, dict[str, int]]) -> str:
    parts = []
    for lang, numbers in counts.items():
        parts.append(f"{name_of(lang)} ({lang}): {numbers['questions']} questions, {numbers['rejected']} rejected")
        parts += [_one(row) for row in rows if row.lang == lang]
    return "\n\n".join(parts)


def _one(row: Shown) -> str:
    passage = row.passage if len(row.passage) <= _CLIPPED else row.passage[: _CLIPPED - 1] + "…"
    mark = f"   rejected: {row.reason}" if row.reason else ("   kept out, for dev" if row.split == "dev" else "")
    return f"  {row.question}{mark}\n    {row.passage_id}: {passage}"
