"""JSON Lines, JSON arrays, and Parquet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from converting import ENGLISH, read, run, texts, write, write_lines

from retrieval.convert.convert import convert
from retrieval.convert.options import Options
from retrieval.convert.rows import flatten, text_of
from retrieval.errors import BakehouseError

ROWS = [{"id": 1, "text": "Bread of rye"}, {"id": 2, "text": "Buns"}]


def test_lines(tmp_path: Path) -> None:
    report = run(write_lines(tmp_path / "a.jsonl", *ROWS), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread of rye", "2": "Buns"}
    assert report.sources[0].format == "JSON Lines"


@pytest.mark.parametrize("content", [json.dumps(ROWS), json.dumps({"count": 2, "docs": ROWS}, indent=2)])
def test_arrays(tmp_path: Path, content: str) -> None:
    report = run(write(tmp_path / "a.json", content), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread of rye", "2": "Buns"}
    assert report.sources[0].format == "JSON"


def test_the_content_counts_not_the_ending(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.json", *ROWS)
    assert run(tmp_path / "a.json", tmp_path / "out").sources[0].format == "JSON Lines"
    write(tmp_path / "b.jsonl", json.dumps(ROWS, indent=1))
    assert run(tmp_path / "b.jsonl", tmp_path / "out").sources[0].format == "JSON"


def test_bad_lines_are_rejected_and_the_others_kept(tmp_path: Path) -> None:
    lines = ['{"id": 1, "text": "Bread"}', "{broken", "", "[1, 2]", '"Buns"', "7", "[" * 5000]
    report = run(write(tmp_path / "a.jsonl", "\n".join(lines)), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread", "a-4": "Buns"}
    rejects = read(tmp_path / "out", "rejects")
    assert [(each["line"], each["row"]) for each in rejects] == [(2, 2), (4, 3), (6, 5), (7, 6)]
    assert rejects[0]["reason"].startswith("not JSON (Expecting property name")
    assert rejects[0]["content"] == "{broken"
    assert [each["reason"] for each in rejects[1:3]] == [
        "a JSON array where an object was wanted",
        "a JSON number where an object was wanted",
    ]
    assert report.counts.rejected == 4


def test_lines_with_stray_bytes_are_rejected(tmp_path: Path) -> None:
    good = "".join(json.dumps({"id": n, "text": f"Brötchen Nummer {n}"}, ensure_ascii=False) + "\n" for n in range(5))
    run(write(tmp_path / "a.jsonl", good.encode() + b'{"id": 9, "text": "Gr\xf6\xdfe"}\n'), tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["0", "1", "2", "3", "4"]
    assert read(tmp_path / "out", "rejects")[0]["line"] == 6


def test_inner_objects_become_columns(tmp_path: Path) -> None:
    rows = [{"_id": "a", "body": {"text": "Bread"}, "metadata": {"lang": "en", "url": "x"}}]
    report = convert([write_lines(tmp_path / "a.jsonl", *rows)], tmp_path / "out", Options(keep=("metadata.url",)))
    assert read(tmp_path / "out", "corpus") == [
        {"_id": "a", "title": "", "text": "Bread", "metadata": {"lang": "en", "metadata.url": "x"}}
    ]
    assert report.sources[0].mapping is not None
    assert report.sources[0].mapping.roles == {"id": "_id", "text": "body.text", "lang": "metadata.lang"}


def test_flatten_and_text_of() -> None:
    assert flatten({"a": {"b": {"c": 1}}, "d": [{"e": 2}]}) == {"a.b.c": 1, "d": [{"e": 2}]}
    assert [text_of(value) for value in (None, float("nan"), 3, 2.5, True, ["a", None, "b"], [])] == [
        "", "", "3", "2.5", "true", "a\nb", "",
    ]  # fmt: skip
    assert text_of({"a": 1}) is None
    assert text_of(["a", {"b": 1}]) is None


def test_flatten_stops_at_twenty_levels() -> None:
    deep: dict[str, object] = {"end": 1}
    for _ in range(30):
        deep = {"a": deep}
    ((name, value),) = flatten(deep).items()
    assert name == ".".join("a" * 21)
    assert isinstance(value, dict)


def test_values_that_are_no_text_are_rejected(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": ["two", "lines"]}, {"id": 2, "text": [{"type": "bold"}]}, {"id": 3, "text": 5}]
    run(write_lines(tmp_path / "a.jsonl", *rows), tmp_path / "out", text="text")
    assert texts(tmp_path / "out") == {"1": "two\nlines", "3": "5"}
    assert read(tmp_path / "out", "rejects")[0]["reason"] == "the text in 'text' is an object or a list of objects"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"text": "a"},\n {"text": }]', r"a\.json, line 2, column 11: not JSON"),
        ('{"a": [1], "b": [2]}', r"holds an object with the arrays a, b: wanted an array"),
        ('{"a": 1}', r"holds an object with no array"),
        ("7", r"holds a number"),
        ("[" * 100_000, r"too deeply nested"),
        ("[]", r"holds no rows"),
        (" \n", r"is empty: wanted a JSON array"),
    ],
)
def test_files_that_hold_no_array_are_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BakehouseError, match=message):
        run(write(tmp_path / "a.json", content), tmp_path / "out")


def test_parquet(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    rows = [{"doc_id": f"d{n}", "contents": f"Bread number {n}", "meta": {"lang": "en"}} for n in range(2500)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    report = run(tmp_path / "a.parquet", tmp_path / "out")
    assert report.counts.documents == 2500
    assert read(tmp_path / "out", "corpus")[-1] == {
        "_id": "d2499", "title": "", "text": "Bread number 2499", "metadata": {"lang": "en"},
    }  # fmt: skip
    with pytest.raises(BakehouseError, match=r"b\.parquet is no Parquet file"):
        convert([write(tmp_path / "b.parquet", "text\nx\n")], tmp_path / "out", ENGLISH)


NESTED = {"meta": {"tags": ["a", "b"]}, "data": {"docs": ROWS}}


def test_the_one_list_of_objects_is_found(tmp_path: Path) -> None:
    report = run(write(tmp_path / "a.json", json.dumps(NESTED)), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread of rye", "2": "Buns"}
    assert report.sources[0].evidence == "its list of objects is 'data.docs'"


def test_a_path_leads_to_the_rows(tmp_path: Path) -> None:
    shelves = [{"docs": ROWS[:1]}, {"docs": ROWS[1:]}, {}]
    two = {"old": {"docs": [{"id": 9, "text": "Stale"}]}, "new": {"shelves": shelves}}
    file = write(tmp_path / "a.json", json.dumps(two))
    with pytest.raises(BakehouseError, match=r"the arrays old.docs, new.shelves: wanted .*with --records old.docs"):
        convert([file], tmp_path / "out", ENGLISH)
    with pytest.raises(BakehouseError, match=r"no list of rows at 'new.shelvs'. It has .*Did you mean 'new.shelves'"):
        convert([file], tmp_path / "out", Options(records="new.shelvs"))
    run(file, tmp_path / "out", Options(languages=("en",), records="new.shelves.docs"))
    assert texts(tmp_path / "out") == {"1": "Bread of rye", "2": "Buns"}


def test_a_path_leads_to_the_rows_of_every_line(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", {"docs": ROWS}, {"docs": []}, {"docs": [{"id": 3, "text": "Cake"}]})
    run(file, tmp_path / "out", Options(languages=("en",), records="docs"))
    assert texts(tmp_path / "out") == {"1": "Bread of rye", "2": "Buns", "3": "Cake"}
    (reject,) = read(tmp_path / "out", "rejects")
    assert (reject["line"], reject["row"], reject["reason"]) == (2, 3, "no list at 'docs'")
