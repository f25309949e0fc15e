"""The rows that the fit reads: made of stages written by hand, exact to the text."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_texts import write_tiny_corpus

from retrieval.beir import open_corpus, write_qrels, write_queries
from retrieval.encoder import encode, load
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from retrieval.records import Query
from training import runs
from training.config import Recipe
from training.data import inputs as fit_inputs
from training.data import pairs
from training.data.inputs import Inputs
from training.data.parts import Part, TrainingData, batch_sampler, roles_of
from training.data.shapes import Shape
from training.fitting.tsdae import noisy
from training.journal import Journal
from training.settings import load_recipe

pytestmark = pytest.mark.usefixtures("home")

_SALT = "Two grams of salt for every hundred grams of flour slow the yeast and bring out the taste."
_QUERIES = {"q1": ("en", "en-salt", "how much salt"), "q2": ("de", "de-rye", "warum klebt Roggenteig")}
_NEGATIVES = {"q1": ["en-rye", "en-steam"], "q2": ["de-salt"]}


@dataclass
class Bench:
    """Stages of a run, made by hand: two questions, one with two negatives and one with one."""

    folder: Path
    base: Path

    def inputs(self, recipe: Recipe) -> Inputs:
        documents = {document.id: document for document in open_corpus(self.folder / "tiny").documents}
        mined = self.folder / "mine" if fit_inputs.needs_negatives(recipe) else None
        labelled = self.folder / "label" if fit_inputs.needs_scores(recipe) else None
        return Inputs.of(recipe, documents, self.folder / "filter", mined, labelled)

    def recipe(self, **settings: Any) -> Recipe:
        return load_recipe({"corpus": str(self.folder / "tiny"), "base": str(self.base), **settings})

    def data(self, **settings: Any) -> TrainingData:
        recipe = self.recipe(**settings)
        run = runs.create(recipe, "tiny")
        return pairs.datasets_for(load(resolve(recipe.base)), recipe, self.inputs(recipe), Journal(run))


def _shard(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    folder.mkdir()
    (folder / "x-00000.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def bench(tmp_path: Path, tiny_bert: Path) -> Bench:
    write_tiny_corpus(tmp_path / "tiny")
    write_queries(
        tmp_path / "filter",
        [
            *(Query(key, text, {"lang": lang}) for key, (lang, _, text) in _QUERIES.items()),
            Query("q3", "kept out", {"lang": "en"}),
        ],
    )
    write_qrels(tmp_path / "filter", "train", {key: {passage: 1} for key, (_, passage, _) in _QUERIES.items()})
    write_qrels(tmp_path / "filter", "dev", {"q3": {"en-bagel": 1}})
    heads = [{"query": key, "lang": lang, "positive": passage} for key, (lang, passage, _) in _QUERIES.items()]
    found = [[{"id": each, "rank": 1, "from": "bm25"} for each in _NEGATIVES[head["query"]]] for head in heads]
    _shard(tmp_path / "mine", [head | {"negatives": each} for head, each in zip(heads, found, strict=True)])
    scores = {"q1": [2.0, 4.0], "q2": [3.0]}
    scored = [list(map(list, zip(_NEGATIVES[key], scores[key], strict=True))) for key in _QUERIES]
    taught = [head | {"positive": [head["positive"], 9.0]} for head in heads]
    _shard(tmp_path / "label", [head | {"negatives": each} for head, each in zip(taught, scored, strict=True)])
    of_teacher = {"name": "x", "kind": "cross-encoder", "activation": "Identity"}
    (tmp_path / "label" / "teachers.json").write_text(json.dumps(dict.fromkeys(("en", "de"), of_teacher)))
    return Bench(tmp_path, tiny_bert)


_TAUGHT = {"kind": "cross-encoder", "teacher": "x"}


def test_contrasts_take_as_many_negatives_as_asked_for(bench: Bench) -> None:
    data = bench.data()
    assert data.losses == {"en": "mnrl", "de": "mnrl"}
    assert data.shapes["en"] is Shape.TRIPLET
    [row] = data.datasets["en"]
    assert row["query"] == "how much salt"
    assert row["positive"] == f"Salt {_SALT}"
    assert row["negative_1"].startswith("Rye bread Rye holds little gluten")
    assert "negative_2" not in row
    assert list(bench.data(fit={"negatives": 2}).datasets) == ["en"]  # the German question has one only
    assert list(bench.data(fit={"negatives": 0}).datasets["de"][0]) == ["query", "positive"]
    with pytest.raises(BakehouseError, match="none of the 2 generated questions has 3 negatives"):
        bench.data(fit={"negatives": 3})


def test_margins_are_a_row_for_each_negative(bench: Bench) -> None:
    data = bench.data(label=_TAUGHT)
    assert data.rows == {"en": 2, "de": 1}
    assert data.told == "margin-mse on 3 rows"
    labels = [*data.datasets["en"]["label"], *data.datasets["de"]["label"]]
    assert np.array(labels) / labels[0] == pytest.approx(np.array([7, 5, 6]) / 7)  # on the student's scale
    assert labels[0] < 2
    assert data.datasets["en"]["negative"][1].startswith("Steam A cup of water")
    assert bench.data(label={**_TAUGHT, "ceiling": 5.5}).rows == {"en": 1, "de": 1}


def test_scores_stay_together_for_distillation(bench: Bench) -> None:
    data = bench.data(label=_TAUGHT, fit={"loss": "distill-kl", "negatives": 2})
    [row] = data.datasets["en"]
    assert row["label"] == [9.0, 2.0, 4.0]
    cosines = bench.data(
        label={"kind": "bi-encoder", "teacher": str(bench.base)}, fit={"loss": "distill-kl", "temperature": 0.5}
    )
    assert cosines.datasets["en"][0]["label"] == [18.0, 4.0]


def test_triplets_hold_one_negative(bench: Bench) -> None:
    data = bench.data(fit={"loss": "triplet", "negatives": 2})
    assert data.rows == {"en": 2, "de": 1}
    assert data.datasets["en"].column_names == ["query", "positive", "negative"]


def test_a_student_learns_the_vectors_of_questions_and_passages_by_role(bench: Bench) -> None:
    place = shutil.copytree(bench.base, bench.folder / "teacher")
    taught = {"kind": "bi-encoder", "teacher": str(place)}
    data = bench.data(label=taught, fit={"loss": "mse"})
    assert data.rows == {
        "en-query": 1,
        "de-query": 1,
        "en-document": 7,  # one passage is kept out to judge by
        "de-document": 8,
        "ar-document": 8,
    }
    teacher = load(resolve(str(bench.base)))
    for name, role in (("en-query", "query"), ("en-document", "document")):
        rows = data.datasets[name]
        wanted = encode(teacher, rows["text"], role)  # type: ignore[arg-type]
        assert np.allclose(rows["label"], wanted, atol=0.01)
    only = bench.data(label=taught, fit={"loss": "mse"}, split={"languages": ["de"]})
    assert set(only.rows) == {"en-query", "de-query", "de-document"}  # the stage before chose the questions


def test_prompts_go_by_role(bench: Bench) -> None:
    model = load(resolve(str(bench.base)))
    model.prompts = {"query": "query: ", "document": "passage: "}
    parts = [
        Part(
            "pairs", Shape.PAIR, "mnrl", {"query": ["a"], "positive": ["b"]}, {"query": "query", "positive": "document"}
        ),
        Part("noisy", Shape.TEXT, "tsdae", {"noisy": ["a"], "text": ["a b"]}, {"noisy": "document"}),
    ]
    data = TrainingData.of(model, parts, 64)
    assert data.prompts == {"pairs": {"query": "query: ", "positive": "passage: "}, "noisy": {"noisy": "passage: "}}
    batch = data.collator(model)([{"dataset_name": "noisy", "noisy": "salt", "text": "salt"}])
    read = {
        name: model.tokenizer.decode(batch[f"{name}_input_ids"][0], skip_special_tokens=True)
        for name in ("noisy", "text")
    }
    assert read["text"] == "salt"
    assert read["noisy"] != "salt"
    assert read["noisy"].endswith("salt")


def test_texts_are_cut_by_tokens_and_the_model_stays_as_it_is(bench: Bench) -> None:
    model = load(resolve(str(bench.base)))
    part = Part("en", Shape.PAIR, "mnrl", {"query": ["rye"], "positive": [_SALT]}, {})
    row = {"dataset_name": "en", "query": "rye", "positive": _SALT}
    batch = TrainingData.of(model, [part], 8).collator(model)([row])
    assert batch["positive_input_ids"].shape == (1, 8)
    assert batch["query_input_ids"].shape[1] < 8
    assert model.max_seq_length == 64
    assert TrainingData.of(model, [part], 10_000).max_length == 64
    long = TrainingData.of(model, [part], 10_000).collator(model)([{**row, "positive": f"{_SALT} " * 20}])
    assert long["positive_input_ids"].shape == (1, 64)


def test_a_text_is_held_once_however_many_rows_it_stands_in(bench: Bench) -> None:
    model = load(resolve(str(bench.base)))
    query, passages = "how much salt", ["Two grams.", "Rye holds little gluten."]
    rows = 10_000
    columns = {"query": [query] * rows, "positive": [passages[0]] * rows, "negative": passages * (rows // 2)}
    part = Part("en", Shape.MARGIN, "margin-mse", {**columns, "label": [1.0] * rows}, roles_of(columns))
    other = Part("de", Shape.PAIR, "mnrl", {"query": ["salt"], "positive": [passages[0]]}, {})
    turned = Part("fr", Shape.PAIR, "mnrl", {"query": [query] * 2, "positive": passages[::-1]}, {})
    data = TrainingData.of(model, [part, other, turned], 64)
    assert data.texts.texts == [query, *passages, "salt"]
    assert data.datasets["en"].data.nbytes == rows * (3 * 4 + 8)
    assert data.datasets["en"][1] == {"query": query, "positive": passages[0], "negative": passages[1], "label": 1.0}
    assert data.datasets["en"][:2]["negative"] == passages
    assert data.unique("en", "negative") == passages
    assert data.unique("fr", "positive") == passages[::-1]
    assert data.lengths("en")[:2].tolist() == [13 + 10 + 10, 13 + 10 + 24]


def test_each_data_set_is_drawn_from_as_its_loss_wants() -> None:
    import torch
    from datasets import Dataset

    settings = {"batch_size": 4, "drop_last": False, "valid_label_columns": ["label"], "seed": 13}
    settings["generator"] = torch.Generator()
    pairs_ = Dataset.from_dict({"query": ["a", "a", "b", "c"], "positive": ["1", "2", "3", "4"]})
    for batch in batch_sampler(pairs_, **settings):
        queries = [pairs_[row]["query"] for row in batch]
        assert len(set(queries)) == len(queries)
    classes = Dataset.from_dict({"text": list("abcdefgh"), "label": [0, 0, 0, 0, 1, 1, 2, 2]})
    for batch in batch_sampler(classes, **settings):
        labels = [classes[row]["label"] for row in batch]
        assert sorted(labels.count(label) for label in set(labels)) == [2, 2]
    scored = Dataset.from_dict({"text": list("abcdefgh"), "label": [[0.0, 1.0]] * 8})
    assert type(batch_sampler(scored, **settings)).__name__ == "DefaultBatchSampler"


def test_most_words_are_missing_and_always_the_same() -> None:
    text = " ".join(f"word{n}" for n in range(200))
    assert noisy(text, 13) == noisy(text, 13) != noisy(text, 14)
    assert 60 <= len(noisy(text, 13).split()) <= 100
    assert set(noisy(text, 13).split()) <= set(text.split())
    assert noisy("alone", 13) == "alone"
    chinese = "面包在木盒里可以保存四天在冰箱里可以保存三个月"
    assert 0 < len(noisy(chinese, 13)) < len(chinese)
    assert " " not in noisy(chinese, 13)


def test_own_data_trains_beside_generated_questions_or_alone(bench: Bench, tmp_path: Path) -> None:
    place = tmp_path / "own.csv"
    place.write_text("sentence1,sentence2,score,lang\nrye,Rye bread,4,en\nsalt,yeast,1,en\n")
    both = bench.data(fit={"data": str(place)})
    assert both.losses == {"en": "mnrl", "de": "mnrl", "own-en": "cosent"}
    alone = bench.data(fit={"data": str(place), "data_only": True})
    assert alone.losses == {"own-en": "cosent"}
    assert alone.told == "cosent on 2 rows"
    with pytest.raises(BakehouseError, match=r"does not fit fit\.data, own\.csv, \(scored pair\).*What fits: cosent"):
        pairs.check(bench.recipe(fit={"data": str(place), "loss": "mnrl"}))
    with pytest.raises(BakehouseError, match="does not fit the generated questions"):
        pairs.check(bench.recipe(fit={"data": str(place), "loss": "cosent"}))
    pairs.check(bench.recipe(fit={"data": str(place), "data_only": True, "loss": "cosent"}))


def test_the_key_follows_what_decides_the_weights(bench: Bench, tmp_path: Path, tiny_t5: Path) -> None:
    place, copy = tmp_path / "own.csv", tmp_path / "elsewhere.csv"
    for path in (place, copy):
        path.write_text("query,answer,lang\na,b,en\n")

    def key(**settings: Any) -> str:
        recipe = bench.recipe(**settings)
        return bench.inputs(recipe).key(recipe)

    plain, own = key(), key(fit={"data": str(place)})
    assert plain == key(fit={"log_every": 7, "workers": 2, "gradient_checkpointing": True})
    assert plain != key(fit={"seed": 14})
    assert plain != own == key(fit={"data": str(copy)})
    assert own != key(fit={"data": str(place)}, split={"languages": ["en"]})
    assert plain != key(label={"kind": "bi-encoder", "teacher": str(bench.base)})
    place.write_text("query,answer,lang\na,c,en\n")
    assert own != key(fit={"data": str(place)})
    alone = key(fit={"data": str(place), "data_only": True})
    (tmp_path / "mine").rename(tmp_path / "mine-2")
    recipe = bench.recipe(fit={"data": str(place), "data_only": True})
    assert Inputs.of(recipe, {}, None, None, None).key(recipe) == alone


def test_a_loss_names_the_stages_it_needs(bench: Bench) -> None:
    def needs(**settings: Any) -> tuple[bool, bool]:
        recipe = bench.recipe(**settings)
        return fit_inputs.needs_negatives(recipe), fit_inputs.needs_scores(recipe)

    assert needs() == (True, False)
    assert needs(label=_TAUGHT) == (True, True)
    assert needs(label=_TAUGHT, fit={"loss": "mnrl"}) == (True, False)
    assert needs(label={"kind": "bi-encoder", "teacher": "x"}, fit={"loss": "mse"}) == (False, False)
    assert needs(fit={"data": "x.csv", "data_only": True}) == (False, False)
