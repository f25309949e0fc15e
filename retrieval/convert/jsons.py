"""JSON Lines, streamed, and JSON: an array of objects, or an object that holds one list of objects.

Where it holds several, ``--records`` names the path to the rows (``data.items``), which may lead
through lists: then the rows of all of them count. Inner objects become dotted columns
(``metadata.lang``). A line that is no JSON, or a value that is no object, is rejected; a mere
string counts as an object with a ``text``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from retrieval.convert import strays
from retrieval.convert.clean import has_stray_bytes
from retrieval.convert.encoding import Encoding, open_text, read_text
from retrieval.convert.entries import Origin, Problem
from retrieval.convert.files import File
from retrieval.convert.rows import Row, Rows, flatten
from retrieval.convert.tables import STRAY_BYTES
from retrieval.convert.values import TOO_DEEP, Parser, remedy, too_deep, within
from retrieval.errors import BakehouseError, nearest


def is_lines(path: File, encoding: Encoding) -> bool:
    """Whether a file holds one JSON value a line, whatever its name says."""
    with open_text(path, encoding) as stream:
        lines = (line for line in stream if line.strip())
        first, second = next(lines, ""), next(lines, "")
    if path.suffix.lower() != ".json":
        return not first.lstrip("\ufeff \t").startswith("[") and first.strip() != "{"
    return isinstance(_parsed(first), dict) and isinstance(_parsed(second), dict)


def line_rows(path: File, encoding: Encoding, file: str) -> Rows:
    """The rows of a JSON Lines file."""

    def read() -> Iterator[Row]:
        row, parser = 0, Parser()
        with open_text(path, encoding) as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    for each in _line_rows(line, Origin(file, row + 1, number), encoding, parser):
                        yield each
                        row += 1

    return read


def _line_rows(line: str, origin: Origin, encoding: Encoding, parser: Parser) -> Iterator[Row]:
    """The rows in a line: one, unless objects follow one another without line breaks."""
    notes: tuple[str, ...] = ()
    if encoding.mixed and has_stray_bytes(line):
        reread = strays.reread(line, encoding.other) if encoding.other else None
        if reread is None:
            yield Row(origin, raw=line.rstrip("\r\n"), problem=STRAY_BYTES)
            return
        line, notes = reread, (encoding.note,)
    parsed = parser.line(line)
    if parsed.problem:
        yield Row(origin, raw=line.rstrip("\r\n"), problem=parsed.problem)
    for place, value in enumerate(parsed.values):
        where = replace(origin, row=origin.row + place) if place else origin
        row = object_row(value, where, parser.doubled, (*notes, *parsed.notes))
        yield replace(row, raw=line.rstrip("\r\n")) if row.problem is TOO_DEEP else row


def object_row(value: Any, origin: Origin, doubled: Collection[str] = (), notes: tuple[str, ...] = ()) -> Row:
    """A row of a JSON value.

    :param doubled: The new names of fields that an object named twice.
    """
    if isinstance(value, str):
        value = {"text": value}
    if any(isinstance(each, list | dict) and too_deep(each) for each in within(value)):
        return Row(origin, problem=TOO_DEEP)
    if not isinstance(value, dict):
        problem = Problem(f"a JSON {_kind(value)} where an object was wanted", 'Write it as {"text": "…"}.')
        return Row(origin, raw=value, problem=problem)
    flat = flatten(value)
    if doubled:
        twice = (name for name in flat if name.rsplit(".", 1)[-1] in doubled)
        notes += tuple(f"names a field twice: the later one was read as '{name}'" for name in twice)
    return Row(origin, flat, value, notes=notes)


def object_rows(values: Callable[[], Iterator[Any]], file: str) -> Rows:
    """The rows of values that are read from the beginning each time.

    The first is read now, so that what is no such file is known before anything is done with it.

    :param values: Starts reading; may raise :class:`BakehouseError`.
    """
    next(values(), None)

    def read() -> Iterator[Row]:
        for number, value in enumerate(values(), 1):
            yield object_row(value, Origin(file, number))

    return read


def _read(path: File, encoding: Encoding, parser: Parser) -> Any:
    """The value of a JSON file, held in memory whole; of several that follow one another, a list."""
    if not (text := read_text(path, encoding)).strip():
        raise BakehouseError(f"{path} is empty: wanted a JSON array of objects.")
    try:
        return parser.value(text)
    except json.JSONDecodeError as error:
        if values := parser.sequence(text):
            return values if isinstance(values[0], dict) else [inner for value in values for inner in value]
        raise BakehouseError(
            f"{path}, line {error.lineno}, column {error.colno}: not JSON ({error.msg}). "
            + (remedy(error) or "Mend it there; if it holds one object a line, name it .jsonl.")
        ) from error
    except RecursionError as error:
        raise BakehouseError(f"{path} is too deeply nested to be read: wanted an array of objects.") from error


@dataclass(frozen=True, slots=True)
class Records:
    """Where the rows of a JSON file are.

    :param format: ``JSON`` or ``JSON Lines``, by what is in it.
    :param evidence: Why the rows are taken from where they are; empty where nothing else is possible.
    """

    rows: Rows
    format: str
    evidence: str = ""


def find(path: File, encoding: Encoding, file: str, records: str = "") -> Records:
    """The rows of a JSON or JSON Lines file.

    :param file: The name to give in reports.
    :param records: The path to the list of rows, its names parted by dots; found if empty.
    :raises BakehouseError: if a JSON file is none, or has no list of objects, or none at that path.
    """
    told = f"you named '{records}'"
    if is_lines(path, encoding):
        lines = line_rows(path, encoding, file)
        return (
            Records(partial(_inner_rows, lines, records), "JSON Lines", told)
            if records
            else Records(lines, "JSON Lines")
        )
    parser = Parser()
    value = _read(path, encoding, parser)
    if records:
        return Records(_array_rows(_at(value, records, str(path)), file, parser.doubled), "JSON", told)
    if isinstance(value, list):
        return Records(_array_rows(value, file, parser.doubled), "JSON")
    where, values = _only_list(value, path)
    return Records(_array_rows(values, file, parser.doubled), "JSON", f"its list of objects is '{where}'")


def _array_rows(values: list[Any], file: str, doubled: Collection[str]) -> Rows:
    """The rows of an array."""

    def read() -> Iterator[Row]:
        for row, value in enumerate(values, 1):
            yield object_row(value, Origin(file, row), doubled)

    return read


def _inner_rows(lines: Rows, records: str) -> Iterator[Row]:
    """The rows within each line; a line without any is rejected."""
    number = 0
    for line in lines():
        inner = [] if line.problem else _reached(line.raw, records.split("."))
        for value in inner:
            number += 1
            yield object_row(value, replace(line.origin, row=number))
        if not inner:
            number += 1
            problem = line.problem or Problem(f"no list at '{records}'", "Leave the line out, or name another path.")
            yield Row(replace(line.origin, row=number), raw=line.raw, problem=problem)


def _at(value: Any, records: str, place: str) -> list[Any]:
    found = _reached(value, records.split("."))
    if not found:
        names = list(_lists(value))
        known = f"It has {', '.join(names)}." if names else "It has no list of objects."
        raise BakehouseError(f"{place} has no list of rows at '{records}'. {known}{nearest(records, names)}")
    return found


def _reached(value: Any, names: Sequence[str]) -> list[Any]:
    """What lies in the lists at the end of a path; lists on the way are gone through."""
    if isinstance(value, list):
        return value if not names else [found for inner in value for found in _reached(inner, names)]
    if not names or not isinstance(value, dict):
        return []
    return _reached(value.get(names[0]), names[1:])


def _lists(value: Any, prefix: str = "", levels: int = 20) -> dict[str, list[Any]]:
    """The lists with objects in them, by their paths; lists within lists belong to their rows."""
    found: dict[str, list[Any]] = {}
    if isinstance(value, dict) and levels:
        for name, inner in value.items():
            if isinstance(inner, list) and any(isinstance(each, dict) for each in inner):
                found[f"{prefix}{name}"] = inner
            else:
                found |= _lists(inner, f"{prefix}{name}.", levels - 1)
    return found


def _only_list(value: Any, path: File) -> tuple[str, list[Any]]:
    lists = _lists(value)
    arrays = {n: inner for n, inner in value.items() if isinstance(inner, list)} if isinstance(value, dict) else {}
    for choice in (lists, arrays):
        if len(choice) == 1:
            return next(iter(choice.items()))
    found = f"an object with {_names(lists or arrays)}" if isinstance(value, dict) else f"a {_kind(value)}"
    how = f", for instance with --records {next(iter(lists))}" if lists else ""
    raise BakehouseError(
        f"{path} holds {found}: wanted an array of objects, or an object that holds one. "
        f"Say where the documents are{how}, or take them out into a file of their own."
    )


def _names(arrays: dict[str, Any]) -> str:
    return f"the arrays {', '.join(arrays)}" if arrays else "no array"


def _kind(value: Any) -> str:
    kinds = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")


def _parsed(text: str) -> Any:
    try:
        return Parser().value(text)
    except (json.JSONDecodeError, RecursionError):  # which is an answer here, not a fault
        return None
