"""Sentence borders in many scripts: exact, and never within what readers see as one character."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from retrieval.sentences import borders


def sentences(text: str, lang: str) -> list[str]:
    ends = list(borders(text, lang))
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "en",
            ["Dr. Smith left the U.S. on Monday. ", "It cost 3.5 dollars, e.g. at noon. ", "“Why?” ", "Nobody knew."],
        ),
        ("en", ["J. R. Jones said “Why?” and went. ", "See Fig. 3 and al. St. Paul…"]),
        ("en", ["1. First thing. ", "And the rest.\n", "- one item\n", "- another\n\n", "A new paragraph"]),
        ("en", ["A line that is wrapped\nby an editor goes on. ", "The end."]),
        ("de", ["Am 3. Oktober kam z. B. Dr. Meier. ", "Er blieb bis 1990. ", "Dann ging er („Na gut.“) heim."]),
        ("fr", ["M. Dupont et Mme. Petit arrivent ! ", "Pourquoi ? ", "Parce que."]),
        ("es", ["¿Qué? ", "¡No! ", "El Sr. Pérez vino. ", "Bien."]),
        ("ru", ["В 1990 г. Иванов И. И. жил на ул. Ленина. ", "Всё."]),
        ("el", ["Τι είναι; ", "Δεν ξέρω. ", "Ναι."]),
        ("zh", ["今天天气很好。", "我们去公园吧！", "你去吗？", "“好的。”", "他说。"]),
        ("ja", ["「はい。」と彼は言った。", "そして、帰った！", "本当？"]),
        ("ar", ["هل تسمع؟ ", "نعم، أسمع. ", "حسنا!"]),
        ("ur", ["یہ ایک ہے۔ ", "وہ دو ہے؟ ", "ہاں"]),
        ("hi", ["यह एक वाक्य है। ", "यह दूसरा है॥ ", "क्या? ", "हाँ।"]),
        ("th", ["วันนี้อากาศดี ", "เราไปสวนกัน 15 คน ", "ใช้ iPhone 15 Pro ดี"]),
        ("und", ["วันนี้อากาศดี เราไปสวนกัน"]),
        ("my", ["ဒါ။ ", "ဟို။"]),
        ("am", ["ሰላም። ", "እንዴት፧ ", "ደህና።"]),
        ("hy", ["Բարև։ ", "Ինչպես ես։"]),
    ],
)
def test_sentences_end_where_readers_say(lang: str, expected: list[str]) -> None:
    assert sentences("".join(expected), lang) == expected


def test_no_text_has_no_border() -> None:
    assert list(borders("", "en")) == []


HARD = st.text(
    st.sampled_from("aÉ.!?。」と؟।॥\n -1“” \u0301\u200d👩🇩🇪\u0e01\u0e33\u094d\u0915क가\u1112\u1161"), max_size=30
)


@given(HARD, st.sampled_from(["en", "de", "ja", "th", "hi", "und"]))
def test_no_border_parts_a_grapheme(text: str, lang: str) -> None:
    graphemes = {match.end() for match in regex.finditer(r"\X", text)}
    found = list(borders(text, lang))
    assert found == sorted(set(found))
    assert set(found) <= graphemes
    assert found[-1:] == [len(text)] * bool(text)
