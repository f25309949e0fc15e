"""PDF, Word, PowerPoint and web pages: one document a file."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from converting import ENGLISH, read, run, texts, write
from tiny_files import ENCRYPTED, docx, pdf, pptx, xlsx, zipped

from retrieval.convert.convert import convert
from retrieval.errors import BakehouseError

PAGE = """<!doctype html><html><head><title>Rye  bread</title><style>p {color: red}</style></head><body>
<nav><a href="/">Home</a></nav><main><h1>Rye bread</h1><p>Bread of <a href="http://x/">rye</a> &amp; water.</p>
<script>alert("no")</script><ul><li>Flour</li></ul></main><footer>Imprint</footer></body></html>"""


def test_each_kind_gives_its_title_and_text(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "a.html", PAGE)
    write(tmp_path / "docs" / "b.pdf", pdf("Bread of rye", "and water.", title="Rye in print"))
    write(tmp_path / "docs" / "c.docx", docx("Bread of rye.", heading="Rye, typed"))
    write(tmp_path / "docs" / "rye_shown.pptx", pptx(("Rye", "Flour\vWater"), notes="Say hello."))
    report = run(tmp_path / "docs", tmp_path / "out")
    assert [(each["_id"], each["title"], each["text"]) for each in read(tmp_path / "out", "corpus")] == [
        ("a.html", "Rye bread", "Bread of rye & water.\n\n* Flour"),
        ("b.pdf", "Rye in print", "Bread of rye\nand water."),
        ("c.docx", "Rye, typed", "Bread of rye."),
        ("rye_shown.pptx", "rye shown", "Rye\nFlour\nWater\nSay hello."),
    ]
    assert (report.sources[0].name, report.sources[0].format) == ("4 documents", "documents")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", pdf(), "a PDF without text: its pages are pictures"),
        ("a.pdf", pdf("Bread", trailer=ENCRYPTED), "a PDF that is locked with a password"),
        ("a.pdf", b"%PDF-1.4 cut short", "damaged, or no .pdf in spite of its name (PdfiumError)"),
        ("a.docx", docx("Bread")[:-40], "is damaged, or no Office file in spite of its name"),
        ("a.docx", b"\xd0\xcf\x11\xe0 and more", "locked with a password, or of an old Office format"),
        ("a.pptx", docx("Bread"), "damaged, or no .pptx in spite of its name"),
        ("a.html", "<html><script>only()</script></html>", "no text"),
        ("a.html", "", "no text"),
    ],
)
def test_what_cannot_be_read_is_one_reject(tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
    write(tmp_path / "docs" / name, content)
    write(tmp_path / "docs" / "b.txt", "Bread of rye.")
    run(tmp_path / "docs", tmp_path / "out")
    (reject,) = read(tmp_path / "out", "rejects")
    assert reject["file"] == name
    assert reason in reject["reason"]
    assert reject["remedy"]
    assert list(texts(tmp_path / "out")) == ["b.txt"]


def test_a_page_is_read_in_the_encoding_that_fits(tmp_path: Path) -> None:
    body = "<p>Der Bäcker öffnet früh, die Brötchen sind heiß.</p>" * 5
    write(tmp_path / "docs" / "a.html", ('<meta charset="iso-8859-1">' + body).encode("latin-1"))
    write(tmp_path / "docs" / "b.html", ('<meta charset="us-ascii">' + body + "<p>Eins</p>").encode())
    run(tmp_path / "docs", tmp_path / "out")
    assert [text[:18] for text in texts(tmp_path / "out").values()] == ["Der Bäcker öffnet "] * 2


@pytest.mark.parametrize("make", [docx("Bread"), pptx(("Rye", "Bread")), xlsx(Sheet=[["text"], ["Bread"]])])
def test_what_a_file_links_to_is_never_opened(tmp_path: Path, make: bytes) -> None:
    """An entity of XML that stands for another file of this machine, as a visitor may send one."""
    secret = write(tmp_path / "secret", "SECRET")
    entity = f'<!DOCTYPE x [<!ENTITY secret SYSTEM "{secret.as_uri()}">]>'.encode()
    with zipfile.ZipFile(io.BytesIO(make)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (name,) = (name for name, content in members.items() if b"Bread<" in content)
    body = re.sub(rb"\A<\?xml[^>]*\?>", b"", members[name])
    members[name] = entity + body.replace(b"Bread<", b"Bread&secret;<")
    kind = {"w": "docx", "p": "pptx", "x": "xlsx"}[name[0]]
    write(tmp_path / "docs" / f"a.{kind}", zipped(members))
    write(tmp_path / "docs" / "b.txt", "Buns")
    run(tmp_path / "docs", tmp_path / "out")
    assert "SECRET" not in (tmp_path / "out" / "corpus.jsonl").read_text()


@pytest.mark.parametrize(("ending", "remedy"), [("doc", ".docx"), ("xls", ".xlsx"), ("ppt", ".pptx")])
def test_old_office_files_are_refused_with_the_remedy(tmp_path: Path, ending: str, remedy: str) -> None:
    file = write(tmp_path / f"a.{ending}", b"\xd0\xcf\x11\xe0")
    with pytest.raises(BakehouseError, match=rf"files ending in .{ending} cannot be read.* save it as {remedy}"):
        convert([file], tmp_path / "out", ENGLISH)
