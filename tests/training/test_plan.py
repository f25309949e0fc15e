"""What a run will take, known before it is started."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retrieval.beir import Corpus, write_documents
from retrieval.errors import BakehouseError
from retrieval.records import Document
from training import jobs, runs
from training.config import Recipe
from training.page import plan as told
from training.plan import Pace, plan, step_seconds
from training.settings import load_recipe


def recipe(corpus: Path, base: Path | str = "no/such-model", **sections: Any) -> Recipe:
    """The quick preset with some sections changed."""
    return load_recipe({"corpus": str(corpus), "base": str(base), **sections})


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"label": {"kind": "cross-encoder"}}, "there is no teacher for 'ar': label.teacher is empty"),
        ({"label": {"kind": "cross-encoder", "teacher": "t", "teachers": {"ar": ""}}}, ""),
        ({"label": {"kind": "cross-encoder"}, "fit": {"loss": "mnrl"}}, ""),
        ({"generate": {"generator": "causal"}}, "no instruction model for 'ar'"),
        ({"fit": {"trainable": "head", "processes": 2}}, "fit.processes=1"),
        ({"fit": {"data_only": True}}, "fit.data is empty"),
        ({"fit": {"data": "OWN", "loss": "cosent"}}, "cosent, which does not fit"),
        ({"fit": {"data": "OWN", "loss": "cosent", "data_only": True}}, "cosent, which does not fit fit.data"),
        ({"fit": {"data": "OWN"}}, ""),
    ],
)
def test_what_cannot_work_is_refused_before_it_is_started(
    home: Path, tiny_corpus: Path, tmp_path: Path, sections: Any, told: str
) -> None:
    own = tmp_path / "own.csv"
    own.write_text("query,positive\n" + "why is rye sticky,Rye holds little gluten\n" * 3, encoding="utf-8")
    if sections.get("fit", {}).get("data"):
        sections = sections | {"fit": sections["fit"] | {"data": str(own)}}
    wanted = recipe(tiny_corpus, **sections)
    if not told:
        assert plan(wanted, Corpus(tiny_corpus)).steps > 0
        return
    with pytest.raises(BakehouseError, match=re.escape(told)):
        plan(wanted, Corpus(tiny_corpus))


def test_own_data_alone_needs_dev_judgments(home: Path, tiny_corpus: Path, tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("query,positive\nwhy is rye sticky,Rye holds little gluten\n", encoding="utf-8")
    wanted = recipe(tiny_corpus, tiny_bert, fit={"data": str(tmp_path / "own.csv"), "data_only": True})
    assert not plan(wanted, Corpus(tiny_corpus)).synthetic
    (tiny_corpus / "qrels" / "dev.tsv").unlink()
    for refuses in (lambda: plan(wanted, Corpus(tiny_corpus)), lambda: jobs.create(wanted)):
        with pytest.raises(BakehouseError, match="no dev judgments to choose the best checkpoint by"):
            refuses()
    assert not runs.all_runs()


def test_settings_that_contradict_each_other_make_no_run(home: Path, tiny_corpus: Path, tiny_bert: Path) -> None:
    with pytest.raises(BakehouseError, match=r"one process: set fit\.processes=1"):
        jobs.create(recipe(tiny_corpus, tiny_bert, fit={"trainable": "head", "processes": 2}))
    assert not runs.all_runs()


def test_own_data_alone_plans_no_questions(home: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("query,positive\n" + "why is rye sticky,Rye holds little gluten\n" * 3, encoding="utf-8")
    found = plan(recipe(tiny_corpus, fit={"data": str(own), "data_only": True}), Corpus(tiny_corpus))
    assert told.data(found) == [("Data", "your own alone: no questions are made")]
    assert [name for name, _ in told.data(plan(recipe(tiny_corpus), Corpus(tiny_corpus)))] == ["Passages", "Questions"]


def steps_at(*times: float) -> list[dict[str, Any]]:
    """Events of the loss curve, one a step, at these times."""
    return [
        {"time": time, "stage": "fit", "step": step, "total": 9, "message": "", "metrics": {"loss": 1.0}}
        for step, time in enumerate(times, 1)
    ]


def test_passages_questions_and_steps(home: Path, tiny_corpus: Path) -> None:
    found = plan(recipe(tiny_corpus, fit={"batch_size": 5, "epochs": 2.0}), Corpus(tiny_corpus))
    assert found.passages == {"ar": 8, "de": 8, "en": 8}
    assert found.questions == 72
    # 24 questions a language are 5 batches of 5; three languages, twice
    assert (found.steps, found.epochs) == (30, 2.0)
    assert (found.synthetic, found.kept_out, found.examinations) == (False, 0, 6)


def test_without_dev_judgments_passages_are_kept_out(home: Path, tiny_corpus: Path) -> None:
    (tiny_corpus / "qrels" / "dev.tsv").unlink()
    found = plan(recipe(tiny_corpus, split={"languages": ("de",), "dev_share": 0.25}), Corpus(tiny_corpus))
    assert (found.passages, found.kept_out, found.synthetic) == ({"de": 6}, 2, True)
    assert told.judging(found) == "3 times, on synthetic dev: questions made from 2 passages kept out of training"


def test_a_teacher_gives_a_row_for_each_negative(home: Path, tiny_corpus: Path) -> None:
    taught = recipe(tiny_corpus, label={"kind": "bi-encoder", "teacher": "t"}, mine={"negatives": 4})
    # 24 questions × 4 negatives are 6 batches of 16
    assert plan(taught, Corpus(tiny_corpus)).steps == 18
    with pytest.raises(BakehouseError, match="margin-mse, which does not fit the generated questions"):
        plan(recipe(tiny_corpus, fit={"loss": "margin-mse"}), Corpus(tiny_corpus))


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"loss": "mnrl"}, 3 * 2),  # 24 questions a language are 2 batches of 16
        ({"loss": "mnrl", "negatives": 4}, 3 * 2),
        ({"loss": "triplet", "negatives": 4}, 3 * 6),
        ({"loss": "tsdae"}, 3 * (2 + 1)),  # 8 passages a language beside the questions
        ({"loss": "mnrl", "accumulate": 4}, 2),
        ({"loss": "mnrl", "processes": 2}, 4),  # 3 whole batches of 8 a language, two at a time
        ({"loss": "mnrl", "batch_size": 0}, 3),  # at most: as with 32 a batch
    ],
)
def test_steps_follow_from_the_rows_that_a_loss_makes(
    home: Path, tiny_corpus: Path, settings: dict[str, Any], steps: int
) -> None:
    found = plan(recipe(tiny_corpus, fit=settings), Corpus(tiny_corpus))
    assert (found.steps, found.epochs) == (steps, 1.0)
    assert found.found_batch == (settings.get("batch_size") == 0)
    assert told.steps(found).startswith("up to") == found.found_batch


def test_own_rows_are_counted_and_may_stand_alone(home: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("query,positive,lang\n" + "".join(f"question {n},a passage number {n},en\n" for n in range(40)))
    both = {"data": str(rows), "batch_size": 8}
    # 24 questions a language and 40 pairs
    assert plan(recipe(tiny_corpus, fit=both), Corpus(tiny_corpus)).steps == 3 * 3 + 5
    assert plan(recipe(tiny_corpus, fit={**both, "data_only": True}), Corpus(tiny_corpus)).steps == 5


def test_nothing_to_train_on_is_said(home: Path, tiny_corpus: Path) -> None:
    with pytest.raises(BakehouseError, match="tiny has no passage in fr long enough"):
        plan(recipe(tiny_corpus, split={"languages": ("fr",)}), Corpus(tiny_corpus))


def test_a_document_without_a_language_waits_until_the_run_starts(home: Path, tmp_path: Path) -> None:
    write_documents(tmp_path, [Document(str(n), "A passage that is long enough.", "") for n in range(3)])
    assert plan(recipe(tmp_path), Corpus(tmp_path)).passages == {"und": 2}


def test_a_model_at_hand_says_what_disk_and_memory_it_needs(home: Path, tiny_corpus: Path, tiny_bert: Path) -> None:
    found = plan(recipe(tiny_corpus, tiny_bert), Corpus(tiny_corpus))
    assert found.need is not None and found.fits
    size = sum(path.stat().st_size for path in tiny_bert.rglob("*") if path.is_file())
    # the latest, the best and one being written; of two the optimizer's state; half a gigabyte to spare
    assert found.need.disk == 3 * size + 2 * (8 * 17_088 + 1_000_000) + 500_000_000
    assert found.need.memory == 18 * 17_088 + 4 * (32_896 - 17_088)
    assert "an estimate" in told.memory(found)
    measured = replace(found, pace=Pace(1.0, "run", 1_500_000_000))
    assert told.memory(measured) == "1.5 GB in all, as measured in an earlier run (17,088 of 32,896 parameters learn)"
    assert not replace(found, free=1).fits


def test_a_model_that_is_elsewhere_is_not_fetched_for_a_plan(home: Path, tiny_corpus: Path) -> None:
    found = plan(recipe(tiny_corpus), Corpus(tiny_corpus))
    assert found.need is None and found.fits
    assert told.memory(found) == "known once the base model is on this machine; starting fetches it"


def test_a_step_takes_the_median_of_steps_and_the_first_does_not_count() -> None:
    assert step_seconds([]) is None
    assert step_seconds(steps_at(0, 30)) is None
    # from step 2 on: 2, 2, 40 (an examination lies between), 2
    assert step_seconds(steps_at(0, 30, 32, 34, 74, 76)) == 2
    every_other = [event for event in steps_at(0, 30, 32, 34, 36, 38) if event["step"] % 2]
    assert step_seconds(every_other) == 2


def test_the_time_comes_from_a_run_that_did_the_same_work(home: Path, tiny_corpus: Path) -> None:
    wanted = recipe(tiny_corpus)
    assert plan(wanted, Corpus(tiny_corpus)).pace is None
    run = runs.create(recipe(tiny_corpus, fit={"max_steps": 5, "seed": 1}), "tiny")
    for event in steps_at(0, 30, 34, 38):
        run.append_event(event)
    found = plan(wanted, Corpus(tiny_corpus))
    assert found.pace == Pace(4.0, run.id, 0)
    assert found.steps == 6 and found.seconds == 24
    assert told.time(found) == "about 24 s for the steps, at 4.0 s each as in an earlier run"
    run.write_status(replace(run.written_status(), fit={"memory": {"rule": 1, "peak": 1_500_000_000}}))
    found = plan(wanted, Corpus(tiny_corpus))
    assert found.pace == Pace(4.0, run.id, 1_500_000_000)
    other = plan(recipe(tiny_corpus, fit={"accumulate": 2}), Corpus(tiny_corpus))
    assert other.pace is None
    other = plan(recipe(tiny_corpus, fit={"batch_size": 8}), Corpus(tiny_corpus))
    assert other.pace is None and "known after the first steps" in told.time(other)
    run.write_status(replace(run.written_status(), host="not-" + socket.gethostname()))
    assert plan(wanted, Corpus(tiny_corpus)).pace is None
