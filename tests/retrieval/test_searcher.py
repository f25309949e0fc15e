"""Search over a tiny corpus with a tiny real model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from retrieval.beir import open_corpus, write_documents
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from retrieval.records import Document, Query
from retrieval.searcher import Options, Searcher
from retrieval.vectors import Vectors


@pytest.fixture
def searcher(home: Path, tiny_corpus: Path, tiny_bert: Path) -> Searcher:
    return Searcher(open_corpus(tiny_corpus), str(tiny_bert))


def test_dense_is_exact_over_unit_vectors(searcher: Searcher) -> None:
    hits = searcher.search("wie oft füttert man Sauerteig", Options(mode="dense", k=24))
    vector = searcher.encoder(["wie oft füttert man Sauerteig"], "query")[0]
    scores = searcher.matrix @ vector
    assert np.linalg.norm(searcher.matrix, axis=1) == pytest.approx(np.ones(24), abs=1e-5)
    assert [hit.score for hit in hits] == pytest.approx(sorted(scores, reverse=True), abs=1e-6)
    assert hits[0].document.id == searcher.doc_ids[int(scores.argmax())]
    assert [hit.rank for hit in hits] == list(range(1, 25))


def test_lexical_finds_the_word_in_its_language(searcher: Searcher) -> None:
    hits = searcher.search("welcher Teig bleibt klebrig", Options(mode="lexical"))
    assert all(hit.why.keys() == {"lexical"} for hit in hits)
    assert hits[0].document.id == "de-rye"


def test_hybrid_says_which_side_found_what(searcher: Searcher) -> None:
    hits = searcher.search("how much salt for a kilo of flour", Options(k=24))
    top = hits[0]
    assert (
        top.document.id == searcher.search("how much salt for a kilo of flour", Options(mode="lexical"))[0].document.id
    )
    assert {"dense", "lexical"} == set(top.why)
    assert any("lexical" not in hit.why for hit in hits)


def test_languages_filter_both_sides(searcher: Searcher) -> None:
    for mode in ("dense", "lexical", "hybrid"):
        hits = searcher.search("flour water starter", Options(mode=mode, languages=("en",)))
        assert hits
        assert {hit.document.lang for hit in hits} == {"en"}
    with pytest.raises(BakehouseError, match=r"no document is in fr: .* has ar, de, en"):
        searcher.search("pain", Options(languages=("fr",)))


def test_a_run_ranks_as_single_questions_do(searcher: Searcher) -> None:
    queries = [
        Query("a", "why is rye dough sticky", {"lang": "en"}),
        Query("b", "wie lange hält sich Brot", {"lang": "de"}),
    ]
    run = searcher.run(queries, Options(k=10))
    for row, query in enumerate(queries):
        hits = searcher.search(query.text, Options(k=10))
        assert [doc_id for doc_id, _ in run.top(row)] == [hit.document.id for hit in hits]


def test_an_approximate_index_serves_single_questions_once_built(searcher: Searcher, tiny_bert: Path) -> None:
    exact = [hit.document.id for hit in searcher.search("starter", Options(mode="dense"))]
    assert searcher.hnsw is None
    searcher.build_hnsw()
    again = Searcher(searcher.corpus, str(tiny_bert))
    assert again.hnsw is not None
    assert [hit.document.id for hit in again.search("starter", Options(mode="dense"))] == exact


def test_a_reranker_orders_anew(searcher: Searcher, tiny_cross_encoder: Path) -> None:
    hits = searcher.search("steam", Options(k=5, rerank=str(tiny_cross_encoder), rerank_depth=24))
    scores = [hit.why["rerank"] for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert [hit.score for hit in hits] == scores


def test_a_bi_encoder_does_not_pass_for_a_reranker(searcher: Searcher, tiny_bert: Path) -> None:
    with pytest.raises(BakehouseError, match=r"is no cross-encoder but a bare encoder \(BertModel\)"):
        searcher.search("steam", Options(rerank=str(tiny_bert)))


def test_only_changed_documents_are_encoded_again(searcher: Searcher, tmp_path: Path, tiny_bert: Path) -> None:
    _ = searcher.matrix
    documents = [*searcher.documents[1:], Document("new", "A new loaf.", "", {"lang": "en"})]
    write_documents(tmp_path / "changed", documents)
    said: list[tuple[int, int]] = []
    changed = Searcher(open_corpus(tmp_path / "changed"), str(tiny_bert))
    changed.prepare(lambda done, total: said.append((done, total)))
    assert said == [(1, 1)]


def test_vectors_are_read_from_disk_once(searcher: Searcher) -> None:
    assert searcher.prepare() is searcher.matrix is searcher.prepare()


def test_vectors_belong_to_the_model_that_made_them(
    home: Path, tmp_path: Path, tiny_bert: Path, searcher: Searcher
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bert, copy)
    assert resolve(str(copy)).fingerprint == searcher.encoder.model.fingerprint
    config = copy / "config_sentence_transformers.json"
    config.write_text('{"prompts": {"query": "ask: ", "document": ""}, "similarity_fn_name": "cosine"}')
    other = Searcher(searcher.corpus, str(copy))
    assert other.encoder.model.fingerprint != searcher.encoder.model.fingerprint
    assert Vectors(other.encoder, "query").folder != Vectors(searcher.encoder, "query").folder


@pytest.mark.parametrize(
    ("options", "said"),
    [({"mode": "denes"}, "Did you mean 'dense'"), ({"k": 0}, "k is 0"), ({"weight": 2.0}, "weight is 2.0")],
)
def test_options_are_checked(options: dict[str, object], said: str) -> None:
    with pytest.raises(BakehouseError, match=said):
        Options(**options)  # type: ignore[arg-type]


def test_an_empty_question_is_refused(searcher: Searcher) -> None:
    with pytest.raises(BakehouseError, match="the question is empty"):
        searcher.search("  ")


def test_one_document_is_enough(home: Path, tmp_path: Path, tiny_bert: Path) -> None:
    write_documents(tmp_path / "one", [Document("only", "A single loaf.", "", {"lang": "en"})])
    searcher = Searcher(open_corpus(tmp_path / "one"), str(tiny_bert))
    for mode in ("dense", "lexical", "hybrid"):
        assert [hit.document.id for hit in searcher.search("loaf", Options(mode=mode))] == ["only"]
