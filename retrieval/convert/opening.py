"""One file, or one table of the Hub: which reader reads it, and which columns play which role."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from retrieval.convert import arrow, jsons, parquet, sheets, squad, tables
from retrieval.convert.encoding import Encoding, detect
from retrieval.convert.entries import Entry
from retrieval.convert.files import File, is_empty
from retrieval.convert.finding import Found
from retrieval.convert.kinds import SUPPORTED, kind_of, of_other_kind, remedy
from retrieval.convert.mapped import Mapped
from retrieval.convert.mapping import Mapping, guess
from retrieval.convert.options import Options
from retrieval.convert.rows import SAMPLE, Row, Rows
from retrieval.errors import BakehouseError

Entries = Callable[[], Iterator[Entry]]


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read, and what was detected about it.

    :param name: As reports call it.
    :param entries: Starts reading from the beginning.
    :param links: Whether judgments stand in other rows than what they judge.
    :param sample: The first rows of a table or its like, as read; empty for other formats.
    """

    name: str
    format: str
    entries: Entries
    encoding: Encoding | None = None
    delimiter: str = ""
    evidence: str = ""
    mapping: Mapping | None = None
    links: bool = False
    sample: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A file to read.

    :param stem: What the ids made for its rows begin with.
    """

    found: Found
    stem: str

    @property
    def name(self) -> str:
        """As reports call it."""
        return self.found.name

    @property
    def file(self) -> File:
        """The file itself."""
        return self.found.file


def open_file(named: Named, options: Options) -> list[Source]:
    """The sources in a file that has rows: one, or one a sheet.

    :raises BakehouseError: if it is empty, unreadable, of an unsupported format, or has no column for the text.
    """
    file, kind = named.file, kind_of(named.file)
    if not kind:
        raise BakehouseError(unsupported(file))
    check_size(file)
    if kind == "sheets":
        return [_sheet(named, sheet, options) for sheet in sheets.read(file, named.name)]
    if kind in ("parquet", "arrow"):
        reader, format_ = (parquet, "Parquet") if kind == "parquet" else (arrow, "Arrow")
        return [mapped(named.name, named.stem, format_, reader.rows(file, named.name), options, str(file))]
    encoding = detect(file, options.encoding)
    if kind == "json":
        return [_json(named, encoding, options)]
    return [_table(named, encoding, options)]


def _table(named: Named, encoding: Encoding, options: Options) -> Source:
    dialect = tables.detect(named.file, encoding, options)
    source = mapped(
        named.name,
        named.stem,
        "TSV" if dialect.delimiter == "\t" else "CSV",
        tables.Table(named.file, encoding, dialect, named.name),
        options,
        str(named.file),
    )
    known = dialect.delimiter in tables.DELIMITERS or options.delimiter
    delimiter = dialect.delimiter if known else ""
    return replace(source, encoding=encoding, delimiter=delimiter, evidence=dialect.evidence)


def _sheet(named: Named, sheet: sheets.Sheet, options: Options) -> Source:
    """A sheet as a table; as one text where it is none, or no column of it can be one."""
    stem = f"{named.stem}-{sheet.title}" if sheet.title else named.stem
    if not sheet.names and not options.columns:
        return Source(sheet.file, "Excel", sheet.as_text, evidence="its first row names no columns, so it is one text")
    try:
        return mapped(sheet.file, stem, "Excel", sheet.rows, options)
    except BakehouseError:
        if options.columns:
            raise
        return Source(sheet.file, "Excel", sheet.as_text, evidence="no column looks like a text, so it is one text")


def _json(named: Named, encoding: Encoding, options: Options) -> Source:
    found = jsons.find(named.file, encoding, named.name, options.records)
    nested = squad.nested_rows(found.rows)
    if key := squad.questions_key(list(islice(nested(), SAMPLE))):
        passages = mapped(named.name, named.stem, f"SQuAD-like {found.format}", nested, options, str(named.file))
        assert isinstance(passages.entries, Mapped)
        evidence = f"its objects hold a passage and a list of questions in '{key}'"
        entries = squad.Squad(passages.entries, key)
        return replace(passages, entries=entries, encoding=encoding, evidence=evidence, links=True)
    source = mapped(named.name, named.stem, found.format, found.rows, options, str(named.file))
    return replace(source, encoding=encoding, evidence=found.evidence)


def mapped(name: str, stem: str, format_: str, rows: Rows, options: Options, place: str = "") -> Source:
    """A source whose rows have columns.

    :param place: As errors call it, where that is not its name in reports.
    """
    place = place or name
    sample = tuple(islice(rows(), SAMPLE))
    if not sample:
        raise BakehouseError(f"{place} holds no rows: there is nothing to convert. Check that it was saved whole.")
    if all(row.problem for row in sample):
        raise BakehouseError(_unreadable(place, sample))
    mapping = guess(sample, place, options)
    return Source(name, format_, Mapped(rows, mapping, stem, options), mapping=mapping, sample=sample)


def _unreadable(place: str, rows: Sequence[Row]) -> str:
    first = next(row for row in rows if row.problem)
    assert first.problem
    where = f"line {first.origin.line:,}" if first.origin.line else f"row {first.origin.row:,}"
    which = "its only row" if len(rows) == 1 else f"each of its first {len(rows):,} rows"
    return f"{place}: {which} cannot be read. The first, {where}: {first.problem.reason}. {first.problem.remedy}"


def check_size(file: File) -> None:
    """:raises BakehouseError: if a file is empty."""
    if is_empty(file):
        raise BakehouseError(f"{file} is empty: there is nothing to convert. Check that it was saved or copied whole.")


def unsupported(file: File) -> str:
    """That no reader reads a file, and what to do."""
    return f"{file}: {of_other_kind(file)}. {remedy(file) or f'Wanted: {SUPPORTED}.'}"
