"""What becomes of what: the table of docs/conversion.md, row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from converting import ENGLISH, read, run, texts, write, write_lines

from retrieval.convert import quotes
from retrieval.convert.convert import convert
from retrieval.convert.encoding import detect
from retrieval.convert.quotes import AFTER_QUOTE, NOT_DOUBLED
from retrieval.errors import BakehouseError

PLAIN = "".join(f'{n},"Bread, number {n}"\n' for n in range(20))
GERMAN = "".join(f"{n},Brötchen Nummer {n} für Müller\n" for n in range(10))


def rejects(out: Path) -> list[tuple[int, str]]:
    """Line (or row) and reason of each."""
    return [(each.get("line", each.get("row")), each["reason"]) for each in read(out, "rejects")]


def notes(out: Path, path: Path) -> list[str]:
    return [fault.message for fault in run(path, out).faults if fault.rule == "noted"]


def test_a_quote_that_never_closes_costs_its_row_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f'id,text\n{PLAIN}x,"Buns are\ny,Cake is sweet\nz,Rolls\n')
    run(path, tmp_path / "out")
    assert list(texts(tmp_path / "out"))[-3:] == ["19", "y", "z"]
    assert rejects(tmp_path / "out") == [(22, "a quote opens a cell here, and none closes it")]
    assert read(tmp_path / "out", "rejects")[0]["content"] == ['x,"Buns are']


def test_a_quote_that_another_row_seems_to_close_costs_its_row_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f'id,text\nx,"Buns are\ny,Cake is sweet\nz,"Rolls"\n{PLAIN}')
    run(path, tmp_path / "out")
    assert list(texts(tmp_path / "out"))[:3] == ["y", "z", "0"]
    assert rejects(tmp_path / "out") == [(2, "a quote opens a cell here, and none closes it")]


def test_a_quote_that_opens_more_than_a_cell_holds_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotes, "CELL", 1000)
    long, lines = "rye " * 1000, "of rye\n" * 200
    path = write(tmp_path / "a.csv", f'id,text\n{PLAIN}l,{long}\nm,"Bread\nof oat"\nn,"Bread\n{lines}"\no,Buns\n')
    run(path, tmp_path / "out")
    assert list(texts(tmp_path / "out").items())[20:] == [("l", long.strip()), ("m", "Bread\nof oat"), ("o", "Buns")]
    assert rejects(tmp_path / "out")[0] == (25, "a quote opens a cell here, and none closes it")
    assert len(rejects(tmp_path / "out")) == 202


def test_lone_quotes_in_a_table_that_does_not_quote_are_letters(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,Bread\n2,"Buns" are\n3,Six 6" pans\n4,"Cake\n')
    report = run(path, tmp_path / "out")
    assert list(texts(tmp_path / "out").values()) == ["Bread", '"Buns" are', 'Six 6" pans', '"Cake']
    assert report.sources[0].evidence == "a comma parts its rows most evenly; quotes in it are letters"


@pytest.mark.parametrize(
    ("line", "text", "note"),
    [
        ('x,"He said "rye, wheat" today"', 'He said "rye, wheat" today', NOT_DOUBLED),
        ('x,"Bread" ', "Bread", AFTER_QUOTE),
    ],
)
def test_quotes_amid_a_quoted_cell_are_mended_and_noted(tmp_path: Path, line: str, text: str, note: str) -> None:
    path = write(tmp_path / "a.csv", f"id,text\n{PLAIN}{line}\ny,Buns\n")
    assert notes(tmp_path / "out", path) == [f"this row: {note}."]
    assert texts(tmp_path / "out")["x"] == text


def test_backslashes_at_the_end_of_cells_escape_nothing_where_quotes_are_doubled(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", 'id,text\n"1","Bread\\"\n"2","""rye"" \\"\n"3","x"\n'), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread\\", "2": '"rye" \\', "3": "x"}


def test_joined_tables(tmp_path: Path) -> None:
    table = "\ufeffid,text\n1,Brötchen\n"
    report = run(write(tmp_path / "a.csv", table + table.replace("1,B", "2,Weiße B") + "3,Buns\n"), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Brötchen", "2": "Weiße Brötchen", "3": "Buns"}
    assert rejects(tmp_path / "out") == [(3, "the header again, as where files were joined")]
    assert (report.counts.rows, report.counts.kept) == (4, 3)


def test_mixed_line_ends_and_empty_rows(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", ",\nid,text\r\n1,Bread\n2,Buns\r3,Cake\r\n,\n\n"), tmp_path / "out")
    assert list(texts(tmp_path / "out").items()) == [("1", "Bread"), ("2", "Buns"), ("3", "Cake")]
    assert rejects(tmp_path / "out") == [(1, "no text"), (6, "no text")]


def test_rows_in_another_encoding_are_read_where_there_is_one_way_to(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"id,text\n" + GERMAN.encode() + "x,Größe zählt\n".encode("cp1252"))
    assert detect(path).evidence.endswith(
        "but for 2 places, of which the first is byte 352; such lines read well as cp1252"
    )
    assert notes(tmp_path / "out", path) == [
        "this row: is not UTF-8 as the rest of the file is, and was read as cp1252."
    ]
    assert texts(tmp_path / "out")["x"] == "Größe zählt"


def test_files_half_in_another_encoding(tmp_path: Path) -> None:
    lines = [json.dumps({"id": n, "text": f"Brötchen Nummer {n} für Müller"}, ensure_ascii=False) for n in range(20)]
    halves = "\n".join(lines[:10]).encode() + b"\n" + "\n".join(lines[10:]).encode("cp1252")
    assert notes(tmp_path / "out", write(tmp_path / "a.jsonl", halves)) == [
        "this row and 9 more: is not UTF-8 as the rest of the file is, and was read as cp1252."
    ]
    assert set(texts(tmp_path / "out").values()) == {f"Brötchen Nummer {n} für Müller" for n in range(20)}


@pytest.mark.parametrize(
    "stray", ["x,Größe – naïve\n".encode("cp1252"), b"x,B\xc3\xb6gen Gr\xf6\xdfe\n", b"x,\x81\x8d\n"]
)
def test_rows_that_might_be_in_several_encodings_are_rejected(tmp_path: Path, stray: bytes) -> None:
    run(write(tmp_path / "a.csv", b"id,text\n" + GERMAN.encode() + stray), tmp_path / "out")
    assert "x" not in texts(tmp_path / "out")
    assert rejects(tmp_path / "out") == [(12, "bytes that are not UTF-8, in a file that otherwise is")]


@pytest.mark.parametrize(
    ("id_", "wanted"),
    [
        ("7", "7"), ("7.0", "7.0"), ("1e21", "1e+21"), ('"007"', "007"), ("NaN", "a-1"), ("Infinity", "a-1"), ("null", "a-1"),
        ("9007199254740993", "9007199254740993"), ("1" * 5000, "1" * 5000), ("true", "true"), ("[7]", "7"), ('{"a": 7}', "a-1"),
    ],
)  # fmt: skip
def test_ids_in_json_that_are_no_text(tmp_path: Path, id_: str, wanted: str) -> None:
    run(
        write(tmp_path / "a.jsonl", f'{{"id": {id_}, "text": "Bread"}}\n{{"id": "z", "text": "Buns"}}\n'),
        tmp_path / "out",
    )
    assert texts(tmp_path / "out") == {wanted: "Bread", "z": "Buns"}
    if not wanted.startswith("1"):  # the path to rows, in a file that is one value
        run(write(tmp_path / "a.json", f'[{{"id": {id_}, "text": "Bread"}}]'), tmp_path / "out", text="text")
        assert list(texts(tmp_path / "out")) == [wanted]


def test_ids_in_tables_stay_as_written(tmp_path: Path) -> None:
    ids = ["7", "7.0", "1e21", "007", "NaN", "9007199254740993", "true", "NA"]
    run(write(tmp_path / "a.csv", "id,text\n" + "".join(f"{id_},Bread {id_}\n" for id_ in ids)), tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ids


def test_numbers_as_texts(tmp_path: Path) -> None:
    rows: list[Any] = [{"id": "a", "text": 5}, {"id": "b", "text": 6.5}, {"id": "c", "text": float("inf")}]
    path = write_lines(tmp_path / "a.jsonl", *rows)
    with pytest.raises(BakehouseError, match=r"no column looks like the text\. It has id, text. Say .* --text 'text'"):
        convert([path], tmp_path / "out", ENGLISH)
    run(path, tmp_path / "out", text="text")
    assert texts(tmp_path / "out") == {"a": "5", "b": "6.5"}
    assert read(tmp_path / "out", "rejects")[0]["content"] == {"id": "c", "text": "inf"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("commas.jsonl", '{"id": 1, "text": "Bread"},\n{"id": 2, "text": "Buns"},\n'),
        ("unparted.jsonl", '{"id": 1, "text": "Bread"}{"id": 2, "text": "Buns"}\n'),
        ("unparted.json", '{"id": 1, "text": "Bread"}{"id": 2, "text": "Buns"}'),
        ("indented.jsonl", '{\n "id": 1,\n "text": "Bread"\n}\n{\n "id": 2,\n "text": "Buns"\n}\n'),
        ("joined.json", '[{"id": 1, "text": "Bread"}]\n\ufeff[{"id": 2, "text": "Buns"}]'),
        ("marked.jsonl", '\ufeff{"id": 1, "text": "Bread"}\n\ufeff{"id": 2, "text": "Buns"}\n'),
        ("control.jsonl", '{"id": 1, "text": "Bread\t"}\n{"id": 2, "text": "Buns"}\n'),
    ],
)
def test_what_is_not_quite_json_but_reads_one_way(tmp_path: Path, name: str, content: str) -> None:
    run(write(tmp_path / name, content), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread", "2": "Buns"}


def test_what_is_not_quite_json_is_noted(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", '{"id": 1, "text": "Bread"} {"id": 2, "text": "Buns"}\n{"id": 3, "text": "Cake"},\n'
    )
    assert notes(tmp_path / "out", path) == [
        "this row and 2 more: is not quite JSON (Extra data), but there is one way to read it."
    ]
    assert len(texts(tmp_path / "out")) == 3


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_fields_named_twice_are_kept_apart(tmp_path: Path, name: str) -> None:
    content = '{"id": 1, "text": "Bread", "text": "Buns"}\n{"id": 2, "id": 2, "text": "Cake"}\n'
    content = content if name == "a.jsonl" else f"[{content.strip().replace(chr(10), ',')}]"
    report = run(write(tmp_path / name, content), tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread", "2": "Cake"}
    assert [fault.message.split(": ", 1)[1] for fault in report.faults] == [
        "names a field twice: the later one was read as 'text (2)'."
    ]


@pytest.mark.parametrize(
    ("line", "reason", "remedy"),
    [
        ("{'id': 1, 'text': 'Bread'}", "not JSON (Expecting property name", "It is written as Python shows it"),
        ('{"id": 1, "text": None}', "not JSON (Expecting value", "It is written as Python shows it"),
        ('{"id": 1, "text": "Bread"', "not JSON (Expecting ',' delimiter", "Write one JSON object a line."),
        ('{"id": 1, "text": "Bread",}', "not JSON (", "Write one JSON object a line."),
        (
            '{"a":' * 200 + "1" + "}" * 200,
            "not JSON (too deeply nested)",
            "Leave out what lies deeper than 100 levels.",
        ),
        ("[" * 300 + "]" * 300, "not JSON (too deeply nested)", "Leave out what lies deeper"),
        ('{"text": "x", "a": ' + "[" * 200 + "]" * 200 + "}", "not JSON (too deeply nested)", "Leave out what lies"),
    ],
)
def test_lines_that_are_no_json_say_what_to_do(tmp_path: Path, line: str, reason: str, remedy: str) -> None:
    run(write(tmp_path / "a.jsonl", f'{{"text": "Buns"}}\n{line}\n'), tmp_path / "out")
    (reject,) = read(tmp_path / "out", "rejects")
    assert reject["line"] == 2
    assert reject["reason"].startswith(reason)
    assert reject["remedy"].startswith(remedy)
    assert reject["content"] == line
    with pytest.raises(
        BakehouseError, match=r"b\.jsonl: its only row cannot be read. The first, (line|row) 1: not JSON"
    ):
        run(write(tmp_path / "b.jsonl", f"{line}\n"), tmp_path / "out")


def test_files_without_an_ending_are_read_where_they_are_text(tmp_path: Path) -> None:
    write(
        tmp_path / "docs" / "German-Latin1", ("Der Bäcker öffnet früh, die Brötchen sind heiß. " * 5).encode("cp1252")
    )
    write(tmp_path / "docs" / "README", "# Rye\nBread of rye.")
    write(tmp_path / "docs" / "wide", "Bread of oat.".encode("utf-16"))
    write(tmp_path / "docs" / "picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    write(tmp_path / "docs" / "noise", bytes(range(128, 256)) * 4)
    write(tmp_path / "docs" / "notes.afr", "Brood")
    run(tmp_path / "docs", tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["German-Latin1", "README", "wide"]
    found = {each["file"]: each for each in read(tmp_path / "out", "rejects")}
    assert set(found) == {"notes.afr", "noise", "picture"}
    assert "holds control characters as no text does" in found["picture"]["reason"]
    assert found["notes.afr"]["remedy"].startswith("If it is text, let its name end in .txt")


def test_half_characters_in_names(tmp_path: Path) -> None:
    line = '{"text": "Bread", "\\ud800": 1, "\\udfff": 2}\n'
    report = run(write(tmp_path / "a.jsonl", line), tmp_path / "out")
    assert report.sources[0].mapping is not None
    assert report.sources[0].mapping.unused == ("\ufffd", "\ufffd (2)")
    table = b"id,text,B\xf6\n" + GERMAN.replace("\n", ",\n").encode()
    report = run(write(tmp_path / "b.csv", table), tmp_path / "out")
    assert report.sources[0].mapping is not None
    assert report.sources[0].mapping.unused == ("Bö",)


def test_nothing_of_one_row(tmp_path: Path) -> None:
    with pytest.raises(
        BakehouseError, match=r"^the only row gave no document, so nothing was written\. a\.jsonl: this row:"
    ):
        run(write(tmp_path / "a.jsonl", '{"text": ""}\n'), tmp_path / "out", text="text")
    with pytest.raises(BakehouseError, match=r"^none of 2 rows gave a document, so nothing was written\. b\.jsonl"):
        run(write(tmp_path / "b.jsonl", '{"text": ""}\n{"text": " "}\n'), tmp_path / "out", text="text")


def test_too_few_documents_say_what_became_of_the_others(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"text": "Bread"}, {"text": ""})
    with pytest.raises(BakehouseError, match=r"a single document came of 2 rows.* a\.jsonl: this row: no text"):
        convert([path], tmp_path / "out", ENGLISH, least=2)
