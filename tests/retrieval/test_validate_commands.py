"""``validate`` as people and programs call it, and the rules where people read them."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest
from converting import write
from seeded import good

from retrieval.beir import HANDBOOK, Corpus
from retrieval.cli import execute
from retrieval.home import ROOT
from retrieval.page.layout import format_panel
from retrieval.validate import examine
from retrieval.validate.commands import add_commands
from retrieval.validate.rules import RULES, by_place, explained


def call(*argv: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    return execute(parser, [str(word) for word in argv])


def call_json(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> tuple[int, dict[str, Any]]:
    status = call(*argv, "--json")
    return status, json.loads(capsys.readouterr().out)


def test_it_answers_in_json_and_fails_on_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = good().write(tmp_path)
    status, report = call_json(capsys, "validate", folder)
    assert (status, report["valid"], report["faults"], report["rules"]) == (0, True, [], {})
    assert report["counts"] == {"documents": 2, "queries": 2, "judgments": 2}
    with (folder / "qrels" / "test.tsv").open("a") as qrels:
        qrels.write("q1\td9\t1\n")
    status, report = call_json(capsys, "validate", folder)
    assert (status, report["valid"]) == (2, False)
    assert report["rules"] == {"unknown-document": {"severity": "error", "faults": 1, "fixable": 0}}
    assert report["faults"] == [
        {
            "file": "qrels/test.tsv", "line": 4, "rule": "unknown-document", "severity": "error", "fixable": False,
            "message": "document 'd9' is not in corpus.jsonl: add it there, or remove the judgment.",
        }
    ]  # fmt: skip


def test_a_person_is_told_the_first_faults_of_each_rule_and_the_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "corpus.jsonl", "x\n" * 2_000 + '{"_id": 1, "title": "", "text": "a"}\n')
    assert call("validate", tmp_path, "--show", "2") == 2
    assert capsys.readouterr().out == (
        "warning one-document · A corpus has more than one document.\n"
        "  corpus.jsonl: there is one document only: every search finds it. Add documents to search among.\n\n"
        "error json · Each line is one JSON object.\n"
        "  corpus.jsonl, line 1: not JSON (Expecting value): wanted one object a line.\n"
        "  corpus.jsonl, line 2: not JSON (Expecting value): wanted one object a line.\n"
        "  … 1,998 more; --show N shows more, --json the first 1,000 of each rule.\n\n"
        "error id-number · An _id is a string, even where it looks like a number.\n"
        '  corpus.jsonl, line 2,001: "_id" is a number: wanted a string, "_id": "1".\n\n'
        f"{tmp_path} is not valid: 1 document, 0 queries, 0 judgments; 2,001 errors, 1 warning. "
        "--fix mends 1 of them.\n"
    )


def test_fix_says_what_it_did_and_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = good()
    draft.corpus += [b"", b'{"_id": 7, "title": "", "text": "a"}', b'{"_id": 8, "title": "", "text": "b"}']
    folder = draft.write(tmp_path)
    assert call("validate", folder, "--fix") == 0
    assert capsys.readouterr().out == (
        "Mended corpus.jsonl:\n"
        "  blank-line        1  removed\n"
        '  id-number         2  17 becomes "17", unless there is such an id\n'
        "What was there before stands beside each as NAME.bak.\n\n"
        f"{folder} is valid: 4 documents, 2 queries, 2 judgments; 0 errors, 0 warnings.\n"
    )
    status, report = call_json(capsys, "validate", folder, "--fix")
    assert (status, report["fixed"], report["files"]) == (0, {}, [])
    write(folder / "manifest.json", '{"documents": 9}')
    assert call("validate", folder, "--fix") == 0
    assert capsys.readouterr().out.startswith(
        "Mended manifest.json:\n  manifest.json counts what the files hold now.\n"
    )


def test_a_corpus_of_the_workspace_is_found_by_its_name(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good().write(home / "corpora" / "kitchen")
    for name, documents in (("kitchen", 2), ("handbook", len(Corpus(HANDBOOK).documents))):
        status, report = call_json(capsys, "validate", name)
        assert (status, report["valid"], report["counts"]["documents"]) == (0, True, documents)


@pytest.mark.parametrize(
    ("argv", "said"),
    [(["validate"], "no folder was named"), (["validate", "nowhere", "--fix"], "nowhere does not exist")],
)
def test_bad_input_is_named_with_status_2(capsys: pytest.CaptureFixture[str], argv: list[str], said: str) -> None:
    status, report = call_json(capsys, *argv)
    assert status == 2
    assert said in report["error"]


def test_the_rules_are_the_same_wherever_people_read_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("validate", "--rules") == 0
    printed = capsys.readouterr().out
    assert printed == explained() + "\n"
    written = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    assert printed in written, "put what `validate --rules` prints into docs/format.md"
    panel = str(format_panel(Corpus(HANDBOOK)))
    assert all(f">{name}<" in panel and f"**{name}**" in printed for name in RULES)
    assert sum(map(len, by_place().values())) == len(RULES)


def test_the_handbook_explains_each_rule_once_in_each_language_and_breaks_none() -> None:
    assert examine(HANDBOOK).faults == ()
    corpus = Corpus(HANDBOOK)
    for lang in corpus.languages:
        passages = [document.text for document in corpus.documents if document.lang == lang]
        named = [name for passage in passages for name in re.findall("`([^`]+)`", passage)]
        assert sorted(named) == sorted(RULES), lang


def test_each_rule_says_all_of_itself() -> None:
    for rule in RULES.values():
        assert rule.says.endswith(".") and rule.harm.endswith("."), rule.name
        assert rule.example and not rule.example.endswith("."), rule.name
        assert not rule.fix.endswith("."), rule.name
