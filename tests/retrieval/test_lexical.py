"""Tokens of many languages, and BM25 over them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from retrieval.lexical import index_documents, open_lexical
from retrieval.records import Document
from retrieval.tokens import tokens


@pytest.mark.parametrize(
    ("lang", "text", "wanted"),
    [
        ("en", "Running DOGS, running!", ["run", "dog", "run"]),
        ("de", "Häuser", ["haus"]),
        ("zh", "机器学习，好", ["机器", "器学", "学习", "好"]),
        ("ja", "東京タワー", ["東京", "京タ", "タワ", "ワー"]),
        ("th", "ภาษาไทย", ["ภา", "าษ", "ษา", "าไ", "ไท", "ทย"]),
        ("ko", "서울에", ["서울", "울에"]),
        ("hi", "हिन्दी", ["हिन्द"]),
        ("he", "שָׁלוֹם", ["שלום"]),
        ("und", "ﬁne ＡＢＣ", ["fine", "abc"]),
        ("zh", "BEIR格式v2", ["beir", "v2", "格式"]),
        ("en", "...", []),
    ],
)
def test_tokens(lang: str, text: str, wanted: list[str]) -> None:
    assert tokens(text, lang) == wanted


def test_arabic_vowel_signs_do_not_matter() -> None:
    assert tokens("مُدَرِّسَة", "ar") == tokens("مدرسة", "ar")


def test_scores_are_lucenes_bm25() -> None:
    documents = [Document("1", "salt bread"), Document("2", "bread bread oven"), Document("3", "steam")]
    index = index_documents(documents, ["und"] * 3)
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    average = 6 / 3
    wanted = [idf * tf / (tf + 1.2 * (0.25 + 0.75 * length / average)) for tf, length in ((1, 2), (2, 3))]
    assert index.scores("bread", "und").tolist() == pytest.approx([*wanted, 0.0], rel=1e-5)


def test_documents_without_a_shared_term_are_left_out() -> None:
    index = index_documents([Document("1", "salt"), Document("2", "oven"), Document("3", "salt oven")], ["en"] * 3)
    assert index.search([("salt", "en"), ("malt", "en")], 3).positions.tolist() == [[0, 2, -1], [-1, -1, -1]]


def test_an_index_on_disk_answers_the_same(home: Path) -> None:
    documents = [
        Document(str(n), text, metadata={"lang": "en"}) for n, text in enumerate(["red oven", "blue oven", "salt"])
    ]
    built = open_lexical(documents, "fingerprint")
    assert len(list((home / "indexes").glob("[!.]*"))) == 1
    read = open_lexical(documents, "fingerprint")
    assert read.scores("blue ovens", "en").tolist() == built.scores("blue ovens", "en").tolist()
    assert read.scores("blue ovens", "en").argmax() == 1


def test_a_corpus_of_punctuation_never_answers() -> None:
    index = index_documents([Document("1", "..."), Document("2", "!!")], ["en", "en"])
    assert index.search([("anything", "en")], 2).positions.tolist() == [[-1, -1]]
