"""The folder is complete or not there; what was there before stays."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from converting import ENGLISH, read, run, texts, write

from retrieval.beir import open_corpus
from retrieval.convert.convert import convert, is_conversion
from retrieval.convert.options import Options
from retrieval.convert.preview import preview
from retrieval.errors import BakehouseError
from retrieval.languages import identify

GERMAN = "Der Bäcker öffnet den Laden um sechs Uhr morgens"
FRENCH = "Le boulanger ouvre la boutique à six heures du matin"
ENGLISH_TEXT = "The baker opens the shop at six o'clock in the morning"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path / "in" / "shop.csv", "id,text\n1,Bread\n2,Buns\n2,Cake\n3,\n")


def test_the_manifest_tells_the_whole_story(tmp_path: Path, table: Path) -> None:
    report = run(table, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["made_by"] == "retrieval convert"
    assert manifest["counts"] == {
        "rows": 4, "kept": 3, "merged": 0, "rejected": 1, "documents": 3, "queries": 0, "judgments": 0,
    }  # fmt: skip
    assert manifest["languages"] == {"en": 3}
    assert manifest["mapping"] == {"shop.csv": {"id": "id", "text": "text"}}
    source = manifest["sources"][0]
    assert (source["name"], source["format"], source["encoding"], source["delimiter"]) == (
        "shop.csv",
        "CSV",
        "utf-8",
        ",",
    )
    assert [fault["rule"] for fault in manifest["faults"]] == ["renamed", "rejected"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "corpus.jsonl", "duplicates.jsonl", "manifest.json", "rejects.jsonl",
    ]  # fmt: skip
    assert report.as_json()["counts"] == manifest["counts"]
    assert open_corpus(tmp_path / "out").languages == {"en": 3}


def test_a_clean_source_leaves_only_what_is_needed(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", "id,text\n1,Bread\n2,Buns\n"), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["corpus.jsonl", "manifest.json"]


def test_an_earlier_conversion_is_replaced_whole(tmp_path: Path, table: Path) -> None:
    run(table, tmp_path / "out")
    run(write(tmp_path / "b.csv", "id,text\n9,Rye\n8,Oat\n"), tmp_path / "out")
    assert texts(tmp_path / "out") == {"9": "Rye", "8": "Oat"}
    assert not (tmp_path / "out" / "rejects.jsonl").exists()
    assert not list(tmp_path.glob("out.*"))


def test_another_folder_is_never_overwritten(tmp_path: Path, table: Path) -> None:
    write(tmp_path / "mine" / "diary.txt", "dear diary")
    with pytest.raises(BakehouseError, match=r"mine is there already, and no earlier conversion.*--force"):
        convert([table], tmp_path / "mine", ENGLISH)
    assert (tmp_path / "mine" / "diary.txt").read_text() == "dear diary"
    convert([table], tmp_path / "mine", ENGLISH, force=True)
    assert is_conversion(tmp_path / "mine")
    assert not (tmp_path / "mine" / "diary.txt").exists()


def test_places_that_cannot_be_replaced(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BakehouseError, match=r"is to be read, and lies in .*, which would be replaced"):
        convert([table], table.parent, ENGLISH, force=True)
    with pytest.raises(BakehouseError, match="is a file: wanted the name of a folder"):
        convert([write(tmp_path / "other" / "a.csv", "text\na\n")], table, ENGLISH, force=True)
    (tmp_path / "here" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "deep")
    with pytest.raises(BakehouseError, match="holds the folder you are in"):
        convert([table], tmp_path / "here", ENGLISH, force=True)
    assert table.is_file()


def test_an_empty_folder_may_be_used(tmp_path: Path, table: Path) -> None:
    (tmp_path / "out").mkdir()
    run(table, tmp_path / "out")
    assert len(texts(tmp_path / "out")) == 3


def test_a_failure_leaves_nothing_and_keeps_what_was(tmp_path: Path, table: Path) -> None:
    run(table, tmp_path / "out")
    before = (tmp_path / "out" / "corpus.jsonl").read_bytes()
    with pytest.raises(
        BakehouseError, match=r"none of 2 rows gave a document, so nothing was written\. b.csv: this row and 1"
    ):
        convert([write(tmp_path / "b.csv", "id,text\n1,\n2,\n")], tmp_path / "out", Options({"text": "text"}))
    assert (tmp_path / "out" / "corpus.jsonl").read_bytes() == before
    assert not list(tmp_path.glob("out.*"))


def test_a_full_disk_leaves_what_was(tmp_path: Path, table: Path) -> None:
    """In a process that may write no file over 8 KB, which fails as a full disk does."""
    run(table, tmp_path / "out")
    big = write(tmp_path / "big.csv", "id,text\n" + "".join(f"{n},{GERMAN}\n" for n in range(500)))
    script = (
        "import argparse, resource, sys; from retrieval.cli import execute;"
        "from retrieval.convert.commands import add_commands;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192));"
        "parser = argparse.ArgumentParser(); add_commands(parser.add_subparsers()); sys.exit(execute(parser))"
    )
    argv = ["convert", str(big), "--out", str(tmp_path / "out"), "--language", "de"]
    done = subprocess.run([sys.executable, "-c", script, *argv], capture_output=True, text=True)
    assert done.returncode == 2
    assert "error: the disk is full while writing" in done.stderr
    assert texts(tmp_path / "out") == {"1": "Bread", "2": "Buns", "2~2": "Cake"}
    assert not list(tmp_path.glob("out.*"))


def test_missing_sources(tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match=r"nowhere\.csv does not exist: wanted a file or a folder"):
        convert([tmp_path / "nowhere.csv"], tmp_path / "out")


def test_languages_are_identified_or_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"id,text\nde,{GERMAN}\nfr,{FRENCH}\nen,{ENGLISH_TEXT}\nx,12345 67\n")
    report = convert([path], tmp_path / "out")
    assert [(d["_id"], d["metadata"]["lang"]) for d in read(tmp_path / "out", "corpus")] == [
        ("de", "de"), ("fr", "fr"), ("en", "en"), ("x", "und"),
    ]  # fmt: skip
    assert report.languages == {"de": 1, "en": 1, "fr": 1, "und": 1}
    assert convert([path], tmp_path / "out", Options(languages=("pt-BR",))).languages == {"pt": 4}
    assert convert([path], tmp_path / "out", Options(languages=("de", "nl"))).languages == {"und": 3, "de": 1}
    with pytest.raises(BakehouseError, match="'klingon!' is no language code"):
        Options(languages=("klingon!",))


def test_a_question_takes_after_its_passage(tmp_path: Path) -> None:
    rows = f"Wer ist da?,{GERMAN}\nWarum so?,{GERMAN} und verkauft Brot\n"
    assert identify(["Wer ist da?", "Warum so?"]) != ["de", "de"]
    convert([write(tmp_path / "a.csv", f"question,answer\n{rows}")], tmp_path / "out")
    assert {query["metadata"]["lang"] for query in read(tmp_path / "out", "queries")} == {"de"}


def test_the_split_has_the_name_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "question,answer\nWhat?,Bread of rye\nWho?,The baker\n")
    run(path, tmp_path / "out", Options(languages=("en",), split="dev"))
    assert [path.name for path in (tmp_path / "out" / "qrels").iterdir()] == ["dev.tsv"]
    with pytest.raises(BakehouseError, match=r"the split '\.\./x' is no name for a file"):
        Options(split="../x")


def test_many_rows_come_out_in_order(tmp_path: Path) -> None:
    """More than one batch of languages."""
    path = write(tmp_path / "a.csv", "id,text\n" + "".join(f"{n},Bread number {n}\n" for n in range(2500)))
    run(path, tmp_path / "out")
    assert list(texts(tmp_path / "out")) == [str(n) for n in range(2500)]


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"text\n{GERMAN}\n{FRENCH}\n{GERMAN}\n")
    convert([path], tmp_path / "one")
    convert([path], tmp_path / "two")
    for name in ("corpus.jsonl", "duplicates.jsonl", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_importing_and_converting_stay_light() -> None:
    script = (
        "import sys, retrieval.convert.commands, retrieval.convert.preview;"
        "print([m for m in ('torch', 'lingua', 'pandas', 'pyarrow', 'charset_normalizer') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"


def test_preview_shows_before_and_after(tmp_path: Path, table: Path) -> None:
    shown = preview([table], ENGLISH).sources[0]
    assert shown.columns == ("id", "text")
    assert shown.before == [
        {"id": id_, "text": text} for id_, text in (("1", "Bread"), ("2", "Buns"), ("2", "Cake"), ("3", ""))
    ]
    assert [(d.id, d.text, d.lang) for d in shown.documents] == [
        ("1", "Bread", "en"),
        ("2", "Buns", "en"),
        ("2~2", "Cake", "en"),
    ]
    assert [row.outcome for row in shown.rows] == ["kept", "kept", "kept", "rejected"]
    assert shown.rows[3].problems[0].reason == "no text"
    assert len(preview([table], ENGLISH, limit=2).sources[0].rows) == 2
    assert not (tmp_path / "out").exists()


def test_preview_follows_changed_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b,q\nBread of rye is baked,Rye,Which bread?\n")
    first = preview([path], ENGLISH).sources[0]
    assert [document.text for document in first.documents] == ["Bread of rye is baked"]
    assert [query.text for query in first.queries] == ["Which bread?"]
    changed = preview([path], Options({"text": "b", "title": "a", "query": "-"}, languages=("en",))).sources[0]
    assert [(d.title, d.text) for d in changed.documents] == [("Bread of rye is baked", "Rye")]
    assert changed.queries == []


def test_preview_of_texts_and_squad(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "a.txt", "Bread.")
    assert preview([tmp_path / "docs"], ENGLISH).sources[0].before == [{"file": "a.txt"}]
    squad = [{"context": "Bread.", "qas": [{"question": "What?", "id": "q"}]}]
    shown = preview([write(tmp_path / "s.json", json.dumps(squad))], ENGLISH).sources[0]
    assert (len(shown.documents), [query.id for query in shown.queries]) == (1, ["q"])
