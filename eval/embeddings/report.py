"""What ``eval embeddings`` prints."""

from __future__ import annotations

from collections.abc import Mapping

from eval.embeddings.judge import PartResult, Result
from eval.embeddings.records import Kind
from eval.significance import Interval
from eval.wording import table
from retrieval.cli import Report
from retrieval.page import numbers


def judged(result: Result, kind: Kind) -> Report:
    """Report a result: one row a part, their mean below."""
    with_interval = {name for part in result.parts for name in part.intervals}
    head = ["", kind.rows]
    for name, title in kind.titles.items():
        head += [title, "from", "to"] if name in with_interval else [title]
    rows = [
        [part.name, f"{part.rows:,}", *_cells(kind, part.metrics, part.intervals, with_interval)]
        for part in result.parts
    ]
    if len(rows) > 1:
        rows.append(["mean", f"{result.rows:,}", *_cells(kind, result.metrics, {}, with_interval)])
    blocks = [
        f"{result.label} · {kind.name} · {result.rows:,} {kind.rows}",
        table(head, rows),
        "\n".join([kind.note, *(["from, to: the 95 % interval."] if with_interval else []), _encoded(result)]),
        _columns(result.parts[0]) if len(result.parts) == 1 else "",
        f"{result.id}  {result.path}",
    ]
    return Report({**result.to_dict(), "path": str(result.path)}, "\n\n".join(filter(None, blocks)))


def _cells(
    kind: Kind, metrics: Mapping[str, float], intervals: Mapping[str, Interval], with_interval: set[str]
) -> list[str]:
    cells = []
    for name in kind.titles:
        cells.append(_number(metrics[name]))
        if name in with_interval:
            cells += [_number(end) for end in intervals[name]] if name in intervals else ["", ""]
    return cells


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", numbers.MINUS)


def _encoded(result: Result) -> str:
    roles = result.settings["roles"]
    if roles["first"] == roles["second"]:
        return f"All texts are encoded with the model's prompt for a {roles['first']}."
    return "Anchors are encoded with the model's prompt for a query, positives and negatives with that for a document."


def _columns(part: PartResult) -> str:
    """What was not called by its role: a guess that a person may want to check."""
    return "\n".join(f"'{name}' is the {role}" for role, name in part.columns.items() if name != role)
