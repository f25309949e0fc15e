"""Whatever bytes a file holds: rows out or a sentence, and what was packed is read back whole.

With BAKEHOUSE_FUZZ=2000 as many examples of each kind are tried, other ones each time.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pyarrow
import pytest
from converting import ENGLISH, read, run, write
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc, parquet
from tiny_files import docx, pdf, pptx, xlsx, zipped

from retrieval.cli import execute
from retrieval.convert.clean import clean
from retrieval.convert.commands import add_commands
from retrieval.convert.convert import convert
from retrieval.convert.kinds import ARCHIVES, READERS
from retrieval.errors import BakehouseError

TIMES = int(os.environ.get("BAKEHOUSE_FUZZ", 25))
EXAMPLES = settings(max_examples=TIMES, deadline=None, derandomize="BAKEHOUSE_FUZZ" not in os.environ)
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


SQUAD = b'{"data": [{"title": "Rye", "paragraphs": [{"context": "Bread of rye", "qas": [{"id": "1", "question": "What?", "answers": [{"text": "rye"}]}]}]}]}'
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
    "a.csv": b'text,id\n"Bread, of rye",1\n"He said ""rye""\nand left",2\n',
    "a.tsv": 'text\tid\nBrötchen\t1\n"Buns\t2\n'.encode("utf-16"),
    "b.csv": ("id;text\n" + "1;Brötchen für Müller\n" * 5).encode() + "2;Größe\n".encode("cp1252"),
    "a.jsonl": b'{"text": "Br\\u00f6tchen", "id": 1, "metadata": {"lang": "de"}}\n{"text": ["a", {"b": 1e400}]},\n',
    "b.json": SQUAD,
    "a.trec": TREC,
    "a.txt": "Der Bäcker öffnet früh.".encode("cp1252"),
    "a.md": b"---\ntitle: 'Rye'\n---\n# Bread\n```\n# of rye\n```\n",
    "README": "Bread of rye\n面包师傅每天早上六点开门\n".encode("gb18030"),
}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bakehouse-fuzz-"))
    yield folder
    shutil.rmtree(folder)


def changed(seed: bytes) -> st.SearchStrategy[bytes]:
    """A file with some bytes replaced, its end missing, or a part of it twice; or any bytes at all."""
    place = st.integers(0, len(seed) - 1)
    cuts = place.map(lambda end: seed[:end])
    edits = st.lists(st.tuples(place, st.integers(0, 255)), min_size=1, max_size=6)
    parts = st.tuples(place, place).map(lambda part: seed[: max(part)] + seed[min(part) :])
    return st.one_of(edits.map(lambda each: _edited(seed, each)), cuts, parts, st.binary(max_size=200))


def _edited(seed: bytes, edits: list[tuple[int, int]]) -> bytes:
    content = bytearray(seed)
    for offset, value in edits:
        content[offset] = value
    return bytes(content)


def test_every_reader_is_tried() -> None:
    endings = {Path(name).suffix for name in SEEDS}
    assert all(endings & set(read_by) for read_by in READERS.values())
    assert set(ARCHIVES) <= endings


@pytest.mark.parametrize("name", SEEDS)
def test_any_bytes_end_as_rows_or_a_sentence(place: Path, name: str) -> None:
    good = write(place / "good.txt", "Bread of rye.")

    @EXAMPLES
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


@pytest.mark.parametrize("name", SEEDS)
def test_any_bytes_end_the_command_with_its_report_or_one_sentence(place: Path, name: str) -> None:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    good = write(place / "good.txt", "Bread of rye.")

    @settings(EXAMPLES, max_examples=max(5, TIMES // 5))
    @given(changed(SEEDS[name]))
    def check(content: bytes) -> None:
        words = ["convert", write(place / name, content), good, "--out", place / "out", "--language", "en"]
        with redirect_stdout(io.StringIO()) as said, redirect_stderr(io.StringIO()) as told:
            status = execute(parser, list(map(str, words)))
        if status == 0:
            assert "rows = " in said.getvalue()
        else:
            assert status == 2
            (line,) = [line for line in told.getvalue().split("\n") if line.startswith("error: ")]
            assert len(line) > 20

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
    "a.jsonl.gz": lambda rows: gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()),
    "a.arrow": arrow,
    "a.zip": lambda rows: zipped({"in.zip": zipped({"a.csv": as_csv(rows)})}),
}


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_read_back(place: Path, name: str) -> None:
    @EXAMPLES
    @given(ROWS)
    def check(pairs: list[tuple[str, str]]) -> None:
        rows = [{"title": "Bread", "text": "of rye"}] + [{"title": title, "text": text} for title, text in pairs]
        report = run(write(place / name, WRITERS[name](rows)), place / "out", ENGLISH, title="title", text="text")
        wanted = list(dict.fromkeys((clean(row["title"]), clean(row["text"])) for row in rows))
        wanted = [content for content in wanted if any(content)]
        assert [(each["title"], each["text"]) for each in read(place / "out", "corpus")] == wanted
        assert report.counts.rows == len(rows)

    check()
