"""The command ``losses``: the table of losses, or which of them fit a file."""

from __future__ import annotations

import argparse
import textwrap

from retrieval.cli import Report, command
from training.config import Recipe
from training.data import own, own_parts
from training.data.own import Own
from training.data.shapes import WORDS, Shape
from training.fitting import losses

_WIDTH = 24


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``losses``."""
    parser = command(subparsers, "losses", _losses, "list the losses, or say which fit your data")
    parser.add_argument("data", nargs="?", metavar="FILE", help="a file of training data, or a BEIR folder")


def _losses(args: argparse.Namespace) -> Report:
    return _told(own.read(args.data), args.data) if args.data else _table()


def _table() -> Report:
    rows = [
        "\n".join(
            [
                _line(loss.name, loss.fits),
                _line("", f"data: {' | '.join(loss.shapes)}{'' if loss.matryoshka else '; no fit.matryoshka'}"),
                _line("", loss.source),
            ]
        )
        for loss in losses.TABLE.values()
    ]
    shapes = [_line(shape, f"{WORDS[shape]} → {name}") for shape, name in losses.RECOMMENDED.items()]
    human = "\n\n".join([*rows, "\n".join(["The shapes of data, and what fit.loss=auto takes for each:", *shapes])])
    machine = {
        "losses": [losses.as_json(loss) for loss in losses.TABLE.values()],
        "shapes": {str(shape): told for shape, told in WORDS.items()},
        "recommended": {str(shape): name for shape, name in losses.RECOMMENDED.items()},
    }
    return Report(machine, human)


def _told(data: Own, place: str) -> Report:
    barred = dict(data.barred) if data.shape is Shape.PARALLEL else own_parts.barred(data, Recipe(corpus=place))
    fitting = losses.valid_for([data.shape], barred)
    best = losses.recommended(data.shape, barred)
    languages = {lang: len(rows) for lang, rows in data.examples.items()}
    machine = {
        "data": place,
        "rows": data.rows,
        "languages": languages,
        "shape": str(data.shape),
        "evidence": list(data.evidence),
        "valid": [losses.as_json(loss) for loss in fitting],
        "recommended": best.name if best else None,
        "reason": best.fits if best else None,
        "barred": barred,
    }
    counts = ", ".join(f"{lang} {count:,}" for lang, count in languages.items())
    rows = "1 row" if data.rows == 1 else f"{data.rows:,} rows"
    lines = [f"{data.name}: {rows} ({counts})", _line("shape", f"{data.shape}: {WORDS[data.shape]}")]
    lines += [_line("" if number else "because", sentence) for number, sentence in enumerate(data.evidence)]
    lines += [_line("" if number else "fits", f"{loss.name}: {loss.fits}") for number, loss in enumerate(fitting)]
    lines += [_line("does not fit", f"{name}: {why}") for name, why in barred.items()]
    lines += [_line("recommended", f"{best.name}{_condition(data)}")] if best else []
    return Report(machine, "\n".join(lines))


def _condition(data: Own) -> str:
    """What a teacher would change."""
    if data.shape is Shape.PARALLEL:
        return ", with label.kind=bi-encoder and label.teacher=MODEL, whose vectors are learned"
    if data.shape is Shape.TEXT:
        return "; with a teacher (label.kind=bi-encoder, label.teacher=MODEL) mse, and the texts learn its vectors"
    return ", which fit.loss=auto takes"


def _line(name: str, text: str) -> str:
    start = f"  {name:<{_WIDTH}} "
    return textwrap.fill(text, 118, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False)
