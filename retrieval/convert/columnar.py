"""A block of a table by columns, through pyarrow; the lines it gives are those of the readers row by row."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.compute as compute
from pyarrow import csv

from retrieval.convert.blocks import Block
from retrieval.convert.clean import clean
from retrieval.convert.entries import Entry, Origin, Plain
from retrieval.convert.ids import digest_of
from retrieval.convert.mapped import Mapped
from retrieval.convert.tables import Table
from retrieval.languages import code_of
from retrieval.records import UNKNOWN

_WHITE = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""What ``str.strip`` removes."""
_ESCAPED = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"))
"""What JSON writes otherwise (RFC 8259, section 7), but for control characters, which no plain row holds."""
_SPACE, _TAB, _LINE_FEED = b" "[0], b"\t"[0], b"\n"[0]
Column = Any
"""A pyarrow array of strings; pyarrow has no types to check."""


def read(
    block: Block, mapped: Mapped, table: Table, row: int, told: str, entries: Callable[[], Iterator[Entry]]
) -> Plain | None:
    """A block's rows, if all of them are plain.

    :param row: How many rows came before it.
    :param told: The language of rows that do not say; empty if that is to be identified.
    :param entries: Starts reading the same rows one by one.
    """
    columns = mapped.columns.columns[0]
    cells = _cells(block, table, {role: name for role, name in columns.items() if name})
    if not cells or compute.min(compute.binary_length(cells["text"])).as_py() == 0:
        return None
    rows, texts = len(cells["text"]), cells["text"]
    langs = _languages(cells.get("lang"), rows, mapped.columns.variants[0].lang, told)
    ids = cells["id"] if "id" in cells else _made(clean(f"{mapped.stem}-"), row, rows)
    if langs is None or not _are_ids(ids):
        return None
    made = _Lines(ids, cells.get("title"), texts, langs)
    counted = Counter({each["values"]: each["counts"] for each in compute.value_counts(langs).to_pylist()})
    last = Origin(table.file, row + rows, block.line + max(0, block.lines - 1))
    return Plain(last, ids.to_pylist(), "id" in cells, made.digests, made.written, counted, entries)


@dataclass(frozen=True)
class _Lines:
    """The lines of ``corpus.jsonl``, made when they are asked for: by another thread than the one that reads."""

    ids: Column
    titles: Column | None
    texts: Column
    langs: Column

    @cached_property
    def contents(self) -> Column:
        """As :func:`retrieval.beir.document_content` writes them."""
        titles = "" if self.titles is None else _escaped(self.titles)
        return _joined('"title": "', titles, '", "text": "', _escaped(self.texts), '"')

    def written(self) -> memoryview:
        """As :func:`retrieval.beir.document_line` writes them."""
        ids = _escaped(self.ids)
        return _letters(
            _joined('{"_id": "', ids, '", ', self.contents, ', "metadata": {"lang": "', self.langs, '"}}\n')
        ).data

    def digests(self) -> list[bytes]:
        """Of each content."""
        letters, borders = _letters(self.contents).data, _borders(self.contents)
        places = (borders - borders[0]).tolist()
        return [digest_of(letters[start:end]) for start, end in pairwise(places)]


def _cells(block: Block, table: Table, columns: dict[str, str]) -> dict[str, Column] | None:
    """Role → its cells, without white space around them; None if there are no rows, or one that is not clean."""
    content = block.content or b""
    if BOM_UTF8 in content or (block.line == 1 and not content.split(b"\n", 1)[0].strip(b'", \t;|\r')):
        return None  # where files were joined; or the header, if any, is not in the first line
    content = content.replace(b"\r\n", b"\n") if b"\r" in content else content
    names = table.dialect.columns
    try:
        read = csv.read_csv(
            pyarrow.BufferReader(content),
            csv.ReadOptions(
                column_names=names,
                skip_rows_after_names=int(table.dialect.header and block.line == 1),
                block_size=len(content) + 1,
                use_threads=False,
            ),
            csv.ParseOptions(
                delimiter=table.dialect.delimiter,
                quote_char='"' if table.dialect.quoting == "quoted" else False,
                newlines_in_values=True,  # it only tells pyarrow not to part a block
            ),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pyarrow.string()),
                include_columns=list(dict.fromkeys(columns.values())),
            ),
        )
    except pyarrow.ArrowInvalid:  # rows with more or fewer cells
        return None
    if not read.num_rows or read.column(0).num_chunks > 1:
        return None
    trimmed = {name: compute.utf8_trim(read[name].chunk(0), _WHITE) for name in read.column_names}
    if not all(map(_is_clean, trimmed.values())) or _is_header_again(trimmed, table):
        return None
    return {role: trimmed[name] for role, name in columns.items()}


def _is_header_again(cells: Mapping[str, Column], table: Table) -> bool:
    """Whether a row may be the header, by its first column here."""
    if not table.dialect.header:
        return False
    name = next(iter(cells))
    head = table.header[table.dialect.columns.index(name)].strip()
    return bool(compute.any(compute.equal(cells[name], _scalar(head))).as_py())


def _is_clean(cells: Column) -> bool:
    letters = _letters(cells)
    control = letters[letters < _SPACE]
    return bool(np.isin(control, (_TAB, _LINE_FEED)).all())


def _letters(cells: Column) -> npt.NDArray[np.uint8]:
    """The bytes of all strings of an array, one after the other."""
    borders, content = _borders(cells), cells.buffers()[2]
    return np.frombuffer(content, np.uint8)[borders[0] : borders[-1]] if content else np.empty(0, np.uint8)


def _borders(cells: Column) -> npt.NDArray[np.int32]:
    """Where each string begins in the array's buffer, and where the last one ends."""
    return np.frombuffer(cells.buffers()[1], np.int32)[cells.offset : cells.offset + len(cells) + 1]


def _scalar(text: str) -> Any:
    """What ``pyarrow.scalar`` makes, without its import of pandas."""
    content = text.encode()
    offsets = np.array([0, len(content)], np.int32)
    return pyarrow.StringArray.from_buffers(1, pyarrow.py_buffer(offsets), pyarrow.py_buffer(content))[0]


def _same(text: str, rows: int) -> Column:
    return pyarrow.repeat(_scalar(text), rows)


def _joined(*parts: Column | str) -> Column:
    """Row for row one string of all parts; a part that is a string is the same in each row."""
    columns = [_scalar(part) if isinstance(part, str) else part for part in parts]
    return compute.binary_join_element_wise(*columns, _scalar(""))


def _made(stem: str, row: int, rows: int) -> Column:
    numbers = pyarrow.arange(row + 1, row + rows + 1).cast("string")
    return _joined(stem, numbers)


def _are_ids(ids: Column) -> bool:
    letters = _letters(ids)
    return bool(compute.min(compute.binary_length(ids)).as_py() and (letters >= _SPACE).all())


def _languages(cells: Column | None, rows: int, known: str, told: str) -> Column | None:
    """Each row's code; None where one must be identified."""
    if known or cells is None:
        return _same(known or told, rows) if known or told else None
    coded = cells.dictionary_encode()
    codes = [(code_of(cell) or "") if cell else told for cell in coded.dictionary.to_pylist()]
    codes = [told if code == UNKNOWN else code for code in codes]
    return pyarrow.concat_arrays([_same(code, 1) for code in codes]).take(coded.indices) if all(codes) else None


def _escaped(cells: Column) -> Column:
    content = _letters(cells).tobytes()
    for letter, written in _ESCAPED:
        if letter.encode() in content:
            cells = compute.replace_substring(cells, letter, written)
    return cells
