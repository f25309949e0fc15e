"""What is in several languages is found; what only quotes, names or shows code is not."""

from __future__ import annotations

from pathlib import Path

from retrieval.beir import read_documents
from retrieval.languages import identify
from retrieval.mixed import languages_in

HANDBOOK = list(read_documents(Path(__file__).parents[2] / "retrieval" / "handbook"))
CODE = "for row in range(10):\n    print(rows[row], end='')  # the rows\nreturn {row: len(rows)}\n" * 4


def articles(lang: str) -> list[str]:
    return [document.full_text for document in HANDBOOK if document.lang == lang]


def found(*texts: str) -> list[tuple[str, ...]]:
    return languages_in(texts, identify(texts))


def test_halves_and_parallel_paragraphs_are_found() -> None:
    german, english, arabic = articles("de"), articles("en"), articles("ar")
    parallel = "\n".join(text for pair in zip(german[:4], english[:4], strict=True) for text in pair)
    texts = [f"{german[0]}\n\n{english[1]}", f"{english[1]} {arabic[2]}", parallel]
    assert [set(langs) for langs in found(*texts)] == [{"de", "en"}, {"ar", "en"}, {"de", "en"}]


def test_an_abstract_before_a_long_body_counts_and_the_body_comes_first() -> None:
    assert found("\n".join([articles("en")[0], *articles("zh")[1:9]])) == [("zh", "en")]
    assert found("\n".join([articles("fr")[0], *articles("es")[1:9]])) == [("es", "fr")]


def test_texts_in_one_language_are_not_marked() -> None:
    texts = [document.full_text for document in HANDBOOK]
    assert found(*texts) == [()] * len(texts)


def test_quotations_names_addresses_and_code_do_not_count() -> None:
    german = " ".join(articles("de")[:2])
    quoted = f"{german} \u201eTo be, or not to be, that is the question.\u201c"
    names = f"{german}\n{'John Smith, Mary Williams, Peter Johnson, Elizabeth Taylor, George Brown. ' * 4}"
    addresses = f"{german}\n{'https://www.example.org/the-opening-hours-of-the-bakery/in-the-morning ' * 6}"
    assert found(quoted, names, addresses, f"{german}\n{CODE}") == [(), (), (), ()]


def test_only_the_candidates_are_found() -> None:
    text = f"{articles('de')[0]}\n\n{articles('en')[1]}"
    assert languages_in([text], ["de"], ["de", "en"]) in ([("de", "en")], [("en", "de")])
    assert languages_in([text], ["de"], ["de"]) == [()]


def test_short_texts_are_looked_at_once() -> None:
    assert found("Guten Morgen, wie geht es dir? Good morning, how are you today?", "", "12345") == [(), (), ()]
