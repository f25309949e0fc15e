"""The commands ``run``, ``watch``, ``compare``, ``list`` and ``export``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval import export, mteb_results, mteb_task, report
from eval.choose import candidates, choose
from eval.compare import compare, compare_each
from eval.export import FORMATS
from eval.measures import STANDARD, parse
from eval.quantities import NAMES
from eval.regressions import THRESHOLD, regressions
from eval.results import Summary, all_results, load, save, scores_folder
from retrieval.artifact import write_atomic
from retrieval.beir import Corpus, open_corpus
from retrieval.cli import Report, command
from retrieval.errors import BakehouseError, nearest
from retrieval.models import DEFAULT, check

if TYPE_CHECKING:
    from eval.task import Task

_FORMATS = (*FORMATS, mteb_results.FORMAT)


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register them."""
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
    look = command(subparsers, "watch", _watch, "judge the checkpoints of a run or folder as they appear")
    look.add_argument(
        "place", metavar="RUN_OR_FOLDER", help="a run, where step-N or checkpoint-N are copied to, or hub:OWNER/NAME"
    )
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
    out = command(
        subparsers,
        "export",
        _export,
        "write results for a spreadsheet (csv), a model card (model-index), a paper (svg) or mteb (mteb)",
    )
    out.add_argument("form", metavar="FORMAT", help=" | ".join(_FORMATS))
    out.add_argument(
        "results", nargs="*", metavar="RESULT", help="as for compare, all that a name means (default: all)"
    )
    for name in ("corpus", "split"):
        out.add_argument(f"--{name}", default="", help=f"only results on this {name}")
    out.add_argument("--measure", default=STANDARD[0], metavar="NAME@K", help=f"of a picture (default {STANDARD[0]})")
    out.add_argument("--against", default="", metavar="NAME", help=f"draw it against one of: {', '.join(NAMES)}")
    out.add_argument("--out", type=Path, metavar="PLACE", help="a file (default: printed); for mteb a folder")


def _run(args: argparse.Namespace) -> Report:
    from eval import trec
    from eval.evaluate import evaluate, evaluate_run  # brings the searcher, which `compare` and `list` do without
    from eval.task import open_task
    from retrieval.searcher import MODES

    if args.mode not in ("all", *MODES):
        known = ("all", *MODES)
        raise BakehouseError(f"unknown mode '{args.mode}': choose {', '.join(known)}.{nearest(args.mode, known)}")
    if args.run_file and args.efficiency:
        raise BakehouseError(
            "--efficiency measures a model at work, and the --run of another system is a ranking: leave one of them out."
        )
    measures = list(dict.fromkeys([*STANDARD, *(parse(name).name for name in args.measure)]))
    corpus, split = _judged_on(args)
    task = open_task(corpus, split, allow_unknown=args.allow_unknown, exclude_self=args.exclude_self)
    _check(task, cross_lingual=args.cross_lingual)
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
        )
    return report.evaluated([save(result, scores_folder()).summary for result in results])


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
    if args.form not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise BakehouseError(f"unknown format '{args.form}': choose {known}.{nearest(args.form, _FORMATS)}")
    _check_place(args)
    results = _wanted(args)
    if args.form == mteb_results.FORMAT:
        return _export_for_mteb(results, args.out)
    text = export.written(results, args.form, measure=args.measure, against=args.against)
    machine = {"format": args.form, "results": [each.id for each in results]}
    if not args.out:
        return Report({**machine, "text": text}, text.rstrip("\n"))
    write_atomic(args.out, text)
    return Report({**machine, "file": str(args.out)}, f"{export.names(results)}\n→ {args.out}")


def _export_for_mteb(results: Sequence[Summary], folder: Path) -> Report:
    written = mteb_results.write(results, folder)
    machine = {
        "format": mteb_results.FORMAT,
        "results": [each.id for each in written.results],
        "folder": str(folder),
        "files": [str(file) for file in written.files],
        "left_out": {each.id: reason for each, reason in written.left_out},
    }
    told = [f"{export.names([each])}: left out, {reason}" for each, reason in written.left_out]
    return Report(machine, "\n".join([export.names(written.results), *told, *(f"→ {file}" for file in written.files)]))


def _wanted(args: argparse.Namespace) -> list[Summary]:
    """The results that were named, or all, on the corpus and split that were said."""
    named = [each for name in args.results for each in candidates(name)]
    found = list({each.file: each for each in named}.values()) if args.results else all_results()
    results = [each for each in found if args.corpus in ("", each.corpus.name) and args.split in ("", each.split)]
    if found and not results:
        have = sorted({f"{each.corpus.name} ({each.split})" for each in found})
        raise BakehouseError(
            f"none of {len(found)} results is on what --corpus and --split name: found {', '.join(have)}."
        )
    return results


def _check_place(args: argparse.Namespace) -> None:
    """Refuse what only a picture has, pictures that are not drawn, and a folder that was not named."""
    if args.form == mteb_results.FORMAT and not args.out:
        raise BakehouseError("mteb keeps results in a folder, with a file for each task: say which with --out FOLDER.")
    if args.form != "svg" and args.against:
        raise BakehouseError(
            f"--against draws a picture, and '{args.form}' is none: write `export svg --against {args.against}`."
        )
    if args.form == "svg" and args.out and args.out.suffix != ".svg":
        raise BakehouseError(
            f"'{args.out}' is no .svg: that is what is drawn, and nothing here turns it into another format. Name a "
            "file with .svg; a browser or Inkscape opens it and saves it as PNG or PDF."
        )


def _list(args: argparse.Namespace) -> Report:
    return report.listed(all_results())
