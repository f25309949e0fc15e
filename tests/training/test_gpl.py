"""A run's data as the GPL toolkit's files, out and in again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_kitchen import Kitchen

from retrieval.beir import read_documents, read_qrels, read_queries
from retrieval.convert.convert import convert
from retrieval.errors import BakehouseError
from retrieval.records import Qrels
from training import gpl, runs, shards, snapshot
from training.commands.export import _told
from training.data import own
from training.data.inputs import Inputs
from training.data.pairs import Texts, margins
from training.data.shapes import Shape
from training.settings import load_recipe


@pytest.fixture
def kitchen(home: Path, tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path) -> Kitchen:
    kitchen = Kitchen(
        tiny_corpus,
        base=str(tiny_bert),
        generate={"queries_per_passage": 1},
        mine={"retrievers": ("bm25", "base"), "negatives": 3},
        label={"kind": "cross-encoder", "teacher": str(tiny_cross_encoder)},
    )
    snapshot.keep(kitchen.run, kitchen.recipe)
    return kitchen


def _triples(path: Path) -> list[tuple[str, str, str, float]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(query, positive, negative, float(margin)) for query, positive, negative, margin in rows]


def _pairs(qrels: Qrels) -> set[tuple[str, str]]:
    return {(query, document) for query, grades in qrels.items() for document in grades}


def test_the_files_say_what_the_stages_have_made(kitchen: Kitchen, tmp_path: Path, tiny_bert: Path) -> None:
    labelled, mined = kitchen.label(), kitchen.mine()
    written = gpl.export(kitchen.run, tmp_path / "gpl")
    rows = list(shards.read_rows(labelled))
    assert {name: written.counts[name] for name in (gpl.MINED, gpl.LABELLED)} == {
        "hard-negatives.jsonl": len(rows),
        "gpl-training-data.tsv": 3 * len(rows),
    }
    assert sorted(_triples(tmp_path / "gpl" / "gpl-training-data.tsv")) == sorted(
        (row["query"], row["positive"][0], negative, row["positive"][1] - score)
        for row in rows
        for negative, score in row["negatives"]
    )
    lines = (tmp_path / "gpl" / "hard-negatives.jsonl").read_text(encoding="utf-8").splitlines()
    first, row = json.loads(lines[0]), next(iter(shards.read_rows(mined)))
    assert (list(first), first["qid"], first["pos"]) == (["qid", "pos", "neg"], row["query"], [row["positive"]])
    names = {"bm25": "bm25", "base": str(tiny_bert)}
    of_row = {(names.get(each["from"], each["from"]), each["id"]) for each in row["negatives"]}
    assert {(name, each) for name, ids in first["neg"].items() for each in ids} == of_row


def test_triples_are_shuffled_alike_and_less_what_the_teacher_mistrusts(kitchen: Kitchen, tmp_path: Path) -> None:
    rows = list(shards.read_rows(kitchen.label()))
    gpl.export(kitchen.run, tmp_path / "one")
    gpl.export(kitchen.run, tmp_path / "two")
    content = (tmp_path / "one" / "gpl-training-data.tsv").read_bytes()
    assert content == (tmp_path / "two" / "gpl-training-data.tsv").read_bytes()
    order = [query for query, *_ in _triples(tmp_path / "one" / "gpl-training-data.tsv")]
    assert order != [row["query"] for row in rows for _ in row["negatives"]]
    margins = sorted(row["positive"][1] - score for row in rows for _, score in row["negatives"])
    positive = [margin for margin in margins if margin > 0]
    ceiling = positive[len(positive) // 2]
    kitchen.set("label", ceiling=ceiling)
    kitchen.run.write_recipe(kitchen.recipe)
    gpl.export(kitchen.run, tmp_path / "one")
    kept = sorted(margin for *_, margin in _triples(tmp_path / "one" / "gpl-training-data.tsv"))
    assert kept == [margin for margin in margins if margin >= ceiling]


def test_what_is_written_is_read_in_again(kitchen: Kitchen, tmp_path: Path) -> None:
    kitchen.label()
    gpl.export(kitchen.run, tmp_path / "gpl")
    report = convert([tmp_path / "gpl"], tmp_path / "out")
    questions = kitchen.filter()
    assert list(read_documents(tmp_path / "out")) == kitchen.corpus.documents
    assert list(read_queries(tmp_path / "out")) == list(read_queries(questions))
    assert read_qrels(tmp_path / "out", "train") == read_qrels(questions, "train")
    assert read_qrels(tmp_path / "out", "dev") == read_qrels(questions, "dev")
    assert report.counts.rejected == 0


def test_beir_loads_it_under_the_toolkit_s_prefix(kitchen: Kitchen, tmp_path: Path) -> None:
    from beir.datasets.data_loader import GenericDataLoader

    kitchen.label()
    gpl.export(kitchen.run, tmp_path / "gpl")
    corpus, queries, qrels = GenericDataLoader(str(tmp_path / "gpl"), prefix="qgen").load(split="train")
    assert len(corpus) == 24
    for query, positive, negative, _ in _triples(tmp_path / "gpl" / "gpl-training-data.tsv"):
        assert (query in queries, negative in corpus, positive in qrels[query]) == (True, True, True)


def test_a_run_that_is_not_so_far_gives_what_it_has(kitchen: Kitchen, tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match="has no complete 'filter' yet"):
        gpl.export(kitchen.run, tmp_path / "gpl")
    assert not (tmp_path / "gpl").exists()
    questions = kitchen.filter()
    written = gpl.export(kitchen.run, tmp_path / "gpl")
    assert list(written.counts) == [
        "corpus.jsonl",
        "qgen-queries.jsonl",
        "qgen-qrels/dev.tsv",
        "qgen-qrels/train.tsv",
    ]
    judged = _pairs(read_qrels(questions, "train"))
    assert judged <= {
        tuple(line.split("\t")[:2])
        for line in (tmp_path / "gpl" / "qgen-qrels" / "train.tsv").read_text(encoding="utf-8").splitlines()
    }
    kitchen.mine()
    assert list(gpl.export(kitchen.run, tmp_path / "gpl").counts)[-1] == "hard-negatives.jsonl"
    documents = kitchen.corpus.documents
    texts = {query.id: query.text for query in read_queries(questions)}
    verbatim = sum(texts[query] in doc.text for query, id_ in judged for doc in documents if doc.id == id_)
    assert verbatim > 0
    assert "  qgen-queries.jsonl           24\n  qgen-qrels/dev.tsv            3" in _told(written)
    assert f"\n{verbatim} questions stand word for word in their passages" in _told(written)


def test_what_is_there_stays(kitchen: Kitchen, tmp_path: Path) -> None:
    kitchen.filter()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("keep")
    with pytest.raises(BakehouseError, match=r"is there already, and no earlier export"):
        gpl.export(kitchen.run, tmp_path / "mine")
    with pytest.raises(BakehouseError, match=r"is a file"):
        gpl.export(kitchen.run, tmp_path / "mine" / "note.txt")


def test_labelled_triples_are_training_data_as_they_were_in_the_run(kitchen: Kitchen, tmp_path: Path) -> None:
    labelled = kitchen.label()
    gpl.export(kitchen.run, tmp_path / "gpl")
    documents = {document.id: document for document in kitchen.corpus.documents}
    inputs = Inputs.of(kitchen.recipe, documents, kitchen.filter(), kitchen.mine(), labelled)
    trained = [
        (lang, row["query"], row["positive"], row["negative"], row["label"])
        for lang, row in margins(shards.read_rows(labelled), Texts.of(inputs))
    ]
    data = own.read(str(tmp_path / "gpl"))
    assert data.shape is Shape.MARGIN
    assert sorted(
        (lang, row["query"], row["positive"], row["negatives"][0], row["label"])
        for lang, rows in data.examples.items()
        for row in rows
    ) == sorted(trained)
    before = own.fingerprint(str(tmp_path / "gpl"))
    with (tmp_path / "gpl" / "gpl-training-data.tsv").open("a") as out:
        out.write("en-oven-q1\ten-oven\ten-salt\t2.5\n")
    assert own.fingerprint(str(tmp_path / "gpl")) != before
    assert own.read(str(tmp_path / "gpl")).rows == data.rows + 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("en-q-oven\ten-oven\ten-salt\n", "line 1: wanted query, positive and negative id and the margin"),
        ("en-q-oven\ten-oven\ten-salt\thigh\n", "line 1: wanted query, positive .* found 'en-q-oven"),
        ("en-q-oven\ten-oven\ten-salt\tnan\n", "line 1: wanted query, positive"),
        ("en-q-oven\ten-oven\ten-cake\t1\n", "line 1: 'en-cake' is not in the folder"),
        ("q9\ten-oven\ten-salt\t1\n", "line 1: 'q9' is not in the folder"),
        ("", "is empty: there is nothing to train on"),
    ],
)
def test_triples_that_cannot_be_used_are_named(tiny_corpus: Path, line: str, message: str) -> None:
    with pytest.raises(BakehouseError, match=message):
        own.read(str(_with_triples(tiny_corpus, line)))


def test_a_run_carries_the_triples_it_trains_on(home: Path, tiny_corpus: Path) -> None:
    folder = _with_triples(tiny_corpus, "en-q-oven\ten-oven\ten-salt\t2.5\n")
    recipe = load_recipe({"corpus": str(tiny_corpus), "fit": {"data": str(folder)}})
    run = runs.create(recipe, "tiny")
    snapshot.keep(run, recipe)
    assert own.fingerprint(str(run.path / "data" / folder.name)) == own.fingerprint(str(folder))


def _with_triples(corpus: Path, lines: str) -> Path:
    """A corpus with generated questions beside, and these triples."""
    (corpus / "queries.jsonl").rename(corpus / "qgen-queries.jsonl")
    (corpus / "qrels").rename(corpus / "qgen-qrels")
    (corpus / "qgen-qrels" / "dev.tsv").rename(corpus / "qgen-qrels" / "train.tsv")
    (corpus / "gpl-training-data.tsv").write_text(lines)
    return corpus
