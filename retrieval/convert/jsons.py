"""JSON Lines, streamed, and JSON: an array of objects, or an object that holds one.

Inner objects become dotted columns (``metadata.lang``). A line that is no JSON, or a value that is no
object, is rejected; a mere string counts as an object with a ``text``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retrieval.convert.clean import has_stray_bytes
from retrieval.convert.encoding import Encoding, open_text, read_text
from retrieval.convert.entries import Origin, Problem
from retrieval.convert.rows import Row, Rows, flatten
from retrieval.convert.tables import STRAY_BYTES
from retrieval.errors import BakehouseError


def is_lines(path: Path, encoding: Encoding) -> bool:
    """Whether a file holds one JSON value a line, whatever its name says."""
    with open_text(path, encoding) as stream:
        lines = (line for line in stream if line.strip())
        first, second = next(lines, ""), next(lines, "")
    if path.suffix.lower() != ".json":
        return not first.lstrip().startswith("[")
    return isinstance(_parsed(first), dict) and isinstance(_parsed(second), dict)


def line_rows(path: Path, encoding: Encoding, file: str) -> Rows:
    """The rows of a JSON Lines file."""

    def read() -> Iterator[Row]:
        row = 0
        with path.open(encoding=encoding.name, errors="surrogateescape" if encoding.mixed else "strict") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    row += 1
                    yield _line_row(line, Origin(file, row, number), encoding)

    return read


def _line_row(line: str, origin: Origin, encoding: Encoding) -> Row:
    if encoding.mixed and has_stray_bytes(line):
        return Row(origin, raw=line.rstrip("\r\n"), problem=STRAY_BYTES)
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        reason = f"not JSON ({getattr(error, 'msg', 'too deeply nested')})"
        return Row(origin, raw=line.rstrip("\r\n"), problem=Problem(reason, "Write one JSON object a line."))
    return object_row(value, origin)


def object_row(value: Any, origin: Origin) -> Row:
    """A row of a JSON value."""
    if isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, dict):
        problem = Problem(f"a JSON {_kind(value)} where an object was wanted", 'Write it as {"text": "…"}.')
        return Row(origin, raw=value, problem=problem)
    return Row(origin, flatten(value), value)


def read_array(path: Path, encoding: Encoding) -> list[Any]:
    """The array of a JSON file, held in memory whole.

    :raises BakehouseError: if it is no JSON, or holds no array or several.
    """
    if not (text := read_text(path, encoding)).strip():
        raise BakehouseError(f"{path} is empty: wanted a JSON array of objects.")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise BakehouseError(
            f"{path}, line {error.lineno}, column {error.colno}: not JSON ({error.msg}). "
            "Mend it there; if it holds one object a line, name it .jsonl."
        ) from error
    except RecursionError as error:
        raise BakehouseError(f"{path} is too deeply nested to be read: wanted an array of objects.") from error
    return value if isinstance(value, list) else _only_array(value, path)


def array_rows(values: list[Any], file: str) -> Rows:
    """The rows of an array."""

    def read() -> Iterator[Row]:
        for row, value in enumerate(values, 1):
            yield object_row(value, Origin(file, row))

    return read


def _only_array(value: Any, path: Path) -> list[Any]:
    arrays = (
        {name: inner for name, inner in value.items() if isinstance(inner, list)} if isinstance(value, dict) else {}
    )
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    found = f"an object with {_names(arrays)}" if isinstance(value, dict) else f"a {_kind(value)}"
    raise BakehouseError(
        f"{path} holds {found}: wanted an array of objects, or an object that holds one. "
        "Take the array of documents out into a file of its own."
    )


def _names(arrays: dict[str, Any]) -> str:
    return f"the arrays {', '.join(arrays)}" if arrays else "no array"


def _kind(value: Any) -> str:
    kinds = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):  # which is an answer here, not a fault
        return None
