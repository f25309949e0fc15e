"""The lines of ``qrels/SPLIT.tsv``: what is wrong with each, and what it should be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.beir import CORPUS, QRELS_HEADER, QUERIES
from retrieval.validate.fault import Tally
from retrieval.validate.ids import Ids
from retrieval.validate.lines import Line, read_lines, settle_end
from retrieval.validate.objects import shown
from retrieval.validate.patterns import MISSING

Pair = tuple[int | str, int | str]

_HEADER = "\t".join(QRELS_HEADER)
_WHOLE = re.compile(r" *[+-]?[0-9]{1,10} *")
_WHOLE_FLOAT = re.compile(r"([+-]?[0-9]{1,10})\.0*")
_LARGEST = 2**31
_SAME_COLUMNS = (re.compile("q|topic", re.I), re.compile("corpus|doc|passage|pid", re.I), re.compile("[a-z_-]+", re.I))
"""How the three columns' other names begin."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ONE_WAY = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)
"""A number that is read and written as it stands."""


@dataclass(slots=True)
class Column:
    """Whether all ids of a column are numbers, and the first that would be read as another."""

    numbers: bool = True
    odd: str = ""
    line: int = 0

    def add(self, id_: str, line: int) -> None:
        """Look at one more id."""
        self.numbers = self.numbers and _NUMBER.fullmatch(id_) is not None
        if self.numbers and not self.odd and not _ONE_WAY.fullmatch(id_):
            self.odd, self.line = id_, line


@dataclass(slots=True)
class Judgments:
    """Holds each line of one split against the rules.

    :param grades: Query and document → the line that judges them, and the grade. An id that is known stands as its row.
    """

    file: str
    tally: Tally
    queries: Ids
    documents: Ids
    grades: dict[Pair, tuple[int, int]] = field(default_factory=dict)
    _columns: tuple[Column, Column] = field(default_factory=lambda: (Column(), Column()))
    _first: bool = True

    def lines(self, source: Path) -> Iterator[Line]:
        """Each line as it should be, the first with the header before it where it lacks one."""
        seen = 0
        for line in read_lines(source, self.file, self.tally):
            if line.sound and line.text is not None:
                seen += self._check(line, line.text)
            settle_end(line, self.file, self.tally)
            yield line
        if not seen:
            self._note("empty-file", 0, "it holds no judgments: add some, or remove the file.")
        for column in self._columns:
            if column.numbers and column.odd:
                message = f"all ids of the column are numbers: mteb does not read {column.odd} as it stands."
                self._note("guessed-id", column.line, f"{message} Put a letter before each id.")

    def _note(self, rule: str, line: int, message: str, fixable: bool = False) -> None:
        self.tally.note(rule, self.file, line, message, fixable=fixable)

    def _check(self, line: Line, text: str) -> bool:
        """Whether the line is meant as a judgment."""
        cells = text.split("\t")
        if not self._first:
            self._judgment(line, cells)
            return True
        self._first = False
        if text == _HEADER:
            return False
        if self._is_header(line, cells):
            return False
        self._judgment(line, cells)
        line.text = f"{_HEADER}\n{line.text}" if line.text else _HEADER
        return True

    def _is_header(self, line: Line, cells: list[str]) -> bool:
        """Note what is wrong with the first line; whether it is a header for all that."""
        grade = _bare(cells[-1])
        is_header = not (_WHOLE.fullmatch(grade) or _WHOLE_FLOAT.fullmatch(grade))
        fixable = not is_header or self._names_the_columns(cells)
        message = f"found {shown(line.text or '')}, wanted the header {_HEADER!r}: beir drops this line."
        self._note("qrels-header", line.number, message, fixable)
        if is_header and fixable:
            line.text = _HEADER
        return is_header

    def _names_the_columns(self, cells: list[str]) -> bool:
        names = [_bare(cell) for cell in cells]
        if len(names) != len(QRELS_HEADER) or names[0] in self.queries or names[1] in self.documents:
            return False
        misplaced = any(names[place] in QRELS_HEADER and names[place] != own for place, own in enumerate(QRELS_HEADER))
        last = _SAME_COLUMNS[2].fullmatch(names[2])
        return not misplaced and bool(_SAME_COLUMNS[0].match(names[0]) and _SAME_COLUMNS[1].match(names[1]) and last)

    def _judgment(self, line: Line, cells: list[str]) -> None:
        if len(cells) != len(QRELS_HEADER):
            wanted = "query-id, corpus-id and score, parted by tabs"
            self._note("qrels-columns", line.number, f"found {len(cells)} columns, wanted 3: {wanted}.")
            line.sound = False
            return
        query = self._name(cells[0], self.queries, line.number)
        document = self._name(cells[1], self.documents, line.number)
        if query not in self.queries:
            message = f"query {shown(query)} is not in {QUERIES}: add it there, or remove the judgment."
            self._note("unknown-query", line.number, message)
        if document not in self.documents:
            message = f"document {shown(document)} is not in {CORPUS}: add it there, or remove the judgment."
            self._note("unknown-document", line.number, message)
        for column, id_ in zip(self._columns, (query, document), strict=True):
            column.add(id_, line.number)
        grade = self._grade(cells[2], line.number)
        if [query, document, grade] != cells:
            line.text = f"{query}\t{document}\t{grade}"
        if _is_grade(grade):
            self._judged_before(line, query, document, int(grade))

    def _name(self, cell: str, ids: Ids, line: int) -> str:
        """The id that a cell means."""
        if cell in MISSING:
            self._note("guessed-id", line, f"mteb reads {cell} as a missing value: put a letter before each id.")
        bare, stripped = _bare(cell), cell.strip()
        if cell.startswith('"') and (cell in ids or bare != stripped):
            fixable = cell not in ids and bare in ids and not bare.startswith('"')
            message = f"the cell {shown(cell)} begins with a quotation mark: wanted the id as it is."
            self._note("qrels-quotes", line, message, fixable)
            return bare if fixable else cell
        if stripped != cell and stripped in ids:
            fixable = cell not in ids
            self._note("white-space", line, f"white space stands around {shown(cell)}: wanted none.", fixable)
            return stripped if fixable else cell
        return cell

    def _grade(self, cell: str, line: int) -> str:
        """The grade that a cell means, as it stands where it is one."""
        if _is_grade(cell):
            return cell
        bare = _bare(cell)
        if _is_grade(bare):
            message = f"the cell {shown(cell)} begins with a quotation mark: wanted the score as it is."
            self._note("qrels-quotes", line, message, True)
            return bare
        meant = _WHOLE_FLOAT.fullmatch(bare)
        fixable = meant is not None and _is_grade(meant[1])
        message = f"the score {shown(cell)} is no whole number: write 0 for not relevant, 1 or more for relevant."
        self._note("qrels-score", line, message, fixable)
        return meant[1] if meant and fixable else cell

    def _judged_before(self, line: Line, query: str, document: str, grade: int) -> None:
        pair = self.queries.rows.get(query, query), self.documents.rows.get(document, document)
        first, given = self.grades.setdefault(pair, (line.number, grade))
        if first == line.number:
            return
        found = f"{shown(query)} and {shown(document)} are judged in line {first:,} already"
        if given == grade:
            self._note("duplicate-judgment", line.number, f"{found}: wanted once.", True)
            line.text = None
        else:
            self._note("two-grades", line.number, f"{found}, with the score {given}: keep one of the two.")


def _is_grade(cell: str) -> bool:
    return _WHOLE.fullmatch(cell) is not None and -_LARGEST <= int(cell) < _LARGEST


def _bare(cell: str) -> str:
    """A cell without white space, and without the quotation marks that a spreadsheet puts around it."""
    cell = cell.strip()
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell
