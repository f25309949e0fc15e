"""Documents that a division gave to dev and test: nothing of them is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_runs import said

from retrieval.beir import open_corpus, read_documents, read_qrels, write_documents, write_qrels
from retrieval.convert.division import Shares as Percent
from retrieval.convert.division import divide_again
from retrieval.records import Document
from training import generate, pipeline, runs, shards
from training.data.inputs import Inputs
from training.data.pairs import corpus_texts
from training.journal import Journal
from training.runs import RunFolder
from training.settings import load_recipe
from training.split import held_out, shares_of, trained_on


@pytest.fixture
def divided(tiny_corpus: Path) -> Path:
    """15 judged documents in three parts, 9 unjudged, and a second passage of each judged one, which nobody judged."""
    first = list(read_documents(tiny_corpus))
    write_documents(tiny_corpus, [*first, *map(_second, first[:5])])
    divide_again(tiny_corpus, Percent(34, 33, 33, again=True))
    return tiny_corpus


def _second(document: Document) -> Document:
    text = f"{document.text} {document.title}, once more and in other words."
    return Document(f"{document.id}-2", text, document.title, {**document.metadata, "parent": document.id})


def _judged(corpus: Path) -> dict[str, set[str]]:
    """Split → the documents that it judges, with their second passages."""
    known = {document.id for document in read_documents(corpus)}
    of_split = {split: read_qrels(corpus, split) for split in ("train", "dev", "test")}
    first = {split: {doc for grades in qrels.values() for doc in grades} for split, qrels in of_split.items()}
    return {split: docs | {f"{doc}-2" for doc in docs} & known for split, docs in first.items()}


def _run(corpus: Path, **sections: Any) -> RunFolder:
    mine = {"retrievers": ("bm25",), "negatives": 4}
    return runs.create(load_recipe({"corpus": str(corpus), "mine": mine, **sections}), "tiny")


def test_neither_questions_nor_negatives_come_from_them(home: Path, divided: Path) -> None:
    run = _run(divided)
    pipeline.work(run, until="mine")
    out = _judged(divided)["dev"] | _judged(divided)["test"]
    assert {name.removesuffix("-2") for name in out} == {name for name in out if not name.endswith("-2")}
    assert len(out) > 10
    [mined] = (run.path / "stages").glob("mine-*")
    rows = list(shards.read_rows(mined))
    used = {row["positive"] for row in rows} | {each["id"] for row in rows for each in row["negatives"]}
    assert not used & out
    assert used & _judged(divided)["train"]
    [questions] = (run.path / "stages").glob("filter-*")
    assert {doc for grades in read_qrels(questions, "train").values() for doc in grades} <= used
    assert said(run, f"; {len(out)} documents are left out, for dev and test judge them or other passages of theirs")


def test_their_texts_are_not_learnt(home: Path, divided: Path, tiny_bert: Path) -> None:
    run = _run(divided)
    pipeline.work(run, until="filter")
    [questions] = (run.path / "stages").glob("filter-*")
    texts = {document.full_text: document.id for document in read_documents(divided)}
    for wanted in (True, False):
        recipe = load_recipe({"corpus": str(divided), "base": str(tiny_bert), "split": {"held_out": wanted}})
        documents = trained_on(open_corpus(divided), recipe.split)
        inputs = Inputs.of(recipe, documents, questions, None, None)
        of_role = corpus_texts(recipe, inputs).items()
        learnt = {texts[text] for (_, role), of in of_role if role == "document" for text in of}
        out = _judged(divided)["dev"] | _judged(divided)["test"]
        assert learnt == (set(texts.values()) - out if wanted else set(texts.values()))


def test_the_recipe_can_say_otherwise(home: Path, divided: Path) -> None:
    corpus = open_corpus(divided)
    shares = shares_of(corpus, load_recipe({"corpus": str(divided), "split": {"held_out": False}}), judged=True)
    assert sum(len(share.pool) for share in shares) == sum(len(share.train) for share in shares) == 29


def test_splits_that_a_person_brings_are_used_as_they_are(home: Path, tiny_corpus: Path) -> None:
    recipe = load_recipe({"corpus": str(tiny_corpus)})
    assert held_out(open_corpus(tiny_corpus), recipe.split) == frozenset()
    assert sum(len(share.train) for share in shares_of(open_corpus(tiny_corpus), recipe, judged=True)) == 24


def test_another_division_makes_other_questions(home: Path, divided: Path) -> None:
    run = _run(divided)

    def made() -> Path:
        corpus, recipe = open_corpus(divided), run.recipe()
        shares = shares_of(corpus, recipe, judged=True)
        return generate.run(run.path, recipe, corpus.fingerprint, shares, Journal(run))

    first = made()
    assert made() == first
    divide_again(divided, Percent(34, 33, 33, seed=1, again=True))
    assert made() != first
    out = _judged(divided)["dev"] | _judged(divided)["test"]
    assert not {doc for grades in read_qrels(made(), "train").values() for doc in grades} & out


def test_where_nothing_is_left_it_says_why(home: Path, divided: Path) -> None:
    everything = {f"q-{document.id}": {document.id: 1} for document in read_documents(divided)}
    write_qrels(divided, "test", everything)
    run = _run(divided)
    pipeline.work(run, until="generate")
    assert "29 of these documents are for dev and test (split.held_out=false" in run.status().reason
