"""Ids, duplicates and odd characters: each with a defined outcome."""

from __future__ import annotations

from pathlib import Path

import pytest
from converting import judgments, read, run, texts, write, write_lines

from retrieval.convert.clean import NUL, SURROGATE, clean, clean_value, repairs
from retrieval.validate import validate


def test_equal_ids_with_equal_texts_are_merged(tmp_path: Path) -> None:
    report = run(write(tmp_path / "a.csv", "id,text\n1,Bread\n2,Buns\n1,Bread\n"), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread", "2": "Buns"}
    assert read(tmp_path / "out", "duplicates") == [
        {"file": "a.csv", "row": 3, "line": 4, "id": "1", "kept_as": "1", "reason": "same id, same text"}
    ]
    assert (report.counts.kept, report.counts.merged) == (2, 1)
    assert [(fault.line, fault.rule, fault.severity) for fault in report.faults] == [(4, "merged", "warning")]


def test_equal_ids_with_other_texts_are_kept_and_listed(tmp_path: Path) -> None:
    rows = [{"id": 5, "text": text} for text in ("Bread", "Buns", "Cake", "Buns")]
    report = run(write_lines(tmp_path / "a.jsonl", *rows), tmp_path / "out")
    assert texts(tmp_path / "out") == {"5": "Bread", "5~2": "Buns", "5~3": "Cake"}
    assert [(each["id"], each["kept_as"], each["reason"]) for each in read(tmp_path / "out", "duplicates")] == [
        ("5", "5~2", "same id, other text"),
        ("5", "5~3", "same id, other text"),
        ("5", "5~2", "same id, same text"),
    ]
    assert [fault.rule for fault in report.faults] == ["renamed", "merged"]  # one for each reason, not each row
    assert report.faults[0].message == ("this row and 1 more: same id, other text: kept under a new id, such as '5~2'.")


def test_a_new_id_never_takes_one_that_is_there(tmp_path: Path) -> None:
    rows = [{"id": id_, "text": text} for id_, text in (("5~2", "Cake"), ("5", "Bread"), ("5", "Buns"))]
    run(write_lines(tmp_path / "a.jsonl", *rows), tmp_path / "out")
    assert texts(tmp_path / "out") == {"5~2": "Cake", "5": "Bread", "5~3": "Buns"}


def test_equal_texts_under_made_ids_are_merged(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", "text,title\nBread,A\nBread,B\nBread,A\n"), tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["a-1", "a-2"]
    assert read(tmp_path / "out", "duplicates") == [
        {"file": "a.csv", "row": 3, "line": 4, "id": "a-3", "kept_as": "a-1", "reason": "same text"}
    ]


def test_equal_texts_under_ids_of_their_own_stay(tmp_path: Path) -> None:
    report = run(write(tmp_path / "a.csv", "id,text\n1,Bread\n2,Bread\n,Bread\n"), tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["1", "2"]
    assert report.counts.merged == 1  # the row without an id


def test_missing_ids_are_made_of_name_and_row(tmp_path: Path) -> None:
    run(write(tmp_path / "shop.csv", "id,text\nx,Bread\n,Buns\n"), tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["x", "shop-2"]


def test_numbers_and_white_space_in_ids(tmp_path: Path) -> None:
    rows = [{"id": id_, "text": f"Bread {id_}"} for id_ in (7, 1.5, " a b ", 10**20)]
    run(write_lines(tmp_path / "a.jsonl", *rows), tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["7", "1.5", "a b", "100000000000000000000"]


@pytest.mark.parametrize("bad", ["a\tb", "a\nb"])
def test_ids_that_judgments_could_not_name_are_rejected(tmp_path: Path, bad: str) -> None:
    rows = [{"id": "1", "text": "Bread"}, {"id": bad, "text": "Buns"}]
    run(write_lines(tmp_path / "a.jsonl", *rows), tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["1"]
    assert read(tmp_path / "out", "rejects")[0]["reason"] == "the id holds a tab or a line break"


@pytest.mark.parametrize("empty", ["", "   ", "\\u0000", None])
def test_rows_without_text_are_rejected(tmp_path: Path, empty: str | None) -> None:
    value = "null" if empty is None else f'"{empty}"'
    report = run(write(tmp_path / "a.jsonl", f'{{"text": "Bread"}}\n{{"text": {value}}}\n'), tmp_path / "out")
    assert read(tmp_path / "out", "rejects")[0] | {"content": 0} == {
        "file": "a.jsonl", "row": 2, "line": 2, "reason": "no text",
        "remedy": "Fill in the text column, or leave the row out.", "content": 0,
    }  # fmt: skip
    assert report.counts.rejected == 1


def test_a_title_alone_is_a_document_but_answers_no_question(tmp_path: Path) -> None:
    report = run(write(tmp_path / "a.csv", "title,text\nRye,\nBuns,Soft\n"), tmp_path / "out")
    assert [document["title"] for document in read(tmp_path / "out", "corpus")] == ["Rye", "Buns"]
    assert report.faults[0].message == "this row: has a title but no text."
    run(write(tmp_path / "b.csv", "title,question,text\nRye,What?,\nBuns,Which?,Soft\n"), tmp_path / "out")
    assert texts(tmp_path / "out") == {"b-2": "Soft"}


def test_odd_characters_are_mended_and_noted(tmp_path: Path) -> None:
    line = '{"id": "a\\u0000", "text": "Br\\u0000ead\\r\\nof \\ud800rye", "title": "A"}\n'
    report = run(write(tmp_path / "a.jsonl", line), tmp_path / "out")
    assert texts(tmp_path / "out") == {"a": "Bread\nof \ufffdrye"}
    assert [fault.message for fault in report.faults if fault.rule == "noted"] == [
        f"this row: {NUL}.", f"this row: {SURROGATE}.", f"this row: id {NUL}.",
    ]  # fmt: skip
    assert [fault.rule for fault in validate(tmp_path / "out")] == ["one-document"]


def test_rejected_rows_survive_any_characters(tmp_path: Path) -> None:
    run(write(tmp_path / "a.jsonl", '{"text": "Bread"}\n{"text": "", "note": "\\ud800\\u0000"}\n'), tmp_path / "out")
    assert read(tmp_path / "out", "rejects")[0]["content"] == {"text": "", "note": "\ud800\x00"}


def test_clean() -> None:
    assert clean(" a\r\nb\rc\0 ") == "a\nb\nc"
    assert repairs("a\r\n") == ()
    assert repairs("\0\udfff") == (NUL, SURROGATE)
    assert clean_value({"a": [1.5, float("nan"), "x\0"], "b": None, "c": True}) == {
        "a": [1.5, None, "x"],
        "b": None,
        "c": True,
    }


def test_equal_questions_share_one_query(tmp_path: Path) -> None:
    rows = "question,answer\nWhat is rye?,A grain\nWhat is rye?,A bread\nWhat is rye?,A grain\n"
    report = run(write(tmp_path / "a.csv", rows), tmp_path / "out")
    assert texts(tmp_path / "out", "queries") == {"a-1-q": "What is rye?"}
    assert judgments(tmp_path / "out") == [("a-1-q", "a-1", 1), ("a-1-q", "a-2", 1)]
    assert (report.counts.kept, report.counts.merged) == (2, 1)


def test_grades_that_contradict_each_other_are_rejected(tmp_path: Path) -> None:
    rows = "question,passage,score\nWhat is rye?,A grain,1\nWhat is rye?,A grain,0\n"
    report = run(write(tmp_path / "a.csv", rows), tmp_path / "out", score="score", text="passage", query="question")
    assert judgments(tmp_path / "out") == [("a-1-q", "a-1", 1)]
    assert report.faults[0].message == "this row: graded 0 here and 1 before. Give each pair one grade."
