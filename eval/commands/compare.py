"""The commands ``compare`` and ``list``: results side by side."""

from __future__ import annotations

import argparse

from eval import report
from eval.choose import choose
from eval.compare import compare, compare_each
from eval.measures import STANDARD
from eval.regressions import THRESHOLD, regressions
from eval.results import all_results, load
from retrieval.cli import Report, command


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``compare`` and ``list``."""
    both = command(subparsers, "compare", _compare, "say whether B is better than A")
    both.add_argument("a", metavar="A", help="a result's id or file, a run (its best), RUN/base, RUN/STEP, a model")
    both.add_argument("b", metavar="B", help="likewise")
    both.add_argument(
        "more", nargs="*", metavar="C", help="further systems: each is compared with A, corrected for luck"
    )
    both.add_argument("--measure", default=STANDARD[0], metavar="NAME@K", help=f"default {STANDARD[0]}")
    both.add_argument(
        "--threshold", type=float, default=100 * THRESHOLD, metavar="POINTS", help="name what lost more (default 10)"
    )
    for name in ("split", "mode", "corpus"):
        both.add_argument(f"--{name}", default="", help=f"where A or B has results of more than one {name}")
    command(subparsers, "list", _list, "list the results there are")


def _compare(args: argparse.Namespace) -> Report:
    where = {"split": args.split, "mode": args.mode, "corpus": args.corpus}
    a, b = choose(args.a, args.b, **where)
    if not args.more:
        results = load(a), load(b)
        comparison = compare(*results, args.measure)
        return report.compared(comparison, regressions(*results, comparison, args.threshold / 100))
    others = [b, *(choose(str(a.file), name, **where).b for name in args.more)]
    return report.compared_each(compare_each(load(a), [load(each) for each in others], args.measure))


def _list(args: argparse.Namespace) -> Report:
    return report.listed(all_results())
