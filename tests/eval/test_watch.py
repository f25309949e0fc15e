"""Checkpoints that appear, whole and in parts, are judged once each."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from eval import watch
from eval.results import all_results
from eval.task import Task, open_task
from eval.watch import Place, checkpoints, lacks
from retrieval.beir import open_corpus
from retrieval.errors import BakehouseError
from retrieval.searcher import Mode

MODES: tuple[Mode, ...] = ("hybrid", "dense")


@pytest.fixture
def task(tiny_corpus: Path, home: Path) -> Task:
    return open_task(open_corpus(tiny_corpus), "dev")


def once(place: Place, task: Task) -> list[tuple[int | None, str]]:
    return [(each.summary.step, each.summary.system.mode) for each in watch.watch(place, task, MODES, 0.01, 0)]


def test_each_is_judged_once_in_order_and_into_the_run(
    task: Task, home: Path, tiny_bert: Path, tiny_corpus: Path
) -> None:
    run = home / "runs" / "r1"
    for step in (20, 3):
        shutil.copytree(tiny_bert, run / "checkpoints" / f"step-{step}")
    # other weights, else the second would be the first again
    config = run / "checkpoints" / "step-20" / "config_sentence_transformers.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"prompts": {"query": "? "}}))
    shutil.copytree(tiny_bert, run / "checkpoints" / "best")
    (run / "config.toml").write_text(f'corpus = "{tiny_corpus}"\n')
    place = Place.of("r1")
    assert place.corpus == str(tiny_corpus)
    assert once(place, task) == [(3, "hybrid"), (3, "dense"), (20, "hybrid"), (20, "dense")]
    assert once(place, task) == [], "nothing is new"
    results = all_results()
    assert {each.run for each in results} == {"r1"}
    assert len(list((run / "scores").glob("*.queries.jsonl"))) == 4


def test_a_checkpoint_that_is_being_copied_waits(task: Task, home: Path, tiny_bert: Path, tmp_path: Path) -> None:
    """File by file in the worst order, the weights growing a byte before their end."""
    place, target = Place.of(str(tmp_path)), tmp_path / "checkpoint-7"
    files = sorted(path.relative_to(tiny_bert) for path in tiny_bert.rglob("*") if path.is_file())
    weights = next(path for path in files if path.suffix == ".safetensors")
    whole = (tiny_bert / weights).read_bytes()
    target.mkdir()
    assert lacks(target) == "modules.json or config.json"
    for path in reversed(files):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        data = (tiny_bert / path).read_bytes()
        for size in (0, 5, len(data) // 2, len(data) - 1):
            (target / path).write_bytes(data[:size])
            if path.suffix in (".safetensors", ".json"):
                assert lacks(target), f"{size} bytes of {path}"
        (target / path).write_bytes(data if path != weights else whole[:-1])
    assert lacks(target) == f"the end of {weights}"
    assert once(place, task) == []
    (target / weights).write_bytes(whole)
    assert lacks(target) == ""
    assert once(place, task) == [(7, "hybrid"), (7, "dense")]


def test_what_comes_later_is_seen_and_silence_ends_it(task: Task, home: Path, tiny_bert: Path, tmp_path: Path) -> None:
    def arrive() -> None:
        shutil.copytree(tiny_bert, tmp_path / "new")
        (tmp_path / "new").rename(tmp_path / "checkpoint-5")

    later = threading.Timer(0.3, arrive)
    later.start()
    found = [each.summary.step for each in watch.watch(Place.of(str(tmp_path)), task, MODES, 0.05, 3)]
    later.join()
    assert found == [5, 5]


def test_what_is_no_place_is_a_sentence(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match="no run and no folder 'nowhere'"):
        Place.of("nowhere")
    with pytest.raises(BakehouseError, match="add --corpus DIR"):
        _ = Place.of(str(tmp_path)).corpus
    (tmp_path / "step-x").mkdir()
    (tmp_path / "step-4").write_text("a file")
    assert checkpoints(Place.of(str(tmp_path))) == []
