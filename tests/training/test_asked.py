"""What the Train tab shows of a run's questions, and of what the scale doctor found."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_kitchen import Kitchen

from retrieval.beir import QUERIES
from training.page.diagnosed import diagnosed
from training.page.look import look_at
from training.page.questions import SHOWN, View, questions
from training.teaching.diagnosis import Diagnosis, Finding, Histogram, read

OPEN = View(open=True)


@pytest.fixture
def kitchen(home: Path, tiny_corpus: Path) -> Kitchen:
    return Kitchen(tiny_corpus, filter={"round_trip": 1})


def words(markup: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", markup).split())


def test_a_closed_fold_reads_nothing_and_an_open_one_says_what_is_missing(kitchen: Kitchen) -> None:
    look = look_at(kitchen.run)
    assert questions(look, View()) == ""
    assert words(str(questions(look, OPEN))) == "They stand here as soon as all are made."
    kitchen.run.write_status(replace(kitchen.run.written_status(), state="stopped"))
    assert f"python -m training stage generate {kitchen.run.id}" in questions(look_at(kitchen.run), OPEN)


def test_questions_stand_beside_their_passage_with_their_fate(kitchen: Kitchen) -> None:
    made = kitchen.generate()
    assert "rejected 0" in words(str(questions(look_at(kitchen.run), OPEN)))
    folder = kitchen.filter()
    rejected = [json.loads(line) for line in (folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()]
    arabic = [row for row in rejected if row["lang"] == "ar"]
    assert arabic, "the tiny corpus has an Arabic question that does not find its passage"
    drawn = str(questions(look_at(kitchen.run), replace(OPEN, lang="ar", which="rejected")))
    assert f"rejected {len(arabic)}" in words(drawn)
    assert drawn.count("bh-asked-question") == len(arabic) and 'dir="auto" lang="ar"' in drawn
    assert all(row["text"] in drawn and f"rejected: {row['reason']}" in drawn for row in arabic)
    assert drawn.count("bh-asked-passage") == len({row["passage"] for row in arabic}), "each passage stands once"
    kept = str(questions(look_at(kitchen.run), replace(OPEN, lang="ar", which="kept")))
    assert "rejected: " not in kept and "kept out of training, for dev" in kept
    assert f"python -m training queries {kitchen.run.id} --export questions.csv" in kept
    assert (made / QUERIES).is_file()


def test_long_lists_are_turned_page_by_page(kitchen: Kitchen) -> None:
    kitchen.generate()
    look = look_at(kitchen.run)
    first = str(questions(look, OPEN))
    total = int(re.findall(r"Deutsch\D+(\d+)", words(first))[0])
    german = OPEN.turned("de", "all", "0")
    pages = [str(questions(look, OPEN.turned("de", "all", str(at)))) for at in range(-(-total // SHOWN))]
    assert total > SHOWN and sum(page.count("bh-asked-question") for page in pages) == total
    assert f"1 to {SHOWN} of {total}" in pages[0] and f"{SHOWN + 1} to " in pages[1]
    assert "Next" in pages[0] and "Back" not in pages[0] and "Next" not in pages[-1] and "Back" in pages[-1]
    assert (german.lang, german.at) == ("de", 0)
    assert str(questions(look, OPEN.turned("de", "all", "99"))) == pages[-1], "beyond the last page"
    assert "None." in questions(look, OPEN.turned("de", "rejected", "0"))


def test_what_the_browser_sends_is_not_trusted() -> None:
    assert OPEN.turned("<b>", "nonsense", "-3") == View(True, "<b>", "all", 0)
    assert OPEN.turned("de", "kept", "2") == View(True, "de", "kept", 2)


def test_edited_questions_are_shown_anew_and_stay_words(kitchen: Kitchen) -> None:
    made = kitchen.generate() / QUERIES
    questions(look_at(kitchen.run), OPEN)
    rows = [json.loads(line) for line in made.read_text(encoding="utf-8").splitlines()]
    evil = [row | {"text": "<script>x</script>"} for row in rows]
    made.write_text("".join(json.dumps(row) + "\n" for row in evil), encoding="utf-8")
    drawn = str(questions(look_at(kitchen.run), OPEN))
    assert "&lt;script&gt;x&lt;/script&gt;" in drawn and "<script>" not in drawn


def test_a_run_on_own_data_alone_has_none(home: Path, tiny_corpus: Path) -> None:
    alone = Kitchen(tiny_corpus, fit={"data_only": True, "data": "x.csv"})
    assert "no questions are made" in questions(look_at(alone.run), OPEN)


def test_the_scale_doctor_s_findings_and_margins_are_drawn(tmp_path: Path) -> None:
    (tmp_path / "stages").mkdir()
    assert diagnosed(read(tmp_path)) == ""
    before = Histogram.of(np.linspace(0, 16, 100, dtype=np.float32), np.linspace(-0.1, 0.3, 100, dtype=np.float32))
    after = Histogram.of(np.linspace(0, 0.32, 100, dtype=np.float32), np.linspace(-0.1, 0.3, 100, dtype=np.float32))
    findings = (Finding("ok", "student", "all well."), Finding("refused", "teacher", "<b>it sleeps</b>."))
    Diagnosis(findings, {"en": 0.02}, {"models/cross": before}, {"models/cross": after}).write(tmp_path)
    drawn = str(diagnosed(read(tmp_path)))
    assert words(drawn).startswith("✓ student All well. ✗ teacher &lt;b&gt;it sleeps&lt;/b&gt;.")
    assert re.findall('aria-label="(Margins[^"]+)"', drawn) == [
        "Margins of cross, as they are: from -0.098 to 15.9",
        "Margins, as they are trained: from -0.098 to 0.318",
    ]
    assert drawn.count("<rect") == sum(1 for each in (before, after) for count in each.teacher if count)
    assert re.findall(">(−?[0-9.]+)</text>", drawn) == ["0", "10", "0", "0.2"]
