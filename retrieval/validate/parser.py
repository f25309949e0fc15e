"""JSON as Python reads it, and where that is more lenient than JSON is."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parsed:
    """The value of one line.

    :param twice: A field that some object names twice, of which ``value`` holds the last; else empty.
    :param constant: ``NaN``, ``Infinity`` or a number too large for Python, if it holds one; else empty.
    :param unescaped: Whether a string holds control characters as they are.
    """

    value: Any
    twice: str
    constant: str
    unescaped: bool

    @property
    def faithful(self) -> bool:
        """Whether the value, written down, says all that the line says."""
        return not self.twice and self.constant.strip("-") in ("", "NaN", "Infinity")


class Parser:
    """Parses one line after the other."""

    def __init__(self) -> None:
        self._twice = self._constant = ""
        self._strict, self._lenient = (
            json.JSONDecoder(
                object_pairs_hook=self._object, parse_constant=self._noted, parse_float=self._float, strict=strict
            )
            for strict in (True, False)
        )

    def parse(self, text: str) -> Parsed:
        """What a line says.

        :raises ValueError: if it is no JSON, with the reason.
        """
        self._twice = self._constant = ""
        unescaped = False
        try:
            try:
                value = self._strict.decode(text)
            except json.JSONDecodeError as error:
                if not error.msg.startswith("Invalid control character"):
                    raise
                unescaped, value = True, self._lenient.decode(text)
        except json.JSONDecodeError as error:
            raise ValueError(error.msg) from error
        except RecursionError as error:
            raise ValueError("too deeply nested") from error
        except ValueError as error:  # Python reads no number of more than 4,300 digits
            raise ValueError("a number with too many digits") from error
        return Parsed(value, self._twice, self._constant, unescaped)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            names = [name for name, _ in pairs]
            self._twice = next(name for name in value if names.count(name) > 1)
        return value

    def _float(self, digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            self._constant = digits
        return value

    def _noted(self, name: str) -> float:
        self._constant = name
        return float(name)
