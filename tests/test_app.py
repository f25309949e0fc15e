"""The parts of the page: what they write, and whom they let do what."""

from __future__ import annotations

import logging
import os
import socket
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from markupsafe import Markup

from retrieval import judgments
from retrieval.corpora import known_corpora, open_known
from retrieval.errors import BakehouseError
from retrieval.judgments import Judgments, question_id
from retrieval.page import html, numbers
from retrieval.page.examples import examples
from retrieval.page.guard import BROKE, Guard
from retrieval.page.menus import chosen, corpus_choices
from retrieval.page.passage import LONGEST, best_sentence, marked, sentences, shared_terms
from retrieval.page.results import Answer, Ranking, answer_html, moves
from retrieval.page.tongues import language_name
from retrieval.page.visitors import may_change, require_change
from retrieval.records import Document, Hit
from training.config import Recipe
from training.page.headline import headline
from training.runs import Status, create, process_start

EVIL = "<script>alert(1)</script>\"'&"


def hits(*ids: str) -> list[Hit]:
    return [Hit(rank, 1 / rank, Document(name, f"Text of {name}."), {}) for rank, name in enumerate(ids, 1)]


# --- HTML


def test_everything_that_is_said_is_escaped() -> None:
    cell = html.Cell(EVIL, title=EVIL)
    row = html.Row([cell], act=EVIL, data={"x": EVIL}, kind="chosen")
    pieces = [
        html.text(EVIL, EVIL),
        html.mono(EVIL),
        html.tag(EVIL, EVIL),
        html.term(EVIL, EVIL),
        html.act(EVIL, "go", title=EVIL, x=EVIL),
        html.heading(EVIL, EVIL),
        html.error(EVIL),
        html.empty(EVIL, EVIL, EVIL),
        html.waiting(EVIL, EVIL),
        html.verdict(EVIL, EVIL),
        html.bar(0.5, EVIL),
        html.pairs([(EVIL, EVIL)]),
        html.table([html.Column(EVIL)], [row], EVIL),
        answer_html(
            Answer("c", EVIL, [Ranking("m", EVIL, [Hit(1, 1, Document(EVIL, EVIL, EVIL, {"lang": EVIL}))], 1)]), {}
        ),
    ]
    for piece in pieces:
        assert "<script" not in piece and "&lt;script" in piece
        assert "\"'&" not in piece


def test_markup_is_left_alone_and_attributes_are_named_as_in_html() -> None:
    assert html.element("b", Markup("<i>x</i>"), cls="a", data_run="r1", hidden=True, title=None) == (
        '<b class="a" data-run="r1" hidden=""><i>x</i></b>'
    )


def test_a_heat_cell_stays_between_0_and_1_and_numbers_stand_right() -> None:
    made = html.table(
        ["system", html.Column("nDCG@10", html.RIGHT)], [["e5", html.Cell(".831", heat=1.7, best=True)]], "scores"
    )
    assert '<td class="num bh-heat is-best" style="--heat:1.000">.831</td>' in made
    assert '<th scope="col" class="num">nDCG@10</th>' in made


def test_a_table_with_a_missing_cell_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="zip"):
        html.table(["a", "b"], [["only one"]], "broken")


def test_jargon_without_an_explanation_is_a_fault_of_ours() -> None:
    assert 'data-meaning="Search by words alone' in html.term("BM25")
    with pytest.raises(KeyError):
        html.term("sourdough")


# --- Numbers


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (numbers.measure(0.8314), ".831"),
        (numbers.measure(1), "1.000"),
        (numbers.measure(-0.12), "−.120"),
        (numbers.measure(-0.0001), ".000"),
        (numbers.measure(None), "–"),
        (numbers.measure(float("nan")), "–"),
        (numbers.measure(0.8314, 2), ".83"),
        (numbers.signed(0.021), "+.021"),
        (numbers.signed(-0.004), "−.004"),
        (numbers.signed(-0.0001), "±.000"),
        (numbers.count(2314), "2,314"),
        (numbers.counted(1, "document"), "1 document"),
        (numbers.counted(2, "query", "queries"), "2 queries"),
        (numbers.percent(0.624), "62\u202f%"),
        (numbers.plain(-11.24), "−11.2"),
        (numbers.duration(0.038), "38 ms"),
        (numbers.duration(0.42), "0.4 s"),
        (numbers.duration(59.6), "1 min"),
        (numbers.duration(190), "3 min 10 s"),
        (numbers.duration(7500), "2 h 5 min"),
        (numbers.duration(273_600), "3 d 4 h"),
        (numbers.ago(12), "just now"),
        (numbers.ago(7300), "2 h ago"),
        (numbers.size(812), "812 B"),
        (numbers.size(4_100_000), "4.1 MB"),
        (numbers.size(470_637_416), "471 MB"),
        (numbers.size(2.5e12), "2500 GB"),
    ],
)
def test_numbers_read_the_same_everywhere(said: str, wanted: str) -> None:
    assert said == wanted


# --- Passages


def test_sentences_joined_are_the_text_again() -> None:
    text = "One “two.” Three?  Four 3.5 m!\n五。六！「七。」八\nما هذا؟ نعم."
    assert sentences(text) == [
        "One “two.” ",
        "Three?  ",
        "Four 3.5 m!\n",
        "五。",
        "六！",
        "「七。」",
        "八\n",
        "ما هذا؟ ",
        "نعم.",
    ]
    assert sentences("") == []


def test_the_sentence_that_shares_most_is_marked_and_endings_do_not_matter() -> None:
    text = "Bread needs time. The oven was heated for loaves. Time is cheap."
    assert best_sentence("How do I heat an oven?", text, "en") == 1
    assert marked("How do I heat an oven?", text, "en") == (
        "Bread needs time. <mark>The oven was heated for loaves.</mark> Time is cheap."
    )


def test_a_question_in_another_language_marks_nothing() -> None:
    assert best_sentence("Wie heizt man vor?", "The oven was heated. Time is cheap.", "en") is None
    assert "<mark>" not in marked("Wie heizt man vor?", "The oven was heated.", "en")
    assert marked("anything", "", "en") == ""


def test_function_words_do_not_count_as_shared() -> None:
    assert shared_terms("What is the oven for?", "What the oven is for.", "en") == ["oven"]
    assert shared_terms("ما هي الملفات التي", "هذه هي الملفات التي تبقى", "ar") == ["الملفات"]


def test_shared_pairs_of_characters_are_written_as_words() -> None:
    assert shared_terms("如何保存检查点", "训练时会保存许多检查点。", "zh") == ["保存", "检查点"]


def test_a_long_passage_folds_around_the_marked_sentence() -> None:
    text = " ".join(f"Filler number {n} says little." for n in range(80)) + " The oven is hot."
    made = marked("oven", text, "en")
    shown, _, whole = made.partition("<details")
    assert shown.startswith("… ") and "<mark>The oven is hot.</mark>" in shown
    assert len(shown) < LONGEST + 60
    assert "Filler number 0 " in whole


# --- Rankings


def test_moves_between_two_rankings() -> None:
    found = {name: move.text for name, move in moves(hits("a", "b", "c", "d"), hits("c", "b", "a", "e")).items()}
    assert found == {"c": "▲2", "b": "=", "a": "▼2", "e": "new", "d": "gone"}


def test_moves_stand_on_the_right_and_what_is_gone_on_the_left() -> None:
    answer = Answer("c", "q", [Ranking("x", "X", hits("a", "b"), 1), Ranking("y", "Y", hits("c", "a"), 1)])
    left, right = str(answer_html(answer, {})).split("bh-column", 3)[2:]
    assert [mark in left for mark in ("gone", "▼1", "new")] == [True, False, False]
    assert [mark in right for mark in ("gone", "▼1", "new")] == [False, True, True]


def test_text_says_its_language_and_finds_its_own_direction() -> None:
    hit = Hit(1, 0.834, Document("d", "نص عربي.", "عنوان", {"lang": "ar"}), {"dense": 0.834, "lexical": 11.24})
    made = answer_html(Answer("c", "نص", [Ranking("m", "M", [hit], 1)]), {"d": 0})
    assert '<p dir="auto" lang="ar" class="bh-passage"><mark>نص عربي.</mark></p>' in made
    assert ">dense</dfn> .83 · " in made and ">lexical</dfn> 11.2 · shares " in made
    assert 'aria-pressed="true" data-act="judge" data-doc="d" data-grade="0"' in made


# --- Judgments


def test_a_judgment_taken_twice_is_taken_back() -> None:
    once = Judgments().judged("why?", "d1", 1).judged("why?", "d2", 0)
    assert once.count == 2 and once.of("why? ") == {"d1": 1, "d2": 0}
    assert once.judged("why?", "d1", 0).of("why?") == {"d1": 0, "d2": 0}
    back = once.judged("why?", "d1", 1).judged("why?", "d2", 0)
    assert back == Judgments()


def test_judgments_are_kept_as_a_beir_folder(home: Path) -> None:
    assert judgments.read("bread") == Judgments()
    judgments.record("bread", "why?", "d1", 1)
    assert judgments.record("bread", "كيف؟", "d2", 0) == judgments.read("bread")
    folder = home / "judgments" / "bread"
    assert (folder / "qrels" / "judged.tsv").read_text() == (
        f"query-id\tcorpus-id\tscore\n{question_id('why?')}\td1\t1\n{question_id('كيف؟')}\td2\t0\n"
    )
    assert judgments.read("other") == Judgments()


# --- Corpora


def test_the_handbook_comes_first_and_partial_corpora_do_not_come(home: Path, tiny_corpus: Path) -> None:
    (home / "corpora").mkdir()
    tiny_corpus.rename(home / "corpora" / "bread")
    (home / "corpora" / "half.partial").mkdir()
    (home / "corpora" / "half.partial" / "corpus.jsonl").write_text("{}")
    assert [corpus.name for corpus in known_corpora()] == ["handbook", "bread"]
    assert corpus_choices() == [("handbook (6 languages)", "handbook"), ("bread (3 languages)", "bread")]
    assert open_known("bread") is open_known("bread")
    with pytest.raises(BakehouseError, match=r"no corpus '\.\./bread'"):
        open_known("../bread")


def test_six_examples_one_a_language_each_about_something_else(home: Path) -> None:
    found = examples(open_known("handbook"))
    assert sorted(example.lang for example in found) == ["ar", "de", "en", "es", "fr", "zh"]
    assert all(example.text for example in found)


def test_a_corpus_without_queries_offers_its_titles(home: Path, tiny_corpus: Path) -> None:
    (tiny_corpus / "queries.jsonl").unlink()
    (home / "corpora").mkdir()
    tiny_corpus.rename(home / "corpora" / "bread")
    corpus = open_known("bread")
    titles = {document.title or document.text[:60] for document in corpus.documents}
    assert {example.text for example in examples(corpus)} <= titles


def test_a_menu_chooses_what_is_wanted_if_it_is_on_offer() -> None:
    assert chosen([("A", "a"), ("B", "b")], "gone", "b") == "b"
    assert chosen([("A", "a")], "gone") == "a"
    assert chosen([]) is None


def test_languages_are_called_as_their_speakers_call_them() -> None:
    assert [language_name(code) for code in ("ar", "zh-Hant", "und", "qqq")] == [
        "العربية",
        "中文 (Hant)",
        "unknown",
        "qqq",
    ]


# --- Visitors


def signed_in(name: str, expires_at: float | None = None) -> SimpleNamespace:
    info = {"userinfo": {"preferred_username": name}, "expires_at": expires_at}
    return SimpleNamespace(username=None, request=SimpleNamespace(scope={"session": {"oauth_info": info}}))


def test_at_home_everyone_may_change_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYSTEM", raising=False)
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert may_change(None)


def test_on_a_space_only_the_named_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEM", "spaces")
    monkeypatch.setenv("BAKEHOUSE_ADMINS", "ada, grace")
    assert may_change(signed_in("ada")) and may_change(SimpleNamespace(username="grace"))
    strangers = [None, SimpleNamespace(username=None), SimpleNamespace(username=""), signed_in("ad"), signed_in("")]
    assert not any(may_change(stranger) for stranger in strangers)
    assert not may_change(signed_in("ada", expires_at=1.0)), "a login that ran out is none"
    with pytest.raises(BakehouseError, match="Duplicate the Space"):
        require_change(None)


def test_on_a_space_without_admins_nobody_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "somebody/bakehouse")
    monkeypatch.delenv("BAKEHOUSE_ADMINS", raising=False)
    assert not may_change(signed_in("ada")) and not may_change(signed_in(""))


# --- Errors


class Toast(Exception):
    """What a page shows for a moment."""


def test_a_known_error_becomes_its_sentence() -> None:
    def ask() -> str:
        raise BakehouseError("the corpus is empty: convert some documents.")

    assert Guard(Toast)(ask, show=str)() == "The corpus is empty: convert some documents."
    with pytest.raises(Toast, match="The corpus is empty"):
        Guard(Toast)(ask)()


def test_a_fault_goes_to_the_log_and_a_stream_keeps_what_it_had(caplog: pytest.LogCaptureFixture) -> None:
    def count(start: int) -> object:
        yield start
        raise ZeroDivisionError("secret detail")

    with caplog.at_level(logging.ERROR):
        assert list(Guard(Toast)(count, show=str)(3)) == [3, BROKE]
    assert "secret detail" in caplog.text and "secret" not in BROKE


# --- The header's line


def test_the_header_tells_of_jobs(home: Path, tiny_corpus: Path) -> None:
    assert headline().text == ""
    run = create(Recipe(corpus=str(tiny_corpus)), "bread")
    assert (headline().text, headline().run) == ("1 job waiting", run.id)
    started = process_start(os.getpid())
    assert started is not None
    run.write_status(Status("running", "fit", 31, 50, pid=os.getpid(), started=started, host=socket.gethostname()))
    line = headline()
    assert (line.text, line.run, line.share) == ("1 job running · fit · 62\u202f%", run.id, 0.62)
    run.write_status(replace(run.written_status(), stage="", step=0, total=0))
    assert headline().text == "1 job running", "it has not come to a stage yet"
    run.write_status(replace(run.written_status(), stage="fit", step=31, total=50))
    run.append_event({"time": time.time() - 3600, "stage": "fit", "step": 31, "message": "step 31", "metrics": {}})
    assert headline().text == "1 job stalled · fit · 62\u202f%"


def test_a_p_value_never_rules_chance_out() -> None:
    assert [numbers.p_value(value) for value in (0.0001, 0.0005, 0.188, 1.0)] == ["<.001", ".001", ".188", "1.000"]
