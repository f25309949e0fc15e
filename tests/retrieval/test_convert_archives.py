"""ZIP and gzip archives: read in place, and refused where they are made to harm."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import pytest
from converting import ENGLISH, judgments, read, run, texts, write
from tiny_files import docx, zipped

from retrieval.convert import archives, files
from retrieval.convert.convert import convert
from retrieval.errors import BakehouseError

CORPUS = '{"_id": "d1", "text": "Bread of rye"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\n"


def test_an_archive_is_read_like_a_folder(tmp_path: Path) -> None:
    inner = zipped({"deep/b.csv": "text\nBuns of wheat\nCake of plums\n"})
    members = {"a.txt": "Bread of rye.", "in.zip": inner, "c.docx": docx("Soup."), ".hidden/x.txt": "no", "d.png": "P"}
    run(write(tmp_path / "set.zip", zipped(members)), tmp_path / "out")
    assert texts(tmp_path / "out") == {
        "b-1": "Buns of wheat",
        "b-2": "Cake of plums",
        "set.zip/a.txt": "Bread of rye.",
        "set.zip/c.docx": "Soup.",
    }
    assert [each["file"] for each in read(tmp_path / "out", "rejects")] == ["set.zip/d.png"]


def test_a_beir_folder_may_be_packed(tmp_path: Path) -> None:
    packed = {f"beir/{name}": content for name, content in (("corpus.jsonl", CORPUS), ("qrels/dev.tsv", QRELS))}
    packed["beir/queries.jsonl"] = '{"_id": "q1", "text": "what is rye?"}\n'
    run(write(tmp_path / "set.zip", zipped(packed)), tmp_path / "out")
    for name, content in packed.items():
        write(tmp_path / f"{name}.gz", gzip.compress(str(content).encode()))
    run(tmp_path / "beir", tmp_path / "again")
    for out in (tmp_path / "out", tmp_path / "again"):
        assert (texts(out), judgments(out, "dev")) == ({"d1": "Bread of rye"}, [("q1", "d1", 1)])


def test_any_kind_may_be_gzipped(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "a.csv.gz", gzip.compress("text;id\nÜber Brot;1\n".encode("utf-16")))
    write(tmp_path / "docs" / "b.tar.gz", gzip.compress(b"tar"))
    run(tmp_path / "docs", tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Über Brot"}
    assert read(tmp_path / "out", "rejects")[0]["remedy"] == "Unpack it and name the folder, or pack it as ZIP."


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.txt")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def _locked() -> bytes:
    content = bytearray(zipped({"a.txt": "Bread"}))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + place] |= 1
    return bytes(content)


NESTED = zipped({"b.zip": zipped({"c.zip": zipped({"a.txt": "Bread"}), "d.txt": "Buns"}), "e.txt": "Cake"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({"a.txt": "ok", "../a.txt": "no"}), r"holds '\.\./a.txt', a path that leads out of it"),
        (zipped({"/etc/a.txt": "no"}), "holds '/etc/a.txt', a path that leads out of it"),
        (zipped({"C:\\a.txt": "no"}), r"holds .*, a path that leads out of it"),
        (_link(), "holds the link 'a.txt'"),
        (_locked(), "is locked with a password"),
        (b"PK\x03\x04 and no more", "is damaged or no ZIP archive"),
        (zipped({"a.txt": b"0" * (files.PACKED_FREELY + 1)}), "would unpack to 64 MB, where 64 MB are the most"),
    ],
)
def test_archives_that_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(BakehouseError, match=f"set.zip {message}"):
        convert([write(tmp_path / "set.zip", content)], tmp_path / "out", ENGLISH)
    assert not (tmp_path / "out").exists()


def test_a_refused_archive_in_a_folder_is_one_reject(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "set.zip", zipped({"../a.txt": "no"}))
    write(tmp_path / "docs" / "nested.zip", NESTED)
    run(tmp_path / "docs", tmp_path / "out")
    assert sorted(texts(tmp_path / "out").values()) == ["Buns", "Cake"]
    assert [each["file"] for each in read(tmp_path / "out", "rejects")] == ["nested.zip/b.zip/c.zip", "set.zip"]


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBERS", 2)
    content = zipped({"in.zip": zipped({"a.txt": "1", "b.txt": "2"})})
    run_ = [write(tmp_path / "docs" / "set.zip", content), write(tmp_path / "docs" / "c.txt", "Bread")]
    convert([run_[0].parent], tmp_path / "out", ENGLISH)
    assert "holds 3 files, and at most 2 are read" in read(tmp_path / "out", "rejects")[0]["reason"]


def test_a_gzip_bomb_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PACKED_FREELY", 1 << 20)
    with pytest.raises(BakehouseError, match=r"a.csv unpacks to more than \d MB, which no text does"):
        convert([write(tmp_path / "a.csv.gz", gzip.compress(b"0" * (8 << 20)))], tmp_path / "out", ENGLISH)


def test_damage_within_an_archive_is_a_reject(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.txt": os.urandom(500).hex(), "b.txt": "Bread of rye"}))
    content[100] ^= 0xFF
    run(write(tmp_path / "set.zip", bytes(content)), tmp_path / "out")
    (reject,) = read(tmp_path / "out", "rejects")
    assert "set.zip/a.txt cannot be unpacked" in reject["reason"]
    assert list(texts(tmp_path / "out")) == ["set.zip/b.txt"]
