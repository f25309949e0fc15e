"""How long texts are for a model, drawn and said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from retrieval.beir import open_corpus
from retrieval.errors import BakehouseError
from retrieval.lengths import SAMPLE, Lengths, measure_lengths
from retrieval.models import Model
from retrieval.page.drawings import language_bar, length_histogram
from retrieval.records import Document


def test_tokens_are_those_of_the_models_own_tokenizer(tiny_bert: Path, tiny_corpus: Path) -> None:
    from transformers import AutoTokenizer

    documents = open_corpus(tiny_corpus).documents
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    wanted = sorted(len(tokenizer(document.full_text, truncation=False)["input_ids"]) for document in documents)
    lengths = measure_lengths(documents, Model("tiny", tiny_bert, "folder"))
    assert list(lengths.tokens) == wanted
    assert lengths.median == wanted[len(wanted) // 2]


def test_a_large_corpus_is_sampled_evenly(tiny_bert: Path) -> None:
    documents = [Document(str(n), "bread " * (n // SAMPLE + 1)) for n in range(3 * SAMPLE)]
    lengths = measure_lengths(documents, Model("tiny", tiny_bert, "folder"))
    assert len(lengths.tokens) == SAMPLE
    assert len(set(lengths.tokens)) == 3


def test_the_limit_comes_from_the_models_configuration(tiny_bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "model"))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 7}))
    assert measure_lengths([Document("a", "bread")], Model("m", folder, "folder")).limit == 7
    (folder / "tokenizer.json").unlink()
    with pytest.raises(BakehouseError, match=r"no tokenizer\.json"):
        measure_lengths([Document("a", "bread")], Model("m2", folder.rename(tmp_path / "other"), "folder"))


def test_the_histogram_says_what_it_shows() -> None:
    drawn = length_histogram(Lengths((10, 20, 30, 600), 512))
    assert drawn.count("<rect") == 3 and "limit 512" in drawn
    assert "Half of the passages are shorter than 30 tokens. 25\u202f% are longer than the 512" in drawn
    assert "All fit into the 512" in length_histogram(Lengths((10,), 512))
    assert length_histogram(Lengths((), 512)) == ""


def test_the_language_bar_keeps_the_share_of_each() -> None:
    drawn = language_bar({"en": 3, "ar": 1})
    assert "flex:0.7500;background:var(--bh-series-1)" in drawn
    assert "flex:0.2500;background:var(--bh-series-2)" in drawn
    many = language_bar({f"q{n}": 1 for n in range(15)})
    assert "and 3 more" in many
