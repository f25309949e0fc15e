"""A ranking follows from the documents and the model alone, not from how the work was cut or in which order it came."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from tiny_texts import write_tiny_corpus

from eval.evaluate import evaluate
from eval.task import open_task
from retrieval.beir import Corpus, write_documents
from retrieval.records import Document

Rankings = dict[str, list[list[str]]]


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def rankings(folder: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Rankings:
    """In every mode, from an empty workspace: everything is encoded anew."""
    monkeypatch.setenv("BAKEHOUSE_HOME", str(folder.with_name(f"home-{folder.name}")))
    found = evaluate(open_task(Corpus(folder), "test"), str(model))
    return {one.summary.system.mode: [[doc for doc, _ in top] for top in one.per_query.top] for one in found}


def copied(corpus: Path, name: str, documents: list[Document]) -> Path:
    folder = write_tiny_corpus(corpus.with_name(name))
    write_documents(folder, documents)
    return folder


@pytest.fixture
def with_twins(tiny_corpus: Path) -> list[Document]:
    """Every passage three times, so that each place in a ranking is shared by three."""
    originals = Corpus(tiny_corpus).documents
    return [
        Document(f"{document.id}{mark}", document.text, document.title, document.metadata)
        for document in originals
        for mark in ("", "-b", "-c")
    ]


def test_neither_order_nor_threads_change_a_ranking(
    tiny_corpus: Path, tiny_bert: Path, with_twins: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = rankings(copied(tiny_corpus, "in-order", with_twins), tiny_bert, monkeypatch)
    assert set(wanted) == {"hybrid", "dense", "lexical"}
    for seed, threads in ((1, 1), (2, 2)):
        shuffled = random.Random(seed).sample(with_twins, len(with_twins))
        torch.set_num_threads(threads)
        assert rankings(copied(tiny_corpus, f"shuffled-{seed}", shuffled), tiny_bert, monkeypatch) == wanted


def test_twins_stand_by_their_ids(
    tiny_corpus: Path, tiny_bert: Path, with_twins: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    backwards = copied(tiny_corpus, "backwards", with_twins[::-1])
    for of_mode in rankings(backwards, tiny_bert, monkeypatch).values():
        for top in of_mode:
            for first, second in pairwise(top):
                if first.rstrip("bc").rstrip("-") == second.rstrip("bc").rstrip("-"):
                    assert first < second
