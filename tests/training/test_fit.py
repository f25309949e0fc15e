"""Fitting a tiny model: what learns, what is kept, and that a stopped run ends where an uninterrupted one does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.beir import write_qrels
from retrieval.encoder import encode, load
from retrieval.errors import BakehouseError
from retrieval.models import BEST, resolve
from training import checkpoints, pairs, pipeline, runs
from training.arguments import planned_steps
from training.config import Fit
from training.layers import choose, encoder_layers
from training.losses import chosen_loss
from training.runs import RunFolder, Status
from training.settings import load_recipe

pytestmark = pytest.mark.usefixtures("home")


def _run(corpus: Path, base: Path, **fit: Any) -> RunFolder:
    settings = {"max_steps": 4, "epochs": 9.0, "batch_size": 4, "learning_rate": 0.01, "precision": "fp32", **fit}
    recipe = load_recipe(
        {
            "corpus": str(corpus),
            "base": str(base),
            "fit": settings,
            "evaluate": {"times": 2},
            "checkpoints": {"keep": 1},
        }
    )
    return runs.create(recipe, "tiny")


def _losses(run: RunFolder) -> list[float]:
    return [event["metrics"]["loss"] for event in run.events() if "loss" in event["metrics"]]


def _finished(run: RunFolder) -> Status:
    pipeline.work(run)
    status = run.status()
    assert status.state == "finished", (status.reason, run.log_tail())
    return status


def test_a_whole_run(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    status = _finished(run)
    assert len(_losses(run)) == 4
    assert {path.name for path in (run.path / "checkpoints").iterdir()} == {"step-4", "best"}
    assert resolve(run.id).folder == run.path / BEST
    assert status.base["step"] == 0
    assert status.best["step"] in (2, 4)
    for split in ("dev", "test"):
        for mode in ("hybrid", "dense"):
            told = status.report[split][mode]
            assert told["base"] == pytest.approx(status.base[split][mode]["ndcg@10"], abs=1e-5)
            assert told["best"] == pytest.approx(status.best[split][mode]["ndcg@10"], abs=1e-5)
            assert told["difference"] == pytest.approx(told["best"] - told["base"], abs=1e-12)
    assert status.report["synthetic_dev"] is False
    beaten = status.best["dev"]["hybrid"]["ndcg@10"] > status.base["dev"]["hybrid"]["ndcg@10"]
    assert status.report["recommended"] == (run.id if beaten else str(tiny_bert))
    card = (run.path / BEST / "README.md").read_text()
    assert run.id in card
    assert "Sauerteig" not in card  # the trainer's own card would quote training texts


def test_test_judgments_are_read_only_when_the_run_is_over(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    (tiny_corpus / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nbroken\n")
    pipeline.work(run)
    status = run.status()
    assert status.state == "failed"
    assert status.stage == "verdict"
    assert "test.tsv, line 2" in status.reason
    assert len(_losses(run)) == 4


def test_without_dev_judgments_the_examination_is_synthetic(tiny_corpus: Path, tiny_bert: Path) -> None:
    for split in ("dev", "test"):
        (tiny_corpus / "qrels" / f"{split}.tsv").unlink()
    run = _run(tiny_corpus, tiny_bert)
    status = _finished(run)
    assert status.report["synthetic_dev"] is True
    assert "test" not in status.report
    summary = json.loads(next(path for path in (run.path / "scores").glob("*.json")).read_text())
    assert summary["synthetic"] is True


def test_a_stopped_run_goes_on_to_the_same_losses(tiny_corpus: Path, tiny_bert: Path) -> None:
    whole = _run(tiny_corpus, tiny_bert)
    _finished(whole)
    stopped = _run(tiny_corpus, tiny_bert)
    pipeline.work(stopped, _stop_at(stopped, step=2))
    assert stopped.status().state == "stopped"
    assert [checkpoint.step for checkpoint in checkpoints.checkpoints(stopped.path)] == [3]
    stopped.ask_stop(False)
    status = _finished(stopped)
    assert _losses(stopped) == pytest.approx(_losses(whole), abs=1e-6)
    assert status.best["dev"] == whole.status().best["dev"]
    assert resolve(stopped.id).fingerprint == resolve(whole.id).fingerprint


def _stop_at(run: RunFolder, step: int) -> Any:
    def listen(event: Any) -> None:
        if event["step"] == step and "loss" in event["metrics"]:
            run.ask_stop()

    return listen


def test_a_checkpoint_whose_examination_was_lost_is_examined_on_resuming(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    _finished(run)
    events = [event for event in run.events() if not ("dev" in event["metrics"] and event["step"] == 4)]
    (run.path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    _finished(run)
    assert [event["step"] for event in run.events() if "dev" in event["metrics"]] == [0, 2, 4]


def test_a_teacher_gives_margins_and_marginmse(tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path) -> None:
    run = _run(tiny_corpus, tiny_bert)
    recipe = run.recipe()
    settings = recipe.label.model_copy(update={"kind": "cross-encoder", "teacher": str(tiny_cross_encoder)})
    run = runs.create(recipe.model_copy(update={"label": settings}), "taught")
    _finished(run)
    messages = [event["message"] for event in run.events()]
    assert any("parameters learn (margin-mse)" in message for message in messages)
    assert any("teacher margins are multiplied by" in message for message in messages)


def test_margins_are_scaled_to_what_the_student_can_say(tiny_bert: Path) -> None:
    student = load(resolve(str(tiny_bert)))
    texts = ["rye dough stays sticky", "salt slows the yeast", "steam keeps the crust soft", "a loaf keeps four days"]
    rows = {
        "en": [
            {"query": texts[n], "positive": texts[(n + 1) % 4], "negative": texts[(n + 2) % 4], "label": 7.0 * (n - 1)}
            for n in range(4)
        ]
    }
    scale = pairs.margin_scale(rows, student)
    vectors = {
        name: encode(student, [row[name] for row in rows["en"]], "query" if name == "query" else "document")
        for name in ("query", "positive", "negative")
    }
    own = np.einsum("nd,nd->n", vectors["query"], vectors["positive"] - vectors["negative"])
    assert np.std([row["label"] * scale for row in rows["en"]]) == pytest.approx(np.std(own), rel=1e-5)
    assert pairs.margin_scale({"en": [{**row, "label": 1.0} for row in rows["en"]]}, student) == 1.0


def test_what_learns(tiny_bert: Path) -> None:
    model = load(resolve(str(tiny_bert)))
    layers = encoder_layers(model[0])
    assert len(layers) == 2
    of_layer = sum(parameter.numel() for parameter in layers[0].parameters())
    total = sum(parameter.numel() for parameter in model.parameters())
    embeddings = model[0].auto_model.get_input_embeddings().weight.numel()
    assert choose(model, Fit(trainable="top", top_layers=1)).trainable == of_layer
    assert layers[0].output.dropout.p == 0.0
    assert layers[1].output.dropout.p == 0.1
    assert choose(model, Fit(trainable="top", top_layers=2)).trainable == 2 * of_layer
    everything = choose(model, Fit(trainable="all", freeze_embeddings=False))
    assert (everything.total, everything.trainable) == (total, total)
    assert choose(model, Fit(trainable="all", freeze_embeddings=True)).trainable == total - embeddings


def test_frozen_parts_stay_as_they_were(tiny_corpus: Path, tiny_bert: Path) -> None:
    run = _run(tiny_corpus, tiny_bert, top_layers=1)
    _finished(run)
    before, after = (load(resolve(name)).state_dict() for name in (str(tiny_bert), run.id))
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed
    assert all("encoder.layer.1." in name for name in changed)


def test_texts_are_cut_by_tokens(tiny_bert: Path) -> None:
    tokenizer = load(resolve(str(tiny_bert))).tokenizer
    text = "Feed the starter with flour and water once a day until it doubles in height."
    short = pairs._shortened(text, tokenizer, 8)
    assert text.startswith(short)
    assert len(tokenizer(short)["input_ids"]) <= 8 < len(tokenizer(text)["input_ids"])
    assert pairs._shortened("short", tokenizer, 8) == "short"


def test_steps_and_losses_follow_from_the_settings() -> None:
    assert planned_steps(Fit(batch_size=16, epochs=1.0), {"en": 33, "de": 16}) == 4
    assert planned_steps(Fit(batch_size=16, epochs=2.5), {"en": 33, "de": 16}) == 10
    assert planned_steps(Fit(batch_size=16, max_steps=3), {"en": 1000}) == 3
    assert chosen_loss(Fit(), None) == "mnrl"
    assert chosen_loss(Fit(), Path("x")) == "margin-mse"
    assert chosen_loss(Fit(loss="mnrl"), Path("x")) == "mnrl"
    with pytest.raises(BakehouseError, match="there are no margins"):
        chosen_loss(Fit(loss="margin-mse"), None)


def test_a_disk_too_small_is_refused_before_training(tmp_path: Path, tiny_bert: Path) -> None:
    with pytest.raises(BakehouseError, match=r"GB free .* checkpoints need"):
        checkpoints.check_disk(tmp_path, tiny_bert, keep=10**12)


def test_dev_names_of_unknown_documents_are_refused(tiny_corpus: Path, tiny_bert: Path) -> None:
    write_qrels(tiny_corpus, "dev", {"en-q-starter": {"nowhere": 1}})
    run = _run(tiny_corpus, tiny_bert)
    pipeline.work(run)
    assert run.status().state == "failed"
    assert "document 'nowhere'" in run.status().reason


def test_weights_and_biases_writes_offline(tiny_corpus: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = _run(tiny_corpus, tiny_bert)
    _finished(run)
    [written] = (run.path / "wandb").glob("offline-run-*/run-*.wandb")
    assert run.id in written.name
    assert b"fit/loss" in written.read_bytes()
