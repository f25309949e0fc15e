"""The ids of one file: who has which, and what each becomes once the file is mended."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Literal

Claim = Literal["new", "same", "other"]


@dataclass(slots=True)
class Ids:
    """The ids of ``corpus.jsonl`` or ``queries.jsonl`` as they should be.

    An id that is a number, or has white space around it, is *bent*: it should be its plain form. Where two different
    lines come to the same plain id, it is contested, and bent ones stay as they are. Memory: about 200 bytes an id.

    :param rows: Plain id → its place in ``lines`` and ``hashes``.
    :param bent: Plain id → the id as it stands and the rule it breaks, of the line that has the plain id first.
    :param contested: Plain ids that no other line may be given.
    :param as_they_are: Ids with white space that stay.
    :param left: Line → the rule that it breaks, and that cannot be mended there.
    """

    rows: dict[str, int] = field(default_factory=dict)
    lines: array[int] = field(default_factory=lambda: array("q"))
    hashes: array[int] = field(default_factory=lambda: array("q"))
    bent: dict[str, tuple[str | int, str]] = field(default_factory=dict)
    contested: set[str] = field(default_factory=set)
    as_they_are: set[str] = field(default_factory=set)
    left: dict[int, str] = field(default_factory=dict)

    def claim(self, plain: str, raw: str | int, rule: str, line: int, content: str) -> Claim:
        """Take an id for a line.

        :param rule: The rule that the id as it stands breaks; empty if it is plain.
        :param content: What the line should be, with the plain id.
        :return: Whether the id is new, or an earlier line has it, of the same content or of another.
        """
        row = self.rows.setdefault(plain, len(self.lines))
        if row == len(self.lines):
            self.lines.append(line)
            self.hashes.append(hash(content))
            if rule:
                self.bent[plain] = raw, rule
            return "new"
        if self.hashes[row] == hash(content):
            return "same"
        if plain in self.bent:
            self._contest(plain, *self.bent[plain], self.lines[row])
        if rule:
            self._contest(plain, raw, rule, line)
        return "other"

    def _contest(self, plain: str, raw: str | int, rule: str, line: int) -> None:
        self.contested.add(plain)
        self.left[line] = rule
        if isinstance(raw, str):
            self.as_they_are.add(raw)

    def line_of(self, plain: str) -> int:
        """The line that has an id first."""
        return self.lines[self.rows[plain]]

    def __contains__(self, id_: str) -> bool:
        return id_ in self.rows or id_ in self.as_they_are

    def __len__(self) -> int:
        return len(self.rows)
