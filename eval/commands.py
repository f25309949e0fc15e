"""The commands ``run``, ``show``, ``watch``, ``compare``, ``list`` and ``export``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from eval import export, report
from eval.breakdown import KINDS
from eval.choose import candidates, choose
from eval.compare import compare, compare_each
from eval.export import FORMATS
from eval.measures import STANDARD, parse
from eval.regressions import THRESHOLD, regressions
from eval.results import all_results, load, save, scores_folder
from eval.teacher import DEPTH, Teacher
from retrieval.artifact import write_atomic
from retrieval.beir import open_corpus
from retrieval.cli import Report, command
from retrieval.errors import BakehouseError, nearest
from retrieval.models import DEFAULT

if TYPE_CHECKING:
    from eval.task import Task


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register them."""
    run = command(subparsers, "run", _run, "judge a model on a split of a BEIR folder, with BM25 and hybrid beside it")
    run.add_argument("corpus", metavar="DIR", help="a BEIR folder, or a name under workspace/corpora")
    run.add_argument("--model", default=DEFAULT, help=f"a folder, a run's id or a Hub id (default {DEFAULT})")
    run.add_argument("--split", default="test", help="which judgments: a file of qrels/ (default test)")
    run.add_argument("--mode", default="all", help="all, or the mode that leads; lexical alone needs no model")
    run.add_argument(
        "--run",
        dest="run_file",
        type=Path,
        metavar="FILE",
        help="judge this TREC run of another system; no model is asked",
    )
    run.add_argument("--label", default="", help="what to call the system (default: its name, or the run's tag)")
    run.add_argument(
        "--trec", type=Path, metavar="FOLDER", help="also write each ranking, and the judgments, for trec_eval"
    )
    run.add_argument(
        "--teacher",
        default="",
        metavar="MODEL",
        help="also order the first hits of the leading mode anew with this cross-encoder or larger model: a bound",
    )
    run.add_argument("--depth", type=int, default=DEPTH, help=f"hits a query that the teacher scores (default {DEPTH})")
    run.add_argument("--by", default="", metavar="KIND", help=f"also print the scores by {' | '.join(KINDS)}")
    run.add_argument("-k", type=int, help="depth of the rankings (default: the deepest measure's)")
    run.add_argument("--weight", type=float, default=0.5, help="share of the dense side in a hybrid (default .5)")
    run.add_argument("--fusion", choices=["minmax", "rrf"], default="minmax", help="how a hybrid fuses")
    run.add_argument("--measure", action="append", default=[], metavar="NAME@K", help="a further measure: precision@5")
    run.add_argument("--allow-unknown", action="store_true", help="count judgments of unknown ids as not found")
    run.add_argument(
        "--exclude-self",
        action=argparse.BooleanOptionalAction,
        help="leave out the document that has the query's own id (default: as the corpus's manifest.json says)",
    )
    run.add_argument(
        "--cross-lingual", action="store_true", help="judge queries in a language without documents as well"
    )
    kept = command(subparsers, "show", _show, "print a result that is kept, as `run` printed it")
    kept.add_argument("results", nargs="+", metavar="RESULT", help="as for compare, all that a name means")
    kept.add_argument("--by", default="", metavar="KIND", help=f"also print the scores by {' | '.join(KINDS)}")
    look = command(subparsers, "watch", _watch, "judge the checkpoints of a run or folder as they appear")
    look.add_argument("place", metavar="RUN_OR_FOLDER", help="a run, or where step-N or checkpoint-N are copied to")
    look.add_argument("--corpus", default="", metavar="DIR", help="what to judge on (default: the run's own corpus)")
    look.add_argument("--split", default="dev", help="which judgments (default dev)")
    look.add_argument("--mode", default="all", help="all, hybrid or dense")
    look.add_argument("--every", type=float, default=30.0, metavar="SECONDS", help="between two looks (default 30)")
    look.add_argument(
        "--idle",
        type=float,
        default=3600.0,
        metavar="SECONDS",
        help="end after so long without a new one (default 3600)",
    )
    look.add_argument("--once", action="store_true", help="judge what is there and end")
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
    out = command(subparsers, "export", _export, "write results for a spreadsheet (csv) or a model card (model-index)")
    out.add_argument("form", metavar="FORMAT", help=" | ".join(FORMATS))
    out.add_argument(
        "results", nargs="*", metavar="RESULT", help="as for compare, all that a name means (default: all)"
    )
    out.add_argument("--out", type=Path, metavar="FILE", help="where to (default: printed)")


def _run(args: argparse.Namespace) -> Report:
    from eval import trec
    from eval.evaluate import evaluate, evaluate_run  # brings the searcher, which `compare` and `list` do without
    from eval.task import open_task
    from retrieval.searcher import MODES

    _check_by(args.by)
    if args.mode not in ("all", *MODES):
        known = ("all", *MODES)
        raise BakehouseError(f"unknown mode '{args.mode}': choose {', '.join(known)}.{nearest(args.mode, known)}")
    if args.teacher and args.run_file:
        raise BakehouseError(
            "--teacher orders our own ranking anew, and --run brings another's: leave one of them out."
        )
    corpus = open_corpus(args.corpus)
    task = open_task(corpus, args.split, allow_unknown=args.allow_unknown, exclude_self=args.exclude_self)
    _check(task, cross_lingual=args.cross_lingual)
    measures = list(dict.fromkeys([*STANDARD, *(parse(name).name for name in args.measure)]))
    if args.trec:
        trec.write_qrels(args.trec / f"{args.split}.qrels", task.qrels)
    if args.run_file:
        results = [evaluate_run(task, args.run_file, label=args.label, measures=measures)]
    else:
        lead = MODES[0] if args.mode == "all" else args.mode
        results = evaluate(
            task,
            args.model,
            (lead,) if lead == "lexical" else (lead, *(mode for mode in MODES if mode != lead)),
            k=args.k,
            weight=args.weight,
            fusion=args.fusion,
            measures=measures,
            label=args.label,
            trec_folder=args.trec,
            teacher=Teacher.named(args.teacher, args.depth) if args.teacher else None,
        )
    return report.evaluated([save(result, scores_folder()).summary for result in results], args.by)


def _show(args: argparse.Namespace) -> Report:
    _check_by(args.by)
    named = [each for name in args.results for each in candidates(name)]
    return report.shown(list({each.file: each for each in named}.values()), args.by)


def _check_by(kind: str) -> None:
    if kind not in ("", *KINDS):
        raise BakehouseError(f"unknown kind of group '{kind}': choose {', '.join(KINDS)}.{nearest(kind, KINDS)}")


def _watch(args: argparse.Namespace) -> Report:
    from eval import watch
    from eval.task import open_task
    from retrieval.searcher import MODES

    known = ("all", *MODES[:2])
    if args.mode not in known:
        raise BakehouseError(f"unknown mode '{args.mode}': choose {', '.join(known)}.{nearest(args.mode, known)}")
    place = watch.Place.of(args.place)
    task = open_task(open_corpus(args.corpus or place.corpus), args.split)
    _check(task, cross_lingual=False)
    modes = MODES[:2] if args.mode == "all" else (args.mode,)
    found = []
    for result in watch.watch(place, task, modes, args.every, 0.0 if args.once else args.idle):
        found.append(result.summary)
        print(report.line(result.summary), file=sys.stderr, flush=True)
    return report.watched(place.name, found)


def _check(task: Task, *, cross_lingual: bool) -> None:
    """Refuse what would give a number that means nothing, or something else than was meant."""
    if len(task.corpus.documents) == 1:
        raise BakehouseError(f"{task.corpus.folder} has a single document: every ranking is perfect. Add documents.")
    if task.foreign and not cross_lingual:
        langs = ", ".join(f"{lang} ({count} queries)" for lang, count in task.foreign.items())
        raise BakehouseError(
            f"no document of {task.corpus.folder} is in the language of these queries: {langs}. Add documents in that "
            "language, correct metadata.lang, or say --cross-lingual if they are meant to find documents in another."
        )


def _compare(args: argparse.Namespace) -> Report:
    where = {"split": args.split, "mode": args.mode, "corpus": args.corpus}
    a, b = choose(args.a, args.b, **where)
    if not args.more:
        results = load(a), load(b)
        comparison = compare(*results, args.measure)
        return report.compared(comparison, regressions(*results, comparison, args.threshold / 100))
    others = [b, *(choose(str(a.file), name, **where).b for name in args.more)]
    return report.compared_each(compare_each(load(a), [load(each) for each in others], args.measure))


def _export(args: argparse.Namespace) -> Report:
    if args.form not in FORMATS:
        raise BakehouseError(f"unknown format '{args.form}': choose {', '.join(FORMATS)}.{nearest(args.form, FORMATS)}")
    named = [each for name in args.results for each in candidates(name)]
    results = list({each.file: each for each in named}.values()) if args.results else all_results()
    text = export.written(results, args.form)
    machine = {"format": args.form, "results": [each.id for each in results]}
    if not args.out:
        return Report({**machine, "text": text}, text.rstrip("\n"))
    write_atomic(args.out, text)
    return Report({**machine, "file": str(args.out)}, f"{export.names(results)}\n→ {args.out}")


def _list(args: argparse.Namespace) -> Report:
    return report.listed(all_results())
