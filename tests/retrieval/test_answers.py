"""Answers in every build, and the passages that they send judgments to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from converting import ENGLISH, judgments, read, run, write, write_lines

from retrieval.convert.answers import answers_of
from retrieval.convert.convert import convert
from retrieval.convert.options import Options
from retrieval.convert.passages import Chunking


@pytest.mark.parametrize(
    ("value", "answers"),
    [
        ([{"text": "rye", "answer_start": 9}, {"text": "salt", "answer_start": 20}, {"text": "rye"}], ["rye", "salt"]),
        ({"text": ["rye"], "answer_start": [9]}, ["rye"]),
        ({"answer": ["rye", " "], "answer_begin_position": [9]}, ["rye"]),
        ("rye", ["rye"]),
        (1959, ["1959"]),
        ('["rye", "salt"]', ["rye", "salt"]),
        ("{'text': ['rye'], 'answer_start': [9]}", ["rye"]),
        ("{'text': array(['rye', 'it\\'s'], dtype=object), 'answer_start': array([9, 2])}", ["rye", "it's"]),
        ("['rye'\n 'salt']", ["rye", "salt"]),
        ("[sic] rye", ["[sic] rye"]),
        ("[rye]", ["[rye]"]),
        ("{[]: 1}", ["{[]: 1}"]),
        ("[" * 9000 + "]" * 9000, ["[" * 9000 + "]" * 9000]),
        ("[" * 90 + "'rye'" + "]" * 90, []),
        ("[0x" + "f" * 9000 + "]", ["[0x" + "f" * 9000 + "]"]),
        ("['\\d']", ["\\d"]),
        (None, []),
        (float("nan"), []),
        ("NaN", []),
        ([], []),
        ({"answer_start": [9]}, []),
    ],
)
def test_answers_in_every_build(value: Any, answers: list[str]) -> None:
    assert answers_of(value) == answers


LOAF = " ".join(f"The loaf of day {number} keeps for as many days as it is told." for number in range(1, 13))
RYE = f"{LOAF} Rye holds little gluten, so its dough stays sticky. {LOAF}"
ANSWERS = {"text": ["little gluten"], "answer_start": [len(LOAF) + 11]}
CHUNKS = Options(languages=("en",), chunking=Chunking(64))


def holding(out: Path, words: str) -> list[str]:
    return [each["_id"] for each in read(out, "corpus") if words in each["text"]]


@pytest.mark.parametrize("build", ["squad", "flat", "csv", "plain"])
def test_a_judgment_goes_to_the_passage_with_the_answer(tmp_path: Path, build: str) -> None:
    flat = {"id": "q1", "context": RYE, "question": "Why is rye sticky?", "answers": ANSWERS}
    nested = {
        "context": RYE,
        "qas": [{"id": "q1", "question": "Why is rye sticky?", "answers": [{"text": "little gluten"}]}],
    }
    cells = {"csv": str(ANSWERS), "plain": "little gluten"}
    place = tmp_path / ("a.csv" if build in cells else "a.jsonl")
    if build in cells:
        write(place, f'id,context,question,answer\nq1,"{RYE}",Why is rye sticky?,"{cells[build]}"\n')
    else:
        write_lines(place, nested if build == "squad" else flat)
    report = convert([place], tmp_path / "out", CHUNKS)
    assert report.counts.documents > 4
    [passage] = holding(tmp_path / "out", "little gluten")
    assert judgments(tmp_path / "out") == [("q1", passage, 1)]
    assert read(tmp_path / "out", "queries") == [
        {"_id": "q1", "text": "Why is rye sticky?", "metadata": {"lang": "en", "answers": ["little gluten"]}}
    ]


def test_positions_are_no_answers(tmp_path: Path) -> None:
    """Though they may be longer than the answers themselves."""
    rows = [
        {
            "id": f"q{n}",
            "context": f"Bread {n}",
            "question": f"How many, {n}?",
            "answers": {"answer_start": [12345], "text": [f"{n}"]},
        }
        for n in range(3)
    ]
    run(write_lines(tmp_path / "a.jsonl", *rows), tmp_path / "out")
    assert [each["metadata"]["answers"] for each in read(tmp_path / "out", "queries")] == [["0"], ["1"], ["2"]]


def test_answers_stay_in_their_language(tmp_path: Path) -> None:
    head = "text_en,text_fr,question_en,question_fr,answer_en,answer_fr"
    write(tmp_path / "a.csv", f"{head}\nA loaf of rye,Un pain de seigle,Of what?,De quoi ?,rye,seigle\n")
    convert([tmp_path / "a.csv"], tmp_path / "out", Options())
    assert {
        each["metadata"]["lang"]: each["metadata"].get("answers") for each in read(tmp_path / "out", "queries")
    } == {
        "en": ["rye"],
        "fr": None,
    }


def test_a_table_of_answers_has_no_second_copy_of_them(tmp_path: Path) -> None:
    """Where the answers are the passages, they are no answers within these."""
    run(write(tmp_path / "a.csv", "question,answer\nWhen?,At six in the morning.\n"), tmp_path / "out")
    assert read(tmp_path / "out", "queries")[0]["metadata"] == {"lang": "en"}


def test_questions_without_answers_say_nothing(tmp_path: Path) -> None:
    articles = [{"context": "Bread of rye.", "qas": [{"id": "q1", "question": "Of what?"}]}]
    run(write(tmp_path / "a.json", json.dumps(articles)), tmp_path / "out", ENGLISH)
    assert read(tmp_path / "out", "queries")[0]["metadata"] == {"lang": "en"}
