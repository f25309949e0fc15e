"""Rows that give one document each and need no second look, a block at a time.

Most rows of most tables are such: an id that is new, a text, a language that is told, nothing to mend. By columns
they cost a microsecond or two each, row by row some thirty. What becomes of them is the same to the byte, and a
block that holds a row of another kind is read row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from retrieval.convert import blocks
from retrieval.convert.blocks import Block
from retrieval.convert.entries import Entry, Plain
from retrieval.convert.mapped import Mapped
from retrieval.convert.opening import Source
from retrieval.convert.tables import Table

LEAST = 1 << 16
"""Bytes of a block that are worth loading pyarrow for."""


def pieces(source: Source, told: str) -> Iterator[Entry | Plain]:
    """All that a source holds, in its order.

    :param told: The language of every text whose row does not say; empty if that is to be identified.
    """
    mapped = source.entries
    if isinstance(mapped, Mapped) and isinstance(mapped.rows, Table) and _fits(mapped, mapped.rows, told):
        yield from _pieces(mapped, mapped.rows, told)
    else:
        yield from source.entries()


def _fits(mapped: Mapped, table: Table, told: str) -> bool:
    """Whether rows can be plain at all."""
    columns, dialect = mapped.columns, table.dialect
    more = any(columns.column(role) for role in ("query", "answer", "score", "query_id"))
    letters = dialect.delimiter.isascii() and dialect.quoting != "escaped" and not table.encoding.mixed
    language = told or columns.column("lang") or columns.variants[0].lang
    return bool(letters and language and not more and len(columns.variants) == 1 and not mapped.options.keep)


def _pieces(mapped: Mapped, table: Table, told: str) -> Iterator[Entry | Plain]:
    """Where a block is plain, the next one is read while the caller is busy with it."""
    reading = _Reading(mapped, table, told)
    with ThreadPoolExecutor(1, "blocks") as ahead:
        found = reading.next()
        while found is not None:
            if isinstance(found, Plain):
                coming = ahead.submit(reading.next)
                yield found
                found = coming.result()
            else:
                yield from reading.counted(found)
                found = reading.next()


class _Reading:
    """Block after block of a table."""

    def __init__(self, mapped: Mapped, table: Table, told: str) -> None:
        quoted = table.dialect.quoting == "quoted"
        self._blocks = blocks.split(table.path, table.encoding, table.dialect.delimiter, quoted=quoted)
        self._mapped, self._table, self._told = mapped, table, told
        self._row = 0

    def next(self) -> Plain | Iterator[Entry] | None:
        """The next block, None after the last. Entries must have passed :meth:`counted` before the next call."""
        block = next(self._blocks, None)
        if block is None:
            return None
        entries = partial(_entries, self._mapped, self._table, block, self._row)
        if block.content is None or len(block.content) < LEAST:
            return entries()
        from retrieval.convert.columnar import read

        plain = read(block, self._mapped, self._table, self._row, self._told, entries)
        self._row += len(plain.ids) if plain else 0
        return plain or entries()

    def counted(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """The same entries; the rows of the next block are numbered on from them."""
        for entry in entries:
            self._row = entry.origin.row
            yield entry


def _entries(mapped: Mapped, table: Table, block: Block, row: int) -> Iterator[Entry]:
    return map(mapped.entry, table.rows_in(block, row))
