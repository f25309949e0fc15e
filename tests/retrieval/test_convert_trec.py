"""TREC's documents, topics and judgments."""

from __future__ import annotations

from pathlib import Path

import pytest
from converting import ENGLISH, judgments, read, run, texts, write, write_lines

from retrieval.convert.convert import convert

DOCUMENTS = """<?xml version="1.0"?>
<DOC>
<DOCNO> AP-1 </DOCNO>
<DATELINE>BERLIN</DATELINE>
<HEAD>Rye &amp; wheat</HEAD>
<TEXT>
Bread of rye.<P>And of wheat.
</TEXT>
<TEXT>Second part.</TEXT>
</DOC>
<doc id="AP-2"><title>Buns</title></doc> <doc><docno>AP-3</docno>Loose words<b>bold</b></doc>
"""
TOPICS = """<top>
<num> Number: 301
<title> Rye bread
<desc> Description:
What is rye?
<narr> Narrative:
Anything on rye.
</top>
"""


def collection(folder: Path, qrels: str = "301 0 AP-1 2\n301 0 AP-2 0\n", topics: str = TOPICS) -> Path:
    write(folder / "docs.sgml", DOCUMENTS)
    write(folder / "topics.301", topics)
    write(folder / "qrels.txt", qrels)
    return folder


def test_a_folder_becomes_documents_queries_and_judgments(tmp_path: Path) -> None:
    report = run(collection(tmp_path / "set"), tmp_path / "out")
    assert read(tmp_path / "out", "corpus") == [
        {
            "_id": "AP-1",
            "title": "Rye & wheat",
            "text": "Bread of rye. And of wheat.\n\nSecond part.",
            "metadata": {"lang": "en", "dateline": "BERLIN"},
        },
        {"_id": "AP-2", "title": "Buns", "text": "", "metadata": {"lang": "en"}},
        {"_id": "AP-3", "title": "", "text": "Loose words", "metadata": {"lang": "en", "b": "bold"}},
    ]
    assert read(tmp_path / "out", "queries") == [
        {
            "_id": "301",
            "text": "Rye bread",
            "metadata": {"lang": "en", "desc": "What is rye?", "narr": "Anything on rye."},
        }
    ]
    assert judgments(tmp_path / "out") == [("301", "AP-1", 2), ("301", "AP-2", 0)]
    assert [source.format for source in report.sources] == ["TREC"]


def test_topics_of_later_tracks(tmp_path: Path) -> None:
    topics = (
        '<topics><topic number="301">\n<query>rye bread</query>\n<question>what is rye?</question></topic></topics>'
    )
    run(collection(tmp_path / "set", topics=topics), tmp_path / "out")
    (query,) = read(tmp_path / "out", "queries")
    assert (query["_id"], query["text"], query["metadata"]["question"]) == ("301", "rye bread", "what is rye?")


def test_judgments_that_count_the_topics_by_their_order(tmp_path: Path) -> None:
    topics = TOPICS + TOPICS.replace("301", "305").replace("Rye bread", "Buns")
    report = run(collection(tmp_path / "set", "1 0 AP-1 1\n2 0 AP-2 1\n", topics), tmp_path / "out")
    assert judgments(tmp_path / "out") == [("301", "AP-1", 1), ("305", "AP-2", 1)]
    assert report.sources[0].evidence.endswith("its judgments count the topics by their order, not their numbers")


def test_what_is_no_element_is_rejected(tmp_path: Path) -> None:
    bad = (
        "<DOC><TEXT>No name.</TEXT></DOC>\nwords between\n<DOC><DOCNO>AP-9</DOCNO>open\n<DOC><DOCNO>AP-8</DOCNO>x</DOC>"
    )
    write(collection(tmp_path / "set") / "more.sgml", f"<DOC><DOCNO>AP-7</DOCNO>y</DOC>{bad}")
    run(tmp_path / "set", tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["AP-1", "AP-2", "AP-3", "AP-7", "AP-8"]
    assert [(each["line"], each["reason"]) for each in read(tmp_path / "out", "rejects")] == [
        (1, "a document without <DOCNO>"),
        (2, "text outside of any element"),
        (3, "a <doc> without its end tag"),
    ]


def test_the_split_stands_in_the_path(tmp_path: Path) -> None:
    write(collection(tmp_path / "set") / "train" / "rye.qrels", "301 0 AP-3 1\nbroken line of five words\n")
    run(tmp_path / "set", tmp_path / "out")
    assert judgments(tmp_path / "out", "train") == []
    write(tmp_path / "set" / "train" / "rye.qrels", "301 0 AP-3 1\n301 Q0 AP-4 1\n")
    run(tmp_path / "set", tmp_path / "out")
    assert judgments(tmp_path / "out", "train") == [("301", "AP-3", 1)]
    assert read(tmp_path / "out", "rejects")[0]["reason"] == "judges the unknown document 'AP-4'"


def test_numbers_in_text_files_are_text_where_there_is_no_collection(tmp_path: Path) -> None:
    write(tmp_path / "docs" / "a.txt", "1 0 2 3\n")
    write_lines(tmp_path / "docs" / "b.jsonl", {"text": "Bread"})
    run(tmp_path / "docs", tmp_path / "out")
    assert texts(tmp_path / "out") == {"b-1": "Bread", "a.txt": "1 0 2 3"}


@pytest.mark.data
def test_cranfield(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "raw" / "cranfield-trec-xml"
    files = [source / name for name in ("cran.all.1400.xml", "cran.qry.xml", "cranqrel.trec.txt")]
    counts = convert(files, tmp_path / "out", ENGLISH).counts
    assert (counts.documents, counts.queries, counts.judgments, counts.rejected) == (1400, 225, 1837, 0)
    assert judgments(tmp_path / "out")[-1][0] == "365"
