"""Generating on a tiny corpus: exact contents, skipped when complete, resumed when not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_kitchen import Kitchen

from retrieval.beir import open_corpus, read_qrels, read_queries, write_documents
from retrieval.errors import BakehouseError
from retrieval.records import Document
from training import generate
from training.journal import Journal, Stopped
from training.split import Shares, split_by_language


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

    def stop_after_four(event: Mapping[str, Any]) -> None:
        if event["total"]:  # a shard
            heard.append(event)
            again.run.ask_stop(len(heard) == 4)

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
    twins = Kitchen(tmp_path / "twins")
    assert [query.text for query in read_queries(twins.generate())].count(same) == 4
    assert same not in [query.text for query in read_queries(twins.filter())]
    counts = json.loads((twins.filter() / "manifest.json").read_text())["counts"]
    assert counts["by_language"]["en"]["asked of several passages"] == 4


def test_what_is_missing_is_named(kitchen: Kitchen) -> None:
    settings = kitchen.recipe.generate.model_copy(update={"generator": "seq2seq"})
    with pytest.raises(
        BakehouseError, match=r"doc2query/msmarco-german-mt5-base-v1.*or set generate.generator=extract"
    ):
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


def test_a_changed_passage_is_asked_anew_and_shards_without_it_are_taken_over(
    home: Path, tiny_corpus: Path, tiny_t5: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "_PASSAGES_A_SHARD", 2)
    settings = {"generator": "seq2seq", "model": str(tiny_t5), "max_query_tokens": 6, "precision": "fp32"}
    kitchen = Kitchen(tiny_corpus, generate=settings, split={"languages": ["de", "en"]})
    before = {query.id: query.text for query in read_queries(kitchen.generate())}
    batch = {"generate": kitchen.recipe.generate.model_copy(update={"batch_size": 1})}
    kitchen.recipe = kitchen.recipe.model_copy(update=batch)
    folder = kitchen.generate()
    assert len(list(folder.parent.iterdir())) == 1  # the batch size is no part of the key
    changed = [
        replace(document, text=document.text + " Enjoy.") if document.id == "en-rye" else document
        for document in kitchen.corpus.documents
    ]
    write_documents(tiny_corpus, changed)
    kitchen.corpus = open_corpus(tiny_corpus)
    kitchen.shares = split_by_language(changed, kitchen.recipe.split, judged=False)
    again = kitchen.generate()
    assert again != folder
    after = {query.id: query.text for query in read_queries(again)}
    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert differing
    assert {name.rsplit("-q", 1)[0] for name in differing} == {"en-rye"}
    shards_of = {lang: {path.name for path in again.glob(f"{lang}-0*.jsonl")} for lang in ("de", "en")}
    old = {path.name for path in folder.glob("*-0*.jsonl")}
    assert shards_of["de"] <= old
    assert len(shards_of["en"] - old) < len(shards_of["en"])
    told = [event["message"] for event in kitchen.run.events()]
    assert f"de: {len(shards_of['de'])} of {len(shards_of['de'])} shards did not change and were taken over" in told
