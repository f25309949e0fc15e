"""Teachers: what they are asked and how often, whose scores count, and what is refused."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tiny_kitchen import Kitchen

from retrieval.beir import read_queries
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from retrieval.rerank import configured_activation, load_cross_encoder, pair_scores
from training import label, shards

PADDING = 0.02
"""Batches of other lengths are padded otherwise, which bfloat16 shows in the third digit."""


@pytest.fixture
def kitchen(home: Path, tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path) -> Kitchen:
    label = {"kind": "cross-encoder", "teacher": str(tiny_cross_encoder)}
    settings = {"generate": {"queries_per_passage": 1}, "mine": {"retrievers": ("bm25",)}, "label": label}
    return Kitchen(tiny_corpus, base=str(tiny_bert), **settings)


def _again(kitchen: Kitchen) -> Kitchen:
    """Another run with the same settings."""
    return Kitchen(kitchen.corpus.folder, **kitchen.recipe.model_dump(exclude={"corpus", "preset"}))


@contextmanager
def _forwards(before: Callable[[int], None] = lambda rows: None) -> Iterator[list[tuple[int, int]]]:
    """Every forward of a cross-encoder that ends well, as (rows, tokens).

    :param before: Told the rows of each forward at its beginning; it may make it fail.
    """
    from torch.nn.modules.module import register_module_forward_hook
    from transformers.models.bert.modeling_bert import BertEmbeddings

    seen: list[tuple[int, int]] = []

    def look(module: object, args: object, output: Any) -> None:
        if isinstance(module, BertEmbeddings):
            before(len(output))
            seen.append((output.shape[0], output.shape[1]))

    hook = register_module_forward_hook(look)
    yield seen
    hook.remove()


def _rows(folder: Path) -> list[shards.Row]:
    return list(shards.read_rows(folder))


def _pairs(kitchen: Kitchen, row: shards.Row) -> list[tuple[str, str]]:
    texts = {query.id: query.text for query in read_queries(kitchen.filter())}
    documents = {document.id: document.full_text for document in kitchen.corpus.documents}
    return [(texts[row["query"]], documents[doc_id]) for doc_id, _ in [row["positive"], *row["negatives"]]]


def _scores(row: shards.Row) -> list[float]:
    return [score for _, score in [row["positive"], *row["negatives"]]]


def test_the_scores_are_the_cross_encoders_logits(kitchen: Kitchen, tiny_cross_encoder: Path) -> None:
    rows = _rows(kitchen.label())
    loaded = load_cross_encoder(resolve(str(tiny_cross_encoder)))
    for row in (rows[0], rows[-1]):
        assert _scores(row) == pytest.approx(pair_scores(loaded, _pairs(kitchen, row)).tolist(), abs=PADDING)
    mined = {(row["query"], row["positive"]): row for row in _rows(kitchen.mine())}
    assert [(row["query"], row["positive"][0]) for row in rows] == list(mined)
    for row in rows:
        ids = [negative["id"] for negative in mined[row["query"], row["positive"][0]]["negatives"]]
        assert [doc_id for doc_id, _ in row["negatives"]] == ids


def test_at_most_six_tenths_of_the_forwards_of_the_gpl_toolkit(kitchen: Kitchen, tiny_cross_encoder: Path) -> None:
    """For each tuple that it draws, the GPL toolkit scores the passage and the negative: 2 pairs a tuple.

    Its 140,000 steps of 32 tuples make 8.96 million. Here a question with n negatives costs 1 + n pairs and gives n
    tuples, as often as they are drawn: (1 + n) / 2n of that, .51 with GPL's 50 negatives, .56 with 8.
    """
    kitchen.set("mine", negatives=6)
    mined = _rows(kitchen.mine())
    with _forwards() as own:
        folder = kitchen.label()
    tuples = sum(len(row["negatives"]) for row in mined)
    draw, texts = random.Random(0), {query.id: query.text for query in read_queries(kitchen.filter())}
    documents = {document.id: document.full_text for document in kitchen.corpus.documents}
    loaded = load_cross_encoder(resolve(str(tiny_cross_encoder)))
    drawn: list[shards.Row] = []
    pairs: list[tuple[str, str]] = []
    for _ in range(tuples):  # as its PseudoLabeler does: questions in shuffled rounds, of each a random negative
        drawn = drawn or draw.sample(mined, len(mined))
        row = drawn.pop()
        passages = (row["positive"], draw.choice(row["negatives"])["id"])
        pairs += [(texts[row["query"]], documents[doc_id]) for doc_id in passages]
    with _forwards() as gpls:
        pair_scores(loaded, pairs)
    assert sum(rows for rows, _ in gpls) == 2 * tuples
    assert sum(rows for rows, _ in own) <= 0.6 * sum(rows for rows, _ in gpls)
    counts = json.loads((folder / "manifest.json").read_text())["counts"]
    assert counts == {"queries": len(mined), "pairs": sum(rows for rows, _ in own), "margins": tuples}


def test_a_pair_that_stands_in_several_rows_is_scored_once(kitchen: Kitchen) -> None:
    mined = kitchen.mine()
    shard = next(mined.glob("en-*.jsonl"))
    rows = [json.loads(line) for line in shard.read_text().splitlines()]
    other = rows[0]["negatives"][0]["id"]
    twice = {**rows[0], "positive": other, "negatives": rows[0]["negatives"][1:]}
    shard.write_text("".join(json.dumps(row) + "\n" for row in [*rows, twice]))
    pairs = {pair for row in _rows(mined) for pair in _pairs(kitchen, _as_labelled(row))}
    with _forwards() as seen:
        labelled = _rows(kitchen.label())
    assert sum(rows for rows, _ in seen) == len(pairs)
    same = [row for row in labelled if row["query"] == twice["query"]]
    assert same[1]["positive"] == same[0]["negatives"][0]


def _as_labelled(row: shards.Row) -> shards.Row:
    negatives = [[negative["id"], 0.0] for negative in row["negatives"]]
    return {**row, "positive": [row["positive"], 0.0], "negatives": negatives}


def test_the_longest_pairs_come_first_and_none_is_longer_than_allowed(kitchen: Kitchen) -> None:
    kitchen.shares = [share for share in kitchen.shares if share.lang == "en"]
    kitchen.set("label", batch_size=4)
    with _forwards() as seen:
        kitchen.label()
    widths = [tokens for _, tokens in seen]
    assert len(widths) > 5
    assert max(widths) - 1 <= widths[0] and widths[-1] == min(widths)
    assert widths[0] > 24
    assert {rows for rows, _ in seen[:5]} == {4}
    kitchen.set("label", max_length=24)
    with _forwards() as seen:
        kitchen.label()
    assert max(tokens for _, tokens in seen) == 24


def test_when_memory_runs_out_the_batch_is_halved(kitchen: Kitchen) -> None:
    calm = _rows(kitchen.label())

    def small(rows: int) -> None:
        if rows > 5:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    again = _again(kitchen)
    with _forwards(small) as seen:
        rows = _rows(again.label())
    assert max(rows for rows, _ in seen) == 4  # 32, 16, 8, 4
    assert sum(len(_scores(row)) for row in calm) >= sum(rows for rows, _ in seen)
    for one, other in zip(rows, calm, strict=True):
        assert _scores(one) == pytest.approx(_scores(other), abs=PADDING)


def test_the_batch_size_is_no_part_of_the_result(kitchen: Kitchen) -> None:
    folder = kitchen.label()
    kitchen.set("label", batch_size=3)
    assert kitchen.label() == folder
    other = _again(kitchen).label()
    names = [sorted(path.name for path in each.glob("*.jsonl")) for each in (folder, other)]
    assert names[0] == names[1]
    assert other.name == folder.name


def _other_teacher(teacher: Path, folder: Path, change: Callable[[dict], None]) -> Path:
    from safetensors.torch import load_file, save_file

    shutil.copytree(teacher, folder)
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_a_language_has_a_teacher_of_its_own(kitchen: Kitchen, tiny_cross_encoder: Path, tmp_path: Path) -> None:
    before = _rows(kitchen.label())
    own = _other_teacher(tiny_cross_encoder, tmp_path / "german", lambda weights: weights["classifier.bias"].add_(7))
    kitchen.set("label", teachers={"de": str(own)})
    with _forwards() as seen:
        folder = kitchen.label()
    after = _rows(folder)
    for old, new in zip(before, after, strict=True):
        shift = 7.0 if new["lang"] == "de" else 0.0
        assert _scores(new) == pytest.approx([score + shift for score in _scores(old)], abs=2 * PADDING)
    german = sum(len(_scores(row)) for row in after if row["lang"] == "de")
    assert sum(rows for rows, _ in seen) == german  # the other languages' shards were taken over
    told = json.loads((folder / "teachers.json").read_text())
    assert {lang: each["name"] for lang, each in told.items()} == {
        "ar": str(tiny_cross_encoder),
        "de": str(own),
        "en": str(tiny_cross_encoder),
    }
    kitchen.set("label", teacher="")
    with pytest.raises(BakehouseError, match=r"no teacher for 'ar': label\.teacher is empty"):
        kitchen.label()


def test_a_bi_encoder_labels_by_cosine(kitchen: Kitchen, tiny_bert: Path) -> None:
    kitchen.set("label", kind="bi-encoder", teacher=str(tiny_bert))
    row = _rows(kitchen.label())[0]
    encoder = Encoder(resolve(str(tiny_bert)))
    for (question, passage), score in zip(_pairs(kitchen, row), _scores(row), strict=True):
        wanted = float(encoder([question], "query")[0] @ encoder([passage], "document")[0])
        assert score == pytest.approx(wanted, abs=0.01)


def test_scores_that_are_no_numbers_are_refused(kitchen: Kitchen, tiny_cross_encoder: Path, tmp_path: Path) -> None:
    broken = _other_teacher(
        tiny_cross_encoder, tmp_path / "broken", lambda weights: weights["classifier.weight"].fill_(float("nan"))
    )
    kitchen.set("label", teacher=str(broken))
    with pytest.raises(BakehouseError, match="with no number"):
        kitchen.label()


def test_a_classifier_is_no_teacher(tiny_cross_encoder: Path, tmp_path: Path) -> None:
    from transformers import AutoConfig, BertForSequenceClassification

    config = AutoConfig.from_pretrained(tiny_cross_encoder, num_labels=3)
    folder = tmp_path / "entailment"
    shutil.copytree(tiny_cross_encoder, folder)
    BertForSequenceClassification(config).save_pretrained(folder)
    with pytest.raises(BakehouseError, match="answers with 3 numbers"):
        load_cross_encoder(resolve(str(folder)))


def test_the_activation_that_a_model_asks_for_is_known(tiny_cross_encoder: Path, tmp_path: Path) -> None:
    assert configured_activation(resolve(str(tiny_cross_encoder))) == "Sigmoid"
    for number, (place, value) in enumerate(
        [
            ("sentence_transformers", {"activation_fn": "torch.nn.modules.linear.Identity"}),
            ("sbert_ce_default_activation_function", "torch.nn.modules.linear.Identity"),
        ]
    ):
        folder = tmp_path / f"teacher-{number}"
        shutil.copytree(tiny_cross_encoder, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, place: value}))
        assert configured_activation(resolve(str(folder))) == "Identity"


def test_negatives_that_the_teacher_finds_good_are_left_out_on_reading() -> None:
    row = {"query": "q", "lang": "en", "positive": ["p", 5.0], "negatives": [["a", 1.0], ["b", 3.5], ["c", 6.0]]}
    assert list(label.trusted([row], 0.0)) == [row]
    assert next(label.trusted([row], 1.5))["negatives"] == [["a", 1.0], ["b", 3.5]]
    assert next(label.trusted([row], 2.0))["negatives"] == [["a", 1.0]]


def test_two_documents_of_the_same_text_are_one_pair() -> None:
    row = {"query": "q1", "lang": "en", "positive": "a", "negatives": [{"id": "b"}, {"id": "c"}]}
    question = label.Question("why", (row,), {"a": "salt", "b": "rye", "c": "rye"})
    assert question.pairs == [("why", "salt"), ("why", "rye")]
    labelled = label._labelled(row, question, {("why", "salt"): 2.0, ("why", "rye"): 1.0})
    assert labelled["negatives"] == [["b", 1.0], ["c", 1.0]]
