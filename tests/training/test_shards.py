"""Shards: cut where the items say so, taken over from earlier artefacts, and why a stage is made again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from retrieval.artifact import building, link
from retrieval.errors import BakehouseError
from training import artefacts, runs, shards
from training.journal import Journal, Stopped
from training.runs import RunFolder
from training.settings import load_recipe

PASSAGES = [f"passage {number:03d}" for number in range(200)]


class Desk:
    """A run without a corpus, and a stage that counts what it is given to do."""

    def __init__(self, home: Path) -> None:
        self.run: RunFolder = runs.create(load_recipe({"corpus": "none"}), "none")
        self.journal = Journal(self.run)
        self.asked: list[str] = []

    def make(self, passages: Sequence[str], key: str, **made_of: Any) -> Path:
        def work(batch: Sequence[str]) -> list[shards.Row]:
            self.asked += batch
            return [{"passage": passage, "first": batch[0]} for passage in batch]

        self.asked = []
        folder = self.run.path / "stages" / f"ask-{key}"
        shards.fill(folder, "en", passages, 16, work, self.journal, digest=str, made_of=made_of)
        return folder


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


def _files(folder: Path) -> dict[str, str]:
    return {path.name.split("-")[2]: path.read_text() for path in sorted(folder.glob("*.jsonl"))}


def test_one_changed_item_redoes_its_own_shard_or_two(desk: Desk) -> None:
    before = desk.make(PASSAGES, "a")
    assert desk.asked == PASSAGES
    sizes = [len(text.splitlines()) for text in _files(before).values()]
    assert sum(sizes) == 200
    assert max(sizes) <= 32
    assert len(sizes) == 11
    changed = [*PASSAGES[:70], "passage 070, mended", *PASSAGES[71:]]
    after = desk.make(changed, "b")
    assert [row["passage"] for row in shards.read_rows(after)] == changed
    assert "passage 070, mended" in desk.asked
    assert 1 < len(desk.asked) <= 32
    kept = set(_files(before)) & set(_files(after))
    assert len(kept) == 10
    one, other = (next(folder.glob(f"*-{min(kept)}")) for folder in (before, after))
    assert one.samefile(other)  # no room on disk, no time
    messages = [event["message"] for event in desk.run.events()]
    assert messages[-1] == f"en: {len(kept)} of {len(_files(after))} shards did not change and were taken over"


@pytest.mark.parametrize("at", [0, 99, 199])
def test_an_item_more_or_less_moves_no_other_shard(desk: Desk, at: int) -> None:
    desk.make(PASSAGES, "a")
    desk.make([*PASSAGES[:at], "a new passage", *PASSAGES[at:]], "b")
    assert 0 < len(desk.asked) <= 64
    desk.make([*PASSAGES[:at], *PASSAGES[at + 1 :]], "c")
    assert len(desk.asked) <= 64


def test_another_setting_redoes_all(desk: Desk) -> None:
    desk.make(PASSAGES, "a", model="one")
    desk.make(PASSAGES, "b", model="two")
    assert desk.asked == PASSAGES


def test_a_stage_goes_on_from_its_first_missing_shard_and_ends_as_if_never_stopped(desk: Desk) -> None:
    whole = _files(desk.make(PASSAGES, "a"))
    other = Desk(desk.run.path)
    heard: list[object] = []

    def stop_after_five(event: object) -> None:
        heard.append(event)
        if len(heard) == 5:
            other.run.ask_stop()

    other.journal = Journal(other.run, stop_after_five)
    with pytest.raises(Stopped):
        other.make(PASSAGES, "a")
    first = other.asked
    other.run.ask_stop(False)
    assert _files(other.make(PASSAGES, "a")) == whole
    assert [*first, *other.asked] == PASSAGES


def test_without_a_digest_shards_are_numbered_and_of_one_size(desk: Desk) -> None:
    folder = desk.run.path / "stages" / "ask-a"
    shards.fill(folder, "en", PASSAGES, 64, lambda batch: [{"n": len(batch)}], desk.journal)
    assert sorted(path.name for path in folder.glob("*.jsonl")) == [f"en-{number:05d}.jsonl" for number in range(4)]
    assert [row["n"] for row in shards.read_rows(folder)] == [64, 64, 64, 8]


def _begin(desk: Desk, made_of: dict[str, Any]) -> artefacts.Artefact:
    return artefacts.begin(desk.run.path, "mine", made_of, desk.journal)


def test_a_stage_that_is_made_again_says_why(desk: Desk) -> None:
    made_of = {"questions": "q1", "mine": {"depth": 50, "retrievers": ["bm25", "base"]}, "models": {"base": "f1"}}
    first = _begin(desk, made_of)
    with first.building() as partial:
        first.describe(partial, {"queries": 2})
    assert first.complete
    assert json.loads((first.folder / "manifest.json").read_text())["made_of"] == made_of
    assert _begin(desk, made_of).complete
    assert list(desk.run.events()) == []
    mine = {"depth": 50, "retrievers": ["bm25"]}
    again = _begin(desk, made_of | {"mine": mine, "models": {"base": "f2"}})
    [event] = desk.run.events()
    told = (
        "mine is made again, for what it is made of changed: mine.retrievers (bm25, base → bm25), models.base (f1 → f2)"
    )
    assert event["message"] == told
    assert not again.complete
    with pytest.raises(RuntimeError), again.building():
        raise RuntimeError("the machine was switched off")
    _begin(desk, made_of | {"mine": mine, "models": {"base": "f2"}})
    assert len(list(desk.run.events())) == 1  # it goes on: nothing changed since it was begun
    _begin(desk, made_of | {"mine": mine, "models": {}})
    assert [event["message"] for event in desk.run.events()][-1].endswith("changed: models.base (f2 → none)")


def test_what_a_killed_writer_left_is_no_part_of_the_artefact(tmp_path: Path) -> None:
    partial = tmp_path / "ask-a.partial"
    partial.mkdir()
    for name in (".en-00001.jsonl.4711", "en-00000.jsonl"):
        (partial / name).write_text("{}")
    with building(tmp_path / "ask-a", {"complete": True}):
        pass
    assert sorted(path.name for path in (tmp_path / "ask-a").iterdir()) == ["en-00000.jsonl", "manifest.json"]


def test_a_job_for_one_stage_names_the_stage_that_is_missing(desk: Desk) -> None:
    desk.journal = Journal(desk.run, only="label")
    with pytest.raises(BakehouseError, match=f"python -m training stage mine {desk.run.id}"):
        _begin(desk, {})


def test_a_link_replaces_what_stood_there(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    link(tmp_path / "one", tmp_path / "two")
    link(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").samefile(tmp_path / "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
