"""Blocks by columns: what becomes of a table is the same to the byte as row by row."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from converting import ENGLISH, read, run, texts, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.convert import blocks, plain
from retrieval.convert.blocks import Block, split
from retrieval.convert.convert import convert
from retrieval.convert.encoding import detect
from retrieval.convert.entries import Plain
from retrieval.convert.options import Options
from retrieval.convert.plain import pieces
from retrieval.convert.sources import open_sources

NAMES = ("corpus.jsonl", "rejects.jsonl", "duplicates.jsonl", "manifest.json")
CELLS = st.text(st.sampled_from("ab \t\n\r\"',;\\é文\u3000\u200b\x00\x1f\x7f"), max_size=8)
ROWS = st.lists(st.tuples(st.sampled_from(["", "1", "2", "3", " 4", "a\tb"]), CELLS, CELLS), max_size=25)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SIZE", 64)
    monkeypatch.setattr(blocks, "LONGEST", 256)
    monkeypatch.setattr(plain, "LEAST", 0)


def table(rows: int) -> str:
    return "id,text,lang\n" + "".join(f"d{n},Bread number {n},en\n" for n in range(rows))


def plain_rows(path: Path, told: str = "") -> list[int]:
    """How many rows each piece has: 1 for one that was read row by row."""
    (source,) = open_sources([path], Options())
    return [len(piece.ids) if isinstance(piece, Plain) else 1 for piece in pieces(source, told)]


def by_columns_and_by_rows(path: Path, options: Options = ENGLISH) -> tuple[list[bytes], list[bytes]]:
    def made(name: str) -> list[bytes]:
        out = path.parent / name
        convert([path], out, options, force=True)
        return [(out / each).read_bytes() if (out / each).exists() else b"" for each in NAMES]

    columns = made("columns")
    before, plain.LEAST = plain.LEAST, 1 << 30
    try:
        return columns, made("rows")
    finally:
        plain.LEAST = before


def test_a_plain_table_goes_by_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table(12))
    assert plain_rows(path) == [2, 3, 3, 3, 1]
    run(path, tmp_path / "out")
    assert texts(tmp_path / "out") == {f"d{n}": f"Bread number {n}" for n in range(12)}


def test_only_the_block_with_another_row_goes_row_by_row(tmp_path: Path) -> None:
    lines = table(12).splitlines(keepends=True)
    lines[5] = "d4,,en\n"
    path = write(tmp_path / "a.csv", "".join(lines))
    assert plain_rows(path) == [2, 1, 1, 1, 1, 3, 3]
    run(path, tmp_path / "out")
    [reject] = read(tmp_path / "out", "rejects")
    assert (reject["row"], reject["line"], reject["reason"]) == (5, 6, "no text")


def test_an_id_that_comes_again_in_a_later_block_is_settled(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table(12) + "d1,Bread number 1,en\nd2,Another bread,en\n")
    report = run(path, tmp_path / "out")
    assert (report.counts.kept, report.counts.merged) == (13, 1)
    assert texts(tmp_path / "out")["d2~2"] == "Another bread"
    assert [each["reason"] for each in read(tmp_path / "out", "duplicates")] == [
        "same id, same text",
        "same id, other text",
    ]


def test_rows_without_ids_are_merged_across_blocks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "title,text\n" + "".join(f"T{n % 5},Bread number {n % 5}\n" for n in range(12)))
    report = run(path, tmp_path / "out")
    assert (report.counts.kept, report.counts.merged) == (5, 7)
    assert list(texts(tmp_path / "out")) == ["a-1", "a-2", "a-3", "a-4", "a-5"]


def test_without_a_language_rows_go_one_by_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table(3).replace(",en\n", ",\n"))
    assert plain_rows(path) == [1, 1, 1]
    assert plain_rows(path, "en") == [2, 1]


@pytest.mark.parametrize(
    ("content", "sizes"),
    [
        ("a,b\n" * 40, [64, 64, 32]),
        ('a,"b\nc"\n' * 20, [64, 64, 32]),
        ('a,"b""\n"""\n' * 20, [55, 66, 66, 33]),
        ("a,b\r" * 40, [160]),
        ("a,b\r" * 80, [None]),
        ('a,b"c\n' * 20, [None]),
        ("a," + "b" * 400 + "\nc,d\n", [None]),
        ("", []),
    ],
)
def test_blocks_end_where_rows_do(tmp_path: Path, content: str, sizes: list[int | None]) -> None:
    path = write(tmp_path / "a.csv", content or " ")
    found = list(split(path, detect(path), ",", quoted=True)) if content else []
    assert [block.content and len(block.content) for block in found] == sizes
    whole = b"".join(block.content or b"" for block in found)
    assert content.encode().startswith(whole)
    assert [block.line for block in found] == [
        1 + len(io.StringIO(content[: sum(filter(None, sizes[:place]))], newline="").readlines())
        for place in range(len(found))
    ]


def test_after_a_quote_that_says_nothing_the_table_is_read_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table(6) + 'd6,Bread of 5" length,en\nd7,Bread,en\n')
    (source,) = open_sources([path], Options())
    last = list(split(path, source.encoding, ",", quoted=True))[-1]  # type: ignore[arg-type]
    assert last == Block(None, 7)
    run(path, tmp_path / "out")
    assert texts(tmp_path / "out")["d6"] == 'Bread of 5" length'
    assert len(texts(tmp_path / "out")) == 8


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS,
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=ENCODINGS,
    torn=st.sampled_from(["", '"', '1,x"y,z', "1,2"]),
)
def test_by_columns_or_row_by_row_is_the_same(
    rows: list[tuple[str, str, str]], quoting: int, end: str, encoding: str, torn: str
) -> None:
    made = io.StringIO()
    writer = csv.writer(made, quoting=quoting, lineterminator=end)
    writer.writerow(("id", "title", "text"))
    writer.writerows([("0", "Bread", "Bread of rye"), *rows, ("9", "Bread", "Bread of rye and oats")])
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.csv", (made.getvalue() + torn).encode(encoding, "surrogatepass"))
        columns, rows_ = by_columns_and_by_rows(path)
    assert columns == rows_


def test_texts_of_plain_rows_are_known_to_what_comes_later(tmp_path: Path) -> None:
    """No digest is worked out before someone asks; then those of all that is written are."""
    write(tmp_path / "in" / "a.csv", table(12))
    write(tmp_path / "in" / "b.csv", "text,lang\nBread number 3,en\nBread of oats,en\nBread number 11,en\n")
    report = run(tmp_path / "in", tmp_path / "out")
    assert (report.counts.kept, report.counts.merged) == (13, 2)
    assert [each["kept_as"] for each in read(tmp_path / "out", "duplicates")] == ["d3", "d11"]


@pytest.mark.parametrize(
    "between",
    ["id,text\n", "\ufeffd98,Bread with a mark\n", '\ufeffid,text\n"d99",Bread\n'],
)
def test_joined_files_are_the_same_by_columns_and_by_rows(tmp_path: Path, between: str) -> None:
    """The header again, and byte order marks: what the reader of rows sees, the one of columns must leave to it."""
    rows = table(40).replace(",en\n", "\n").replace(",lang\n", "\n")
    path = write(tmp_path / "a.csv", rows + between + rows.split("\n", 1)[1].replace("d", "e"))
    columns, by_rows = by_columns_and_by_rows(path)
    assert columns == by_rows
    assert b"\xef\xbb\xbf" not in columns[0]
