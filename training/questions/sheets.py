"""The file in which a person edits questions: CSV for a spreadsheet, or JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.artifact import write_atomic
from retrieval.convert import encoding, tables
from retrieval.convert.options import Options
from retrieval.errors import BakehouseError, nearest

COLUMNS = ("query-id", "lang", "question", "passage-id", "passage")
_NEEDED = ("question", "passage-id")
_CSV, _JSONL = ".csv", ".jsonl"


@dataclass(frozen=True, slots=True)
class Edited:
    """One row of an edited file.

    :param line: Where it stands, from 1.
    :param query: The question's id; empty for a new one.
    :param passage: The id of the passage that it is about.
    """

    line: int
    query: str
    question: str
    passage: str


def write_sheet(file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows of ``COLUMNS``, in the format that the file's name says.

    :raises BakehouseError: if it ends neither in .csv nor in .jsonl.
    """
    if _format(file) == _JSONL:
        write_atomic(file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        return
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(file, out.getvalue().encode("utf-8-sig"))  # the mark tells spreadsheets that it is UTF-8


def read_sheet(file: Path) -> list[Edited]:
    """Read back what :func:`write_sheet` wrote and a person changed, whatever the spreadsheet made of it.

    :raises BakehouseError: if the file is missing, lacks a column, or a row cannot be read.
    """
    if not file.is_file():
        raise BakehouseError(f"{file} is missing: wanted a file as --export writes it.")
    rows = list(_jsonl(file) if _format(file) == _JSONL else _csv(file))
    if rows:
        have = list(dict.fromkeys(name for _, values in rows for name in values))
        for name in _NEEDED:
            if name not in have:
                raise BakehouseError(
                    f"{file} has no column '{name}': it has {', '.join(have)}; wanted {', '.join(COLUMNS)}."
                    f"{nearest(name, have)}"
                )
    return [
        Edited(line, *(str(values.get(name) or "").strip() for name in ("query-id", "question", "passage-id")))
        for line, values in rows
    ]


def _format(file: Path) -> str:
    kind = file.suffix.lower()
    if kind not in (_CSV, _JSONL):
        raise BakehouseError(f"{file} ends in '{file.suffix}': wanted {_CSV} or {_JSONL}.")
    return kind


def _jsonl(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except json.JSONDecodeError as error:
                raise BakehouseError(f"{file}, line {number}: not JSON ({error.msg}).") from error
            if not isinstance(value, dict):
                raise BakehouseError(f"{file}, line {number}: wanted an object with {', '.join(COLUMNS)}.")
            yield number, value


def _csv(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    found = encoding.detect(file)
    dialect = tables.detect(file, found, Options(header=True))
    for row in tables.Table(file, found, dialect, file.name)():
        if row.problem:
            raise BakehouseError(f"{file}, line {row.origin.line}: {row.problem.reason}. {row.problem.remedy}")
        yield row.origin.line, row.values
