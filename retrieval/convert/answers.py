"""The answers to a question as SQuAD and its like give them: objects, lists, text, or the text of these."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from retrieval.convert.rows import text_of

FIELD = "answers"
"""Of a query's metadata."""
_NAMES = ("text", "answer")
_NONE = ("nan", "none", "null")
_ARRAY = re.compile(r"array\((\[[^\[\]]*\])(?:,\s*dtype=[^()]*)?\)")
_NO_COMMA = re.compile(r"(?<=['\"])\s+(?=['\"])")
"""How numpy's lists are written in a data frame that was saved as CSV: marked within objects, without commas alone."""
_LONGEST = 20_000
"""Characters of a cell that may be a list or an object in words."""


def answers_of(value: Any) -> list[str]:
    """The answers in a cell or an object's field, each once, in their order; where they stand is left out."""
    return list(dict.fromkeys(_texts(value)))


def in_metadata(value: Any) -> dict[str, list[str]]:
    """The same as the metadata of a query; nothing where there are none."""
    found = answers_of(value)
    return {FIELD: found} if found else {}


def _texts(value: Any, levels: int = 9) -> Iterator[str]:
    if not levels:  # nested on purpose
        return
    if isinstance(value, Mapping):
        yield from _texts(next((value[name] for name in _NAMES if name in value), None), levels - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, levels - 1)
    elif isinstance(value, str) and (written := _written(value)) is not None:
        yield from _texts(written, levels - 1)
    elif (text := (text_of(value) or "").strip()) and text.lower() not in _NONE:
        yield text


def _written(text: str) -> Any:
    """The list or object that a text is, as JSON or Python write it; None where it is none."""
    text = text.strip()
    if len(text) > _LONGEST or (text[:1], text[-1:]) not in (("[", "]"), ("{", "}")):
        return None
    for read in (json.loads, _python):
        try:
            found = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # then it is words between brackets
            continue
        return found if isinstance(found, list | dict) else None
    return None


def _python(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a backslash, which is no fault of a cell
        found = ast.literal_eval(_NO_COMMA.sub(", ", _ARRAY.sub(r"\1", text)))
    str(found)  # raises where a number within is too long to be written
    return found
