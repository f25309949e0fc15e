"""What --fix makes of a folder: what is safe, all of it, once."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from retrieval.artifact import link, replacing
from retrieval.beir import Corpus
from retrieval.home import ROOT
from retrieval.validate import Validation, examine, fix

HEADER = "query-id\tcorpus-id\tscore\n"
OTHER = '{"_id": "d9", "title": "", "text": "Buns."}\n'


def folder_of(place: Path, corpus: str | bytes, queries: str = '{"_id": "q1", "text": "rye?"}\n', **qrels: str) -> Path:
    (place / "qrels").mkdir(parents=True, exist_ok=True)
    (place / "corpus.jsonl").write_bytes(corpus if isinstance(corpus, bytes) else corpus.encode())
    (place / "queries.jsonl").write_bytes(queries.encode())
    for name, content in (qrels or {"test": HEADER + "q1\td9\t1\n"}).items():
        (place / "qrels" / f"{name}.tsv").write_bytes(content.encode())
    return place


def contents(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def corpus_of(folder: Path) -> list[str]:
    return (folder / "corpus.jsonl").read_text(encoding="utf-8", errors="surrogateescape").splitlines()


def is_mended(left: Validation) -> bool:
    return not left.fixable and not any(fault.fixable for fault in left.faults)


@pytest.mark.parametrize(
    ("line", "rule", "mended"),
    [
        ('\ufeff{"_id": "d1", "title": "", "text": "é"}\n', "byte-order-mark", '{"_id": "d1", "title": "", "text": "é"}'),
        ('{"_id": "d1", "title": "", "text": "é"}\r\n', "line-ending", '{"_id": "d1", "title": "", "text": "é"}'),
        (" \n", "blank-line", None),
        ('{"_id":"d1","title":"","text":"a\tb"}\n', "control-character", {"_id": "d1", "title": "", "text": "a\tb"}),
        ('{"_id":17,"title":"","text":"a"}\n', "id-number", {"_id": "17", "title": "", "text": "a"}),
        ('{"_id":" d1 ","title":"","text":"a"}\n', "white-space", {"_id": "d1", "title": "", "text": "a"}),
        (OTHER, "duplicate-line", None),
        ('{"_id":"d1","text":"a"}\n', "no-title", {"_id": "d1", "text": "a", "title": ""}),
        ('{"_id":"d1","title":"","text":"a\\u0000b"}\n', "null-character", {"_id": "d1", "title": "", "text": "ab"}),
        ('{"_id":"d1","title":"","text":"\\ud83d!"}\n', "surrogate", {"_id": "d1", "title": "", "text": "\ufffd!"}),
        (
            '{"_id":"d1","title":"","text":"a","metadata":{"by":["x\\u0000"],"1\\u0000":1.5}}\n', "null-character",
            {"_id": "d1", "title": "", "text": "a", "metadata": {"by": ["x"], "1\0": 1.5}},
        ),
    ],
)  # fmt: skip
def test_a_line_of_the_corpus(tmp_path: Path, line: str, rule: str, mended: Any) -> None:
    first = line.startswith("\ufeff")
    folder = folder_of(tmp_path, line + OTHER if first else OTHER + line)
    fixed = fix(folder)
    assert fixed.mended == {rule: 1}
    assert fixed.files == ("corpus.jsonl",)
    left = corpus_of(folder)
    if mended is None:
        assert left == [OTHER.strip()]
    else:
        own = left[0 if first else 1]
        assert (own if isinstance(mended, str) else json.loads(own)) == mended


@pytest.mark.parametrize(
    ("qrels", "rule", "mended"),
    [
        ("q1\td9\t1\n", "qrels-header", "q1\td9\t1\n"),
        ("query\tdocument\tgrade\nq1\td9\t1\n", "qrels-header", "q1\td9\t1\n"),
        ('"query-id"\t"corpus-id"\t"score"\nq1\td9\t1\n', "qrels-header", "q1\td9\t1\n"),
        (HEADER + "\nq1\td9\t1\n", "blank-line", "q1\td9\t1\n"),
        ("\ufeff" + HEADER + "q1\td9\t2\n", "qrels-mark", "q1\td9\t2\n"),
        (HEADER + "q1\td9\t2.0\n", "qrels-score", "q1\td9\t2\n"),
        (HEADER + " q1\td9\t2\n", "white-space", "q1\td9\t2\n"),
        (HEADER + '"q1"\td9\t2\n', "qrels-quotes", "q1\td9\t2\n"),
        (HEADER + 'q1\td9\t"2"\n', "qrels-quotes", "q1\td9\t2\n"),
        (HEADER + "q1\td9\t1\nq1\td9\t1\n", "duplicate-judgment", "q1\td9\t1\n"),
    ],
)
def test_a_line_of_the_judgments(tmp_path: Path, qrels: str, rule: str, mended: str) -> None:
    folder = folder_of(tmp_path, OTHER, test=qrels)
    fixed = fix(folder)
    assert (fixed.mended, fixed.files) == ({rule: 1}, ("qrels/test.tsv",))
    assert (folder / "qrels" / "test.tsv").read_text() == HEADER + mended
    assert (folder / "qrels" / "test.tsv.bak").read_bytes() == qrels.encode()


@pytest.mark.parametrize(
    "corpus",
    [
        '{"_id":"d1","title":"","text":"a"}\n{"_id":"d1","title":"","text":"b"}\n',
        '{"_id":1,"title":"","text":"a"}\n{"_id":"1","title":"","text":"b"}\n',
        '{"_id":" 1","title":"","text":"a"}\n{"_id":"1 ","title":"","text":"b"}\n{"_id":1,"title":"","text":"c"}\n',
        '{"_id":1,"_id":2,"title":"","text":"a\\u0000"}\n',
        '{"_id":"d1","title":"","text":3}\n{"_id":"d2","title":"","text":null}\n{"title":"","text":"a"}\n',
        b'{"_id":"d1","title":"","text":"caf\xe9"}\n{"_id":"d2"\n',
        '{"_id":"d1","title":"","text":"two\rlines"}\n',
    ],
)
def test_what_only_a_person_can_know_stays_as_it_is(tmp_path: Path, corpus: str | bytes) -> None:
    folder = folder_of(tmp_path, corpus)
    before = contents(folder)
    fixed = fix(folder)
    assert (fixed.mended, fixed.files) == ({}, ())
    assert contents(folder) == before
    assert not fixed.left.valid
    assert is_mended(fixed.left)


@pytest.mark.parametrize(
    "qrels",
    ["document-id\tquery-id\tscore\nq1\td9\t1\n", "q1\td9\tx\n", HEADER + "q1\td9\t1\nq1\td9\t2\n",
     HEADER + 'q1\t"d8"\t0.5\n', HEADER + "q1 d9 1\n"],
)  # fmt: skip
def test_judgments_that_only_a_person_can_know(tmp_path: Path, qrels: str) -> None:
    folder = folder_of(tmp_path, OTHER, test=qrels)
    assert fix(folder).files == ()
    assert (folder / "qrels" / "test.tsv").read_text() == qrels


def test_ids_change_in_all_files_at_once(tmp_path: Path) -> None:
    corpus = '{"_id":1,"title":"","text":"a"}\n{"_id":" d2","title":"","text":"b"}\n'
    queries = '{"_id":7,"text":"rye?"}\n{"_id":"q2 ","text":"buns?"}\n'
    folder = folder_of(
        tmp_path, corpus, queries, test=HEADER + "7\t1\t1\n7\t d2\t0\n", dev=HEADER + "q2 \td2\t1\nq2\t 1\t2\n"
    )
    fixed = fix(folder)
    assert fixed.mended == {"id-number": 2, "white-space": 5}
    assert fixed.left.counts == {}
    read = Corpus(folder)
    assert [document.id for document in read.documents] == ["1", "d2"]
    assert [query.id for query in read.queries] == ["7", "q2"]
    assert read.qrels("test") == {"7": {"1": 1, "d2": 0}}
    assert read.qrels("dev") == {"q2": {"d2": 1, "1": 2}}


def test_lines_that_become_alike_are_one(tmp_path: Path) -> None:
    plain = '{"_id": "d1", "title": "", "text": "ab"}\n'
    folder = folder_of(tmp_path, OTHER + plain + plain.replace("ab", "a\\u0000b") + plain.replace('"d1"', '" d1"'))
    fixed = fix(folder)
    assert corpus_of(folder) == [OTHER.strip(), plain.strip()]
    assert fixed.mended == {"null-character": 1, "white-space": 1, "duplicate-line": 2}


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ('{"_id": "\\ud83d", "text": "é"}', '{"_id": "\\ud83d", "text": "\\u00e9", "title": ""}'),
        ('{"_id": "d1", "text": "é", "\\udcff": 1}', '{"_id": "d1", "text": "\\u00e9", "\\udcff": 1, "title": ""}'),
        ('{"_id": " d1", "text": "a", "n": 1e999}', None),
        ('{"_id": " d1", "text": "a", "text": "b"}', None),
    ],
)
def test_what_cannot_be_written_otherwise_stays(tmp_path: Path, line: str, mended: str | None) -> None:
    """Half a character in a name; a number or a field that Python does not keep."""
    qrels = HEADER + "q1\t d1\t1\n"
    folder = folder_of(tmp_path, OTHER + line + "\n", test=qrels)
    fix(folder)
    assert corpus_of(folder)[1] == (mended or line)
    if mended is None:
        assert (folder / "qrels" / "test.tsv").read_text() == qrels
    assert fix(folder).files == ()


def test_who_may_read_a_file_stays(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, OTHER + "\n")
    (folder / "corpus.jsonl").chmod(0o600)
    fix(folder)
    assert (folder / "corpus.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_compressed_file_is_unpacked_and_stays(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "")
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(OTHER.encode()))
    assert fix(folder).mended == {"compressed": 1}
    assert corpus_of(folder) == [OTHER.strip()]
    assert (folder / "corpus.jsonl.gz").exists()
    assert examine(folder).counts == {"one-document": 1}


def test_a_broken_archive_is_left_alone(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "")
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(OTHER.encode())[:-9])
    assert fix(folder).files == ()
    assert not (folder / "corpus.jsonl").exists()


def test_a_good_folder_is_not_touched(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, OTHER)
    before = (folder / "corpus.jsonl").stat().st_mtime_ns
    assert fix(folder).files == ()
    assert (folder / "corpus.jsonl").stat().st_mtime_ns == before
    assert list(folder.rglob("*.bak")) == []


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text("old")
    with pytest.raises(RuntimeError), replacing(tmp_path / "corpus.jsonl") as out:
        out.write(b"new")
        raise RuntimeError
    assert contents(tmp_path) == {"corpus.jsonl": b"old"}


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, OTHER + "\n")
    (folder / ".corpus.jsonl.4711").write_bytes(b"half")
    (folder / ".corpus.jsonl.bak.4711").write_bytes(b"half")
    (folder / ".mine.1").write_bytes(b"somebody's own")
    fix(folder)
    assert sorted(path.name for path in folder.glob(".*")) == [".mine.1"]


def test_a_run_that_was_killed_between_two_files_is_finished_by_the_next(tmp_path: Path) -> None:
    """As if the first had replaced the corpus only: judgments still name its ids as they were."""
    corpus = '{"_id": " d1", "title": "", "text": "a"}\n{"_id": "d2", "title": "", "text": "b"}\n'
    one, two = (folder_of(tmp_path / name, corpus, test=HEADER + "q1\t d1\t1\n") for name in "ab")
    fix(one)
    link(two / "corpus.jsonl", two / "corpus.jsonl.bak")
    (two / "corpus.jsonl").unlink()
    (two / "corpus.jsonl").write_bytes((one / "corpus.jsonl").read_bytes())
    fix(two)
    assert contents(one) == contents(two)
    assert (two / "corpus.jsonl.bak").read_text() == corpus


@pytest.mark.parametrize("seen", [".corpus.jsonl.*", "corpus.jsonl.bak", "qrels/.test.tsv.*", "qrels/test.tsv.bak"])
def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path, seen: str) -> None:
    """Killed as soon as a certain file is there."""
    corpus = "".join(f'{{"_id": {number}, "text": "Rye {number}."}}\r\n' for number in range(5_000))
    qrels = HEADER + "".join(f"q1\t {number}\t1\n" for number in range(5_000))
    folder, whole = (folder_of(tmp_path / name, corpus, test=qrels) for name in ("killed", "whole"))
    fix(whole)
    command = [sys.executable, "-m", "retrieval", "validate", str(folder), "--fix"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(folder.glob(seen)) and running.poll() is None:
        time.sleep(0.001)
    running.send_signal(signal.SIGKILL)
    running.wait()
    for name, old in (("corpus.jsonl", corpus), ("qrels/test.tsv", qrels)):
        now = (folder / name).read_bytes()
        assert now in (old.encode(), (whole / name).read_bytes())
        assert now == old.encode() or (folder / f"{name}.bak").read_bytes() == old.encode()
    fix(folder)
    assert contents(folder) == contents(whole)
