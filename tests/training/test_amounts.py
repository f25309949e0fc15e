"""How many passages and questions: balance between languages, and GPL's rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.beir import open_corpus, write_documents
from retrieval.records import Document
from training.amounts import balanced, passages_at_most, questions_each
from training.config import Split
from training.settings import load_recipe
from training.split import questions_a_passage, shares_of, split_by_language, told

AVAILABLE = {"ar": 100, "de": 400, "en": 2500, "xx": 0}


@pytest.mark.parametrize(
    ("balance", "each", "wanted"),
    [
        ("natural", 9999, {"ar": 100, "de": 400, "en": 2500, "xx": 0}),
        ("natural", 300, {"ar": 100, "de": 300, "en": 300, "xx": 0}),
        ("root", 9999, {"ar": 100, "de": 200, "en": 500, "xx": 0}),
        ("root", 300, {"ar": 100, "de": 200, "en": 300, "xx": 0}),
        ("equal", 9999, {"ar": 100, "de": 100, "en": 100, "xx": 0}),
        ("equal", 30, {"ar": 30, "de": 30, "en": 30, "xx": 0}),
    ],
)
def test_balance(balance: str, each: int, wanted: dict[str, int]) -> None:
    assert balanced(AVAILABLE, balance, each) == wanted  # type: ignore[arg-type]


def test_a_total_cuts_all_languages_by_the_same_share() -> None:
    assert balanced(AVAILABLE, "natural", 9999, 300) == {"ar": 10, "de": 40, "en": 250, "xx": 0}
    assert balanced({"ar": 1, "en": 5000}, "natural", 9999, 500) == {"ar": 1, "en": 499}
    assert balanced({}, "equal", 10) == {}


@pytest.mark.parametrize(
    ("passages", "wanted"),
    [(1, 50), (4_999, 50), (5_000, 50), (5_001, 50), (10_000, 25), (10_001, 25), (100_000, 3), (83_334, 3), (10**7, 3)],
)
def test_questions_follow_the_corpus_as_in_gpl(passages: int, wanted: int) -> None:
    assert questions_each(0, passages) == wanted
    assert questions_each(7, passages) == 7


def test_gpl_takes_no_more_passages_than_three_questions_each_allow() -> None:
    assert passages_at_most(0) == 83_333
    assert passages_at_most(3) is None


def _documents() -> list[Document]:
    sizes = {"de": 16, "en": 36, "sw": 4}
    text = "a passage that is long enough to be asked about, number {}"
    return [
        Document(f"{lang}{n}", text.format(n), "", {"lang": lang}) for lang, size in sizes.items() for n in range(size)
    ]


@pytest.mark.parametrize(
    ("balance", "wanted"),
    [("natural", "de 14, en 32, sw 3"), ("root", "de 7, en 11, sw 3"), ("equal", "de 3, en 3, sw 3")],
)
def test_the_split_draws_to_the_balance_and_says_so(balance: str, wanted: str) -> None:
    settings = Split(balance=balance)  # type: ignore[arg-type]
    shares = split_by_language(_documents(), settings, judged=False)
    assert told(shares, settings).startswith(f"passages to ask about: {wanted} ({balance}: ")
    for share in shares:
        assert not {passage.id for passage in share.dev} & {document.id for document in share.pool}
        assert {passage.lang for passage in [*share.train, *share.dev, *share.pool]} == {share.lang}


def test_the_recipe_decides_how_many_questions_a_passage_gets(tmp_path: Path) -> None:
    write_documents(tmp_path, _documents())
    corpus = open_corpus(tmp_path)
    recipe = load_recipe({"corpus": str(tmp_path), "generate": {"queries_per_passage": 0}})
    shares = shares_of(corpus, recipe, judged=False)
    assert questions_a_passage(recipe.generate, shares) == 50
    assert load_recipe({"corpus": "x", "preset": "gpl"}).generate.queries_per_passage == 0
