"""Results as other programs read them: a table for a spreadsheet, scores for the Hub, a picture for a paper."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from eval.measures import STANDARD
from eval.quantities import QUANTITIES, costs_of
from eval.results import RERANKED, Summary
from eval.wording import full_name, measure_title
from retrieval.errors import BakehouseError

FORMATS = ("csv", "model-index", "svg")
ALL = "all"
"""Stands for a language where a row is about all queries."""
_HEAD = (
    "result", "corpus", "split", "synthetic", "run", "step", "model", "mode", "label", "language", "queries",
)  # fmt: skip
Row = Sequence[str | float | None]
_TASK = "Information Retrieval"


def as_csv(results: Sequence[Summary]) -> str:
    """One line for each result and query language, and one for all its queries; measures between 0 and 1.

    What a system takes, where that is known, stands in the line for all: :data:`eval.quantities.QUANTITIES`, with
    seconds, bytes and milliseconds.
    """
    measures = list(dict.fromkeys(name for each in results for name in each.metrics))
    costs = costs_of(results, results)
    taken = [one for one in QUANTITIES if any(one.value(of) is not None for of in costs.values())]
    rows: list[Row] = []
    for each in results:
        who = [each.run, each.step, each.system.model, each.system.mode, each.system.label]
        head = [each.id, each.corpus.name, each.split, str(each.synthetic).lower(), *who]
        for lang, values in _by_language(each).items():
            of = [one.value(costs[each.id]) if lang == ALL else None for one in taken]
            rows.append([*head, lang, int(values["queries"]), *(values.get(name) for name in measures), *of])
    return csv_of([*_HEAD, *measures, *(one.name for one in taken)], rows)


def csv_of(head: Sequence[str], rows: Iterable[Row]) -> str:
    """A table as CSV, its words made safe by :func:`plain`; None is an empty cell."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(head)
    for row in rows:
        table.writerow([plain(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()


def as_model_index(results: Sequence[Summary]) -> str:
    """The ``model-index`` of a model card on the Hub, as YAML to paste between its dashes.

    https://github.com/huggingface/hub-docs/blob/main/modelcard.md

    A teacher's bound is left out: it is no score of the teacher alone, nor of the model whose hits it ordered.

    :raises BakehouseError: if the results are of several models: a card is about one.
    """
    from huggingface_hub import EvalResult, ModelCardData

    scored = [each for each in results if each.system.model and each.system.mode != RERANKED]
    models = list(dict.fromkeys(each.system.model for each in scored))
    if len(models) != 1:
        found = (
            f"{len(models)}: {', '.join(models)}"
            if models
            else "none, since BM25 has no card, nor has a teacher's bound"
        )
        raise BakehouseError(
            f"a model-index is about one model, and these results are of {found}. Name results of one."
        )
    return ModelCardData(
        model_name=models[0],
        eval_results=[
            EvalResult(
                task_type="information-retrieval",
                task_name=_TASK,
                dataset_type=each.corpus.name,
                dataset_name=f"{each.corpus.name} ({'synthetic ' if each.synthetic else ''}{each.split})",
                dataset_config=lang,
                dataset_split=each.split,
                dataset_revision=each.corpus.fingerprint,
                metric_type=name.replace("@", "_at_"),
                metric_name=f"{measure_title(name)}, {each.system.mode}",
                metric_value=values[name],
            )
            for each in scored
            for lang, values in _by_language(each).items()
            for name in each.metrics
        ],
    ).to_yaml()


def written(results: Sequence[Summary], form: str, *, measure: str = STANDARD[0], against: str = "") -> str:
    """The results in one of :data:`FORMATS`.

    :param measure: Of the picture.
    :param against: What the picture sets quality against; a table if empty.
    :raises BakehouseError: if there are none, or they do not suit the format.
    """
    if not results:
        raise BakehouseError(
            "there are no results to export. Make one with `python -m eval run DIR --model M --split S`."
        )
    if form == "svg":
        from eval.page import figures  # draws what the page draws

        return figures.against(results, measure, against) if against else figures.table(results, measure)
    return as_csv(results) if form == "csv" else as_model_index(results)


def plain(cell: str) -> str:
    """Spreadsheets run what begins like a formula; an apostrophe keeps it a word."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@") else cell


def names(results: Sequence[Summary]) -> str:
    """What is exported, for people."""
    return "\n".join(f"{each.id}  {each.corpus.name} · {each.split} · {full_name(each)}" for each in results)


def _by_language(each: Summary) -> Mapping[str, Mapping[str, float]]:
    """All queries first, then each language where there are several."""
    whole = {**each.metrics, "queries": each.counts["queries"]}
    return {ALL: whole, **(each.by_language if len(each.by_language) > 1 else {})}
