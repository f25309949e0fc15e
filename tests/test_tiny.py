"""The small parts that other tests stand on are what they claim to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tiny_texts import sentences

from retrieval.beir import Corpus, splits


def test_tiny_bert_is_a_sentence_transformers_model(tiny_bert: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_bert), device="cpu")
    vectors = model.encode(["rye bread", "rye bread", "Salz im Teig"])
    assert vectors.shape == (3, 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[1], rtol=1e-5)
    assert vectors[0] @ vectors[2] < 0.999
    assert model.max_seq_length == 64
    assert (tiny_bert / "model.safetensors").is_file()


def test_tiny_tokenizer_knows_all_three_scripts(tiny_bert: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    for sentence in sentences():
        ids = tokenizer(sentence)["input_ids"]
        assert tokenizer.unk_token_id not in ids, sentence
        assert ids[0] == tokenizer.cls_token_id and ids[-1] == tokenizer.sep_token_id


def test_tiny_cross_encoder_gives_one_logit_a_pair(tiny_cross_encoder: Path) -> None:
    from sentence_transformers import CrossEncoder

    scores = CrossEncoder(str(tiny_cross_encoder), device="cpu").predict([("rye", "Rye bread"), ("salt", "Bagels")])
    assert scores.shape == (2,)
    assert scores[0] != scores[1]


def test_tiny_t5_generates_and_decodes(tiny_t5: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_t5)
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_t5)
    inputs = tokenizer(["why is rye dough sticky"], return_tensors="pt")
    assert inputs["input_ids"][0, -1] == tokenizer.eos_token_id
    assert tokenizer.decode(inputs["input_ids"][0], skip_special_tokens=True) == "why is rye dough sticky"
    made = model.generate(**inputs, max_new_tokens=5, do_sample=False)
    assert made.shape[0] == 1 and 2 <= made.shape[1] <= 6


def test_tiny_corpus_is_complete(tiny_corpus: Path) -> None:
    corpus = Corpus(tiny_corpus)
    assert corpus.languages == {"ar": 8, "de": 8, "en": 8}
    assert len(corpus.queries) == 15
    assert splits(tiny_corpus) == ["dev", "test"]
    dev, test = corpus.qrels("dev"), corpus.qrels("test")
    assert (len(dev), len(test)) == (6, 9)
    assert not dev.keys() & test.keys()
    assert dev.keys() | test.keys() == {query.id for query in corpus.queries}
    documents = {document.id for document in corpus.documents}
    assert {doc for qrels in (dev, test) for grades in qrels.values() for doc in grades} <= documents
