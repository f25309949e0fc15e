"""A person's own training data: what its columns and values make of it, and what is refused."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.beir import write_qrels
from retrieval.encoder import encode, load
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from training.config import Recipe
from training.data import own, own_parts
from training.data.shapes import Shape
from training.settings import load_recipe
from training.teaching.targets import Targets

pytestmark = pytest.mark.usefixtures("home")


def _csv(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def _lines(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def _recipe(place: str, **settings: Any) -> Recipe:
    fit = {"data": place, "data_only": True, **settings.pop("fit", {})}
    return load_recipe({"corpus": "handbook", "fit": fit, **settings})


CASES = {
    "pairs": ("question,answer,lang\nWhen?,At six.,en\nWann?,Um sechs.,de\n", Shape.PAIR),
    "pairs in German": ("Frage;Antwort;Sprache\nWann?;Um sechs.;de\n", Shape.PAIR),
    "sentences": ("sentence1,sentence2,lang\nA dog runs.,A dog is running.,en\n", Shape.PAIR),
    "scores": ("sentence1,sentence2,score,lang\nA dog.,A cat.,2.5,en\nA dog.,A hound.,4.8,en\n", Shape.SCORED_PAIR),
    "marks": ("query,passage,label,lang\nWhen?,At six.,1,en\nWhen?,By train.,0,en\n", Shape.LABELLED_PAIR),
    "triplets": ("anchor,positive,negative,lang\nWhen?,At six.,By train.,en\n", Shape.TRIPLET),
    "several negatives": (
        "query,positive,negative_1,negative_2,lang\nWhen?,At six.,By train.,In May.,en\n",
        Shape.TRIPLET,
    ),
    "margins": ("query,positive,negative,label,lang\nWhen?,At six.,By train.,7.5,en\n", Shape.MARGIN),
    "classes": ("text,class,lang\nHello,greeting,en\nGoodbye,parting,en\n", Shape.LABELLED_TEXT),
    "texts": ("text,lang\nA loaf keeps four days.,en\n", Shape.TEXT),
    "questions": ("question,lang\nHow long does a loaf keep?,en\n", Shape.TEXT),
    "languages": ("en,de,fr\nHello,Hallo,Bonjour\nBread,Brot,\n", Shape.PARALLEL),
    "named sentences": ("text_en,text_de\nHello,Hallo\n", Shape.PARALLEL),
    "source and target": ("source,target\nHello,Hallo\n", Shape.PARALLEL),
}


@pytest.mark.parametrize("case", CASES)
def test_the_shape_follows_from_columns_and_values(case: str, tmp_path: Path) -> None:
    text, shape = CASES[case]
    data = own.read(_csv(tmp_path / "data.csv", text))
    assert data.shape is shape
    assert len(data.evidence) >= 1


def test_every_format_reads_alike(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    rows = [{"query": "When?", "positive": "At six.", "negatives": ["By train.", "In May."], "lang": "en"}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "data.parquet")
    (tmp_path / "data.json").write_text(json.dumps(rows))
    found = [own.read(_lines(tmp_path / "data.jsonl", *rows))]
    found += [own.read(str(tmp_path / f"data.{ending}")) for ending in ("parquet", "json")]
    tabbed = "query\tpositive\tnegative_1\tnegative_2\tlang\nWhen?\tAt six.\tBy train.\tIn May.\ten\n"
    found.append(own.read(_csv(tmp_path / "data.tsv", tabbed)))
    for data in found:
        assert data.shape is Shape.TRIPLET
        assert data.examples == {
            "en": [{"query": "When?", "positive": "At six.", "negatives": ["By train.", "In May."]}]
        }


def test_a_list_of_scores_is_a_teacher_s(tmp_path: Path) -> None:
    row = {"query": "q", "positive": "p", "negatives": ["n", "m"], "scores": [9.0, 1.0, -2], "lang": "en"}
    data = own.read(_lines(tmp_path / "data.jsonl", row))
    assert data.shape is Shape.SCORED_TRIPLET
    with pytest.raises(BakehouseError, match=r"line 2: 1 negatives do not go with the score \[9, 1, 2\]"):
        own.read(_lines(tmp_path / "bad.jsonl", row, {**row, "negatives": ["n"], "scores": [9, 1, 2]}))
    with pytest.raises(BakehouseError, match=r"2 negatives do not go with the score 7\.0"):
        own.read(_csv(tmp_path / "bad.csv", "query,positive,negative_1,negative_2,score\nq,p,n,m,7\n"))


REFUSED = {
    "an unknown column": (
        "query,answer,negativ_text\na,b,c\n",
        r"'query', 'answer', 'negativ_text', and 'negativ_text' sa",
    ),
    "half a pair": ("sentence1,score\na,1\n", r"these make no training data\. Wanted: query \(question"),
    "two of a role": ("query,question,answer\na,b,c\n", "two columns for the query: 'query' and 'question'"),
    "two kinds": ("query,answer,source,target\na,b,c,d\n", "two kinds of data at once"),
    "a negative alone": ("text,negative\na,b\n", "a negative needs a query and a positive"),
    "an empty cell": ("query,answer\na,b\nc,\nd,\n", r"line 3: 'answer' is empty\. 2 rows are so"),
    "no number": ("query,answer,score\na,b,high\n", r"line 2: 'high' in 'score' is no number"),
    "not a number": ("query,answer,score\na,b,nan\n", r"'nan' in 'score' is no number"),
    "no translation": ("en,de\nHello,\n", "line 2: there is no translation"),
    "too many cells": ("query,answer\na,b,c\n", r"line 2: 3 cells where there are 2 columns"),
    "only a header": ("query,answer\n", "holds no rows"),
    "nothing": ("", "is empty"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_named(case: str, tmp_path: Path) -> None:
    text, wanted = REFUSED[case]
    with pytest.raises(BakehouseError, match=wanted):
        own.read(_csv(tmp_path / "data.csv", text))


def test_a_place_that_is_none_is_refused(tmp_path: Path, tiny_corpus: Path) -> None:
    with pytest.raises(BakehouseError, match=r"gone\.csv does not exist"):
        own.read(str(tmp_path / "gone.csv"))
    with pytest.raises(BakehouseError, match="there is no corpus 'nowhere'"):
        own.read("nowhere")
    with pytest.raises(BakehouseError, match=r"training data can be read from files of \.csv"):
        own.read(_csv(tmp_path / "data.txt", "text"))
    with pytest.raises(BakehouseError, match="has no split 'train': it has dev, test"):
        own.read(str(tiny_corpus))
    with pytest.raises(BakehouseError, match=r"fit\.data_only is set and fit\.data is empty"):
        own.read("")


def test_train_judgments_are_pairs(tiny_corpus: Path) -> None:
    write_qrels(tiny_corpus, "train", {"de-q-rye": {"de-rye": 1, "de-salt": 0}, "en-q-salt": {"en-salt": 2}})
    data = own.read(str(tiny_corpus))
    assert data.shape is Shape.PAIR
    assert {lang: len(rows) for lang, rows in data.examples.items()} == {"de": 1, "en": 1}
    assert data.examples["en"][0]["query"] == "how much salt for a kilo of flour"
    assert data.examples["en"][0]["positive"].startswith("Salt Two grams of salt")
    before = own.fingerprint(str(tiny_corpus))
    write_qrels(tiny_corpus, "train", {"de-q-rye": {"de-rye": 1}})
    assert own.fingerprint(str(tiny_corpus)) != before
    write_qrels(tiny_corpus, "train", {"de-q-rye": {"nowhere": 1}})
    with pytest.raises(BakehouseError, match="document 'nowhere', which is not there"):
        own.read(str(tiny_corpus))


def test_batches_do_not_mix_languages_even_where_no_column_names_them(tmp_path: Path, tiny_bert: Path) -> None:
    english = "The loaf of bread is baked in the oven for one hour.,We open the bakery at six in the morning."
    german = "Das Brot wird eine Stunde lang im Ofen gebacken.,Wir öffnen die Bäckerei morgens um sechs Uhr."
    place = _csv(tmp_path / "data.csv", "query,answer\n" + f"{english}\n{german}\n" * 10)
    data = own.read(place)
    assert {lang: len(rows) for lang, rows in data.examples.items()} == {"en": 10, "de": 10}
    assert "it was identified: en 10, de 10" in data.evidence[-1]
    parts = own_parts.parts(data, load(resolve(str(tiny_bert))), _recipe(place), None)
    assert [part.name for part in parts] == ["own-en", "own-de"]
    only = own_parts.parts(data, load(resolve(str(tiny_bert))), _recipe(place, split={"languages": ["de"]}), None)
    assert [part.name for part in only] == ["own-de"]
    with pytest.raises(BakehouseError, match=r"has rows in en, de and split\.languages names fr"):
        own_parts.parts(data, load(resolve(str(tiny_bert))), _recipe(place, split={"languages": ["fr"]}), None)


def _parts(place: str, tiny_bert: Path, **settings: Any) -> list[own_parts.Part]:
    recipe = _recipe(place, **settings)
    targets = Targets((resolve(recipe.label.teacher),)) if recipe.label.teacher else None
    return own_parts.parts(own.read(place), load(resolve(str(tiny_bert))), recipe, targets)


def test_rows_take_the_columns_that_their_loss_wants(tmp_path: Path, tiny_bert: Path) -> None:
    rows = [
        {"query": "q", "positive": "p", "negatives": ["n", "m"], "scores": [0.9, 0.4, 0.1], "lang": "en"},
        {"query": "r", "positive": "s", "negatives": ["t"], "scores": [0.8, 0.2], "lang": "en"},
    ]
    place = _lines(tmp_path / "data.jsonl", *rows)
    [margins] = _parts(place, tiny_bert)
    assert (margins.loss, margins.shape) == ("margin-mse", Shape.MARGIN)
    assert margins.columns["negative"] == ["n", "m", "t"]
    assert margins.columns["label"] == pytest.approx([0.5, 0.8, 0.6])
    two, one = _parts(place, tiny_bert, fit={"loss": "distill-kl", "temperature": 0.1})
    assert (two.name, list(two.columns)) == (
        "own-en-2",
        ["query", "positive", "negative_1", "negative_2", "label"],
    )
    assert two.columns["label"][0] == pytest.approx([9, 4, 1])  # cosines, so sharpened
    assert (one.name, one.columns["negative_1"]) == ("own-en-1", ["t"])
    assert "label" not in _parts(place, tiny_bert, fit={"loss": "mnrl"})[0].columns
    [triplets] = _parts(place, tiny_bert, fit={"loss": "triplet"})
    assert list(triplets.columns) == ["query", "positive", "negative"]
    assert triplets.columns["query"] == ["q", "q", "r"]
    assert two.roles == {"query": "query", "positive": "document", "negative_1": "document", "negative_2": "document"}


def test_sentences_of_equal_rank_are_both_queries(tmp_path: Path, tiny_bert: Path) -> None:
    [part] = _parts(_csv(tmp_path / "data.csv", CASES["scores"][0]), tiny_bert)
    assert part.loss == "cosent"
    assert part.roles == {"sentence1": "query", "sentence2": "query"}
    assert part.columns["label"] == [2.5, 4.8]


def test_classes_are_numbered_and_need_company(tmp_path: Path, tiny_bert: Path) -> None:
    text = "text,class,lang\na,x,en\nb,y,en\nc,y,en\nd,x,en\n"
    [part] = _parts(_csv(tmp_path / "data.csv", text), tiny_bert)
    assert (part.loss, part.columns["label"]) == ("batch-all-triplet", [0, 1, 1, 0])
    lonely = _csv(tmp_path / "lonely.csv", text + "e,x,de\n")
    with pytest.raises(BakehouseError, match="of the texts in 'de' fewer than two classes have two texts"):
        _parts(lonely, tiny_bert)
    with pytest.raises(BakehouseError, match=r"fit\.batch_size is 5, and a batch of classes wants an even number"):
        _parts(str(tmp_path / "data.csv"), tiny_bert, fit={"batch_size": 5})


def test_texts_learn_a_teacher_s_vectors_by_role(tmp_path: Path, tiny_bert: Path) -> None:
    place = _csv(tmp_path / "data.csv", "question,lang\nhow much salt,en\nwhy is rye sticky,en\n")
    taught = {"kind": "bi-encoder", "teacher": str(tiny_bert)}
    [part] = _parts(place, tiny_bert, label=taught)
    assert (part.loss, part.shape, part.roles) == ("mse", Shape.VECTOR, {"text": "query"})
    wanted = encode(load(resolve(str(tiny_bert))), part.columns["text"], "query")
    assert np.allclose(part.columns["label"], wanted, atol=0.01)
    assert _parts(place, tiny_bert)[0].loss == "tsdae"
    with pytest.raises(
        BakehouseError, match=r"label\.ensemble fits its teachers together .* fit\.data_only makes none"
    ):
        _parts(place, tiny_bert, label={**taught, "ensemble": [str(tiny_bert)]})
    with pytest.raises(BakehouseError, match="mse, which does not fit"):
        _parts(place, tiny_bert, fit={"loss": "mse"})


def test_vectors_of_the_data_itself(tmp_path: Path, tiny_bert: Path) -> None:
    [part] = _parts(_lines(tmp_path / "a.jsonl", {"text": "a loaf", "vector": [0.5] * 32, "lang": "en"}), tiny_bert)
    assert part.columns["label"].shape == (1, 32)
    with pytest.raises(BakehouseError, match="gives 2 where the student gives 32"):
        _parts(_lines(tmp_path / "b.jsonl", {"text": "a loaf", "vector": [0.5, 1], "lang": "en"}), tiny_bert)
    short = _lines(tmp_path / "c.jsonl", {"text": "a", "vector": [1, 2]}, {"text": "b", "vector": [1]})
    with pytest.raises(BakehouseError, match="line 2: a vector of 1 numbers where 2 numbers, as in the rows before"):
        own.read(short)


def test_translations_learn_the_vector_of_their_source(tmp_path: Path, tiny_bert: Path) -> None:
    place = _csv(tmp_path / "data.csv", "de,en,fr\nHallo,hello,bonjour\nBrot,bread,\nSalz,salt,\n")
    taught = {"kind": "bi-encoder", "teacher": str(tiny_bert)}
    parts = {part.name: part for part in _parts(place, tiny_bert, label=taught)}
    assert list(parts) == ["own-en-de-query", "own-en-de-document", "own-en-fr-query"]
    german = parts["own-en-de-query"]
    assert german.columns["source"] == ["hello", "salt"]
    assert german.columns["target"] == ["Hallo", "Salz"]
    assert german.roles == {"source": "query", "target": "query"}
    wanted = encode(load(resolve(str(tiny_bert))), ["hello", "salt"], "query")
    assert np.allclose(german.columns["label"], wanted, atol=0.01)
    with pytest.raises(BakehouseError, match=r"set label\.kind=bi-encoder and label\.teacher"):
        _parts(place, tiny_bert)


def test_twenty_thousand_rows_are_ready_in_a_second_or_two(tmp_path: Path, tiny_bert: Path) -> None:
    passage = "A loaf keeps four days in a wooden box, and three months in the freezer. " * 5
    with (tmp_path / "data.csv").open("w") as out:
        out.write("query,answer,negative,lang\n")
        out.writelines(f'how long does loaf {n} keep,"{n} {passage}","not {n} {passage}",en\n' for n in range(20_000))
    model, start = load(resolve(str(tiny_bert))), time.process_time()
    parts = own_parts.parts(own.read(str(tmp_path / "data.csv")), model, _recipe(str(tmp_path / "data.csv")), None)
    from training.data.parts import TrainingData

    data = TrainingData.of(model, parts, 256)
    assert data.rows == {"own-en-1": 20_000}
    assert time.process_time() - start < 4
