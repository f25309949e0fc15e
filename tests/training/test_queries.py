"""The questions of a run, read, edited and put back."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retrieval.beir import open_corpus, read_qrels, read_queries
from retrieval.errors import BakehouseError
from training import __main__ as program
from training import filter as sift
from training import generate, mine, runs
from training.journal import Journal
from training.questions import editing, queries
from training.settings import load_recipe
from training.split import shares_of


class Oven:
    """A run over the tiny corpus whose questions are made and sorted."""

    def __init__(self, corpus: Path, base: Path) -> None:
        self.corpus = open_corpus(corpus)
        self.recipe = load_recipe({"corpus": str(corpus), "base": str(base)})
        self.run = runs.create(self.recipe, "tiny")
        self.run.write_status(
            replace(self.run.written_status(), state="finished", base={"dev": {}}, report={"told": "x"})
        )
        self.shares = shares_of(self.corpus, self.recipe, judged=False)
        self.documents = {document.id: document for document in self.corpus.documents}
        self.filter()

    def generate(self) -> Path:
        return generate.run(self.run.path, self.recipe, self.corpus.fingerprint, self.shares, Journal(self.run))

    def filter(self) -> Path:
        journal = Journal(self.run)
        return sift.run(self.run.path, self.recipe, self.generate(), self.documents, self.shares, journal)


@pytest.fixture
def oven(home: Path, tiny_corpus: Path, tiny_bert: Path) -> Oven:
    return Oven(tiny_corpus, tiny_bert)


def _answer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: str) -> tuple[int, Any, str]:
    monkeypatch.setattr("sys.argv", ["training", "queries", *args])
    status = program.main()
    out, err = capsys.readouterr()
    return status, json.loads(out) if "--json" in args and out else out, err


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _save(file: Path, rows: list[dict[str, str]], delimiter: str = ",") -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_questions_stand_beside_their_passages_by_language(
    oven: Oven, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, told, _ = _answer(capsys, monkeypatch, "last", "--json", "-n", "2")
    assert status == 0
    made = list(read_queries(oven.generate()))
    assert {lang: numbers["questions"] for lang, numbers in told["counts"].items()} == {
        lang: sum(query.lang == lang for query in made) for lang in ("ar", "de", "en")
    }
    assert [row["lang"] for row in told["queries"]] == ["ar", "ar", "de", "de", "en", "en"]
    for row in told["queries"]:
        assert row["passage"] == oven.documents[row["passage_id"]].full_text
        assert row["query"].startswith(f"{row['passage_id']}-q")
    status, text, _ = _answer(capsys, monkeypatch, "last", "--lang", "de", "-n", "1")
    assert status == 0
    assert text.startswith("German (de): ")
    assert len(text.strip().splitlines()) == 4


def test_rejected_questions_come_with_their_reason(
    oven: Oven, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (oven.filter() / "rejected.jsonl").read_text().splitlines()
    rejected = {row["query"]: row["reason"] for row in map(json.loads, lines)}
    assert {row.query: row.reason for row in queries.shown(oven.run) if row.reason} == rejected
    file = oven.run.path / "edited.csv"
    queries.export(queries.shown(oven.run), file)
    rows = _rows(file)
    rows[0]["question"] = rows[1]["question"] = "the very same question"
    editing.put_back(oven.run, _save(file, rows))
    assert not any(row.reason for row in queries.shown(oven.run))
    with pytest.raises(BakehouseError, match=rf"not sorted its present questions yet: .*stage filter {oven.run.id}"):
        queries.shown(oven.run, rejected=True)
    oven.filter()
    _, told, _ = _answer(capsys, monkeypatch, "last", "--json", "--rejected")
    reasons = {row["query"]: row["reason"] for row in told["queries"]}
    assert reasons[rows[0]["query-id"]] in ("asked twice", "asked of several passages", "in another language")


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_what_is_exported_and_put_back_changes_nothing_but_the_manifest(oven: Oven, tmp_path: Path, name: str) -> None:
    folder, sorted_once = oven.generate(), oven.filter()
    queries_before, qrels_before = list(read_queries(folder)), read_qrels(folder, "train") | read_qrels(folder, "dev")
    shards_before = {path.name: path.read_bytes() for path in folder.glob("*-00*.jsonl")}
    count = queries.export(queries.shown(oven.run), tmp_path / name)
    assert str(editing.put_back(oven.run, tmp_path / name)) == f"0 changed, 0 added, 0 removed, {count} as before"
    assert list(read_queries(folder)) == queries_before
    assert read_qrels(folder, "train") | read_qrels(folder, "dev") == qrels_before
    assert {path.name: path.read_bytes() for path in folder.glob("*-00*.jsonl")} == shards_before != {}
    assert oven.filter() == sorted_once
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [(each["same"], each["added"]) for each in manifest["edited"]] == [(count, 0)]


def test_an_edited_file_is_put_back_and_what_depends_on_it_made_again(oven: Oven, tmp_path: Path) -> None:
    before = (oven.filter(), oven.generate())
    kept_out = next(passage.id for share in oven.shares if share.lang == "en" for passage in share.dev)
    queries.export(queries.shown(oven.run), tmp_path / "all.csv")
    rows = _rows(tmp_path / "all.csv")
    changed = next(row for row in rows if row["lang"] == "en" and row["passage-id"] != kept_out)
    changed["question"] = 'Is it "kneaded", really?'
    dropped = next(row for row in rows if row["lang"] == "de")
    rows.remove(dropped)
    new = {"query-id": "", "lang": "", "passage": ""}
    rows.append({**new, "question": "how to keep a loaf for days", "passage-id": "en-storage"})
    rows.append({**new, "question": "what do you know of this", "passage-id": kept_out})
    edits = editing.put_back(oven.run, _save(tmp_path / "all.csv", rows, ";"))
    status = oven.run.status()
    assert (status.state, status.base, status.report) == ("stopped", {}, {})
    assert status.remedy.startswith(f"Resume it (`python -m training resume {oven.run.id}`)")
    assert (edits.changed, edits.added, edits.removed) == (1, 2, 1)
    folder = oven.generate()
    assert folder == before[1]
    made = {query.id: query for query in read_queries(folder)}
    assert made[changed["query-id"]].text == 'Is it "kneaded", really?'
    assert made[changed["query-id"]].metadata == {"by": "hand", "lang": "en"}
    assert made["en-storage-h1"].text == "how to keep a loaf for days"
    assert dropped["query-id"] not in made
    assert read_qrels(folder, "dev")[f"{kept_out}-h1"] == {kept_out: 1}
    again = oven.filter()
    assert again != before[0]
    assert f"{kept_out}-h1" in {query.id for query in read_queries(again)}
    mined = mine.run(oven.run.path, oven.recipe, again, oven.shares, Journal(oven.run))
    assert mined.is_dir()
    told = [event["message"] for event in oven.run.events() if "edited" in event["message"]]
    assert told == [f"the questions were edited: {edits}"]


def test_one_language_alone_may_be_replaced(oven: Oven, tmp_path: Path) -> None:
    others = {query.id: query for query in read_queries(oven.generate()) if query.lang != "de"}
    queries.export(queries.shown(oven.run, ["de"]), tmp_path / "de.csv")
    rows = _rows(tmp_path / "de.csv")
    assert {row["lang"] for row in rows} == {"de"}
    _save(tmp_path / "de.csv", rows[1:])
    with pytest.raises(BakehouseError, match=r"holds no question in ar, en, and the run has some\. Add --lang de"):
        editing.put_back(oven.run, tmp_path / "de.csv")
    assert editing.put_back(oven.run, tmp_path / "de.csv", ["de"]).removed == 1
    made = {query.id: query for query in read_queries(oven.generate())}
    assert {name: query for name, query in made.items() if query.lang != "de"} == others
    assert len(made) == len(others) + len(rows) - 1
    with pytest.raises(BakehouseError, match=r"holds questions in de too: name these with --lang"):
        editing.put_back(oven.run, tmp_path / "de.csv", ["en"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": " "}, r"1 rows have no question, the first in line 2\. Delete the row"),
        ({"passage-id": "cake"}, r"the passage of 1 of \d+ rows is not in the corpus, the first in line 2: 'cake'"),
        ({"query-id": "SECOND"}, r"line 3: '.*' stands in line 2 already, with another question"),
    ],
)
def test_a_row_that_cannot_be_used_changes_nothing(
    oven: Oven, tmp_path: Path, change: dict[str, str], message: str
) -> None:
    folder = oven.generate()
    before = (folder / "queries.jsonl").read_bytes()
    queries.export(queries.shown(oven.run), tmp_path / "all.csv")
    rows = _rows(tmp_path / "all.csv")
    rows[0] |= {name: value.replace("SECOND", rows[1]["query-id"]) for name, value in change.items()}
    with pytest.raises(BakehouseError, match=message):
        editing.put_back(oven.run, _save(tmp_path / "all.csv", rows))
    assert (folder / "queries.jsonl").read_bytes() == before
    assert oven.run.status().state == "finished"


def test_bad_files_are_refused(
    oven: Oven, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _save(tmp_path / "columns.csv", [{"query-id": "a", "questions": "b", "passage-id": "en-salt"}])
    (tmp_path / "broken.jsonl").write_text('{"question": "a", "passage-id": "en-salt"}\n{\n')
    (tmp_path / "none.jsonl").write_text("")
    for name, message in {
        "columns.csv": "has no column 'question': it has query-id, questions, passage-id; wanted",
        "broken.jsonl": "broken.jsonl, line 2: not JSON",
        "none.jsonl": "holds no question: a run needs some",
        "missing.csv": "missing.csv is missing: wanted a file as --export writes it",
        "sheet.xlsx": "wanted .csv or .jsonl",
    }.items():
        (tmp_path / "sheet.xlsx").write_text("x")
        status, _, err = _answer(capsys, monkeypatch, "last", "--replace", str(tmp_path / name))
        assert status == 2
        assert message in err
    for args, message in {
        ("nothing",): "there is no run 'nothing'",
        ("last", "--lang", "fr"): "has no questions in 'fr': it has ar, de, en",
        ("last", "--rejected", "--export", "x.csv"): "--rejected only shows",
    }.items():
        status, _, err = _answer(capsys, monkeypatch, *args)
        assert status == 2
        assert message in err


def test_a_running_job_is_left_alone(oven: Oven, tmp_path: Path) -> None:
    queries.export(queries.shown(oven.run), tmp_path / "all.csv")
    with Journal(oven.run) as journal:
        journal.update(state="running")
        with pytest.raises(BakehouseError, match=r"is running: stop it first"):
            editing.put_back(oven.run, tmp_path / "all.csv")


def test_a_run_without_questions_says_how_to_make_some(home: Path, tiny_corpus: Path) -> None:
    run = runs.create(load_recipe({"corpus": str(tiny_corpus)}), "empty")
    with pytest.raises(BakehouseError, match=rf"no complete 'generate' yet: .*stage generate {run.id}"):
        queries.shown(run)
