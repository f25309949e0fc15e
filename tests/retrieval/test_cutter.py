"""Passages fit the model, lie end to end, and break nowhere that a reader would not."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.convert.cutter import Cutter, Span
from retrieval.lengths import Ruler, ruler_of
from retrieval.models import Model

STORY = "Salt the dough. Feed the starter. Heat the oven for an hour. Heat the starter. Heat the oven."


@pytest.fixture(scope="module")
def ruler(tiny_bert: Path) -> Ruler:
    """Counts [CLS] and [SEP], each known word and each full stop as one token."""
    return ruler_of(Model("tiny", tiny_bert, "folder"))


def cut(ruler: Ruler, budget: int, text: str, lang: str = "en", *, overlap: int = 0, title: str = "") -> list[str]:
    return [span.of(text) for span in Cutter(ruler, budget, overlap).cut(text, lang, title)]


def test_the_ruler_counts_as_the_model_reads(ruler: Ruler) -> None:
    assert ruler.whole(["", "the dough.", "Salt the dough"]) == [2, 5, 5]
    assert ruler.parts(["", "the dough."]) == [0, 3]
    assert ruler.starts("the dough.") == [0, 4, 9]
    assert (ruler.limit, ruler.prompt) == (64, "")


def test_whole_sentences_as_many_as_fit(ruler: Ruler) -> None:
    lengths = ruler.parts(
        ["Salt the dough.", "Feed the starter.", "Heat the oven for an hour.", "Heat the starter.", "Heat the oven."]
    )
    assert lengths == [4, 4, 7, 4, 4]
    assert cut(ruler, 2 + 8, STORY) == [
        "Salt the dough. Feed the starter.", "Heat the oven for an hour.", "Heat the starter. Heat the oven.",
    ]  # fmt: skip
    assert cut(ruler, 2 + 15, STORY)[0] == "Salt the dough. Feed the starter. Heat the oven for an hour."


def test_a_text_that_fits_is_one_passage(ruler: Ruler) -> None:
    length = ruler.whole([STORY])[0]
    assert Cutter(ruler, length).cut(STORY, "en") == [Span(0, len(STORY))]
    assert len(cut(ruler, length - 1, STORY)) == 2


def test_the_title_takes_its_part_of_the_budget(ruler: Ruler) -> None:
    assert ruler.parts(["Bread"]) == [1]
    assert cut(ruler, 2 + 8, STORY, title="Bread")[:2] == ["Salt the dough.", "Feed the starter."]
    assert cut(ruler, 2 + 9, STORY, title="Bread")[0] == "Salt the dough. Feed the starter."


def test_overlap_repeats_whole_sentences(ruler: Ruler) -> None:
    assert cut(ruler, 2 + 11, STORY, overlap=4) == [
        "Salt the dough. Feed the starter.",
        "Feed the starter. Heat the oven for an hour.",
        "Heat the starter. Heat the oven.",
    ]
    assert cut(ruler, 2 + 11, STORY, overlap=3)[1] == "Heat the oven for an hour. Heat the starter."


def test_a_long_sentence_is_cut_between_words_and_a_long_word_between_graphemes(ruler: Ruler) -> None:
    assert cut(ruler, 2 + 4, "the dough the oven the starter") == ["the dough the oven", "the starter"]
    long = "eoeoeoeoeo"
    assert ruler.parts([long]) == [10]
    assert cut(ruler, 2 + 4, f"the {long}") == ["the eoe", "oeoe", "oeo"]


def test_lines_come_before_words(ruler: Ruler) -> None:
    lines = "the dough the\nthe oven the starter\nthe loaf"
    assert cut(ruler, 2 + 5, lines) == ["the dough the", "the oven the starter", "the loaf"]


def test_a_long_title_leaves_half_of_the_budget(ruler: Ruler) -> None:
    cutter = Cutter(ruler, 2 + 8)
    assert cutter.short_title("the dough the oven", "en") == "the dough the oven"
    assert cutter.short_title("the dough the oven the starter", "en") == "the dough the…"


def test_a_sentence_of_many_slabs(ruler: Ruler) -> None:
    text = "the dough " * 20_000
    passages = cut(ruler, 64, text)
    assert len(passages) == -(-40_000 // 62)
    assert "".join(" ".join(passages).split()) == "".join(text.split())


HARD = st.text(
    st.sampled_from("the dough. Öoe!?。」؟।\n -9“” \u0301\u200d👩🇩🇪กำ\u094dक가각한"), min_size=1, max_size=120
).map(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=HARD, lang=st.sampled_from(["en", "ja", "th", "und"]), room=st.integers(3, 12), overlap=st.integers(0, 4))
def test_nothing_is_lost_and_everything_fits(ruler: Ruler, text: str, lang: str, room: int, overlap: int) -> None:
    spans = Cutter(ruler, 2 + room, overlap).cut(text, lang)
    graphemes = {0, *(match.end() for match in regex.finditer(r"\X", text))}
    assert {place for span in spans for place in (span.start, span.end)} <= graphemes
    assert [span.start for span in spans[:1]] + [span.end for span in spans[-1:]] == [0, len(text)] * bool(text)
    for span, following in pairwise(spans):
        assert following.start <= span.end < following.end
        if not overlap:
            assert following.start == span.end
    for span, length in zip(spans, ruler.whole([span.of(text) for span in spans]), strict=True):
        assert length <= 2 + room or len(regex.findall(r"\X", text[span.start : span.end].strip())) == 1
