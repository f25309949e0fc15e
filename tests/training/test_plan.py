"""What a run will take, known before it is started."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retrieval.beir import Corpus, write_documents
from retrieval.encoder import load
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from retrieval.records import Document
from training import runs
from training.config import Fit, Recipe
from training.layers import choose
from training.page import plan as told
from training.plan import Pace, plan, step_seconds
from training.settings import load_recipe
from training.weights import weigh


def recipe(corpus: Path, base: Path | str = "no/such-model", **sections: Any) -> Recipe:
    """The quick preset with some sections changed."""
    return load_recipe({"corpus": str(corpus), "base": str(base), **sections})


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
    with pytest.raises(BakehouseError, match="there are no margins"):
        plan(recipe(tiny_corpus, fit={"loss": "margin-mse"}), Corpus(tiny_corpus))


def test_nothing_to_train_on_is_said(home: Path, tiny_corpus: Path) -> None:
    with pytest.raises(BakehouseError, match="tiny has no passage in fr long enough"):
        plan(recipe(tiny_corpus, split={"languages": ("fr",)}), Corpus(tiny_corpus))


def test_a_document_without_a_language_waits_until_the_run_starts(home: Path, tmp_path: Path) -> None:
    write_documents(tmp_path, [Document(str(n), "A passage that is long enough.", "") for n in range(3)])
    assert plan(recipe(tmp_path), Corpus(tmp_path)).passages == {"und": 2}


@pytest.mark.parametrize(
    "settings",
    [
        Fit(),
        Fit(top_layers=1),
        Fit(trainable="all"),
        Fit(trainable="all", freeze_embeddings=False),
        Fit(freeze_embeddings=False),
    ],
)
def test_parameters_are_those_that_learn(tiny_bert: Path, settings: Fit) -> None:
    weights = weigh(tiny_bert, settings)
    real = choose(load(resolve(str(tiny_bert))), settings)
    assert (weights.total, weights.trainable) == (real.total, real.trainable)
    assert weights.octets == 4 * real.total
    assert weights.memory == 4 * real.total + 12 * real.trainable


def test_a_model_at_hand_says_what_disk_and_memory_it_needs(home: Path, tiny_corpus: Path, tiny_bert: Path) -> None:
    found = plan(recipe(tiny_corpus, tiny_bert), Corpus(tiny_corpus))
    assert found.need is not None and found.fits
    size = sum(path.stat().st_size for path in tiny_bert.rglob("*") if path.is_file())
    assert found.need.disk == 3 * size + 500_000_000
    assert "an estimate" in told.memory(found)
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
    assert found.pace == Pace(4.0, run.id)
    assert found.steps == 6 and found.seconds == 24
    assert told.time(found) == "about 24 s for the steps, at 4.0 s each as in an earlier run"
    other = plan(recipe(tiny_corpus, fit={"batch_size": 8}), Corpus(tiny_corpus))
    assert other.pace is None and "known after the first steps" in told.time(other)
    run.write_status(replace(run.written_status(), host="not-" + socket.gethostname()))
    assert plan(wanted, Corpus(tiny_corpus)).pace is None
