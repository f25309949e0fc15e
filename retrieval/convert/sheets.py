"""Excel: each sheet is a table, its first row that is not empty the names of its columns.

A sheet without such names, or in which no column can be the text, is one document instead, a line a
row, unless a person names its columns. Formulas count by the
values that were last computed. Macros are never run.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.convert import tables
from retrieval.convert.archives import check_office
from retrieval.convert.entries import Entry, Origin, Passage, Problem
from retrieval.convert.files import File, seekable
from retrieval.convert.rows import Row, text_of
from retrieval.errors import BakehouseError


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    :param file: The workbook's name in reports, with the sheet's where it has several.
    :param title: The sheet's name; empty where the workbook has one sheet only.
    :param lines: Its rows that are not empty, by their number in the sheet, counted from 1.
    """

    file: str
    title: str
    lines: Sequence[tuple[int, list[Any]]]

    @property
    def names(self) -> list[str]:
        """The values of its first row, if they are names of columns."""
        first = [(text_of(cell) or "").strip() for cell in self.lines[0][1]]
        return first if tables.is_header(first) else []

    def rows(self) -> Iterator[Row]:
        """Its rows as those of a table; without names of columns, each value counts by its place."""
        names = self.names
        columns = tables.unique(names or [""] * max(len(cells) for _, cells in self.lines))
        for number, (line, cells) in enumerate(self.lines[1:] if names else self.lines, 1):
            origin = Origin(self.file, number, line)
            if len(cells) > len(columns):
                reason = f"{len(cells)} cells where there are {len(columns)} columns"
                yield Row(origin, raw=cells, problem=Problem(reason, "Give each column a name in the first row."))
            else:
                padded = [*cells, *[None] * (len(columns) - len(cells))]
                values = dict(zip(columns, padded, strict=True))
                yield Row(origin, values, values)

    def as_text(self) -> Iterator[Entry]:
        """The whole sheet as a document."""
        lines = ("\t".join(text_of(cell) or "" for cell in cells).strip() for _, cells in self.lines)
        title = self.title or self.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        yield Entry(Origin(self.file, 1), passages=(Passage(self.file, "\n".join(lines), title, auto_id=self.file),))


def read(path: File, file: str) -> list[Sheet]:
    """The sheets of a workbook that are not empty.

    :param file: The name to give in reports.
    :raises BakehouseError: if it is damaged, encrypted, no Excel workbook, or empty.
    """
    with seekable(path) as stream:
        if stream.read(4) == b"\xd0\xcf\x11\xe0":
            raise BakehouseError(
                f"{path} is encrypted, or an old .xls in spite of its name. Open it in an office program and save it "
                "as .xlsx without a password."
            )
        check_office(stream, str(path))
        try:
            contents = dict(_contents(stream))
        except Exception as error:  # openpyxl raises whatever the damage leads it to
            raise BakehouseError(
                f"{path} is damaged or no Excel workbook ({type(error).__name__}). Open it in an office program and "
                "save it anew, or save each sheet as CSV."
            ) from error
    filled = {title: lines for title, lines in contents.items() if lines}
    if not filled:
        raise BakehouseError(f"{path} has no cell with a value: there is nothing to convert.")
    several = len(filled) > 1
    return [
        Sheet(f"{file}#{title}" if several else file, title if several else "", lines)
        for title, lines in filled.items()
    ]


def _contents(stream: Any) -> Iterator[tuple[str, list[tuple[int, list[Any]]]]]:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions, which hold no text
        book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # which may lie, and be a million empty rows
            rows = ((number, _cells(row)) for number, row in enumerate(sheet.iter_rows(values_only=True), 1))
            yield sheet.title, [(number, cells) for number, cells in rows if cells]


def _cells(row: Sequence[Any]) -> list[Any]:
    """The values of a row, up to its last that is not empty."""
    cells = [value if value is None or isinstance(value, int | float) else str(value) for value in row]
    while cells and (cells[-1] is None or cells[-1] == ""):
        cells.pop()
    return cells
