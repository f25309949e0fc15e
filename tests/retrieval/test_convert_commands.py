"""``convert`` as people and programs call it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from converting import write

from retrieval.cli import execute
from retrieval.convert.commands import add_commands


def call(*argv: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    return execute(parser, [str(word) for word in argv])


def call_json(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> tuple[int, dict[str, Any]]:
    status = call(*argv, "--json")
    return status, json.loads(capsys.readouterr().out)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path / "faq.csv", "nr,Frage,Antwort\n1,Was?,Brot aus Roggen\n2,Wer?,Der Bäcker\n3,Wo?,\n")


def test_convert_answers_in_json(tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, report = call_json(capsys, "convert", table, "--out", tmp_path / "out", "--language", "de")
    assert status == 0
    assert list(report) == [
        "out", "counts", "languages", "query_languages", "mixed_languages", "languages_of_source", "sources", "faults",
        "near", "seconds",
    ]  # fmt: skip
    assert report["counts"] == {
        "rows": 3, "kept": 2, "merged": 0, "rejected": 1, "documents": 2, "queries": 2, "judgments": 2,
    }  # fmt: skip
    assert report["languages"] == {"de": 2}
    assert [(each["role"], each["column"]) for each in report["sources"][0]["mapping"]] == [
        ("id", "nr"), ("text", "Antwort"), ("query", "Frage"),
    ]  # fmt: skip
    assert [(each["file"], each["line"], each["rule"], each["severity"]) for each in report["faults"]] == [
        ("faq.csv", 4, "rejected", "warning")
    ]


def test_convert_tells_a_person(tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("convert", table, "--out", tmp_path / "out", "--language", "de") == 0
    said = capsys.readouterr().out
    assert "faq.csv: CSV, comma-separated, utf-8 (all of it decodes as UTF-8)\n" in said
    assert "there is no text but 'Antwort', so the answers are the passages" in said
    assert "3 rows = 2 kept + 0 merged + 1 rejected (listed in rejects.jsonl)\n" in said
    assert "2 documents (de 2), 2 queries (de 2), 2 judgments (split 'test')" in said
    assert (
        "warning: faq.csv, line 4: this row: no text. Fill in the text column, or leave the row out. [rejected]" in said
    )
    assert said.endswith(f"Next: python -m retrieval index {tmp_path / 'out'}\n")


def test_columns_and_reading_may_be_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(
        tmp_path / "a.csv", "Überschrift\tKern\nRoggen\tBrot für alle\nHefe\tTeig für morgen\n".encode("cp1252")
    )
    flags = ["--text", "Kern", "--title", "Überschrift", "--id", "-", "--encoding", "cp1252", "--delimiter", "\\t"]
    status, report = call_json(capsys, "convert", path, "--out", tmp_path / "out", "--language", "de", *flags)
    assert status == 0
    assert report["sources"][0]["encoding_evidence"] == "named with --encoding"
    assert json.loads((tmp_path / "out" / "corpus.jsonl").read_text().splitlines()[0]) == {
        "_id": "a-1", "title": "Roggen", "text": "Brot für alle", "metadata": {"lang": "de"},
    }  # fmt: skip
    assert report["faults"] == []


def test_a_corpus_of_one_document_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.txt", "Bread of rye")
    status, report = call_json(capsys, "convert", path, "--out", tmp_path / "out", "--language", "en")
    assert status == 2
    assert "a single document came of one row, so nothing was written" in report["error"]
    assert not (tmp_path / "out").exists()


def test_a_person_is_told_the_first_faults_and_the_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "docs" / "a.txt", "Bread of rye")
    write(tmp_path / "docs" / "b.txt", "Bread of wheat")
    for number in range(40):
        write(tmp_path / "docs" / f"{number}.png", b"\x89PNG")
    assert call("convert", tmp_path / "docs", "--out", tmp_path / "out", "--language", "en") == 0
    said = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("warning: ") for line in said) == 30
    assert "… and 10 more such lines; --json gives all." in said


def test_no_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.csv", "text,note\nBread of rye,x\n")
    flags = ["--no-header", "--text", "column 1", "--language", "en"]
    status, report = call_json(capsys, "convert", path, "--out", tmp_path / "out", *flags)
    assert (status, report["counts"]["documents"]) == (0, 2)


@pytest.mark.parametrize(
    ("content", "flags", "message"),
    [
        ("id,text\n1,Bread\n", ["--text", "txt"], "has no column 'txt': it has id, text. Did you mean 'text'?"),
        ("", [], "is empty: there is nothing to convert"),
        ("id,text\n1,Bread\n", ["--encoding", "latn-1"], "unknown encoding 'latn-1'"),
        ("a,b\n1,2\n", [], "no column looks like the text. It has a, b."),
    ],
)
def test_errors_are_sentences_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, flags: list[str], message: str
) -> None:
    path = write(tmp_path / "a.csv", content)
    status, answer = call_json(capsys, "convert", path, "--out", tmp_path / "out", *flags)
    assert status == 2
    assert message in answer["error"]
    assert not (tmp_path / "out").exists()


def test_convert_cuts_and_divides(tmp_path: Path, tiny_bert: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"What {n}?,Salt the dough {n}. Feed the starter {n}. Heat the oven for {n}.\n" for n in range(10))
    path = write(tmp_path / "a.csv", f"question,text\n{rows}")
    flags = ["--language", "en", "--chunk", "18", "--overlap", "6", "--model", str(tiny_bert), "--split", "60/20/20"]
    status, report = call_json(capsys, "convert", path, "--out", tmp_path / "out", *flags, "--seed", "7")
    assert status == 0
    assert {name: report["chunks"][name] for name in ("tokens", "overlap", "mark")} == {
        "tokens": 18, "overlap": 6, "mark": "#",
    }  # fmt: skip
    assert report["splits"]["queries"] == {"train": 6, "dev": 2, "test": 2}
    assert report["splits"]["seed"] == 7
    status, again = call_json(capsys, "split", tmp_path / "out", "50/0/50", "--again")
    assert (status, again["splits"]["queries"]) == (0, {"train": 5, "dev": 0, "test": 5})


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--overlap", "4"], "name the tokens of a passage with --chunk too"),
        (["--seed", "4"], "name the shares too, such as --split 80/10/10"),
        (["--split", "80/20"], "found the shares '80/20'"),
        (["--split", "80/20/20"], "the shares 80/20/20 cannot be given"),
        (["--chunk", "5"], "passages of 5 tokens hold no sentence"),
        (["--chunk", "64", "--model", "nobody/nothing"], "'nobody/nothing' is not to be had"),
    ],
)
def test_what_cannot_be_cut_or_divided_is_said_beforehand(
    tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    status, answer = call_json(capsys, "convert", table, "--out", tmp_path / "out", *flags)
    assert status == 2
    assert said in answer["error"]
    assert not (tmp_path / "out").exists()
