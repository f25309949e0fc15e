"""JSON values from text, also where it is not quite JSON but there is one way to read it.

That is: a comma after an object, objects without line breaks between them, byte order marks where
files were joined, and control characters in strings that are not escaped. A field that an object
names twice, with two values, is kept under a new name, ``text (2)``, as in tables; an integer of
more digits than Python reads is kept as text. All else that is no JSON is rejected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.convert.clean import clean, repairs
from retrieval.convert.entries import Problem

DEEPEST = 100
"""Levels of lists and objects within one another."""

TOO_DEEP = Problem("not JSON (too deeply nested)", f"Leave out what lies deeper than {DEEPEST} levels.")
_BETWEEN = re.compile("[\\s,\ufeff\x1e]*")
_PYTHON = ("'", "None", "True", "False")
_AS_PYTHON = "It is written as Python shows it: write it with json.dumps, which uses double quotes, true and null."


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text holds.

    :param problem: Why it holds nothing that can be read.
    :param notes: What had to be made of it to read it.
    """

    values: Sequence[Any] = ()
    problem: Problem | None = None
    notes: tuple[str, ...] = ()


class Parser:
    """Reads JSON.

    :ivar doubled: The new names of fields that an object named twice.
    """

    def __init__(self) -> None:
        self.doubled: set[str] = set()
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)
        self._lenient = json.JSONDecoder(object_pairs_hook=self._object, parse_int=_integer, strict=False)

    def value(self, text: str) -> Any:
        """The value of a text that is JSON.

        :raises json.JSONDecodeError: if it is not.
        :raises RecursionError: if it is too deeply nested.
        """
        text = text.removeprefix("\ufeff")
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer of too many digits
            return json.JSONDecoder(object_pairs_hook=self._object, parse_int=_integer).decode(text)

    def line(self, text: str) -> Parsed:
        """The value of a line, or the objects that follow one another in it."""
        try:
            return Parsed([self.value(text)])
        except RecursionError:
            return Parsed(problem=TOO_DEEP)
        except json.JSONDecodeError as error:
            note = f"is not quite JSON ({error.msg}), but there is one way to read it"
            objects = self.sequence(text)
            return Parsed(objects, notes=(note,)) if objects else Parsed(problem=_problem(error))

    def sequence(self, text: str) -> list[Any]:
        """Objects, or arrays, that follow one another; nothing if it holds anything else."""
        found, place = [], _after(text, 0)
        while place < len(text):
            try:
                value, end = self._lenient.raw_decode(text, place)
            except (json.JSONDecodeError, RecursionError):  # which is an answer here, not a fault
                return []
            found.append(value)
            place = _after(text, end)
        same = all(isinstance(value, dict) for value in found) or all(isinstance(value, list) for value in found)
        return found if same else []

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        plain = "".join(found).isascii() or not any(map(repairs, found))
        return found if plain and len(found) == len(pairs) else self._told_apart(pairs)

    def _told_apart(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for written, value in pairs:
            name = clean(written) if repairs(written) else written
            key, number = name, 1
            while key in found and found[key] != value:
                number += 1
                key = f"{name} ({number})"
            found[key] = value
            if number > 1:
                self.doubled.add(key)
        return found


def too_deep(value: Any) -> bool:
    """Whether lists and objects lie more than :data:`DEEPEST` levels within a value."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in within(outer) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def remedy(error: json.JSONDecodeError) -> str:
    """What to do with a text that is no JSON, where it says so itself; else an empty string."""
    return _AS_PYTHON if error.doc.startswith(_PYTHON, error.pos) else ""


def within(value: Any) -> Iterable[Any]:
    """What an object or a list holds; nothing is in other values."""
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _problem(error: json.JSONDecodeError) -> Problem:
    return Problem(f"not JSON ({error.msg})", remedy(error) or "Write one JSON object a line.")


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


def _after(text: str, place: int) -> int:
    """Where the next value begins."""
    between = _BETWEEN.match(text, place)
    return between.end() if between else place
