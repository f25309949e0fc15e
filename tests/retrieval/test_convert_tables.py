"""CSV and TSV as people have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from converting import ENGLISH, read, run, texts, write

from retrieval.convert.convert import convert
from retrieval.convert.encoding import detect as encoding_of
from retrieval.convert.options import Options
from retrieval.convert.tables import Dialect, detect
from retrieval.errors import BakehouseError


def dialect_of(path: Path, options: Options = ENGLISH) -> Dialect:
    return detect(path, encoding_of(path), options)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_delimiters_are_found_whatever_the_name_says(tmp_path: Path, delimiter: str, suffix: str) -> None:
    rows = [["id", "text", "note"], ["1", "Bread of rye", "x"], ["2", "Buns", "y"]]
    path = write(tmp_path / f"a{suffix}", "\n".join(map(delimiter.join, rows)))
    report = run(path, tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread of rye", "2": "Buns"}
    assert report.sources[0].delimiter == delimiter


def test_quotes_delimiters_and_line_breaks_in_cells(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\r\n1,"He said ""rye"", and\r\nleft"\r\n2,plain\r\n')
    run(path, tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": 'He said "rye", and\nleft', "2": "plain"}


def test_backslash_escapes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"He said \\"rye\\", twice"\n2,"a, b"\n')
    assert dialect_of(path).quoting == "escaped"
    run(path, tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": 'He said "rye", twice', "2": "a, b"}


def test_quotes_are_letters_in_a_tsv_that_does_not_quote(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", 'id\ttext\n1\tsix 6" pans\n2\tthe "best" bread\n')
    run(path, tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": 'six 6" pans', "2": 'the "best" bread'}


def test_a_cell_may_be_longer_than_pythons_limit(tmp_path: Path) -> None:
    long = "rye " * 100_000
    run(write(tmp_path / "a.csv", f"id,text\n1,{long}\n2,short\n"), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": long.strip(), "2": "short"}


def test_rows_with_a_wrong_number_of_cells_are_rejected_with_their_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,title,text\n1,A,"two\nlines"\n2,B\n3,C,good\n4,D,one,more\n\n5,E,last\n')
    report = run(path, tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["1", "3", "5"]
    rejects = read(tmp_path / "out", "rejects")
    assert [(each["file"], each["row"], each["line"], each["content"]) for each in rejects] == [
        ("a.csv", 2, 4, ["2", "B"]),
        ("a.csv", 4, 6, ["4", "D", "one", "more"]),
    ]
    assert rejects[0]["reason"] == "2 cells where there are 3 columns"
    assert "in quotes" in rejects[0]["remedy"]
    assert (report.counts.rows, report.counts.kept, report.counts.rejected) == (5, 3, 2)


def test_rows_with_stray_bytes_are_rejected_and_the_others_kept(tmp_path: Path) -> None:
    good = "".join(f"{row},Bäckerei Müller, Straße\n".replace(", S", " S") for row in range(5))
    path = write(tmp_path / "a.csv", b"id,text\n" + good.encode() + "9,Größe naïv\n".encode("cp1252") + b"10,plain\n")
    run(path, tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["0", "1", "2", "3", "4", "10"]
    reject = read(tmp_path / "out", "rejects")[0]
    assert (reject["line"], reject["content"]) == (7, ["9", "Gr\udcf6\udcdfe na\udcefv"])


@pytest.mark.parametrize(
    ("first", "header"),
    [
        ("doc_id,doc", True),
        ("Kennung,Inhalt", True),
        ("alpha,beta", True),
        ("1,Bread of rye is baked", False),
        ("Bread of rye.,Buns are soft.", False),
        ("2020-01-31,bread", False),
        ("https://example.org,bread", False),
        ("rye,rye", False),
    ],
)
def test_headers_are_told_from_rows(tmp_path: Path, first: str, header: bool) -> None:
    path = write(tmp_path / "a.csv", f"{first}\n5,Some bread is made of wheat\n")
    assert dialect_of(path).header is header


def test_a_table_without_header_keeps_its_first_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "1\tANNA\tThe bread of rye is ready now.\n2\tBEN\tThe buns are not ready yet.\n")
    report = run(path, tmp_path / "out")
    assert texts(tmp_path / "out") == {"a-1": "The bread of rye is ready now.", "a-2": "The buns are not ready yet."}
    assert report.sources[0].mapping is not None
    assert report.sources[0].mapping.column("text") == "column 3"


def test_header_and_delimiter_may_be_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id:text\nrye:bread of rye\n")
    report = convert([path], tmp_path / "out", Options({"text": "column 2"}, (), "test", ("en",), "", ":", False))
    assert texts(tmp_path / "out") == {"a-1": "text", "a-2": "bread of rye"}
    assert report.sources[0].delimiter == ":"


def test_columns_without_name_or_named_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ",text,text,\n0,first,second,x\n")
    assert dialect_of(path).columns == ("column 1", "text", "text (2)", "column 4")


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", "text\nBread, rye, and salt\nBuns\n"), tmp_path / "out")
    assert list(texts(tmp_path / "out").values()) == ["Bread, rye, and salt", "Buns"]
    run(write(tmp_path / "b.csv", 'text\n"Bread, rye,\nand salt"\nBuns\n'), tmp_path / "out")
    assert list(texts(tmp_path / "out").values()) == ["Bread, rye,\nand salt", "Buns"]


def test_commas_in_most_cells_leave_the_header_in_charge(tmp_path: Path) -> None:
    rows = "".join(f"{row},rye, wheat, salt\n" for row in range(9))
    report = run(write(tmp_path / "a.csv", f"id,text\n{rows}9,plain\n"), tmp_path / "out")
    assert (report.counts.documents, report.counts.rejected) == (1, 9)


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match=r"a\.csv is empty: there is nothing to convert"):
        run(write(tmp_path / "a.csv", ""), tmp_path / "out")
    with pytest.raises(BakehouseError, match=r"b\.csv is empty: wanted a table"):
        run(write(tmp_path / "b.csv", "\n \n"), tmp_path / "out")
    with pytest.raises(BakehouseError, match=r"c\.csv holds no rows"):
        run(write(tmp_path / "c.csv", "id,text\n"), tmp_path / "out")


def test_utf_16_tables(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", "id;text\n1;Brötchen\n".encode("utf-16")), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Brötchen"}
