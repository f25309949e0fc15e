"""The languages that a conversion writes: of mixed texts, and of those too short to say."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

from converting import read, write

from retrieval.beir import read_documents
from retrieval.convert.convert import convert
from retrieval.convert.namer import Naming, namings
from retrieval.convert.options import Options
from retrieval.convert.passages import _of_one_language
from retrieval.records import Document

HANDBOOK = list(read_documents(Path(__file__).parents[2] / "retrieval" / "handbook"))
GERMAN = [document.text for document in HANDBOOK if document.lang == "de"]
ENGLISH = [document.text for document in HANDBOOK if document.lang == "en"]
MIXED = f"{GERMAN[0]}\n\n{ENGLISH[1]}"
SHORT = ["ok", "42", "\u043e\u043a"]
"""No language, no letters, and Cyrillic."""


def table(path: Path, texts: list[str]) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([["id", "text"], *enumerate(texts)])
    return write(path, text.getvalue())


def test_a_mixed_document_is_marked_and_counted(tmp_path: Path) -> None:
    report = convert([table(tmp_path / "a.csv", [GERMAN[2], MIXED, ENGLISH[3]])], tmp_path / "out")
    found = [document["metadata"] for document in read(tmp_path / "out", "corpus")]
    assert [each["lang"] for each in found] == ["de", "und", "en"]
    assert [set(each.get("langs", [])) for each in found] == [set(), {"de", "en"}, set()]
    assert (report.mixed, report.of_source) == (1, 0)
    assert "1 document in several languages (und, with 'langs' in the metadata)" in report.as_text()
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["mixed_languages"] == 1


def test_short_texts_take_the_language_of_their_file(tmp_path: Path) -> None:
    german = table(tmp_path / "in" / "a.csv", [*SHORT, *GERMAN[:20], MIXED])
    both = table(tmp_path / "in" / "b.csv", ["oh", *GERMAN[20:30], *ENGLISH[20:30]])
    few = table(tmp_path / "in" / "c.csv", ["ah", *GERMAN[30:49]])
    report = convert([german, both, few], tmp_path / "out")
    named = {document["text"]: document["metadata"]["lang"] for document in read(tmp_path / "out", "corpus")}
    assert [named[text] for text in [*SHORT, "oh", "ah"]] == ["de", "de", "und", "und", "und"]
    assert named[MIXED] == "und"
    assert report.of_source == 2
    assert "2 texts too short to say, named as the rest of the source" in report.as_text()
    assert report.as_json()["languages_of_source"] == 2


def test_what_is_told_is_not_looked_at(tmp_path: Path) -> None:
    report = convert([table(tmp_path / "a.csv", [MIXED, "ok"])], tmp_path / "out", Options(languages=("de",)))
    assert (dict(report.languages), report.mixed, report.of_source) == ({"de": 2}, 0, 0)


def test_a_batch_is_named_by_its_arguments_alone() -> None:
    source = Counter({"de": 20})
    expected = [Naming("de", of_source=True), Naming("en")]
    for _ in range(2):
        assert namings(["ok", ENGLISH[0]], None, Counter(), source) == expected
    assert source == {"de": 20}
    assert namings(["ok"], None, Counter(), Counter({"de": 9, "en": 9})) == [Naming("und")]
    assert namings([], None, Counter(), Counter()) == []


def test_a_passage_of_a_mixed_document_has_its_own_language() -> None:
    parent = Document("1", MIXED, metadata={"lang": "und", "langs": ["de", "en"], "topic": "bread"})
    assert _of_one_language(parent, ENGLISH[1]) == {"lang": "en", "topic": "bread"}
    plain = Document("2", "", metadata={"lang": "und"})
    assert _of_one_language(plain, GERMAN[0]) == {"lang": "und"}
