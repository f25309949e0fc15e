"""Columns get their roles from names and contents, or as told; each with its evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from converting import ENGLISH, judgments, read, run, texts, write

from retrieval.convert.convert import convert
from retrieval.convert.entries import Origin
from retrieval.convert.mapping import Mapping, guess
from retrieval.convert.names import ColumnName, fit, take_apart
from retrieval.convert.options import Options
from retrieval.convert.rows import Row
from retrieval.errors import BakehouseError

SENTENCE = "The bread of rye is baked early in the morning"


def mapping_of(*columns: str, options: Options = ENGLISH, **values: str) -> Mapping:
    """The mapping of two rows, whose values are a sentence where none is given."""
    rows = [
        Row(Origin("a", n), {name: values.get(name, f"{SENTENCE} {n}").format(n) for name in columns}) for n in (1, 2)
    ]
    return guess(rows, "a.csv", options)


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        (["_id", "title", "text"], {"id": "_id", "title": "title", "text": "text"}),
        (["Kennung", "Überschrift", "Inhalt"], {"id": "Kennung", "title": "Überschrift", "text": "Inhalt"}),
        (["identifiant", "titre", "contenu"], {"id": "identifiant", "title": "titre", "text": "contenu"}),
        (["código", "título", "texto"], {"id": "código", "title": "título", "text": "texto"}),
        (["编号", "标题", "正文"], {"id": "编号", "title": "标题", "text": "正文"}),
        (["番号", "タイトル", "本文"], {"id": "番号", "title": "タイトル", "text": "本文"}),
        (["번호", "제목", "내용"], {"id": "번호", "title": "제목", "text": "내용"}),
        (["معرف", "العنوان", "النص"], {"id": "معرف", "title": "العنوان", "text": "النص"}),
        (["код", "заголовок", "текст"], {"id": "код", "title": "заголовок", "text": "текст"}),
        (["आईडी", "शीर्षक", "पाठ"], {"id": "आईडी", "title": "शीर्षक", "text": "पाठ"}),
        (["docId", "pageTitle", "pageContent"], {"id": "docId", "title": "pageTitle", "text": "pageContent"}),
        (["Frage", "Antwort"], {"text": "Antwort", "query": "Frage"}),
        (["質問", "回答"], {"text": "回答", "query": "質問"}),
        (["السؤال", "الإجابة"], {"text": "الإجابة", "query": "السؤال"}),
        (["प्रश्न", "उत्तर"], {"text": "उत्तर", "query": "प्रश्न"}),
        (["qid", "question", "passage_id", "passage"],
         {"id": "passage_id", "text": "passage", "query": "question", "query_id": "qid"}),
        (["context", "question", "answer"], {"text": "context", "query": "question", "answer": "answer"}),
    ],
)  # fmt: skip
def test_names_in_many_languages(columns: list[str], roles: dict[str, str]) -> None:
    ids = {name: "k{}" for name in columns if fit(name, "id") or fit(name, "query_id")}
    assert mapping_of(*columns, **ids).roles == roles


def test_evidence_is_a_sentence() -> None:
    mapping = mapping_of("tweet_id", "tweet_text", "lang", tweet_id="{}", lang="en")
    assert [choice.evidence for choice in mapping.choices] == [
        "'tweet_id' ends like a usual name for the document's id (no two rows share a value)",
        "'tweet_text' ends like a usual name for the document's text (48 characters on average)",
        "'lang' is a usual name for the language of the row (such as en)",
    ]


def test_contents_decide_where_names_do_not() -> None:
    assert mapping_of("a", "b", "c", a="{}", c="short").roles == {"text": "b"}
    assert mapping_of("topic_id", "tweet_id", "text", topic_id="7", tweet_id="{}").roles["id"] == "tweet_id"
    assert "lang" not in mapping_of("text", "lang", lang="not a code at all {}").roles
    assert "score" not in mapping_of("question", "answer", "score", score="0.75").roles
    assert mapping_of("question", "answer", "score", score="1").roles["score"] == "score"
    assert mapping_of("text", "content", text="12").roles == {"text": "content"}
    assert mapping_of("text", "user_name").unused == ("user_name",)


def test_told_columns_win_and_must_exist() -> None:
    told = Options({"text": "b", "id": "-"})
    mapping = mapping_of("id", "a", "b", "text", options=told, id="{}")
    assert mapping.roles == {"text": "b"}
    assert mapping.choices[0].evidence == "you chose it"
    with pytest.raises(
        BakehouseError, match=r"a\.csv has no column 'titel': it has title, text\. Did you mean 'title'\?"
    ):
        mapping_of("title", "text", options=Options({"title": "titel"}))
    with pytest.raises(BakehouseError, match="has no column 'url': it has text"):
        mapping_of("text", options=Options(keep=("url",)))
    with pytest.raises(BakehouseError, match=r"unknown role 'txt'.*Did you mean 'text'"):
        Options({"txt": "a"})


def test_no_text_lists_the_columns_and_the_way_out() -> None:
    message = (
        r"a\.csv: no column looks like the text\. It has year, sum\. Say which one it is, for instance --text 'year'"
    )
    with pytest.raises(BakehouseError, match=message):
        mapping_of("year", "sum", year="1999", sum="12")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a_fr", ("a", "fr")),
        ("question_2", ("question", "")),
        ("doc_id", ("doc_id", "")),
        ("answerDE", ("answer", "de")),
    ],
)
def test_names_are_taken_apart(name: str, parts: tuple[str, str]) -> None:
    assert take_apart(name) == ColumnName(*parts)


def test_a_row_in_several_languages_makes_a_document_in_each(tmp_path: Path) -> None:
    rows = "id,q_en,q_fr,a_en,a_fr\nx,What is it?,Qu'est-ce ?,Bread of rye,Du pain de seigle\ny,Which?,Lequel ?,Buns,\n"
    report = convert([write(tmp_path / "a.csv", rows)], tmp_path / "out", Options())
    assert texts(tmp_path / "out") == {"x-en": "Bread of rye", "x-fr": "Du pain de seigle", "y-en": "Buns"}
    assert [document["metadata"]["lang"] for document in read(tmp_path / "out", "corpus")] == ["en", "fr", "en"]
    assert judgments(tmp_path / "out") == [("x-en-q", "x-en", 1), ("x-fr-q", "x-fr", 1), ("y-en-q", "y-en", 1)]
    assert [fault.message for fault in report.faults] == ["this row: has no text in fr."]


def test_a_column_for_another_language_overrules_the_row(tmp_path: Path) -> None:
    rows = "question,answer,lang,question_ar,answer_ar\nWhat?,Bread of rye,en,ما هو؟,خبز الجاودار\n"
    convert([write(tmp_path / "a.csv", rows)], tmp_path / "out", Options())
    assert [(d["_id"], d["metadata"]["lang"]) for d in read(tmp_path / "out", "corpus")] == [
        ("a-1", "en"),
        ("a-1-ar", "ar"),
    ]


def test_one_language_in_the_name_names_the_documents(tmp_path: Path) -> None:
    convert([write(tmp_path / "a.csv", "id,desc_fr\n1,Bread\n")], tmp_path / "out", Options())
    assert read(tmp_path / "out", "corpus")[0]["metadata"] == {"lang": "fr"}


def test_choosing_the_text_chooses_one_language(tmp_path: Path) -> None:
    run(write(tmp_path / "a.csv", "id,text_en,text_fr\n1,Bread,Pain\n"), tmp_path / "out", text="text_fr")
    assert texts(tmp_path / "out") == {"1": "Pain"}


def test_grades_come_from_a_score_column(tmp_path: Path) -> None:
    rows = (
        "question,passage,score\nWhat is rye?,A grain of the field,2\nWhat is rye?,A salty cake,0\nWho?,Some bread,x\n"
    )
    path = write(tmp_path / "a.csv", rows)
    run(path, tmp_path / "out", score="score")
    assert judgments(tmp_path / "out") == [("a-1-q", "a-1", 2), ("a-1-q", "a-2", 0)]
    assert texts(tmp_path / "out", "queries") == {"a-1-q": "What is rye?", "a-3-q": "Who?"}
    assert read(tmp_path / "out", "rejects")[0]["reason"] == "the grade 'x' is no whole number"


def test_columns_may_be_kept_in_the_metadata(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,url,lang\nBread,https://x.org,de\nBuns,,German\n")
    convert([path], tmp_path / "out", Options(keep=("url",)))
    assert [document["metadata"] for document in read(tmp_path / "out", "corpus")] == [
        {"lang": "de", "url": "https://x.org"},
        {"lang": "de", "url": ""},
    ]


def test_a_language_that_is_no_code_is_noted(tmp_path: Path) -> None:
    rows = "".join(f"Das Brot aus Roggen ist fertig gebacken,de{''}\n" for _ in range(9))
    report = convert(
        [write(tmp_path / "a.csv", f"text,lang\n{rows}Die Semmeln sind weich und frisch,??\n")], tmp_path / "out"
    )
    assert {document["metadata"]["lang"] for document in read(tmp_path / "out", "corpus")} == {"de"}
    assert report.faults[-1].message == "this row: has a language that is no code, so it is identified instead."
