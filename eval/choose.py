"""What a person writes (an id, a file, a run, a model) becomes the two results to compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from eval.places import SPLITS, Place
from eval.results import Summary, all_results, read_summary
from retrieval.errors import BakehouseError, nearest
from retrieval.home import home
from retrieval.models import best_step
from retrieval.searcher import MODES

_LEAST_PREFIX = 4


class Pair(NamedTuple):
    """The two results to compare."""

    a: Summary
    b: Summary


def candidates(name: str) -> list[Summary]:
    """The results that a name may mean.

    :param name: A result file, a result's id or the start of it, a training run's id (its best
        checkpoint), ``RUN/base`` or ``RUN/STEP``, a model name, or a label such as ``BM25``.
    :raises BakehouseError: if there is none.
    """
    if name.endswith(".json"):
        return [read_summary(Path(name).expanduser())]
    known = all_results()
    found = (
        [each for each in known if len(name) >= _LEAST_PREFIX and each.id.startswith(name)]
        or _of_run(name, known)
        or [each for each in known if name in (each.system.model, each.system.label)]
    )
    if not found:
        raise BakehouseError(_unknown(name, known))
    return found


def choose(a: str, b: str, *, split: str = "", mode: str = "", corpus: str = "") -> Pair:
    """Choose the two results that two names mean together.

    Both must be of one corpus and split. Where names leave a choice, the same mode on both sides
    comes first, then hybrid before dense before lexical, then test before dev before other splits,
    then the newest.

    :raises BakehouseError: if a name means nothing, nothing fits together, or the corpus is not clear.
    """
    of_a, of_b = (_narrowed(name, split, mode, corpus) for name in (a, b))
    pairs = [Pair(*pair) for pair in product(of_a, of_b) if _fit(*pair)]
    if not pairs and len(of_a) == len(of_b) == 1 and of_a[0].id != of_b[0].id:
        return Pair(of_a[0], of_b[0])  # the comparison says best what sets these two apart
    if not pairs:
        raise BakehouseError(
            f"'{a}' and '{b}' have no two results on the same queries of one state of a corpus: found {_places(of_a)} and "
            f"{_places(of_b)}. Evaluate both on the same split with `python -m eval run DIR --model M --split S`."
        )
    names = sorted({pair.a.corpus.name for pair in pairs})
    if len(names) > 1:
        raise BakehouseError(f"'{a}' and '{b}' can be compared on {', '.join(names)}: say which with --corpus NAME.")
    return max(pairs, key=_preference)


def _of_run(name: str, known: Sequence[Summary]) -> list[Summary]:
    """The results of a run's best checkpoint, or of the step behind a slash."""
    run, _, step = name.rpartition("/")
    if not any(each.run == run for each in known):
        run, step = name, "best"
    of_run = [each for each in known if each.run == run]
    if step == "best":
        return _of_best(run, of_run)
    wanted = "0" if step == "base" else step.removeprefix("step-")
    return [each for each in of_run if str(each.step) == wanted]


def _of_best(run: str, of_run: Sequence[Summary]) -> list[Summary]:
    """The results of the best checkpoint, as its manifest tells; of the latest step if it was not kept."""
    kept = best_step(home() / "runs" / run)
    trained = [each.step for each in of_run if each.step]
    step = kept if kept is not None else max(trained, default=None)
    return [each for each in of_run if each.step == step]


def _narrowed(name: str, split: str, mode: str, corpus: str) -> list[Summary]:
    found = candidates(name)
    if all(each.system.mode == "lexical" for each in found):
        mode = ""  # BM25 has no other mode and may stand against any
    found = _only(name, found, "split", split, lambda each: each.split)
    found = _only(name, found, "mode", mode, lambda each: each.system.mode)
    return _only(name, found, "corpus", corpus, lambda each: each.corpus.name)


def _only(name: str, found: list[Summary], what: str, wanted: str, value: Callable[[Summary], str]) -> list[Summary]:
    kept = [each for each in found if wanted in ("", value(each))]
    if not kept:
        have = sorted({value(each) for each in found})
        raise BakehouseError(
            f"'{name}' has no result for the {what} '{wanted}': it has {', '.join(have)}.{nearest(wanted, have)}"
        )
    return kept


def _fit(a: Summary, b: Summary) -> bool:
    return Place.of(a) == Place.of(b) and (a.id, a.path) != (b.id, b.path)


def _preference(pair: Pair) -> tuple[bool, int, int, str, str]:
    modes = [each.system.mode for each in pair]
    return (
        modes[0] == modes[1],
        -sum(_turn(mode, MODES) for mode in modes),
        -_turn(pair.a.split, SPLITS),
        pair.a.created,
        pair.b.created,
    )


def _turn(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _places(found: Sequence[Summary]) -> str:
    return ", ".join(sorted({f"{each.corpus.name}/{each.split}{_generated(each)}" for each in found}))


def _generated(each: Summary) -> str:
    return f" (generated queries {each.corpus.judgments})" if each.synthetic else ""


def _unknown(name: str, known: Sequence[Summary]) -> str:
    names = {text for each in known for text in (each.id, each.run, each.system.model, each.system.label) if text}
    return (
        f"there is no result '{name}': wanted a result's id or file, a run with an evaluated checkpoint, RUN/base, "
        f"RUN/STEP, a model that was evaluated, or BM25. `python -m eval list` shows what there is."
        + nearest(name, names)
    )
