"""A folder exists only once it is complete."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.artifact import building, key_of, read_manifest, write_atomic


def test_a_killed_stage_leaves_only_a_partial_folder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), building(tmp_path / "stage", {"a": 1}) as partial:
        (partial / "shard").write_text("half")
        raise RuntimeError("killed")
    assert not (tmp_path / "stage").exists()
    assert read_manifest(tmp_path / "stage.partial") is None
    with building(tmp_path / "stage", {"a": 1}) as partial:  # the next try finds the shard
        assert (partial / "shard").read_text() == "half"
    assert read_manifest(tmp_path / "stage") == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["stage"]


def test_fresh_forgets_what_a_killed_stage_left(tmp_path: Path) -> None:
    (tmp_path / "stage.partial").mkdir()
    (tmp_path / "stage.partial" / "shard").write_text("old")
    with building(tmp_path / "stage", {}, fresh=True) as partial:
        assert list(partial.iterdir()) == []


def test_an_older_artefact_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    with building(tmp_path / "stage", {"version": 1}):
        pass
    with building(tmp_path / "stage", {"version": 2}):
        assert read_manifest(tmp_path / "stage") == {"version": 1}
    assert read_manifest(tmp_path / "stage") == {"version": 2}


@pytest.mark.parametrize("ready", [True, False])
def test_a_kill_between_the_two_renames_loses_nothing(tmp_path: Path, ready: bool) -> None:
    """The old folder is out of the way, the new one not yet in its place."""
    for name, content in (("stage.old", "old"), ("stage.partial", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shard").write_text(content)
        if ready or name == "stage.old":
            (tmp_path / name / "manifest.json").write_text(f'{{"is": "{content}"}}')
    assert read_manifest(tmp_path / "stage") == {"is": "new" if ready else "old"}
    assert (tmp_path / "stage" / "shard").read_text() == ("new" if ready else "old")
    with building(tmp_path / "stage", {"is": "newest"}, fresh=True) as partial:
        (partial / "shard").write_text("newest")
    assert [path.name for path in tmp_path.iterdir()] == ["stage"]
    assert read_manifest(tmp_path / "stage") == {"is": "newest"}


def test_an_artefact_without_a_manifest_is_a_fault_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="manifest"), building(tmp_path / "stage"):
        pass


def test_keys_depend_on_content_and_not_on_order() -> None:
    assert key_of(a=1, b=[2, 3]) == key_of(b=[2, 3], a=1)
    assert key_of(a=1) != key_of(a=2)
    assert len(key_of(a=1)) == 16


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    write_atomic(path, json.dumps({"state": "running"}))
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\ud800")
    assert json.loads(path.read_text()) == {"state": "running"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["status.json"]
