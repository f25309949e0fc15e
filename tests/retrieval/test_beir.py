"""The BEIR folder: what is written is read back, by us and by the beir library."""

from __future__ import annotations

from pathlib import Path

import pytest
from beir.datasets.data_loader import GenericDataLoader

from retrieval.beir import Corpus, open_corpus, read_qrels, splits, write_documents, write_qrels, write_queries
from retrieval.errors import BakehouseError
from retrieval.records import Document, Query


def _write(folder: Path) -> None:
    write_documents(folder, [Document("d1", "Brot\nund Wein", "Titel", {"lang": "de"}), Document("d2", "نص", "", {})])
    write_queries(folder, [Query("q1", "was?", {"lang": "de"})])
    write_qrels(folder, "test", {"q1": {"d1": 2, "d2": 0}})


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    _write(tmp_path)
    corpus = Corpus(tmp_path)
    assert corpus.documents[0] == Document("d1", "Brot\nund Wein", "Titel", {"lang": "de"})
    assert corpus.documents[0].full_text == "Titel Brot\nund Wein"
    assert corpus.documents[1].lang == "und"
    assert corpus.queries == [Query("q1", "was?", {"lang": "de"})]
    assert corpus.qrels("test") == {"q1": {"d1": 2, "d2": 0}}
    assert corpus.languages == {"de": 1, "und": 1}


def test_beir_loads_what_we_write(tmp_path: Path) -> None:
    _write(tmp_path)
    documents, queries, qrels = GenericDataLoader(str(tmp_path)).load(split="test")
    assert documents["d1"] == {"text": "Brot\nund Wein", "title": "Titel"}
    assert queries == {"q1": "was?"}
    assert qrels == {"q1": {"d1": 2, "d2": 0}}


def test_the_handbook_is_a_valid_parallel_corpus_in_six_languages() -> None:
    corpus = open_corpus(Path(__file__).parents[2] / "retrieval" / "handbook")
    assert corpus.languages == dict.fromkeys(["ar", "de", "en", "es", "fr", "zh"], 57)
    assert splits(corpus.folder) == ["dev", "test"]
    articles = {lang: {d.metadata["article"] for d in corpus.documents if d.lang == lang} for lang in corpus.languages}
    assert len(set(map(frozenset, articles.values()))) == 1
    asked = [*corpus.qrels("dev").items(), *corpus.qrels("test").items()]
    assert len(asked) == len(corpus.queries) == 6 * 114
    known = {document.id: document for document in corpus.documents}
    lang_of = {query.id: query.lang for query in corpus.queries}
    assert all(known[doc_id].lang == lang_of[query_id] for query_id, grades in asked for doc_id in grades)
    for document in corpus.documents:
        if document.lang != "zh":
            assert 60 <= len(document.text.split()) <= 150, document.id


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"_id": 7, "text": "x"}', 'line 1: wanted an object with a string "_id"'),
        ('["x"]', 'line 1: wanted an object with a string "_id"'),
        ('{"_id": "7"', "line 1: not JSON"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "corpus.jsonl").write_text(line + "\n")
    with pytest.raises(BakehouseError, match=said):
        _ = Corpus(tmp_path).documents


def test_other_faults_are_named_too(tmp_path: Path) -> None:
    _write(tmp_path)
    with pytest.raises(BakehouseError, match=r"no split 'tset': it has test. Did you mean 'test'"):
        read_qrels(tmp_path, "tset")
    (tmp_path / "qrels" / "bad.tsv").write_text("query-id\tcorpus-id\tscore\nq1,d1,1\n")
    with pytest.raises(BakehouseError, match="line 2: found 'q1,d1,1'"):
        read_qrels(tmp_path, "bad")
    (tmp_path / "corpus.jsonl").write_bytes('{"_id": "1", "text": "é"}\n'.encode("latin-1"))
    with pytest.raises(BakehouseError, match="not UTF-8"):
        _ = Corpus(tmp_path).documents
    (tmp_path / "corpus.jsonl").write_text('{"_id": "1", "text": "a"}\n{"_id": "1", "text": "b"}\n')
    with pytest.raises(BakehouseError, match="an id twice"):
        _ = Corpus(tmp_path).documents
    (tmp_path / "corpus.jsonl").write_text("")
    with pytest.raises(BakehouseError, match="empty"):
        _ = Corpus(tmp_path).documents


def test_a_missing_corpus_says_where_was_looked(home: Path, tmp_path: Path) -> None:
    (home / "corpora" / "kitchen").mkdir(parents=True)
    write_documents(home / "corpora" / "kitchen", [Document("1", "a")])
    assert open_corpus("kitchen").folder == home / "corpora" / "kitchen"
    with pytest.raises(BakehouseError, match=r"no corpus 'kitchn'.*Did you mean 'kitchen'"):
        open_corpus("kitchn")
    with pytest.raises(BakehouseError, match="is no BEIR folder"):
        open_corpus(home)
