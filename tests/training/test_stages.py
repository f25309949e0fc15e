"""Generate, mine and label on a tiny corpus: exact contents, skipped when complete, resumed when not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from retrieval.beir import open_corpus, read_qrels, read_queries, write_documents
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from retrieval.records import Document
from retrieval.rerank import load_cross_encoder, pair_scores
from training import generate, label, mine, runs, shards
from training.config import Recipe
from training.journal import Journal, Stopped
from training.settings import load_recipe
from training.split import Shares, split_by_language


class Kitchen:
    """One run over the tiny corpus, stage by stage."""

    def __init__(self, corpus: Path, **settings: object) -> None:
        self.corpus = open_corpus(corpus)
        self.recipe: Recipe = load_recipe({"corpus": str(corpus), **settings})
        self.run = runs.create(self.recipe, "tiny")
        self.journal = Journal(self.run)
        self.shares = split_by_language(self.corpus.documents, self.recipe.split, judged=False)

    def generate(self) -> Path:
        return generate.run(self.run.path, self.recipe, self.corpus.fingerprint, self.shares, self.journal)

    def mine(self) -> Path:
        return mine.run(self.run.path, self.recipe, self.generate(), self.shares, self.journal)

    def label(self) -> Path:
        documents = {document.id: document for document in self.corpus.documents}
        return label.run(self.run.path, self.recipe, self.generate(), self.mine(), documents, self.journal)


@pytest.fixture
def kitchen(home: Path, tiny_corpus: Path, tiny_bert: Path) -> Kitchen:
    return Kitchen(tiny_corpus, base=str(tiny_bert))


def test_the_split_keeps_passages_out_by_language(kitchen: Kitchen) -> None:
    assert [share.lang for share in kitchen.shares] == ["ar", "de", "en"]
    for share in kitchen.shares:
        assert (len(share.train), len(share.dev), len(share.pool)) == (7, 1, 7)
        assert {document.lang for document in share.pool} == {share.lang}
        assert share.dev[0] not in share.pool
    judged = split_by_language(kitchen.corpus.documents, kitchen.recipe.split, judged=True)
    assert [len(share.dev) for share in judged] == [0, 0, 0]
    only = kitchen.recipe.split.model_copy(update={"languages": ("de",)})
    assert [share.lang for share in split_by_language(kitchen.corpus.documents, only, judged=True)] == ["de"]


def test_questions_come_as_a_beir_folder(kitchen: Kitchen) -> None:
    folder = kitchen.generate()
    queries = {query.id: query for query in read_queries(folder)}
    train, dev = read_qrels(folder, "train"), read_qrels(folder, "dev")
    kept_out = {document.id for share in kitchen.shares for document in share.dev}
    assert {doc_id for grades in dev.values() for doc_id in grades} <= kept_out
    assert not {doc_id for grades in train.values() for doc_id in grades} & kept_out
    assert set(queries) == set(train) | set(dev)
    assert all(query.text for query in queries.values())
    assert {query.lang for query in queries.values()} == {"ar", "de", "en"}


def test_a_complete_stage_is_skipped_and_a_changed_setting_redoes_it(kitchen: Kitchen) -> None:
    folder = kitchen.generate()
    before = (folder / "queries.jsonl").stat().st_mtime_ns
    assert kitchen.generate() == folder
    assert (folder / "queries.jsonl").stat().st_mtime_ns == before
    settings = kitchen.recipe.generate.model_copy(update={"queries_per_passage": 1})
    kitchen.recipe = kitchen.recipe.model_copy(update={"generate": settings})
    assert kitchen.generate() != folder


def test_a_stopped_stage_goes_on_from_its_first_missing_shard(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "_EXTRACTED_A_SHARD", 3)
    whole = (kitchen.generate() / "queries.jsonl").read_text()
    again = Kitchen(kitchen.corpus.folder, base=kitchen.recipe.base)
    heard: list[object] = []

    def stop_after_four(event: object) -> None:
        heard.append(event)
        if len(heard) == 4:
            again.run.ask_stop()

    again.journal = Journal(again.run, stop_after_four)
    with pytest.raises(Stopped):
        again.generate()
    [partial] = (again.run.path / "stages").iterdir()
    assert partial.name.endswith(".partial")
    shards_done = {path: path.stat().st_mtime_ns for path in partial.glob("*-0*.jsonl")}
    assert len(shards_done) == 4
    again.run.ask_stop(False)
    folder = again.generate()
    assert (folder / "queries.jsonl").read_text() == whole
    assert all((folder / path.name).stat().st_mtime_ns == time for path, time in shards_done.items())


def test_a_question_asked_of_two_passages_is_left_out(home: Path, tmp_path: Path) -> None:
    same = "The same long sentence stands here."
    documents = [
        Document(f"d{n}", f"{same} And number{n} stands only in this one.", "", {"lang": "en"}) for n in range(4)
    ]
    write_documents(tmp_path / "twins", documents)
    folder = Kitchen(tmp_path / "twins").generate()
    assert same not in [query.text for query in read_queries(folder)]
    assert json.loads((folder / "manifest.json").read_text())["counts"]["ambiguous"] == 4


def test_negatives_are_of_the_language_and_never_the_source(kitchen: Kitchen) -> None:
    rows = list(shards.read_rows(kitchen.mine()))
    lang_of = {document.id: document.lang for document in kitchen.corpus.documents}
    kept_out = {document.id for share in kitchen.shares for document in share.dev}
    assert len(rows) == len(read_qrels(kitchen.generate(), "train"))
    for row in rows:
        ids = [negative["id"] for negative in row["negatives"]]
        assert len(set(ids)) == len(ids) == 6  # a pool of seven, less the source
        assert row["positive"] not in ids
        assert {lang_of[doc_id] for doc_id in ids} == {row["lang"]}
        assert not set(ids) & kept_out


def test_the_guard_and_the_window_decide_who_is_a_candidate(kitchen: Kitchen) -> None:
    share = next(share for share in kitchen.shares if share.lang == "en")
    encoder = mine.Encoder(resolve(kitchen.recipe.base))
    queries = [query for query in read_queries(kitchen.generate()) if query.lang == "en"][:1]

    def found(**changes: object) -> list[mine.Candidate]:
        settings = kitchen.recipe.mine.model_copy(update={"retrievers": ("base",), **changes})
        return mine.Pool.of(share, settings, {"base": encoder}).candidates(queries, [0])[0]

    everyone = found(ceiling=1e9)
    assert [candidate.rank for candidate in everyone] == sorted(candidate.rank for candidate in everyone)
    assert len(everyone) == 6
    assert {candidate.rank for candidate in found(ceiling=1e9, skip=3)} <= {4, 5, 6, 7}
    assert len(found(ceiling=1e9, depth=2)) <= 2
    pool = mine.Pool.of(share, kitchen.recipe.mine, {"base": encoder})
    scores = pool.matrices["base"] @ encoder([queries[0].text], "query")[0]
    ceiling = float(np.median(scores) / scores[0])
    allowed = {position for position in range(1, 7) if scores[position] <= ceiling * scores[0]}
    assert {candidate.position for candidate in found(ceiling=ceiling)} == allowed


def test_a_cross_encoder_labels_each_pair_once(kitchen: Kitchen, tiny_cross_encoder: Path) -> None:
    settings = kitchen.recipe.label.model_copy(update={"kind": "cross-encoder", "teacher": str(tiny_cross_encoder)})
    kitchen.recipe = kitchen.recipe.model_copy(update={"label": settings})
    rows = list(shards.read_rows(kitchen.label()))
    texts = {query.id: query.text for query in read_queries(kitchen.generate())}
    documents = {document.id: document.full_text for document in kitchen.corpus.documents}
    row = rows[0]
    pairs = [(texts[row["query"]], documents[doc_id]) for doc_id, _ in [row["positive"], *row["negatives"]]]
    wanted = pair_scores(load_cross_encoder(resolve(str(tiny_cross_encoder))), pairs)
    # Batches of other lengths are padded otherwise, which bfloat16 shows in the third digit
    assert [score for _, score in [row["positive"], *row["negatives"]]] == pytest.approx(wanted.tolist(), abs=0.02)
    counts = json.loads((kitchen.label() / "manifest.json").read_text())["counts"]
    assert counts == {"queries": len(rows), "pairs": sum(1 + len(row["negatives"]) for row in rows)}


def test_a_bi_encoder_labels_by_cosine(kitchen: Kitchen, tiny_bert: Path) -> None:
    settings = kitchen.recipe.label.model_copy(update={"kind": "bi-encoder", "teacher": str(tiny_bert)})
    kitchen.recipe = kitchen.recipe.model_copy(update={"label": settings})
    row = next(iter(shards.read_rows(kitchen.label())))
    encoder = mine.Encoder(resolve(str(tiny_bert)))
    text = next(query.text for query in read_queries(kitchen.generate()) if query.id == row["query"])
    passage = next(document for document in kitchen.corpus.documents if document.id == row["positive"][0])
    wanted = float(encoder([text], "query")[0] @ encoder([passage.full_text], "document")[0])
    assert row["positive"][1] == pytest.approx(wanted, abs=0.01)


def test_what_is_missing_is_named(kitchen: Kitchen) -> None:
    kitchen.recipe = kitchen.recipe.model_copy(
        update={"label": kitchen.recipe.label.model_copy(update={"kind": "cross-encoder"})}
    )
    with pytest.raises(BakehouseError, match=r"label\.teacher is empty"):
        kitchen.label()
    settings = kitchen.recipe.generate.model_copy(update={"generator": "seq2seq"})
    with pytest.raises(BakehouseError, match=r"no generator for 'de'"):
        generate.model_of("de", settings)


def test_a_language_of_its_own_generator(tiny_t5: Path, kitchen: Kitchen) -> None:
    settings = kitchen.recipe.generate.model_copy(
        update={"generator": "seq2seq", "models": {"de": str(tiny_t5)}, "max_query_tokens": 8}
    )
    model = generate.model_of("de", settings)
    assert model is not None
    share: Shares = kitchen.shares[1]
    generator = generate.make_generator(share, model, settings)
    asked = generator(share.train[:2], 3, seed=5)
    assert len(asked) == 2
    assert all(1 <= len(questions) <= 3 for questions in asked)
    assert generator(share.train[:2], 3, seed=5) == asked
