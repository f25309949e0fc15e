"""Each rule of the BEIR format: one folder that breaks it, one fault with its line."""

from __future__ import annotations

import gzip
import json
import tracemalloc
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
HEADER = "query-id\tcorpus-id\tscore\n"
QRELS = HEADER + "q1\td1\t1\n"

BAD_DOCUMENTS = [
    (b"{not json}\n", "json"),
    (["d3"], "json"),
    (b'{"_id": "d3", "title": "", "text": "x"} {}\n', "json"),
    (b"[" * 100_000 + b"\n", "json"),
    (b'{"_id": "d3", "title": "", "text": "x", "n": ' + b"9" * 5_000 + b"}\n", "json"),
    (b'{"_id": "d3", "title": "", "text": "caf\xe9"}\n', "utf-8"),
    (b'\xef\xbb\xbf{"_id": "d3", "title": "", "text": "a mark within the file"}\n', "byte-order-mark"),
    (b'{"_id": "d3", "title": "", "text": "a\tb"}\n', "control-character"),
    (b'{"_id": "d3", "title": "", "text": "a", "text": "b"}\n', "duplicate-field"),
    (b'{"_id": "d3", "title": "", "text": "a", "metadata": {"lang": "en", "lang": "de"}}\n', "duplicate-field"),
    (b'{"_id": "d3", "title": "", "text": "a", "metadata": {"score": NaN}}\n', "nan"),
    (b'{"_id": "d3", "title": "", "text": "a", "metadata": {"score": 1e999}}\n', "nan"),
    ({"title": "", "text": "no id"}, "id"),
    ({"_id": True, "title": "", "text": "no id"}, "id"),
    ({"_id": 1.5, "title": "", "text": "no whole number"}, "id"),
    ({"_id": " ", "title": "", "text": "nothing"}, "id"),
    ({"_id": "a\tb", "title": "", "text": "a tab"}, "id"),
    ({"_id": "a\ud800", "title": "", "text": "half a character"}, "id"),
    ({"_id": "a" * 131_073, "title": "", "text": "too long for beir"}, "id"),
    ({"_id": 3, "title": "", "text": "a number"}, "id-number"),
    ({"_id": "d3 ", "title": "", "text": "a space"}, "white-space"),
    ({"_id": "d1", "title": "", "text": "again"}, "duplicate-id"),
    (DOCUMENTS[0], "duplicate-line"),
    ({"_id": "d3", "title": ""}, "text"),
    ({"_id": "d3", "title": "", "text": 3}, "text"),
    ({"_id": "d3", "title": "", "text": ""}, "no-words"),
    ({"_id": "d3", "text": "no title"}, "no-title"),
    ({"_id": "d3", "title": None, "text": "no title"}, "no-title"),
    ({"_id": "d3", "title": ["a"], "text": "x"}, "title"),
    ({"_id": "d3", "title": "", "text": "a\0b"}, "null-character"),
    ({"_id": "d3", "title": "", "text": "a", "metadata": {"by": ["a\0b"]}}, "null-character"),
    ({"_id": "d3", "title": "", "text": "a\ud800b"}, "surrogate"),
    ({"_id": "d3", "title": "", "text": "x", "metadata": []}, "metadata"),
    ({"_id": "d3", "title": "", "text": "x", "metadata": {"lang": "German"}}, "lang"),
    ({"_id": "d3", "title": "", "text": "x", "metadata": {"lang": "en_US"}}, "lang"),
    ({"_id": "d3", "title": "", "text": "x", "metadata": {"lang": 1}}, "lang"),
    (b"\n", "blank-line"),
    (b" \t\n", "blank-line"),
    (b'{"_id": "d3", "title": "", "text": "x"}\r\n', "line-ending"),
    ({"_id": "d3", "title": "", "text": "x" * 10_000_000}, "long-line"),
]
BAD_QUERIES = [
    ({"_id": "q2", "text": " "}, "no-question"),
    ({"_id": "q2"}, "text"),
    ({"_id": "q1", "text": "x"}, "duplicate-id"),
]
BAD_QRELS = [
    ("q1\td1\t1\n", [(1, "qrels-header")]),
    ("query\tdocument\tgrade\nq1\td1\t1\n", [(1, "qrels-header")]),
    ("corpus-id\tquery-id\tscore\nq1\td1\t1\n", [(1, "qrels-header")]),
    (QRELS + "q1\td2\n", [(3, "qrels-columns")]),
    (QRELS + "q1 d2 1\n", [(3, "qrels-columns")]),
    (QRELS + "q1\t0\td2\t1\n", [(3, "qrels-columns")]),
    (QRELS + "q1\td2\t0.5\n", [(3, "qrels-score")]),
    (QRELS + "q1\td2\t1.0\n", [(3, "qrels-score")]),
    (QRELS + "q1\td2\t١\n", [(3, "qrels-score")]),
    (QRELS + "q1\td2\t2147483648\n", [(3, "qrels-score")]),
    (QRELS + 'q1\t"d2"\t1\n', [(3, "qrels-quotes")]),
    (QRELS + "q1\td2 \t1\n", [(3, "white-space")]),
    (QRELS + "q1\td2\t 1\n", []),
    (QRELS + "q1\td2\t+1\n", []),
    ("\ufeff" + QRELS, [(1, "qrels-mark")]),
    (QRELS + "q9\td2\t1\n", [(3, "unknown-query")]),
    (QRELS + "q1\td9\t1\n", [(3, "unknown-document")]),
    (QRELS + 'q1\t"d9\t1\n', [(3, "unknown-document")]),
    (QRELS + "q9\td9\t1\n", [(3, "unknown-query"), (3, "unknown-document")]),
    (QRELS + "q1\td1\t1\n", [(3, "duplicate-judgment")]),
    (QRELS + "q1\td1\t2\n", [(3, "two-grades")]),
    (QRELS + "q1\tNA\t2\n", [(3, "guessed-id"), (3, "unknown-document")]),
    (QRELS + "\nq1\td2\t-1\n", [(3, "blank-line")]),
    (HEADER, [(0, "empty-file"), (1, "unjudged-query")]),
]  # fmt: skip


def lines(*values: Any) -> bytes:
    return b"".join(value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n" for value in values)


def folder_of(place: Path, documents: bytes, queries: bytes = lines(*QUERIES), **qrels: str) -> Path:
    """A folder with the given files; without splits named, ``test`` has one good judgment."""
    (place / "qrels").mkdir(parents=True, exist_ok=True)
    (place / "corpus.jsonl").write_bytes(documents)
    (place / "queries.jsonl").write_bytes(queries)
    for name, content in (qrels or {"test": QRELS}).items():
        (place / "qrels" / f"{name}.tsv").write_bytes(content.encode())
    return place


def places(faults: list[Fault]) -> list[tuple[str, int, str]]:
    return [(fault.file, fault.line, fault.rule) for fault in faults]


def test_a_good_folder_has_no_faults(tmp_path: Path) -> None:
    found = examine(folder_of(tmp_path, lines(*DOCUMENTS)))
    assert (found.faults, found.valid, found.documents, found.queries, found.judgments) == ((), True, 2, 1, 1)


@pytest.mark.parametrize(("bad", "rule"), BAD_DOCUMENTS)
def test_faults_of_documents(tmp_path: Path, bad: Any, rule: str) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS, bad))
    assert places(validate(folder)) == [("corpus.jsonl", 3, rule)]
    assert examine(folder).valid is (RULES[rule].severity == "warning")


@pytest.mark.parametrize(("bad", "rule"), BAD_QUERIES)
def test_faults_of_queries(tmp_path: Path, bad: Any, rule: str) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS), lines(*QUERIES, bad))
    faults = [place for place in places(validate(folder)) if place[2] != "unjudged-query"]
    assert faults == [("queries.jsonl", 2, rule)]


@pytest.mark.parametrize(("qrels", "expected"), BAD_QRELS)
def test_faults_of_judgments(tmp_path: Path, qrels: str, expected: list[tuple[int, str]]) -> None:
    faults = validate(folder_of(tmp_path, lines(*DOCUMENTS), test=qrels))
    assert [(fault.line, fault.rule) for fault in faults] == expected


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "es-419", "zh-yue-Hant-HK", "de-1996", "gsw", "en-x-kitchen", ""])
def test_language_codes_of_bcp_47(tmp_path: Path, lang: str) -> None:
    value = {"_id": "d3", "title": "", "text": "x", "metadata": {"lang": lang}}
    assert validate(folder_of(tmp_path, lines(*DOCUMENTS, value))) == []


def test_a_byte_order_mark(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, b"\xef\xbb\xbf" + lines(*DOCUMENTS))
    assert places(validate(folder)) == [("corpus.jsonl", 1, "byte-order-mark")]


def test_lines_that_end_as_on_old_macs_are_counted_as_beir_counts_them(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS, {"_id": "d3", "text": "x"}).replace(b"\n", b"\r"))
    assert places(validate(folder))[-2:] == [("corpus.jsonl", 3, "no-title"), ("corpus.jsonl", 3, "line-ending")]
    assert examine(folder).counts == {"line-ending": 3, "no-title": 1}


def test_missing_and_empty_files(tmp_path: Path) -> None:
    assert places(validate(tmp_path)) == [("corpus.jsonl", 0, "missing-file")]
    folder = folder_of(tmp_path / "a", b"\n")
    assert places(validate(folder))[:2] == [("corpus.jsonl", 1, "blank-line"), ("corpus.jsonl", 0, "empty-file")]
    folder = folder_of(tmp_path / "b", lines(*DOCUMENTS))
    (folder / "queries.jsonl").unlink()
    assert places(validate(folder))[0] == ("queries.jsonl", 0, "missing-file")


def test_documents_alone_are_a_valid_folder(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_bytes(lines(*DOCUMENTS))
    assert validate(tmp_path) == []


def test_a_single_document_finds_itself(tmp_path: Path) -> None:
    assert places(validate(folder_of(tmp_path, lines(DOCUMENTS[0])))) == [("corpus.jsonl", 0, "one-document")]


def test_compressed_files_are_read_and_broken_ones_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, b"")
    (folder / "corpus.jsonl").unlink()
    whole = gzip.compress(lines(*DOCUMENTS, {"_id": "d3", "text": "x"}))
    (folder / "corpus.jsonl.gz").write_bytes(whole)
    assert places(validate(folder)) == [("corpus.jsonl", 0, "compressed"), ("corpus.jsonl", 3, "no-title")]
    (folder / "corpus.jsonl.gz").write_bytes(whole[:-9])
    assert places(validate(folder))[0] == ("corpus.jsonl.gz", 0, "unreadable")


def test_names_of_splits_and_files_that_nobody_reads(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS), **{"dev-2": QRELS})
    (folder / "qrels" / "test.txt").write_text(QRELS)
    assert places(validate(folder)) == [("qrels/dev-2.tsv", 0, "split-name"), ("qrels/test.txt", 0, "stray-file")]


@pytest.mark.parametrize(("content", "rules"), [("", ["manifest"]), ("[]", ["manifest"]), ("{}", [])])
def test_a_manifest_is_an_object(tmp_path: Path, content: str, rules: list[str]) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS))
    (folder / "manifest.json").write_text(content)
    assert [fault.rule for fault in validate(folder)] == rules


def test_what_splits_share(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS), train=QRELS, test=HEADER + "q1\td1\t1\n")
    assert places(validate(folder)) == [("qrels/train.tsv", 2, "two-splits")]
    (folder / "manifest.json").write_text('{"splits": {"seed": 0}}')
    assert places(validate(folder))[1:] == [("qrels/train.tsv", 2, "trained-on")]


def test_an_id_of_a_query_and_a_document(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, lines(*DOCUMENTS), lines({"_id": "d1", "text": "?"}), test=HEADER + "d1\td2\t1\n")
    assert places(validate(folder)) == [("queries.jsonl", 1, "shared-id")]
    (folder / "manifest.json").write_text('{"exclude_self": true}')
    assert validate(folder) == []


def test_ids_that_pass_for_something_else(tmp_path: Path) -> None:
    days = [{"_id": f"2024-01-0{day}", "title": "", "text": "Rye."} for day in (1, 2)]
    folder = folder_of(tmp_path / "days", lines(*days), test=HEADER + "q1\t2024-01-01\t1\n")
    assert places(validate(folder)) == [("corpus.jsonl", 0, "guessed-id")]
    numbers = [{"_id": id_, "title": "", "text": "Rye."} for id_ in ("12", "007")]
    folder = folder_of(tmp_path / "numbers", lines(*numbers), test=HEADER + "q1\t12\t1\nq1\t007\t1\n")
    assert places(validate(folder)) == [("qrels/test.tsv", 3, "guessed-id")]
    folder = folder_of(tmp_path / "mixed", lines(*numbers, *DOCUMENTS), test=QRELS + "q1\t007\t1\n")
    assert validate(folder) == []


def test_all_faults_are_found_in_one_go(tmp_path: Path) -> None:
    bad = [b"\xff\n", {"_id": 1, "text": None}, *DOCUMENTS, {"_id": "d1", "title": "", "text": "x"}]
    folder = folder_of(tmp_path, lines(*bad), lines({"_id": "q1", "text": ""}), test=HEADER + "q2\td3\tx\n")
    assert [(fault.line, fault.rule) for fault in validate(folder)] == [
        (1, "utf-8"), (2, "text"), (2, "no-title"), (2, "id-number"), (5, "duplicate-id"),
        (1, "no-question"), (2, "unknown-query"), (2, "unknown-document"), (2, "qrels-score"), (1, "unjudged-query"),
    ]  # fmt: skip


def test_messages_say_what_was_found_and_wanted(tmp_path: Path) -> None:
    fault = validate(folder_of(tmp_path, lines(*DOCUMENTS, {"_id": 3, "title": "", "text": "x"})))[0]
    assert str(fault) == 'error: corpus.jsonl, line 3: "_id" is a number: wanted a string, "_id": "3". [id-number]'


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match="does not exist: wanted a BEIR folder"):
        validate(tmp_path / "nothing")


def test_all_faults_are_counted_and_the_first_of_each_rule_kept(tmp_path: Path) -> None:
    """Neither texts nor faults pile up: 6 MB of documents, each with two faults."""
    folder = folder_of(tmp_path, b"")
    with (folder / "corpus.jsonl").open("wb") as out:
        for number in range(1_500):
            out.write(lines({"_id": f"d{number}", "text": "rye " * 1_000 + "\0"}))
    tracemalloc.start()
    found = examine(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.counts == {"no-title": 1_500, "null-character": 1_500}
    assert found.fixable == {"no-title": 1_500, "null-character": 1_500}
    assert len(found.faults) == 2_000
    assert peak < 2_000_000


def test_every_rule_is_broken_by_some_test_and_named_by_some_check() -> None:
    checks = Path(__file__).parents[2] / "retrieval" / "validate"
    sources = [path.read_text(encoding="utf-8") for path in checks.glob("*.py") if path.name != "rules.py"]
    own = Path(__file__).read_text(encoding="utf-8")
    for rule in RULES:
        assert any(f'"{rule}"' in source for source in sources), rule
        assert f'"{rule}"' in own, rule


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, {}) for name in ("arcd-ar", "drcd-zh-hant", "heq-he", "jaquad-ja", "piaf-fr")),
        *((name, {}) for name in ("scifact", "tquad-tr", "xquad-12lang")),
        *((name, {"shared-id": 1}) for name in ("cacm", "cisi", "npl")),
        ("cranfield", {"no-words": 2, "shared-id": 1}),
    ],
)
def test_real_sets_are_valid(shared_data: Path, name: str, expected: dict[str, int]) -> None:
    assert examine(shared_data / "beir" / name).counts == expected
