"""Each rule of the BEIR format: one folder that breaks it, one fault with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import BakehouseError
from retrieval.validate import RULES, Fault, examine, validate

DOCUMENTS: list[Any] = [
    {"_id": "d1", "title": "Rye", "text": "Bread of rye."},
    {"_id": "d2", "title": "", "text": "Buns."},
]
QUERIES: list[Any] = [{"_id": "q1", "text": "what is rye?"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\n"


def lines(*values: Any) -> bytes:
    return b"".join(value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n" for value in values)


def folder_of(place: Path, documents: bytes, queries: bytes = lines(*QUERIES), qrels: str | None = QRELS) -> Path:
    place.mkdir(exist_ok=True)
    (place / "corpus.jsonl").write_bytes(documents)
    (place / "queries.jsonl").write_bytes(queries)
    if qrels is not None:
        (place / "qrels").mkdir(exist_ok=True)
        (place / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return place


def places(faults: list[Fault]) -> list[tuple[str, int, str, str]]:
    return [(fault.file, fault.line, fault.rule, fault.severity) for fault in faults]


def test_a_good_folder_has_no_faults(tmp_path: Path) -> None:
    found = examine(folder_of(tmp_path, lines(*DOCUMENTS)))
    assert (found.faults, found.valid, found.documents, found.queries, found.judgments) == ((), True, 2, 1, 1)


@pytest.mark.parametrize(
    ("bad", "rule", "severity"),
    [
        (b"{not json}\n", "json", "error"),
        (["d3"], "json", "error"),
        (b'{"_id": "d3", "title": "", "text": "caf\xe9"}\n', "utf-8", "error"),
        ({"title": "", "text": "no id"}, "id", "error"),
        ({"_id": 3, "title": "", "text": "a number"}, "id", "error"),
        ({"_id": " ", "title": "", "text": "nothing"}, "id", "error"),
        ({"_id": "a\tb", "title": "", "text": "a tab"}, "id", "error"),
        ({"_id": "d1", "title": "", "text": "again"}, "duplicate-id", "error"),
        ({"_id": "d3", "title": ""}, "text", "error"),
        ({"_id": "d3", "title": "", "text": 3}, "text", "error"),
        ({"_id": "d3", "title": "", "text": ""}, "no-words", "warning"),
        ({"_id": "d3", "text": "no title"}, "title", "warning"),
        ({"_id": "d3", "title": ["a"], "text": "x"}, "title", "error"),
        ({"_id": "d3", "title": "", "text": "x", "metadata": []}, "metadata", "error"),
    ],
)
def test_faults_of_documents(tmp_path: Path, bad: Any, rule: str, severity: str) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS, bad))
    assert places(validate(folder)) == [("corpus.jsonl", 3, rule, severity)]
    assert examine(folder).valid is (severity == "warning")


@pytest.mark.parametrize(
    ("bad", "rule"),
    [({"_id": "q2", "text": " "}, "text"), ({"_id": "q2"}, "text"), ({"_id": "q1", "text": "x"}, "duplicate-id")],
)
def test_faults_of_queries(tmp_path: Path, bad: Any, rule: str) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS), lines(*QUERIES, bad))
    assert places(validate(folder)) == [("queries.jsonl", 2, rule, "error")]


@pytest.mark.parametrize(
    ("qrels", "expected"),
    [
        ("q1\td1\t1\n", [(1, "qrels-header", "error")]),
        ("query\tdocument\tgrade\nq1\td1\t1\n", [(1, "qrels-header", "error")]),
        (QRELS + "q1\td2\n", [(3, "qrels-columns", "error")]),
        (QRELS + "q1 d2 1\n", [(3, "qrels-columns", "error")]),
        (QRELS + "q1\td2\t0.5\n", [(3, "qrels-score", "error")]),
        (QRELS + "q9\td2\t1\n", [(3, "unknown-query", "error")]),
        (QRELS + "q1\td9\t1\n", [(3, "unknown-document", "error")]),
        (QRELS + "q9\td9\t1\n", [(3, "unknown-query", "error"), (3, "unknown-document", "error")]),
        (QRELS + "q1\td1\t1\n", [(3, "duplicate-judgment", "warning")]),
        (QRELS + "q1\td1\t2\n", [(3, "duplicate-judgment", "error")]),
        ("query-id\tcorpus-id\tscore\n", [(0, "empty-file", "error")]),
        (QRELS + "\nq1\td2\t-1\n", []),
    ],
)
def test_faults_of_judgments(tmp_path: Path, qrels: str, expected: list[tuple[int, str, str]]) -> None:
    faults = places(validate(folder_of(tmp_path, lines(*DOCUMENTS), qrels=qrels)))
    assert faults == [("qrels/test.tsv", *each) for each in expected]


def test_missing_and_empty_files(tmp_path: Path) -> None:
    assert places(validate(tmp_path)) == [("corpus.jsonl", 0, "missing-file", "error")]
    folder = folder_of(tmp_path / "a", b"\n", qrels=None)
    assert places(validate(folder)) == [("corpus.jsonl", 0, "empty-file", "error")]
    folder = folder_of(tmp_path / "b", lines(*DOCUMENTS))
    (folder / "queries.jsonl").unlink()
    assert places(validate(folder))[0] == ("queries.jsonl", 0, "missing-file", "error")


def test_documents_alone_are_a_valid_folder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS), qrels=None)
    (folder / "queries.jsonl").unlink()
    assert validate(folder) == []


def test_a_single_document_is_an_error(tmp_path: Path) -> None:
    assert places(validate(folder_of(tmp_path, lines(DOCUMENTS[0])))) == [("corpus.jsonl", 0, "one-document", "error")]


def test_all_faults_are_found_in_one_go(tmp_path: Path) -> None:
    bad = [b"\xff\n", {"_id": 1, "text": None}, *DOCUMENTS, DOCUMENTS[0]]
    folder = folder_of(tmp_path, lines(*bad), lines({"_id": "q1", "text": ""}), QRELS + "q2\td3\tx\n")
    assert [(fault.line, fault.rule) for fault in validate(folder)] == [
        (1, "utf-8"), (2, "id"), (2, "text"), (2, "title"), (5, "duplicate-id"),
        (1, "text"), (3, "unknown-query"), (3, "unknown-document"), (3, "qrels-score"),
    ]  # fmt: skip


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert validate(folder_of(tmp_path, b"\xef\xbb\xbf" + lines(*DOCUMENTS))) == []


def test_messages_say_what_was_found_and_wanted(tmp_path: Path) -> None:
    fault = validate(folder_of(tmp_path, lines(*DOCUMENTS, {"_id": 3, "title": "", "text": "x"})))[0]
    assert str(fault) == ('error: corpus.jsonl, line 3: "_id" is a number: wanted a string, such as "_id": "3". [id]')


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match="does not exist: wanted a BEIR folder"):
        validate(tmp_path / "nothing")


def test_every_rule_is_described() -> None:
    source = (Path(__file__).parents[2] / "retrieval" / "validate.py").read_text(encoding="utf-8")
    assert all(source.count(f'"{rule}"') >= 2 for rule in RULES)


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    ["arcd-ar", "cacm", "cisi", "cranfield", "drcd-zh-hant", "heq-he", "jaquad-ja", "npl", "piaf-fr", "scifact",
     "tquad-tr", "xquad-12lang"],
)  # fmt: skip
def test_real_sets_are_valid(shared_data: Path, name: str) -> None:
    faults = validate(shared_data / "beir" / name)
    empty = [("corpus.jsonl", 471, "no-words", "warning"), ("corpus.jsonl", 995, "no-words", "warning")]
    assert places(faults) == (empty if name == "cranfield" else [])
