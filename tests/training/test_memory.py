"""What training takes of memory: by rule, by a real step, and the largest batch that fits."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from fitting import Fitting

from retrieval.errors import BakehouseError
from training import runs
from training.config import Fit
from training.fitting import memory, settle
from training.fitting.memory import Meter, Step, by_rule
from training.fitting.weights import Weights
from training.journal import Journal
from training.settings import load_recipe

MIB = 2**20


@pytest.mark.parametrize(
    ("settings", "weights", "wanted"),
    [
        ({"trainable": "all", "precision": "bf16"}, Weights(400, 100, 100), 18 * 100),
        ({"trainable": "all", "precision": "fp16"}, Weights(400, 100, 100), 18 * 100),
        ({"trainable": "all", "precision": "fp32"}, Weights(400, 100, 100), 16 * 100),
        ({"trainable": "all", "precision": "tf32"}, Weights(400, 100, 100), 16 * 100),
        (
            {"trainable": "all", "precision": "bf16"},
            Weights(200, 100, 100),
            18 * 100,
        ),  # stored in half: loaded in single
        ({"trainable": "all", "optimizer": "adafactor", "precision": "bf16"}, Weights(400, 100, 100), 11 * 100),
        ({"trainable": "all", "optimizer": "adamw-8bit", "precision": "bf16"}, Weights(400, 100, 100), 13 * 100),
        ({"trainable": "top", "precision": "bf16"}, Weights(400, 100, 30), 18 * 30 + 4 * 70),
        ({"trainable": "lora", "precision": "bf16"}, Weights(400, 110, 10, merged=60), 18 * 10 + 4 * 100 + 4 * 60),
    ],
)
def test_the_rule(settings: dict[str, Any], weights: Weights, wanted: int) -> None:
    assert by_rule(weights, Fit(**settings)) == wanted


def test_a_meter_sees_what_was_given_back_before_it_closed() -> None:
    with Meter("cpu") as meter:
        block = bytearray(200 * MIB)
        block[::4096] = b"x" * len(block[::4096])  # touched, else the system only promises it
        meter.read()
        del block
    assert 195 * MIB < meter.peak - meter.start < 320 * MIB


def test_two_threads_that_read_lose_no_peak() -> None:
    began, ended = threading.Event(), threading.Event()

    class Slow(Meter):
        def _now(self) -> int:
            if threading.current_thread() is threading.main_thread():
                return 100
            began.set()
            ended.wait(0.2)
            return 1

    meter = Slow("cpu")
    other = threading.Thread(target=meter.read)
    other.start()
    began.wait()
    meter.read()
    ended.set()
    other.join()
    assert meter.peak == 100


def test_a_step_is_tried_with_the_longest_texts_and_leaves_no_trace(tiny_bert: Path, tmp_path: Path) -> None:
    import torch

    fitting = Fitting(tiny_bert, tmp_path, trainable="all")
    before = {name: weight.clone() for name, weight in fitting.weights().items()}
    drawn = torch.random.get_rng_state()
    step = memory.try_step(fitting.trainer, fitting.data, 6)
    assert (step.rows, step.octets >= 0, step.seconds > 0) == (6, True, True)
    assert all(weight.equal(before[name]) for name, weight in fitting.weights().items())
    assert all(parameter.grad is None for parameter in fitting.trainer.model.parameters())
    assert drawn.equal(torch.random.get_rng_state())
    rows = memory._longest(fitting.trainer, fitting.data, 20)
    lengths = [sum(len(row[name]) for name in ("query", "positive", "negative")) for row in rows]
    assert lengths[:15] == sorted(lengths[:15], reverse=True)
    assert (lengths[0], rows[0]["query"]) == (217, "how long should the stone heat before the loaf goes in")
    assert rows[15:] == rows[:5]  # there are only 15


def test_training_is_the_same_after_a_step_was_tried(tiny_bert: Path, tmp_path: Path) -> None:
    plain = Fitting(tiny_bert, tmp_path, max_steps=2).train()
    tried = Fitting(tiny_bert, tmp_path, max_steps=2)
    memory.try_step(tried.trainer, tried.data, 4)
    assert tried.train().losses == plain.losses
    assert all(weight.equal(plain.weights()[name]) for name, weight in tried.weights().items())


def test_the_largest_batch_has_no_more_rows_than_the_data(tiny_bert: Path, tmp_path: Path) -> None:
    fitting = Fitting(tiny_bert, tmp_path, batch_size=0)
    found = memory.largest(fitting.trainer, fitting.data, 100, fitting.settings)
    assert (found.step.rows, found.why) == (8, "there are 15 rows")


def test_what_bounds_a_batch() -> None:
    assert memory._bound(None, 100, 5) == ""
    assert memory._bound(Step(2, 40, 1.0), 100, 5) == ""
    assert memory._bound(Step(4, 40, 1.0), 100, 5) == "there are 5 rows"
    assert "twice as many would take about" in memory._bound(Step(2, 51, 1.0), 100, 5)
    assert memory._bound(Step(2, 40, 31.0), 100, 5) == "its step takes 31 s"


def _hungry(fitting: Fitting, above: int) -> None:
    """From now on the loss asks for more than any machine has, when a batch has more rows than ``above``."""
    import torch

    loss = fitting.trainer.loss["all"]

    class Hungry(torch.nn.Module):
        def forward(self, features: Any, labels: Any) -> Any:
            if len(labels) > above:
                torch.empty(2**60, dtype=torch.uint8)
            return loss(features, labels)

    fitting.trainer.loss["all"] = Hungry()


def test_running_out_of_memory_ends_the_search(tiny_bert: Path, tmp_path: Path) -> None:
    fitting = Fitting(tiny_bert, tmp_path)
    _hungry(fitting, above=4)
    found = memory.largest(fitting.trainer, fitting.data, 100, fitting.settings)
    assert found.step.rows == 4
    assert found.why.startswith("8 do not fit into")
    with pytest.raises(BakehouseError, match=r"a step of 8 rows does not fit into memory.*Lower fit\.batch_size"):
        memory.try_step(fitting.trainer, fitting.data, 8)
    _hungry(fitting, above=0)
    with pytest.raises(BakehouseError, match=r"a step of 1 rows does not fit into memory.*fit\.max_length"):
        memory.largest(fitting.trainer, fitting.data, 100, fitting.settings)


def test_a_container_s_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert memory._left_by_container() == 2**63
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._left_by_container() == 2**63
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 250\n")
    assert memory._left_by_container() == memory.free("cpu") == 550


def test_what_was_found_stays_with_the_run(home: Path, tiny_corpus: Path, tiny_bert: Path, tmp_path: Path) -> None:
    run = runs.create(load_recipe({"corpus": str(tiny_corpus), "base": str(tiny_bert)}), "tiny")

    def settled(key: str, hungry: int, **settings: Any) -> Fitting:
        fitting = Fitting(tiny_bert, tmp_path, **{"batch_size": 0, "max_steps": 0, "epochs": 1.0, **settings})
        _hungry(fitting, above=hungry)
        with Journal(run) as journal:
            fitting.settings = settle.settled(
                fitting.trainer, fitting.learner.parameters, fitting.data, fitting.settings, key, tiny_bert, journal
            )
        return fitting

    first = settled("k1", hungry=4)
    assert first.settings.batch_size == first.trainer.args.per_device_train_batch_size == 4
    assert first.trainer.args.max_steps == 4  # 15 rows
    kept = run.written_status().fit
    assert (kept["key"], kept["batch_size"], kept["trainable_parameters"]) == ("k1", 4, 17_088)
    assert kept["memory"]["rule"] == by_rule(Weights(0, 32_896, 17_088), first.settings)
    assert kept["memory"]["estimate"] >= kept["memory"]["step"]
    events = list(run.events())
    assert settled("k1", hungry=1).settings.batch_size == 4  # resumed where memory is shorter: the same batches
    assert list(run.events()) == events
    assert settled("k2", hungry=2).settings.batch_size == 2
    assert settled("k3", hungry=9, batch_size=6).settings.batch_size == 6
    with Journal(run) as journal:
        settle.measured(2 * 10**9, journal)
        settle.measured(10**9, journal)
    status = run.written_status()
    assert status.fit["memory"]["peak"] == 2 * 10**9
    assert settle.told(status.fit).startswith("17,088 of 32,896 parameters learn, 6 rows a batch; memory: ")
    assert settle.told(status.fit).endswith("2 GB measured at the peak")
    assert settle.told({}) == ""
