"""The commands ``run`` and ``show``: a system is judged, and what was found is told."""

from __future__ import annotations

import argparse
from pathlib import Path

from eval import mteb_task, report
from eval.breakdown import KINDS
from eval.choose import candidates
from eval.commands.checks import check_mode, check_task
from eval.measures import STANDARD, parse
from eval.results import save, scores_folder
from eval.teacher import DEPTH, Teacher
from retrieval.beir import Corpus, open_corpus
from retrieval.cli import Report, command
from retrieval.errors import BakehouseError, nearest
from retrieval.models import DEFAULT, check


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``run`` and ``show``."""
    run = command(subparsers, "run", _run, "judge a model on a split of a BEIR folder, with BM25 and hybrid beside it")
    run.add_argument("corpus", nargs="?", metavar="DIR", help="a BEIR folder, or a name under workspace/corpora")
    run.add_argument("--mteb", metavar="TASK", help="instead of DIR a retrieval task of mteb, from the Hub")
    run.add_argument("--subset", default="", metavar="NAME", help="of TASK only this subset, such as a language")
    run.add_argument("--model", default=DEFAULT, help=f"a folder, a run's id or a Hub id (default {DEFAULT})")
    run.add_argument("--split", default="", help="which judgments: a file of qrels/ (default test; of TASK its own)")
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
        "--efficiency",
        action="store_true",
        help="also measure index size, encoding and latency, and keep them with the results; takes seconds",
    )
    run.add_argument(
        "--cross-lingual", action="store_true", help="judge queries in a language without documents as well"
    )
    kept = command(subparsers, "show", _show, "print a result that is kept, as `run` printed it")
    kept.add_argument("results", nargs="+", metavar="RESULT", help="as for compare, all that a name means")
    kept.add_argument("--by", default="", metavar="KIND", help=f"also print the scores by {' | '.join(KINDS)}")


def _run(args: argparse.Namespace) -> Report:
    from eval import trec
    from eval.evaluate import evaluate, evaluate_run  # brings the searcher, which `compare` and `list` do without
    from eval.task import open_task
    from retrieval.searcher import MODES

    _check_by(args.by)
    check_mode(args.mode, ("all", *MODES))
    if args.run_file and (args.efficiency or args.teacher):
        asked = "--efficiency measures a model at work" if args.efficiency else "--teacher orders our own ranking anew"
        raise BakehouseError(f"{asked}, and --run brings the ranking of another system: leave one of them out.")
    measures = list(dict.fromkeys([*STANDARD, *(parse(name).name for name in args.measure)]))
    corpus, split = _judged_on(args)
    task = open_task(corpus, split, allow_unknown=args.allow_unknown, exclude_self=args.exclude_self)
    check_task(task, cross_lingual=args.cross_lingual)
    if args.trec:
        trec.write_qrels(args.trec / f"{split}.qrels", task.qrels)
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
            efficiency=args.efficiency,
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


def _judged_on(args: argparse.Namespace) -> tuple[Corpus, str]:
    """The corpus and the split that were asked for."""
    if bool(args.corpus) == bool(args.mteb):
        raise BakehouseError("say what to judge on: either DIR, a BEIR folder, or --mteb TASK.")
    if not args.mteb:
        if args.subset:
            raise BakehouseError("--subset is a part of a task of mteb: say which with --mteb TASK.")
        return open_corpus(args.corpus), args.split or "test"
    if not args.run_file and args.mode != "lexical":
        check(args.model)  # before texts are loaded for nothing
    return mteb_task.corpus_of(mteb_task.find_task(args.mteb), args.subset, args.split)
