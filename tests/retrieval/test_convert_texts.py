"""A folder of text and Markdown files."""

from __future__ import annotations

from pathlib import Path

import pytest
from converting import ENGLISH, read, run, texts, write

from retrieval.convert.convert import convert
from retrieval.convert.texts import titled
from retrieval.errors import BakehouseError


def test_one_document_a_file_named_by_its_path(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "rye-bread_guide.txt", "Bread of rye.\n")
    write(tmp_path / "docs" / "deep" / "er" / "buns.md", "# Soft buns\n\nBuns are soft.\n")
    write(tmp_path / "docs" / ".git" / "notes.txt", "hidden")
    report = run(tmp_path / "docs", tmp_path / "out")
    assert [(each["_id"], each["title"], each["text"]) for each in read(tmp_path / "out", "corpus")] == [
        ("deep/er/buns.md", "Soft buns", "Buns are soft."),
        ("rye-bread_guide.txt", "rye bread guide", "Bread of rye."),
    ]
    assert (report.counts.rows, report.sources[0].name) == (2, "2 text files")


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# Rye #\nBread.", "Rye", "Bread."),
        ("Intro.\n\n## Rye\nBread.", "Rye", "Intro.\n\n## Rye\nBread."),
        ("No heading.", "my file", "No heading."),
        ("#hashtag is no heading", "my file", "#hashtag is no heading"),
        ("```\n# a comment\n```\n# Rye\nBread.", "Rye", "```\n# a comment\n```\n# Rye\nBread."),
        ("---\ntitle: 'Rye: a guide'\nauthor: A\n---\n# Other\nBread.", "Rye: a guide", "# Other\nBread."),
        ("---\nauthor: A\n---\n# Rye\nBread.", "Rye", "Bread."),
    ],
)
def test_titles_of_markdown(text: str, title: str, body: str) -> None:
    found, rest = titled(text, Path("my-file.md"))
    assert (found, rest.strip()) == (title, body)


def test_files_that_cannot_be_used_are_rejected_one_by_one(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "a.txt", "Bread of rye.")
    write(tmp_path / "docs" / "b.txt", "")
    write(tmp_path / "docs" / "c.txt", b"%PDF-1.7 \xff\xfe")
    write(tmp_path / "docs" / "d.odt", b"PK\x03\x04")
    write(tmp_path / "docs" / "e.csv", "only,numbers\n1,2\n")
    report = run(tmp_path / "docs", tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["a.txt"]
    reasons = {each["file"]: each["reason"] for each in read(tmp_path / "out", "rejects")}
    assert list(reasons) == ["b.txt", "c.txt", "d.odt", "e.csv"]
    assert reasons["b.txt"] == "no text"
    assert "is a PDF in spite of its name" in reasons["c.txt"]
    assert reasons["d.odt"] == "files ending in .odt cannot be read"
    assert "no column looks like the text" in reasons["e.csv"]
    assert (report.counts.rows, report.counts.rejected) == (5, 4)
    assert "row" not in read(tmp_path / "out", "rejects")[3]


def test_a_file_that_was_named_must_be_readable(tmp_path: Path) -> None:
    good = write(tmp_path / "a.txt", "Bread.")
    for name, content, message in (
        ("b.txt", b"", "is empty"),
        ("c.txt", b"%PDF-1.7", "is a PDF"),
        (
            "d.odt",
            b"PK\x03\x04",
            "files ending in .odt cannot be read. Open it in an office program and save it as .docx",
        ),
        ("e", b"\1\2text", "has no ending that says what it is, and holds control characters"),
        ("e.log", b"text", "files ending in .log cannot be read. Wanted: CSV and TSV"),
    ):
        with pytest.raises(BakehouseError, match=f"{name}.*{message}"):
            convert([good, write(tmp_path / name, content)], tmp_path / "out", ENGLISH)
        assert not (tmp_path / "out").exists()


def test_legacy_encodings_and_stray_bytes(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "a.txt", ("Der Bäcker öffnet früh, die Brötchen sind heiß. " * 5).encode("cp1252"))
    write(tmp_path / "docs" / "b.txt", ("Über Größe und Maß. " * 5).encode() + b"\xe2\x82")
    report = run(tmp_path / "docs", tmp_path / "out")
    first, second = texts(tmp_path / "out").values()
    assert first.startswith("Der Bäcker öffnet früh")
    assert second.endswith("Maß. \ufffd\ufffd")
    assert [(fault.file, fault.rule) for fault in report.faults] == [("b.txt", "noted")]


def test_a_folder_of_other_kinds(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "x" / "a.csv", "text\nBread of rye\n")
    write(tmp_path / "docs" / "y" / "a.jsonl", '{"text": "Buns"}\n')
    write(tmp_path / "docs" / "z.tsv", "text\tn\nCake\t1\n")
    run(tmp_path / "docs", tmp_path / "out")
    assert texts(tmp_path / "out") == {"x/a.csv-1": "Bread of rye", "y/a.jsonl-1": "Buns", "z-1": "Cake"}


def test_a_folder_without_anything_to_read(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "a.png", b"\x89PNG")
    with pytest.raises(
        BakehouseError, match=r"docs holds nothing that can be read \(one file of another kind\). Wanted"
    ):
        run(tmp_path / "docs", tmp_path / "out")
