"""Data sets of the Hub, by a folder that ``datasets`` loads in the same way."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from converting import ENGLISH, texts, write_lines

from retrieval.convert.convert import convert
from retrieval.convert.hub import Address
from retrieval.errors import BakehouseError


@pytest.fixture
def breads(tmp_path: Path) -> Path:
    write_lines(tmp_path / "breads" / "train.jsonl", *({"id": n, "text": f"Loaf {n}"} for n in range(3)))
    write_lines(tmp_path / "breads" / "test.jsonl", {"id": 7, "text": "Buns"}, {"id": 8, "text": ""})
    return tmp_path / "breads"


def test_every_split_or_one(tmp_path: Path, breads: Path) -> None:
    report = convert([Path(f"hub:{breads}")], tmp_path / "out", ENGLISH)
    assert texts(tmp_path / "out") == {"0": "Loaf 0", "1": "Loaf 1", "2": "Loaf 2", "7": "Buns"}
    assert [source.name for source in report.sources] == ["hub:breads:train", "hub:breads:test"]
    assert (report.counts.rows, report.counts.rejected) == (5, 1)
    convert([Path(f"hub:{breads}:default:test")], tmp_path / "out", ENGLISH)
    assert texts(tmp_path / "out") == {"7": "Buns"}


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("::trian", "has no split 'trian': it has train, test. Did you mean 'train'?"),
        (":german", "cannot be opened so: BuilderConfig 'german' not found"),
        (":a:b:c", "names no data set: wanted hub:OWNER/NAME"),
    ],
)
def test_what_is_not_there(tmp_path: Path, breads: Path, ending: str, message: str) -> None:
    with pytest.raises(BakehouseError) as caught:
        convert([Path(f"hub:{breads}{ending}")], tmp_path / "out", ENGLISH)
    assert message in str(caught.value)


def test_without_the_hub_it_fails_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BakehouseError, match=r"owner/breads is on the Hub, which .*name the folder"):
        convert([Path("hub:owner/breads")], tmp_path / "out", ENGLISH)
    with pytest.raises(BakehouseError, match="'hub:breads' is neither a data set of the Hub nor a folder"):
        convert([Path("hub:breads")], tmp_path / "out", ENGLISH)
    assert time.monotonic() - began < 10


def test_addresses() -> None:
    assert Address.of(Path("hub:a/b")) == Address("a/b")
    assert Address.of(Path("hub:a/b:en:test")) == Address("a/b", "en", "test")
