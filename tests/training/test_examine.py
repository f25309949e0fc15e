"""The dev examination: how large it is, what it costs, and that the base's vectors are encoded once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_runs import tiny_run

from eval.task import Task
from retrieval.beir import open_corpus
from retrieval.encoder import load
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from retrieval.records import Query
from training.config import Evaluate, Recipe
from training.journal import Journal
from training.keeping import examine
from training.keeping.checkpoints import Checkpoint
from training.keeping.examiner import Examiner
from training.settings import load_recipe

pytestmark = pytest.mark.usefixtures("home")


def _recipe(**sections: Any) -> Recipe:
    return load_recipe({"corpus": "anywhere", "preset": "quick", **sections})


def _size(recipe: Recipe, questions: int) -> tuple[int, int]:
    settings = examine.affordable(recipe, questions)
    return settings.max_queries, settings.max_documents


def test_an_examination_is_as_large_as_a_tenth_of_the_training_allows() -> None:
    """Two of them, at one text for each ten passages that training reads."""
    long = {"evaluate": {"max_queries": 1000, "max_documents": 5000}}
    wished = _recipe(**long, fit={"max_steps": 0, "epochs": 1.0})
    assert _size(wished, questions=20_000) == (1000, 2000)
    assert _size(wished, questions=100_000) == (1000, 5000)
    assert _size(wished, questions=100) == (200, 200)
    assert _size(wished, questions=0) == (1000, 5000)
    short = _recipe(**long, fit={"max_steps": 500, "batch_size": 16, "epochs": 9.0})
    assert _size(short, questions=20_000) == (800, 800)
    taught = _recipe(
        **long, fit={"max_steps": 0}, mine={"negatives": 8}, label={"kind": "cross-encoder", "teacher": "t"}
    )
    assert _size(taught, questions=3000) == (1000, 2400)
    generous = _recipe(evaluate={**long["evaluate"], "share": 0.5}, fit={"max_steps": 0, "epochs": 1.0})
    assert _size(generous, questions=6000) == (1000, 3000)


def test_a_smaller_examination_says_what_was_wanted(tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.keeping.examine._LEAST", 3)
    corpus = open_corpus(str(tiny_corpus))
    recipe = _recipe(fit={"max_steps": 1})
    generated = tiny_corpus  # its own questions serve as generated ones
    (generated / "qrels" / "train.tsv").write_text((generated / "qrels" / "test.tsv").read_text())
    small = examine.prepare(corpus, generated, recipe, "run")
    assert (len(small.task.queries), small.wanted) == (3, (6, 24))
    assert len(small.documents) == len({doc for grades in small.task.qrels.values() for doc in grades})
    whole = examine.prepare(corpus, None, recipe, "run")
    assert (len(whole.task.queries), len(whole.documents), whole.wanted) == (6, 24, None)
    assert whole.key != small.key
    assert whole.key == examine.prepare(corpus, None, recipe, "another run").key


def test_questions_with_many_judged_documents_are_fewer(tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.keeping.examine._FEWEST", 2)
    corpus = open_corpus(str(tiny_corpus))
    ids = [document.id for document in corpus.documents]
    asked = ["en-q-starter", "en-q-salt", "en-q-steam", "en-q-rye"]
    task = Task(
        corpus,
        "dev",
        tuple(Query(name, "?") for name in asked),
        {q: dict.fromkeys(ids[n * 6 : n * 6 + 6], 1) for n, q in enumerate(asked)},
    )
    sizes = {most: len(examine._sampled(task, Evaluate(max_documents=most)).queries) for most in (1, 12, 18, 24)}
    assert sizes == {1: 2, 12: 2, 18: 3, 24: 4}


def test_without_dev_judgments_or_generated_questions_there_is_nothing_to_ask(tiny_corpus: Path) -> None:
    (tiny_corpus / "qrels" / "dev.tsv").unlink()
    with pytest.raises(BakehouseError, match="no dev judgments to choose the best checkpoint by"):
        examine.prepare(open_corpus(str(tiny_corpus)), None, _recipe(), "run")


@pytest.fixture
def examiner(tiny_corpus: Path, tiny_bert: Path) -> Examiner:
    run = tiny_run(tiny_corpus, tiny_bert)
    examination = examine.prepare(open_corpus(str(tiny_corpus)), None, run.recipe(), run.id)
    return Examiner(examination, Journal(run), run.recipe())


class Counting:
    """A model that counts the texts it encodes."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.texts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def encode_query(self, texts: list[str], **more: Any) -> Any:
        self.texts += len(texts)
        return self.model.encode_query(texts, **more)

    def encode_document(self, texts: list[str], **more: Any) -> Any:
        self.texts += len(texts)
        return self.model.encode_document(texts, **more)


def test_the_base_is_encoded_once_and_checkpoints_each_time(examiner: Examiner, tiny_bert: Path) -> None:
    base = resolve(str(tiny_bert))
    model: Any = Counting(load(base))
    first = examiner.base(model, base)
    assert model.texts == 24 + 6
    assert examiner.base(model, base) == first  # its figures are kept
    examiner.journal.update(base={})
    assert examiner.base(model, base) == first  # its vectors are kept
    assert model.texts == 24 + 6
    marks = examiner.checkpoint(model, Checkpoint(tiny_bert, 3, "key"), tiny_bert, total=4)
    assert model.texts == 2 * (24 + 6)
    assert marks.score == first
    assert marks.found["step"] == 3
    assert set(marks.found["dev"]["dense"]["by_language"]) == {"en", "de", "ar"}


def test_an_examination_leaves_training_and_chance_as_they_were(examiner: Examiner, tiny_bert: Path) -> None:
    import random

    import numpy as np
    import torch

    model = load(resolve(str(tiny_bert)))
    model.train()
    before = (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist())
    examiner.checkpoint(model, Checkpoint(tiny_bert, 1, "key"), tiny_bert, total=4)
    after = (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist())
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]
    assert model.training


def test_what_an_examination_will_take_is_known_beforehand(examiner: Examiner, tiny_bert: Path) -> None:
    seconds = examiner.examination.expected_seconds(load(resolve(str(tiny_bert))))
    assert 0 < seconds < 60
