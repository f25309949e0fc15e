"""Data sets of the Hub in BEIR's configurations, by folders that ``datasets`` loads in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest
from converting import ENGLISH, judgments, read, texts, write, write_lines

from retrieval.convert.convert import convert
from retrieval.convert.hub_sets import Tables, tables_of
from retrieval.convert.options import Options
from retrieval.errors import BakehouseError

HEADER = "query-id\tcorpus-id\tscore\n"


def card(folder: Path, **files: str) -> None:
    """A data set's README, which names its configurations: ``config__split=file``."""
    lines = ["---", "configs:"]
    for name, file in files.items():
        config, _, split = name.partition("__")
        lines += [f"- config_name: {config.replace('_', '-')}", "  data_files:"]
        lines += [f"  - split: {split}", f"    path: {file}"]
    write(folder / "README.md", "\n".join([*lines, "---", "# Breads", ""]))


def documents(path: Path, *numbers: int, text: str = "Loaf") -> None:
    write_lines(path, *({"_id": f"d{n}", "title": "", "text": f"{text} {n}"} for n in numbers))


@pytest.fixture
def breads(tmp_path: Path) -> Path:
    """In the manner of mteb's sets: the ids of the queries are numbers, the grades fractions."""
    folder = tmp_path / "breads"
    documents(folder / "corpus.jsonl", 1, 2, 3)
    write_lines(folder / "queries.jsonl", {"id": 1, "text": "Which?"}, {"id": 2, "text": "What?"})
    write_lines(
        folder / "test.jsonl",
        {"query-id": "1", "corpus-id": "d1", "score": 1.0},
        {"query-id": "2", "corpus-id": "d9", "score": 1.0},
    )
    write_lines(folder / "asked.jsonl", {"query-id": "1", "instruction": "Look."})
    card(
        folder,
        corpus__corpus="corpus.jsonl",
        default__test="test.jsonl",
        queries__queries="queries.jsonl",
        instruction__test="asked.jsonl",
    )
    return folder


def test_the_three_configurations_are_one_judged_corpus(tmp_path: Path, breads: Path) -> None:
    report = convert([Path(f"hub:{breads}")], tmp_path / "out", ENGLISH)
    assert texts(tmp_path / "out") == {"d1": "Loaf 1", "d2": "Loaf 2", "d3": "Loaf 3"}
    assert texts(tmp_path / "out", "queries") == {"1": "Which?", "2": "What?"}
    assert judgments(tmp_path / "out") == [("1", "d1", 1)]
    [reject] = read(tmp_path / "out", "rejects")
    assert (reject["file"], reject["row"]) == ("hub:breads:default:test", 2)
    assert reject["reason"] == "judges the unknown document 'd9'"
    [source] = report.sources
    assert (source.name, source.format) == ("hub:breads", "BEIR")
    assert source.evidence == (
        "its configurations corpus, queries, default are a corpus, its queries and their judgments; left out: instruction"
    )
    assert (report.counts.rows, report.counts.kept, report.counts.rejected) == (7, 6, 1)


def test_judgments_of_a_sibling_are_text(tmp_path: Path) -> None:
    """In the manner of BEIR's own sets; the library alone would read 007 as 7."""
    folder = tmp_path / "scifact"
    write_lines(folder / "corpus.jsonl", {"_id": "007", "title": "", "text": "Bread"}, {"_id": "8", "text": "Buns"})
    write_lines(folder / "queries.jsonl", {"_id": "010", "text": "Which?"}, {"_id": "11", "text": "What?"})
    card(folder, corpus__corpus="corpus.jsonl", queries__queries="queries.jsonl")
    write(tmp_path / "scifact-qrels" / "train.tsv", f"{HEADER}010\t007\t1\n")
    write(tmp_path / "scifact-qrels" / "test.tsv", f"{HEADER}11\t8\t2\n")
    report = convert([Path(f"hub:{folder}")], tmp_path / "out", ENGLISH)
    assert judgments(tmp_path / "out", "train") == [("010", "007", 1)]
    assert judgments(tmp_path / "out") == [("11", "8", 2)]
    assert report.sources[0].evidence.endswith("a corpus and its queries, and hub:scifact-qrels judges them")
    convert([Path(f"hub:{folder}::train")], tmp_path / "out", ENGLISH)
    assert judgments(tmp_path / "out") == []
    with pytest.raises(BakehouseError, match=r"no judgments of the split 'dev': it has train, test"):
        convert([Path(f"hub:{folder}::dev")], tmp_path / "out", ENGLISH)


def test_languages_are_sets_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "breads"
    for lang in ("en", "de"):
        documents(folder / lang / "corpus.jsonl", 1, text=lang)
        write_lines(folder / lang / "queries.jsonl", {"_id": f"{lang}-q", "text": lang})
        write_lines(folder / lang / "test.jsonl", {"query-id": f"{lang}-q", "corpus-id": "d1", "score": 1})
    files = {f"{lang}_{name}__test": f"{lang}/{name}.jsonl" for lang in ("en", "de") for name in ("corpus", "queries")}
    card(folder, **files, **{f"{lang}_qrels__test": f"{lang}/test.jsonl" for lang in ("en", "de")})
    report = convert([Path(f"hub:{folder}")], tmp_path / "out", Options())
    assert [source.name for source in report.sources] == ["hub:breads:en", "hub:breads:de"]
    assert judgments(tmp_path / "out") == [("en-q", "d1", 1), ("de-q", "d1~2", 1)]
    assert [each["metadata"]["lang"] for each in read(tmp_path / "out", "corpus")] == ["en", "de"]
    assert [each["metadata"]["lang"] for each in read(tmp_path / "out", "queries")] == ["en", "de"]
    report = convert([Path(f"hub:{folder}:de")], tmp_path / "out", Options())
    assert (report.counts.documents, judgments(tmp_path / "out")) == (1, [("de-q", "d1", 1)])


def test_one_table_may_be_named_by_itself(tmp_path: Path, breads: Path) -> None:
    report = convert([Path(f"hub:{breads}:corpus")], tmp_path / "out", ENGLISH)
    assert (report.counts.documents, report.counts.queries) == (3, 0)
    assert report.sources[0].format == "Hub data set"


def test_a_corpus_without_judgments(tmp_path: Path, breads: Path) -> None:
    card(breads, corpus__corpus="corpus.jsonl", queries__queries="queries.jsonl")
    report = convert([Path(f"hub:{breads}")], tmp_path / "out", ENGLISH)
    assert (report.counts.documents, report.counts.queries, report.counts.judgments) == (3, 2, 0)
    assert "judgments of them were not found" in report.sources[0].evidence


def test_what_cannot_be_read_is_said(tmp_path: Path, breads: Path) -> None:
    write(breads / "test.jsonl", "no JSON\n")
    with pytest.raises(BakehouseError, match=r"hub:breads broke off \(JSON parse error"):
        convert([Path(f"hub:{breads}")], tmp_path / "out", ENGLISH)


def test_names_of_configurations() -> None:
    assert tables_of(["default"]) == []
    assert tables_of(["corpus", "default"]) == []
    assert tables_of(["corpus", "queries", "qrels"]) == [Tables("", "corpus", "queries", "qrels")]
    assert tables_of(["corpus", "query", "qrels", "default"]) == [Tables("", "corpus", "query", "default")]
    assert tables_of(["corpus-en", "en", "queries-en"]) == [Tables("en", "corpus-en", "queries-en", "en")]
    assert tables_of(["a-b-corpus", "a-b-queries"]) == [Tables("a-b", "a-b-corpus", "a-b-queries", "")]
