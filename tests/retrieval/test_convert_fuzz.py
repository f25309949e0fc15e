"""Whatever bytes a file holds: rows out or a sentence, and what was written is read back whole."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow
import pytest
from converting import ENGLISH, read, run, write
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc, parquet
from tiny_files import docx, pdf, pptx, xlsx, zipped

from retrieval.convert.clean import clean
from retrieval.convert.convert import convert
from retrieval.errors import BakehouseError

TREC = b"<DOC><DOCNO>1</DOCNO><TEXT>Bread</TEXT></DOC><top><num>1<title>rye</top>"


def arrow(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    table = pyarrow.Table.from_pylist(rows)
    with ipc.new_file(out, table.schema) as sink:
        sink.write_table(table)
    return out.getvalue()


def in_parquet(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


SEEDS = {
    "a.pdf": pdf("Bread of rye", title="Rye"),
    "a.docx": docx("Bread", heading="Rye"),
    "a.pptx": pptx(("Rye", "Bread")),
    "a.xlsx": xlsx(Sheet=[["text"], ["Bread of rye"]]),
    "a.html": b"<html><title>Rye</title><p>Bread <b>of rye</b></html>",
    "a.xml": TREC,
    "a.zip": zipped({"a.csv": "text\nBread\n", "b.zip": zipped({"c.txt": "Buns"})}),
    "a.jsonl.gz": gzip.compress(b'{"text": "Bread"}\n'),
    "a.arrow": arrow([{"text": "Bread"}, {"text": "Buns"}]),
    "a.parquet": in_parquet([{"text": "Bread"}, {"text": "Buns"}]),
    "a.json": b'{"data": {"docs": [{"text": "Bread"}]}}',
    "a.csv": b'text,id\n"Bread, of rye",1\n',
}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bakehouse-fuzz-"))
    yield folder
    shutil.rmtree(folder)


def changed(seed: bytes) -> st.SearchStrategy[bytes]:
    """A file with some bytes replaced or its end missing, or any bytes at all."""
    cuts = st.integers(0, len(seed)).map(lambda end: seed[:end])
    edits = st.lists(st.tuples(st.integers(0, len(seed) - 1), st.integers(0, 255)), min_size=1, max_size=6)
    return st.one_of(edits.map(lambda each: _edited(seed, each)), cuts, st.binary(max_size=200))


def _edited(seed: bytes, edits: list[tuple[int, int]]) -> bytes:
    content = bytearray(seed)
    for offset, value in edits:
        content[offset] = value
    return bytes(content)


@pytest.mark.parametrize("name", SEEDS)
def test_any_bytes_end_as_rows_or_a_sentence(place: Path, name: str) -> None:
    good = write(place / "good.txt", "Bread of rye.")

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(changed(SEEDS[name]))
    def check(content: bytes) -> None:
        shutil.rmtree(place / "set", ignore_errors=True)
        write(place / "set" / name, content)
        try:
            convert([place / "set" / name, good], place / "out", ENGLISH)
        except BakehouseError as error:
            assert len(str(error)) > 20
        shutil.copy(good, place / "set")
        assert run(place / "set", place / "out").counts.rows >= 1

    check()


CELLS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
ROWS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8)


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    table = csv.DictWriter(out, ["title", "text"], delimiter=delimiter, quoting=csv.QUOTE_ALL)
    table.writeheader()
    table.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


WRITERS = {
    "a.csv": as_csv,
    "a.tsv": lambda rows: as_csv(rows, "\t"),
    "a.json": lambda rows: json.dumps({"meta": {"n": len(rows)}, "data": {"docs": rows}}).encode(),
    "a.jsonl": lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode(),
    "a.jsonl.gz": lambda rows: gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()),
    "a.arrow": arrow,
    "a.parquet": in_parquet,
    "a.zip": lambda rows: zipped({"in.zip": zipped({"a.csv": as_csv(rows)})}),
}


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_read_back(place: Path, name: str) -> None:
    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(ROWS)
    def check(pairs: list[tuple[str, str]]) -> None:
        rows = [{"title": "Bread", "text": "of rye"}] + [{"title": title, "text": text} for title, text in pairs]
        report = run(write(place / name, WRITERS[name](rows)), place / "out", ENGLISH, title="title", text="text")
        wanted = list(dict.fromkeys((clean(row["title"]), clean(row["text"])) for row in rows))
        wanted = [content for content in wanted if any(content)]
        assert [(each["title"], each["text"]) for each in read(place / "out", "corpus")] == wanted
        assert report.counts.rows == len(rows)

    check()
