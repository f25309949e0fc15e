"""BEIR folders are copied through, leniently."""

from __future__ import annotations

from pathlib import Path

import pytest
from converting import judgments, read, run, texts, write, write_lines

from retrieval.convert.convert import convert
from retrieval.convert.options import Options
from retrieval.validate import examine, validate


def beir(folder: Path, qrels: str = "query-id\tcorpus-id\tscore\nq1\td1\t1\n") -> Path:
    write_lines(
        folder / "corpus.jsonl",
        {"_id": "d1", "title": "Rye", "text": "Bread of rye.", "metadata": {"lang": "zh-Hant", "url": "x"}},
        {"_id": "d2", "title": "", "text": "Buns.", "metadata": {"lang": "en"}},
    )
    write_lines(folder / "queries.jsonl", {"_id": "q1", "text": "what is rye?", "metadata": {"lang": "en"}})
    write(folder / "qrels" / "test.tsv", qrels)
    return folder


def test_everything_comes_through(tmp_path: Path) -> None:
    source = beir(tmp_path / "set")
    write(source / "qrels" / "dev.tsv", "query-id\tcorpus-id\tscore\nq1\td2\t2\n")
    report = run(source, tmp_path / "out", Options())
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "qrels/dev.tsv"):
        assert (tmp_path / "out" / name).read_text() == (source / name).read_text()
    assert (report.counts.rows, report.counts.kept, report.counts.judgments) == (5, 5, 2)
    assert examine(tmp_path / "out").counts == {"two-splits": 1}


def test_lenient_reading(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "set" / "corpus.jsonl", {"_id": 1, "text": "Bread."}, {"id": "2", "title": None, "text": "Buns."}
    )
    write_lines(tmp_path / "set" / "queries.jsonl", {"_id": 7, "text": "rye?"})
    write(tmp_path / "set" / "qrels" / "test.tsv", "7\t0\t1\t1\n7 0 2 0\n")
    write(tmp_path / "set" / "qrels" / "dev.tsv", "7\t1\t2.0\n")
    run(tmp_path / "set", tmp_path / "out")
    assert texts(tmp_path / "out") == {"1": "Bread.", "2": "Buns."}
    assert judgments(tmp_path / "out") == [("7", "1", 1), ("7", "2", 0)]
    assert judgments(tmp_path / "out", "dev") == [("7", "1", 2)]
    assert examine(tmp_path / "out").counts == {"two-splits": 1}


def test_what_cannot_be_used_is_rejected_with_its_file_and_line(tmp_path: Path) -> None:
    source = beir(
        tmp_path / "set", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq9\td1\t1\nq1\td9\t1\nq1\td1\nq1\td1\t2\nq1\td1\t1\n"
    )
    with (source / "corpus.jsonl").open("a") as corpus:
        corpus.write('{"text": "no id"}\n{broken\n{"_id": "d3", "text": {"a": 1}}\n')
    report = run(source, tmp_path / "out")
    assert [(each["file"], each["line"], each["reason"]) for each in read(tmp_path / "out", "rejects")][:1] == [
        ("set/corpus.jsonl", 3, "no _id")
    ]
    assert [(each["line"], each["reason"]) for each in read(tmp_path / "out", "rejects")][3:] == [
        (3, "judges the unknown query 'q9'"),
        (4, "judges the unknown document 'd9'"),
        (5, "no judgment: wanted query-id corpus-id score, parted by tabs"),
        (6, "graded 2 here and 1 before"),
    ]
    assert (report.counts.rejected, report.counts.merged, report.counts.judgments) == (7, 1, 1)
    assert validate(tmp_path / "out") == []


def test_faults_of_one_kind_are_summed_up(tmp_path: Path) -> None:
    lines = "".join(f"q1\tnowhere-{number}\t1\n" for number in range(50))
    report = run(beir(tmp_path / "set", lines), tmp_path / "out")
    assert [(fault.line, fault.message.split(".")[0]) for fault in report.faults] == [
        (1, "this row and 49 more: judges the unknown document 'nowhere-0'")
    ]
    assert len(read(tmp_path / "out", "rejects")) == 50


def test_grades_are_whole_numbers(tmp_path: Path) -> None:
    run(beir(tmp_path / "set", "q1\td1\t1.5\nq1\td2\t1.0\nq1\td1\tinf\n"), tmp_path / "out")
    assert judgments(tmp_path / "out") == [("q1", "d2", 1)]
    assert [each["line"] for each in read(tmp_path / "out", "rejects")] == [1, 3]


def test_empty_documents_stay_and_are_noted(tmp_path: Path) -> None:
    source = beir(tmp_path / "set")
    with (source / "corpus.jsonl").open("a") as corpus:
        corpus.write('{"_id": "d3", "title": "", "text": "", "metadata": {"lang": "en"}}\n')
    report = run(source, tmp_path / "out")
    assert texts(tmp_path / "out")["d3"] == ""
    assert [fault.message for fault in report.faults] == [
        "this row: has neither title nor text, and is kept as BEIR folders keep it."
    ]


def test_judgments_follow_documents_that_get_a_new_id(tmp_path: Path) -> None:
    first, second = beir(tmp_path / "a"), beir(tmp_path / "b")
    write_lines(second / "corpus.jsonl", {"_id": "d1", "title": "", "text": "Other."})
    write_lines(second / "queries.jsonl", {"_id": "q1", "text": "other?"})
    convert([first, second], tmp_path / "out", Options(languages=("en",)))
    assert list(texts(tmp_path / "out")) == ["d1", "d2", "d1~2"]
    assert judgments(tmp_path / "out") == [("q1", "d1", 1), ("q1~2", "d1~2", 1)]
    assert validate(tmp_path / "out") == []


def test_a_beir_folder_within_a_folder(tmp_path: Path) -> None:
    beir(tmp_path / "all" / "set")
    write(tmp_path / "all" / "more.txt", "Cake.")
    report = run(tmp_path / "all", tmp_path / "out")
    assert [source.format for source in report.sources] == ["BEIR", "text files"]
    assert list(texts(tmp_path / "out")) == ["d1", "d2", "more.txt"]


@pytest.mark.data
@pytest.mark.parametrize("name", ["cranfield", "scifact", "arcd-ar"])
def test_real_sets_come_through_unchanged(tmp_path: Path, shared_data: Path, name: str) -> None:
    source = shared_data / "beir" / name
    report = run(source, tmp_path / "out", Options())
    assert report.counts.rejected == report.counts.merged == 0
    for path in [*source.glob("*.jsonl"), *source.glob("qrels/*.tsv")]:
        assert (tmp_path / "out" / path.relative_to(source)).read_text().split() == path.read_text().split()
