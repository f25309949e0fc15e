"""What a run's files say of the training behind a checkpoint."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from made_results import made
from tiny_runs import finished, tiny_run

from eval.origin import Origin, Training, origin_of, training_of
from retrieval.models import BEST


def write_run(home: Path, events: list[dict[str, Any]], config: str = '[fit]\ntrainable = "lora"\n') -> Path:
    folder = home / "runs" / "r1"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(config)
    (folder / "status.json").write_text(json.dumps({"host": "oven", "fit": {"trainable_parameters": 7}}))
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return folder


def fit(step: int = 0, **metrics: Any) -> dict[str, Any]:
    return {"stage": "fit", "step": step, "metrics": metrics}


def spent(step: int, seconds: float) -> dict[str, Any]:
    return fit(step, seconds={"steps": seconds, "examinations": 1.0, "counted_steps": step, "counted_examinations": 1})


def test_seconds_are_those_up_to_the_step(home: Path) -> None:
    write_run(home, [fit(prepare_seconds=0.5), spent(10, 4.0), fit(12, loss=0.1), spent(20, 9.0)])
    assert training_of(Origin("r1", 10)) == Training("LoRA", 7, 4.5, "oven")
    assert training_of(Origin("r1", 20)) == Training("LoRA", 7, 9.5, "oven")
    assert training_of(Origin("r1", 30)) == Training("LoRA", 7, 14.0, "oven"), "by the mean of the steps so far"
    assert training_of(Origin("r1", 0)) is None, "the base was not trained"


def test_a_fit_made_again_begins_anew(home: Path) -> None:
    write_run(home, [spent(10, 4.0), fit(made_again=1), spent(20, 9.0)])
    assert training_of(Origin("r1", 10)) == Training("LoRA", 7, 4.5, "oven")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('trainable = "head"', "head alone"),
        ('trainable = "all"', "everything"),
        ('trainable = "top"\ntop_layers = 3', "top 3 layers"),
        ('trainable = "top"\ntop_layers = 1', "top layer"),
    ],
)
def test_what_learned_in_words(home: Path, settings: str, words: str) -> None:
    write_run(home, [spent(10, 4.0)], f"[fit]\n{settings}\n")
    found = training_of(Origin("r1", 10))
    assert found and found.learned == words


def test_a_run_that_is_gone_or_damaged_says_nothing(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert training_of(Origin("r1", 10)) is None and not caplog.text
    folder = write_run(home, [spent(10, 4.0)])
    (folder / "status.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        assert training_of(Origin("r1", 10)) is None
    assert "r1 cannot be read" in caplog.text


def test_the_origin_is_in_the_result_or_in_the_name(home: Path) -> None:
    (home / "runs" / "r1" / BEST).mkdir(parents=True)
    (home / "runs" / "r1" / BEST / "manifest.json").write_text('{"step": 4}')
    named = [made({"q": 1.0}, model=name).summary for name in ("r1", "/w/runs/r1/checkpoints/step-9", "org/e5")]
    assert [origin_of(each) for each in named] == [Origin("r1", 4), Origin("r1", 9), None]
    assert origin_of(made({"q": 1.0}, run="r2", step=0).summary) == Origin("r2", 0)


def test_a_real_run_says_it(tiny_corpus: Path, tiny_bert: Path, home: Path) -> None:
    run = tiny_run(tiny_corpus, tiny_bert, fit={"trainable": "head"})
    status = finished(run)
    found = training_of(Origin(run.id, 4))
    assert found and (found.learned, found.parameters) == ("head alone", 32 * 32 + 32)
    assert found.host == status.host and found.seconds > 0
    shorter = training_of(Origin(run.id, 2))
    assert shorter and shorter.seconds < found.seconds
