"""Whatever a table or a JSON file holds: each row is a document with the same text, a duplicate, or a reject.

Tables are such as a person would call one: two columns or more under a header of plain names, two
rows or more. What parts a table of one row or one column, no reader can know.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from converting import ENGLISH, read, run, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from tiny_files import xlsx

from retrieval.convert.clean import clean
from retrieval.convert.near import NEARLY
from retrieval.convert.options import Options
from retrieval.convert.report import ConversionReport

FEW = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
HEADER = ["id", "title", "text"]

WORDS = st.sampled_from(
    ["Bread of rye", 'six 6" pans', "He said rye", '"', '""', "a,b;c|d\te", "l\nm", "\\", '\\"', "7", ""]
)
ANY = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0\x1e"), max_size=20)
CELL = st.one_of(WORDS, ANY)


def tables(cell: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    """Rows with an id, the first two of plain words: a sample in which columns can be told."""
    some = st.lists(st.fixed_dictionaries({"id": st.integers(0, 9).map(str), "title": cell, "text": cell}), max_size=6)
    plain = [{"id": "x", "title": "Rye", "text": "Bread of rye"}, {"id": "y", "title": "Oat", "text": "Buns of oat"}]
    return some.map(lambda rows: plain + rows)


def cells(row: dict[str, str]) -> list[str]:
    return [row[name] for name in HEADER]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bakehouse-properties-"))
    yield folder
    shutil.rmtree(folder)


def check(report: ConversionReport, out: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Hold the folder against the rows that went in, by the rules that docs/conversion.md gives."""
    wanted: dict[str, tuple[str, str]] = {}
    rejected = merged = 0
    for row in rows:
        content = clean(row["title"]), clean(row["text"])
        if not any(content):
            rejected += 1
            continue
        id_, number = row["id"], 1
        while wanted.get(id_, content) != content:
            number += 1
            id_ = f"{row['id']}~{number}"
        merged += id_ in wanted
        wanted[id_] = content
    found = {each["_id"]: (each["title"], each["text"]) for each in read(out, "corpus")}
    assert found == wanted
    counts = report.counts
    assert (counts.rows, counts.kept, counts.merged, counts.rejected) == (len(rows), len(wanted), merged, rejected)
    assert len(read(out, "rejects")) == rejected
    listed = [each for each in read(out, "duplicates") if NEARLY not in each["reason"]]
    assert len(listed) == merged + sum("~" in id_ for id_ in wanted)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_quoted_tables(place: Path, delimiter: str, quoting: int) -> None:
    @FEW
    @given(tables(CELL), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    def holds(rows: list[dict[str, str]], end: str, encoding: str) -> None:
        out = io.StringIO(newline="")
        table = csv.DictWriter(out, HEADER, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
        table.writeheader()
        table.writerows(rows)
        path = write(place / "a.csv", out.getvalue().encode(encoding))
        check(run(path, place / "out", text="text", title="title", id="id"), place / "out", rows)

    holds()


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250"])
def test_legacy_tables(place: Path, encoding: str) -> None:
    words = re.findall(
        r"\w+", "Die Bäckerei öffnet früh, weil Brötchen heiß und süß sein müssen für Müller; Größe, Öfen, Straße"
    )
    german = st.lists(st.sampled_from(words), min_size=6, max_size=12, unique=True).map(" ".join)  # fewer could be any

    @FEW
    @given(st.lists(st.tuples(german, german), min_size=4, max_size=9))
    def holds(pairs: list[tuple[str, str]]) -> None:
        rows = [{"id": f"d{n}", "title": title, "text": text} for n, (title, text) in enumerate(pairs)]
        path = write(place / "a.csv", "\n".join(map(";".join, [HEADER, *map(cells, rows)])).encode(encoding, "strict"))
        check(run(path, place / "out", text="text", title="title", id="id"), place / "out", rows)

    holds()


def test_tables_that_do_not_quote(place: Path) -> None:
    cell = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters='"'), max_size=20)

    @FEW
    @given(tables(cell))
    def holds(rows: list[dict[str, str]]) -> None:
        lines = [HEADER, *map(cells, rows)]
        path = write(place / "a.tsv", "\n".join(map("\t".join, lines)))
        check(run(path, place / "out", text="text", title="title", id="id"), place / "out", rows)

    holds()


def test_tables_without_header(place: Path) -> None:
    @FEW
    @given(tables(CELL))
    def holds(rows: list[dict[str, str]]) -> None:
        out = io.StringIO(newline="")
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([cells(row) for row in rows])
        columns = {"id": "column 1", "title": "column 2", "text": "column 3"}
        options = Options(columns, languages=("en",), header=False)
        check(run(write(place / "a.csv", out.getvalue()), place / "out", options), place / "out", rows)

    holds()


def in_parquet(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


def nested(rows: list[dict[str, str]]) -> str:
    half = len(rows) // 2
    return json.dumps({"meta": [1], "data": {"shelves": [{"docs": rows[:half]}, {}, {"docs": rows[half:]}]}})


WRITERS: dict[str, Callable[[list[dict[str, str]]], str | bytes]] = {
    "array.json": lambda rows: json.dumps(rows, indent=1),
    "array.jsonl": lambda rows: json.dumps(rows, ensure_ascii=False),
    "lines.jsonl": lambda rows: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
    "lines.json": lambda rows: "\r\n".join(map(json.dumps, rows)),
    "commas.jsonl": lambda rows: "".join(json.dumps(row) + ",\n" for row in rows),
    "joined.jsonl": lambda rows: "".join("\ufeff" + json.dumps(row) + "\n" for row in rows),
    "unparted.jsonl": lambda rows: "".join(map(json.dumps, rows)),
    "nested.json": nested,
    "a.parquet": in_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_objects(place: Path, name: str) -> None:
    text = st.one_of(WORDS, st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
    options = Options(
        {role: role for role in HEADER}, languages=("en",), records="data.shelves.docs" * (name == "nested.json")
    )

    @FEW
    @given(tables(text))
    def holds(rows: list[dict[str, str]]) -> None:
        check(run(write(place / name, WRITERS[name](rows)), place / "out", options), place / "out", rows)

    holds()


def test_sheets(place: Path) -> None:
    text = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20)

    @settings(FEW, max_examples=20)
    @given(tables(text.filter(lambda each: not each.startswith("="))))
    def holds(rows: list[dict[str, str]]) -> None:
        path = write(place / "a.xlsx", xlsx(Sheet=[HEADER, *map(cells, rows)]))
        check(run(path, place / "out", text="text", title="title", id="id"), place / "out", rows)

    holds()


def test_lone_surrogates_in_json(place: Path) -> None:
    @FEW
    @given(tables(st.text(st.characters(categories=("Cs", "Lu")), min_size=1, max_size=5)))
    def holds(rows: list[dict[str, str]]) -> None:
        path = write(place / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        read_back = [json.loads(json.dumps(row)) for row in rows]  # \ud83d\ude00 in two halves is one character
        check(run(path, place / "out", ENGLISH), place / "out", read_back)

    holds()
