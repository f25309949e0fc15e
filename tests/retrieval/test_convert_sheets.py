"""Excel workbooks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from converting import ENGLISH, read, run, texts, write
from tiny_files import xlsx

from retrieval.convert.convert import convert
from retrieval.errors import BakehouseError


def test_each_sheet_is_a_table(tmp_path: Path) -> None:
    bread = [["id", "text", "baked"], [None], [1, "Bread of rye", date(2026, 1, 2)], [2, None], [3, "Buns", None, "x"]]
    book = write(tmp_path / "a.xlsx", xlsx(Bread=bread, Empty=[], Cakes=[["text"], ["Cake of plums"]]))
    report = run(book, tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread of rye", "a-Cakes-1": "Cake of plums"}
    assert [source.name for source in report.sources] == ["a.xlsx#Bread", "a.xlsx#Cakes"]
    rejects = read(tmp_path / "out", "rejects")
    assert [(each["file"], each["line"], each["reason"]) for each in rejects] == [
        ("a.xlsx#Bread", 4, "no text"),
        ("a.xlsx#Bread", 5, "4 cells where there are 3 columns"),
    ]


def test_a_sheet_that_is_no_table_is_one_text(tmp_path: Path) -> None:
    rows: list[list[object]] = [["We bake bread of rye, every day but Sunday.", "And buns."], [], [None, "Come in!"]]
    run(write(tmp_path / "notes.xlsx", xlsx(Sheet=rows)), tmp_path / "out")
    assert [(each["title"], each["text"]) for each in read(tmp_path / "out", "corpus")] == [
        ("notes", "We bake bread of rye, every day but Sunday.\tAnd buns.\nCome in!")
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0", "is encrypted, or an old .xls in spite of its name"),
        (b"PK\x03\x04", "is damaged, or no Office file"),
        (xlsx(Sheet=[]), "has no cell with a value"),
    ],
)
def test_workbooks_that_cannot_be_read(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(BakehouseError, match=f"a.xlsx {message}"):
        convert([write(tmp_path / "a.xlsx", content)], tmp_path / "out", ENGLISH)
