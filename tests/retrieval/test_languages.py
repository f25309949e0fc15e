"""Languages are named from words or script, and what is too short stays unnamed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrieval.languages import code_of, identify, identify_query, split, weights_of
from retrieval.records import Document

SIX = ["ar", "de", "en", "es", "fr", "zh"]
GERMAN = "Der Bäcker öffnet den Laden um sechs Uhr morgens."
FRENCH = "Le boulanger ouvre la boutique à six heures du matin."
INDONESIAN = "Toko itu buka pada pukul enam setiap pagi."


def test_long_and_short_texts_are_named() -> None:
    long_spanish = "El panadero abre la tienda a las seis de la mañana y vende pan recién hecho. " * 5
    assert identify([GERMAN, FRENCH, long_spanish]) == ["de", "fr", "es"]


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("빵을 굽는 사람", "ko"),
        ("ขนมปังสด", "th"),
        ("Το ψωμί", "el"),
        ("面包师傅", "zh"),
        ("パンを焼く", "ja"),
        ("ការដុតនំ", "km"),
    ],
)
def test_a_script_of_its_own_names_the_language(text: str, lang: str) -> None:
    assert identify([text]) == [lang]


@pytest.mark.parametrize("text", ["", "   ", "12345 !?", "https://example.org/bread", "@bakery #42"])
def test_what_has_no_words_is_undetermined(text: str) -> None:
    assert identify([text]) == ["und"]


def test_what_is_too_short_is_undetermined() -> None:
    assert identify(["ok"]) == ["und"]


def test_mark_up_and_addresses_do_not_count() -> None:
    html = f'<div class="content panel body wrapper"><a href="https://www.example.org/opening-hours">{GERMAN}</a></div>'
    assert identify([html]) == ["de"]


def test_the_middle_of_a_long_text_decides() -> None:
    names = "Boily-Larouche, Geneviève; Iscache, Anne-Laure; Zijenah, Lynn S. DOI:10.1371/journal.pone. " * 8
    assert identify([names + "The patients were treated in the hospital for several weeks. " * 60]) == ["en"]


def test_candidates_are_the_only_choice() -> None:
    assert identify([GERMAN, "Пекарь открывает лавку."], ["nl", "ru"]) == ["nl", "ru"]
    assert identify(["Пекарь открывает лавку.", "a bakery"], ["en"]) == ["und", "en"]
    assert identify(["Bakeren åpner butikken klokka seks om morgenen."], ["no", "en"]) == ["no"]


def test_what_is_expected_wins_unless_another_is_much_likelier() -> None:
    known = {"id": 1.0}
    assert identify([INDONESIAN, GERMAN], ["id", "ms", "de"], [known, known]) == ["id", "de"]
    assert identify([INDONESIAN], ["id", "ms", "de"], [{"ms": 1.0}]) == ["ms"]


def test_weights_are_in_proportion_and_need_enough_texts() -> None:
    assert weights_of({"en": 19, "und": 100}) == {}
    assert weights_of({"en": 40, "de": 20, "la": 1, "und": 9}) == {"en": 1.0, "de": 0.5, "la": 0.25}


def test_a_question_gets_one_of_the_corpus_languages() -> None:
    assert [identify_query(question, SIX) for question in ("Wo ist der Laden?", "ما هو الخبز؟", "面包")] == [
        "de",
        "ar",
        "zh",
    ]
    assert identify_query("Brot", ["zh-Hant", "de"]) == "de"
    assert identify_query("麵包", ["zh-Hant", "de"]) == "zh-Hant"
    assert identify_query("Wo ist der Laden?", ["fr"]) == "fr"
    assert identify_query("Wo ist der Laden?", ["zh"]) == "zh"
    assert identify_query("Wo ist der Laden?", ["und"]) == "und"
    assert identify_query("Wo?", []) == "und"
    assert identify_query("42?", SIX) == "und"


def test_the_first_question_is_answered_soon() -> None:
    """In a process of its own, so that the models are not loaded yet. All of them take 12 s, those asked for 0.6."""
    script = (
        "import time; from retrieval.languages import identify_query; import lingua; start = time.process_time();"
        f"identify_query('Wo ist der Laden?', {SIX}); print(time.process_time() - start)"
    )
    seconds = float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    assert seconds < 3.0
    identify_query("Wo ist der Laden?", SIX)
    start = time.process_time()
    for _ in range(20):
        identify_query("Wo ist der Laden?", SIX)
    assert (time.process_time() - start) / 20 < 0.1


@pytest.mark.parametrize(
    ("name", "code"),
    [("EN", "en"), ("pt-BR", "pt"), ("zh_Hans", "zh"), ("deu_Latn", "de"), ("German", "de"), (" fr ", "fr"),
     ("cmn", "zh"), ("no", "nb"), ("ceb", "ceb"), ("unknown tongue", None), ("12", None), ("", None)],
)  # fmt: skip
def test_language_names_become_codes(name: str, code: str | None) -> None:
    assert code_of(name) == code


def test_split_puts_the_largest_language_first() -> None:
    documents = [Document(str(row), "", metadata={"lang": lang}) for row, lang in enumerate(["en", "de", "de"])]
    documents.append(Document("3", ""))
    assert {lang: [d.id for d in some] for lang, some in split(documents).items()} == {
        "de": ["1", "2"],
        "en": ["0"],
        "und": ["3"],
    }
    assert list(split(documents)) == ["de", "en", "und"]


def test_importing_loads_no_models() -> None:
    script = "import sys, retrieval.languages; print('lingua' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.data
def test_tatoeba_sentences_are_named_rightly(shared_data: Path) -> None:
    """1,000 sentences in ten languages: at least 85 % are named, at least 95 % of these rightly."""
    codes = {"cmn": "zh", "deu": "de", "fra": "fr", "spa": "es", "rus": "ru", "ara": "ar", "hin": "hi"}
    codes |= {"tur": "tr", "vie": "vi", "ita": "it"}
    sentences = []
    for three, code in codes.items():
        path = shared_data / "raw" / "laser-tatoeba" / f"tatoeba.{three}-eng.{three}"
        sentences += [(line, code) for line in path.read_text(encoding="utf-8").splitlines()[:100]]
    random.Random(0).shuffle(sentences)
    found = identify([text for text, _ in sentences])
    named = [(lang, code) for lang, (_, code) in zip(found, sentences, strict=True) if lang != "und"]
    assert len(named) >= 0.85 * len(sentences)
    assert sum(lang == code for lang, code in named) >= 0.95 * len(named)
