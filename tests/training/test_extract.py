"""Questions taken out of the passage itself."""

from __future__ import annotations

import pytest

from retrieval.records import Document
from training.generators.extract import Extract, sentences, without

BREAD = Document(
    "bread",
    "Rye holds little gluten, so the dough stays sticky. It is baked in a tin! Steam keeps the crust soft.",
    metadata={"lang": "en"},
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Version 2.5 is out. Good.", ["Version 2.5 is out.", "Good."]),
        ("今天很好。明天呢？", ["今天很好。", "明天呢？"]),
        ("ما هذا؟ هذا خبز.", ["ما هذا؟", "هذا خبز."]),
        ("यह रोटी है। अच्छा।", ["यह रोटी है।", "अच्छा।"]),
        ("line\nline", ["line", "line"]),
        ("", []),
    ],
)
def test_sentences(text: str, wanted: list[str]) -> None:
    assert sentences(text) == wanted


def test_kinds_take_turns_and_the_seed_decides() -> None:
    extract = Extract.of("en", [BREAD, Document("other", "The crust of the bread and the dough of the tin.")])
    [asked] = extract([BREAD], 4, seed=1)
    assert len(asked) == 4
    assert asked[1] == "Rye holds little gluten stays"
    assert {asked[0], *asked[2:]} == set(sentences(BREAD.text))
    assert extract([BREAD], 4, seed=1) == [asked]
    assert {extract([BREAD], 1, seed)[0][0] for seed in range(20)} == set(sentences(BREAD.text))


def test_a_passage_asks_the_same_in_any_company() -> None:
    extract = Extract.of("en", [BREAD])
    other = Document("x", "Feed the starter with flour and water once a day.")
    assert extract([BREAD], 3, 7)[0] == extract([other, BREAD], 3, 7)[1]


def test_long_sentences_are_cut_and_short_ones_left_out() -> None:
    extract = Extract.of("en", [BREAD])
    long = Document("long", " ".join(f"word{n}" for n in range(50)) + ". No.")
    asked = extract([long], 4, 0)[0]
    assert sorted(len(question.split()) for question in asked) == [5, 16, 17, 17]
    assert "No." not in asked


def test_stretches_fill_up_where_sentences_are_used_up() -> None:
    extract = Extract.of("en", [BREAD])
    [asked] = extract([BREAD], 12, 3)
    stretches = asked[4:]
    assert asked[:4] == extract([BREAD], 4, 3)[0]
    assert 4 <= len(stretches) <= 8
    assert all(stretch in " ".join(BREAD.text.split()) and 3 <= len(stretch.split()) <= 14 for stretch in stretches)
    text = "面包要在热的石板上烤一个小时" * 4 + "。"
    chinese = Extract.of("zh", [Document("zh", text)])([Document("zh", text)], 12, 0)[0]
    assert len(chinese) > 5 and all(stretch in text and len(stretch) <= 28 for stretch in chinese)


def test_chinese_is_cut_between_characters() -> None:
    text = "面包要在热的石板上烤一个小时" * 4 + "。"
    asked = Extract.of("zh", [Document("zh", text)])([Document("zh", text)], 3, 0)[0]
    assert "".join(sorted(asked, key=text.index)) == text
    assert all(len(question) <= 24 for question in asked)


def test_what_was_taken_out_no_longer_stands_in_the_passage() -> None:
    assert without(BREAD.text, ["It is baked in a tin!"]) == (
        "Rye holds little gluten, so the dough stays sticky. Steam keeps the crust soft."
    )
    assert without(BREAD.text, ["not in it"]) == BREAD.text
    assert without(BREAD.text, sentences(BREAD.text)) == BREAD.text  # nothing would remain
