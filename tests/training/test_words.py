"""Words are found whatever their case, accents and script."""

from __future__ import annotations

import pytest

from training.questions.words import Words, contains, folded


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Crème  BRÛLÉE", "creme brulee"),
        ("Straße", "strasse"),
        ("Ｓａｌｔ", "salt"),
        ("ΆΛΑΣ", "αλασ"),
        ("Ёж и йод", "еж и йод"),
        ("الخُبْز والأَرُزّ", "الخبز والارز"),
        ("שָׁלוֹם", "שלום"),
        ("がか", "がか"),
        ("हिन्दी", "हिन्दी"),
        ("빵을", "빵을"),
    ],
)
def test_folding(text: str, wanted: str) -> None:
    assert folded(text) == wanted


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("Wie viel SALZ?", "salz", True),
        ("Salzig ist es.", "salz", False),
        ("Was kostet ein Café?", "cafe\u0301", True),
        ("is olive\noil healthy", "Olive Oil", True),
        ("面包要烤多久", "烤", True),
        ("使用GPU训练", "gpu", True),
        ("CPUGPU", "gpu", False),
        ("빵을 굽다", "빵", True),
        ("ขนมปังอบ", "ปัง", True),
        ("мои друзья", "мой", False),
        ("كم من الخُبز", "الخبز", True),
        ("learn C++ now", "c++", True),
        ("a.b", "a+b", False),
        ("anything", " ", False),
    ],
)
def test_contains(text: str, word: str, found: bool) -> None:
    assert contains(text, word) is found


def test_one_of_must_and_none_of_must_not() -> None:
    words = Words(("salt", "sugar"), ("yeast",))
    assert words.allowed(["How much salt?", "sugar or yeast?", "How hot?", "SUGAR!"]) == ["How much salt?", "SUGAR!"]
    assert Words().allow("anything")
    assert (words.lacking("How hot?"), words.unwanted("Yeast and salt")) == (True, True)
