"""What --fix makes of a manifest that counts what it holds no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from converting import ENGLISH, write, write_lines

from retrieval.beir import read_documents, write_documents
from retrieval.convert.convert import convert
from retrieval.validate import examine, fix


@pytest.fixture
def breads(tmp_path: Path) -> Path:
    """A conversion of five documents, two queries and two judgments."""
    rows = [{"id": f"d{n}", "text": f"Loaf {n}", "language": "de" if n > 2 else "en"} for n in range(5)]
    rows[0]["question"], rows[1]["question"] = "Which?", "What?"
    convert([write_lines(tmp_path / "breads.jsonl", *rows)], tmp_path / "out", ENGLISH)
    return tmp_path / "out"


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def again(path: Path) -> None:
    """Write the last line of a file twice."""
    path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")


def test_a_good_conversion_is_not_touched(breads: Path) -> None:
    assert manifest(breads)["counts"]["documents"] == 5
    assert fix(breads).files == ()
    assert not (breads / "manifest.json.bak").exists()


def test_what_goes_is_counted_no_more(breads: Path) -> None:
    before = manifest(breads)
    documents = list(read_documents(breads))
    write_documents(breads, [*documents[:4], documents[3]])  # as if one had been a copy all along
    again(breads / "queries.jsonl")
    again(breads / "qrels" / "test.tsv")
    fixed = fix(breads)
    assert fixed.files == ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "manifest.json")
    counts = {**before["counts"], "documents": 4, "queries": 2, "judgments": 2}
    assert manifest(breads) == {**before, "counts": counts, "languages": {"en": 3, "de": 1}}
    assert json.loads((breads / "manifest.json.bak").read_text()) == before
    assert fixed.left == examine(breads)
    assert fix(breads).files == ()


def test_a_run_that_was_killed_before_the_manifest_is_finished_by_the_next(breads: Path) -> None:
    write_documents(breads, list(read_documents(breads))[:4])
    fixed = fix(breads)
    assert (fixed.mended, fixed.files) == ({}, ("manifest.json",))
    assert manifest(breads)["counts"]["documents"] == 4


@pytest.mark.parametrize(
    ("content", "counted"),
    [
        ({"documents": 9, "judgments": 9, "languages": {"xx": 9}}, {"documents": 5, "judgments": 2, "languages": {"en": 3, "de": 2}}),
        ({"made_by": "a person"}, None),
        ({"documents": "many", "languages": ["en"], "counts": 9}, None),
        ({"counts": {"documents": 5, "rows": 9}}, None),
        ({"note": "\ud83d", "documents": 9}, {"note": "\ud83d", "documents": 5}),
    ],
)  # fmt: skip
def test_only_what_it_counts_is_counted(breads: Path, content: dict[str, Any], counted: dict[str, Any] | None) -> None:
    write(breads / "manifest.json", json.dumps(content))
    assert fix(breads).files == (("manifest.json",) if counted else ())
    assert manifest(breads) == (counted or content)


def test_what_cannot_be_read_is_not_counted(breads: Path) -> None:
    before = (breads / "manifest.json").read_bytes()
    (breads / "corpus.jsonl").rename(breads / "elsewhere.jsonl")
    assert fix(breads).files == ()
    assert (breads / "manifest.json").read_bytes() == before
    write(breads / "manifest.json", "[]")
    (breads / "elsewhere.jsonl").rename(breads / "corpus.jsonl")
    assert fix(breads).files == ()
    assert (breads / "manifest.json").read_text() == "[]"
