"""SQuAD in its builds: nested v1 and v2, bare paragraphs, flattened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from converting import judgments, read, run, texts, write, write_lines

from retrieval.convert.convert import convert
from retrieval.convert.options import Options

ANSWER = [{"text": "rye", "answer_start": 9}]
QUESTIONS = [
    {"id": "q1", "question": "What is it made of?", "answers": ANSWER},
    {"id": "q2", "question": "Who baked it?", "answers": [], "is_impossible": True},
    {"id": "q3", "question": "Is it rye?", "answers": ANSWER, "is_impossible": False},
]
PARAGRAPHS = [
    {"context": "Bread of rye and salt.", "qas": QUESTIONS},
    {"context": "Buns are soft.", "qas": [{"id": "q4", "question": "What is soft?", "answers": ANSWER}]},
]


def check(out: Path) -> None:
    assert list(texts(out).values()) == ["Bread of rye and salt.", "Buns are soft."]
    first, second = texts(out)
    assert texts(out, "queries") == {"q1": "What is it made of?", "q3": "Is it rye?", "q4": "What is soft?"}
    assert judgments(out) == [("q1", first, 1), ("q3", first, 1), ("q4", second, 1)]


def test_version_2_with_articles(tmp_path: Path) -> None:
    articles = {"version": "v2.0", "data": [{"title": "Bread", "paragraphs": PARAGRAPHS}]}
    report = run(write(tmp_path / "dev.json", json.dumps(articles)), tmp_path / "out")
    check(tmp_path / "out")
    assert report.sources[0].format == "SQuAD-like JSON"
    assert [document["title"] for document in read(tmp_path / "out", "corpus")] == ["Bread", "Bread"]
    assert (report.counts.rows, report.counts.kept, report.counts.rejected) == (6, 5, 1)
    reject = read(tmp_path / "out", "rejects")[0]
    assert (reject["row"], reject["reason"]) == (3, "the question has no answer in its passage")
    assert reject["content"] == QUESTIONS[1]


def test_bare_paragraphs_and_lines(tmp_path: Path) -> None:
    run(write(tmp_path / "a.json", json.dumps(PARAGRAPHS)), tmp_path / "out")
    check(tmp_path / "out")
    run(write_lines(tmp_path / "a.jsonl", *PARAGRAPHS), tmp_path / "out")
    check(tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["a-1", "a-5"]


def test_the_same_context_twice_is_one_document(tmp_path: Path) -> None:
    twice = [PARAGRAPHS[1], {**PARAGRAPHS[1], "qas": [{"id": "q5", "question": "What are buns?", "answers": ANSWER}]}]
    report = run(write(tmp_path / "a.json", json.dumps(twice)), tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["a-1"]
    assert judgments(tmp_path / "out") == [("q4", "a-1", 1), ("q5", "a-1", 1)]
    assert report.counts.merged == 1


def test_other_names_for_the_same_build(tmp_path: Path) -> None:
    rows = [
        {"text": "Bread of rye.", "items": [{"question": "Of what?"}], "metadata": {"extra": {"language": "eng_Latn"}}}
    ]
    convert([write_lines(tmp_path / "a.jsonl", *rows)], tmp_path / "out", Options())
    assert read(tmp_path / "out", "corpus")[0]["metadata"] == {"lang": "en"}
    assert read(tmp_path / "out", "queries") == [{"_id": "a-2-q", "text": "Of what?", "metadata": {"lang": "en"}}]


def test_questions_that_cannot_be_used_are_rejected(tmp_path: Path) -> None:
    rows = [
        {"context": "Bread.", "qas": [{"id": "q1", "question": "What?"}]},
        {"context": "Buns.", "qas": [{"id": "q2", "question": " "}, "no object"]},
        {"context": "", "qas": [{"id": "q3", "question": "Lost?"}]},
    ]
    report = run(write_lines(tmp_path / "a.jsonl", *rows), tmp_path / "out")
    assert [(each["row"], each["reason"]) for each in read(tmp_path / "out", "rejects")] == [
        (4, "a question without text"),
        (5, "a question without text"),
        (6, "no text"),
        (7, "a question whose passage was rejected"),
    ]
    assert (report.counts.documents, report.counts.queries) == (2, 1)


@pytest.mark.parametrize(
    "unanswerable",
    [{"answers": []}, {"answers": None}, {"is_impossible": True, "answers": ANSWER}, {"is_impossible": True}],
)
def test_unanswerable_questions_are_rejected(tmp_path: Path, unanswerable: dict[str, object]) -> None:
    questions = [{"id": "q1", "question": "Of what?"}, {"id": "q2", "question": "By whom?", **unanswerable}]
    run(write_lines(tmp_path / "a.jsonl", {"context": "Bread of rye.", "qas": questions}), tmp_path / "out")
    assert list(texts(tmp_path / "out", "queries")) == ["q1"]
    assert read(tmp_path / "out", "rejects")[0]["reason"] == "the question has no answer in its passage"


FLAT = [
    {"id": "q1", "title": "Bread", "context": "Bread of rye.", "question": "Of what?",
     "answers": {"text": ["rye"], "answer_start": [9]}},
    {"id": "q2", "title": "Bread", "context": "Bread of rye.", "question": "By whom?",
     "answers": {"text": [], "answer_start": []}},
    {"id": "q3", "title": "Bread", "context": "Buns.", "question": "What else?",
     "answers": {"text": ["Buns"], "answer_start": [0]}},
]  # fmt: skip


def flat_csv(path: Path) -> Path:
    rows = ["id,title,context,question,answers"]
    rows += [
        f'{row["id"]},{row["title"]},{row["context"]},{row["question"]},"{row["answers"]}"'  # as pandas writes it
        for row in FLAT
    ]
    return write(path, "\n".join(rows))


@pytest.mark.parametrize(
    "make", [lambda folder: write_lines(folder / "a.jsonl", *FLAT), lambda folder: flat_csv(folder / "a.csv")]
)
def test_flattened(tmp_path: Path, make: object) -> None:
    report = run(make(tmp_path), tmp_path / "out")  # type: ignore[operator]
    assert texts(tmp_path / "out") == {"a-1": "Bread of rye.", "a-3": "Buns."}
    assert texts(tmp_path / "out", "queries") == {"q1": "Of what?", "q3": "What else?"}
    assert judgments(tmp_path / "out") == [("q1", "a-1", 1), ("q3", "a-3", 1)]
    assert [each["row"] for each in read(tmp_path / "out", "rejects")] == [2]
    assert report.sources[0].mapping is not None
    assert report.sources[0].mapping.column("query_id") == "id"


@pytest.mark.data
def test_real_squad_files(tmp_path: Path, shared_data: Path) -> None:
    report = run(shared_data / "raw" / "idk-mrc-id" / "test.json", tmp_path / "out", Options(languages=("id",)))
    counts = report.counts
    assert (counts.rows, counts.documents, counts.queries, counts.judgments, counts.rejected) == (
        1222,
        378,
        422,
        422,
        422,
    )
