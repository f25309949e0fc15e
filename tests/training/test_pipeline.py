"""Stages alone, a run that stops on the way, a run that goes on elsewhere, and what a change redoes."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retrieval.beir import read_documents, write_documents
from retrieval.errors import BakehouseError
from retrieval.home import home as home_folder
from retrieval.records import Document
from training import jobs, pipeline, runs
from training.journal import Journal
from training.runs import RunFolder
from training.settings import load_recipe, parse_assignments
from training.smoke import _drawn, smoke
from training.stages import NAMES

pytestmark = pytest.mark.usefixtures("home")


def _create(corpus: Path, base: Path, *settings: str) -> RunFolder:
    few = ["fit.max_steps=2", "fit.batch_size=4", "evaluate.times=1", 'fit.precision="fp32"', "mine.negatives=2"]
    flags = parse_assignments([*few, *settings]) | {"corpus": str(corpus), "base": str(base)}
    return jobs.create(load_recipe(flags))


def _work(run: RunFolder, only: str = "", until: str = "", **changes: Any) -> None:
    jobs.take(run, changes, only or until)
    pipeline.work(run, only=only, until=until)
    status = run.status()
    assert status.state in ("stopped", "finished"), (status.reason, status.message)


def _artefacts(run: RunFolder) -> dict[str, int]:
    """Each complete artefact of a stage, and when it was made."""
    return {path.parent.name: path.stat().st_mtime_ns for path in (run.path / "stages").glob("*/manifest.json")}


def _messages(run: RunFolder) -> list[str]:
    return [event["message"] for event in run.events() if event["message"]]


def test_each_stage_runs_alone_in_order(tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path) -> None:
    run = _create(tiny_corpus, tiny_bert, "label.kind='cross-encoder'", f"label.teacher='{tiny_cross_encoder}'")
    status = run.status()
    assert (status.state, status.message) == ("stopped", "made, not started")
    assert NAMES == ("generate", "filter", "mine", "label", "fit", "verdict")
    for name, following in zip(NAMES, [*NAMES[1:], ""], strict=True):
        if following:
            wanted = f"has no complete '{name}' .* first: python -m training stage {name} {run.id}$"
            with pytest.raises(BakehouseError, match=wanted):
                pipeline.work(run, only=following)
            assert run.status().message == f"nothing was done: what {following} needs is not complete"
        _work(run, only=name)
        if following:
            assert run.status().message == f"{name} is complete; {following} comes next"
            assert f"python -m training stage {following} {run.id}" in run.status().remedy
    assert run.status().state == "finished"
    made = _artefacts(run)
    assert [name.split("-")[0] for name in sorted(made)] == ["filter", "fit", "generate", "label", "mine"]
    _work(run, only="mine")
    assert _artefacts(run) == made
    told = [event["metrics"]["stage_seconds"] for event in run.events() if "stage_seconds" in event["metrics"]]
    assert all(seconds >= 0 for seconds in told)


def test_a_job_finds_what_was_named_from_another_folder(
    tiny_corpus: Path, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    shutil.copytree(tiny_bert, models / "student")
    shutil.copytree(tiny_bert, models / "base")
    monkeypatch.chdir(models)
    named = ["mine.retrievers=['bm25', 'base', 'student']", "generate.models.de='student'", "label.teacher='nobody/x'"]
    recipe = _create(Path("../tiny"), Path("student"), *named).recipe()
    student = str(models / "student")
    assert (recipe.corpus, recipe.base) == (str(tiny_corpus), student)
    assert recipe.mine.retrievers == ("bm25", "base", student)
    assert (recipe.generate.models, recipe.label.teacher) == ({"de": student}, "nobody/x")


def test_a_stage_that_a_run_does_not_have_is_refused(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _create(tiny_corpus, tiny_bert)
    with pytest.raises(BakehouseError, match=r"no stage 'label', by its settings label\.kind=none"):
        jobs.take(run, stage="label")
    with pytest.raises(BakehouseError, match="Did you mean 'mine'"):
        jobs.take(run, stage="mines")
    assert run.status().state == "stopped"


def test_a_run_stops_after_a_stage_and_goes_on_elsewhere(
    tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught = ["label.kind='cross-encoder'", f"label.teacher='{tiny_cross_encoder}'", f"mine.retrievers=['{tiny_bert}']"]
    run = _create(tiny_corpus, tiny_bert, *taught)
    _work(run, until="label")
    assert run.status().message == "label is complete; fit comes next"
    made = _artefacts(run)
    (there := tmp_path / "elsewhere").mkdir()
    models = {name: shutil.copytree(path, there / name) for name, path in
              {"bert": tiny_bert, "judge": tiny_cross_encoder}.items()}  # fmt: skip
    shutil.copytree(run.path, there / "home" / "runs" / run.id)
    shutil.rmtree(tiny_corpus)
    monkeypatch.setenv("BAKEHOUSE_HOME", str(there / "home"))
    moved = runs.find(run.id)
    assert moved.path != run.path
    changes = {
        "base": str(models["bert"]),
        "label": {"teacher": str(models["judge"])},
        "mine": {"retrievers": [str(models["bert"])]},
    }
    _work(moved, **changes)
    assert moved.status().state == "finished"
    assert _artefacts(moved).items() >= made.items()  # nothing was made again
    assert len(_artefacts(moved)) == len(made) + 1
    assert f"corpus is not here ({tiny_corpus}): the run's own copy is used" in _messages(moved)
    assert set(moved.status().report) >= {"dev", "test", "recommended"}
    assert not (home_folder() / "corpora").exists()


def test_a_run_outside_of_the_workspace_is_not_worked_on(tiny_corpus: Path, tiny_bert: Path, tmp_path: Path) -> None:
    run = _create(tiny_corpus, tiny_bert)
    copied = runs.find(str(shutil.copytree(run.path, tmp_path / "copy")))
    with pytest.raises(BakehouseError, match="move it there, or set BAKEHOUSE_HOME"):
        jobs.take(copied)


def test_a_copy_of_a_run_that_is_alive_is_dead_once_the_heartbeat_is_old(
    tiny_corpus: Path, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _create(tiny_corpus, tiny_bert)
    with Journal(run) as journal:
        journal.update(state="running", stage="mine")
        copied = RunFolder(shutil.copytree(run.path, tmp_path / "home2" / "runs" / run.id))
        assert run.status().state == "running"
        with pytest.raises(BakehouseError, match="is running already"):
            jobs.take(run)
        monkeypatch.setenv("BAKEHOUSE_HOME", str(tmp_path / "home2"))
        with pytest.raises(BakehouseError, match=f"is running already in {run.path}"):
            jobs.take(copied)
        copied.write_status(replace(copied.written_status(), heartbeat=time.time() - runs.STALE_AFTER))
        status = copied.status()
        assert status.state == "failed"
        assert f"the job of {run.path} on {status.host} is not heard of any more, during mine" in status.reason
        assert "If this is a copy, resume it here" in status.remedy
        jobs.take(copied)


def test_an_event_that_a_killed_job_left_half_written_spoils_none(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _create(tiny_corpus, tiny_bert)
    with Journal(run) as journal:
        journal.event("first")
    whole = (run.path / "events.jsonl").read_text()
    (run.path / "events.jsonl").write_text(whole + whole[:40])
    assert _messages(run) == ["first"]
    with Journal(run) as journal:
        journal.event("second")
    assert _messages(run) == ["first", "second"]


def _change_a_document(corpus: Path, lang: str) -> None:
    documents = list(read_documents(corpus))
    at = next(row for row, document in enumerate(documents) if document.lang == lang)
    old = documents[at]
    text = f"{old.text} This sentence was added by hand."
    documents[at] = Document(old.id, text, old.title, old.metadata)
    (corpus / "corpus.jsonl").unlink()
    write_documents(corpus, documents)


def test_what_changed_is_made_again_and_nothing_else(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _create(tiny_corpus, tiny_bert)
    _work(run, until="mine")
    first = _artefacts(run)
    _work(run, until="mine", mine={"depth": 5})
    second = _artefacts(run)
    [new] = set(second) - set(first)
    assert new.startswith("mine-")
    assert "mine is made again, for what it is made of changed: mine.depth (50 → 5)" in _messages(run)
    _work(run, until="mine", label={"batch_size": 3}, generate={"batch_size": 7}, mine={"memory_mb": 9})
    assert _artefacts(run) == second  # how, not what
    _change_a_document(tiny_corpus, "en")
    _work(run, until="mine")
    again = [name.split("-")[0] for name in set(_artefacts(run)) - set(second)]
    assert sorted(again) == ["filter", "generate", "mine"]
    told = "\n".join(_messages(run))
    assert f"corpus has changed since ({tiny_corpus}): what depends on it is made again" in told
    assert "generate is made again, for what it is made of changed: corpus (" in told
    assert "filter is made again" in told
    kept = {message.split(":")[0] for message in _messages(run) if "did not change and were taken over" in message}
    assert kept == {"ar", "de"}  # the pool of English changed, and with it every candidate
    _work(run, until="mine", mine={"depth": 50})
    assert _messages(run)[-1] == "mine is complete; fit comes next"


def test_another_base_redoes_what_looked_through_it(tiny_corpus: Path, tiny_bert: Path, tmp_path: Path) -> None:
    base = shutil.copytree(tiny_bert, tmp_path / "base")
    run = _create(tiny_corpus, base)
    _work(run)
    before = _artefacts(run)
    config = base / "config_sentence_transformers.json"
    config.write_text(config.read_text().replace('"prompts": {', '"prompts": {"other": "x: ",', 1))
    _work(run, fit={"max_steps": 2})
    again = [name.split("-")[0] for name in set(_artefacts(run)) - set(before)]
    assert sorted(again) == ["fit", "mine"]
    assert any(
        message.startswith("fit is made again, for what it is made of changed: base (") for message in _messages(run)
    )
    assert run.status().state == "finished"


def test_changed_settings_are_checked_and_kept(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _create(tiny_corpus, tiny_bert)
    with pytest.raises(BakehouseError, match=r"Did you mean 'mine\.depth'"):
        jobs.take(run, {"mine": {"dept": 5}})
    assert runs.recipe_of(run).mine.depth == 50
    jobs.take(run, {"mine": {"depth": 5}})
    assert runs.recipe_of(run).mine.depth == 5
    assert runs.recipe_of(run).mine.negatives == 2


def test_a_smoke_test_runs_every_stage_and_leaves_nothing(tiny_corpus: Path, tiny_bert: Path) -> None:
    recipe = load_recipe({"corpus": str(tiny_corpus), "base": str(tiny_bert), "fit": {"batch_size": 4}})
    heard: list[Any] = []
    trial = smoke(recipe, heard.append)
    assert trial.status.state == "finished", trial.status.reason
    assert list(trial.seconds) == ["generate", "filter", "mine", "fit", "verdict"]
    assert (trial.passages, trial.steps) == (24, 4)
    assert set(trial.seconds) <= {event["stage"] for event in heard}
    assert max(event["step"] for event in heard if "loss" in event["metrics"]) == 4
    assert [path.name for path in home_folder().iterdir()] == ["models"]
    assert list((home_folder() / "models").iterdir()) == []


def test_a_smoke_test_takes_a_hundred_passages_the_languages_in_turn_and_what_is_judged_first() -> None:
    many = (("en", 300), ("de", 80), ("fr", 30))
    documents = [Document(f"{lang}-{n}", "text", "", {"lang": lang}) for lang, count in many for n in range(count)]
    drawn = _drawn(documents, {f"en-{n}" for n in range(60)}, ())
    assert [sum(each.lang == lang for each in drawn) for lang, _ in many] == [64, 18, 18]
    assert sum(each.id in {f"en-{n}" for n in range(60)} for each in drawn) >= 50
    assert [each.lang for each in _drawn(documents, (), ("fr",))] == ["fr"] * 30
    assert [sum(each.lang == lang for each in _drawn(documents, (), ())) for lang, _ in many] == [35, 35, 30]
