"""``python -m training losses``: the table, and what it says of a file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from retrieval.cli import execute
from training.commands import losses as command
from training.fitting.losses import TABLE

pytestmark = pytest.mark.usefixtures("home")


def _run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    parser = argparse.ArgumentParser()
    command.add_commands(parser.add_subparsers(required=True))
    status = execute(parser, ["losses", *args])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_table_names_every_loss_with_its_data_and_paper(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = _run(capsys)
    assert status == 0
    for loss in TABLE.values():
        assert f"  {loss.name} " in out
        assert loss.source.split('"')[0].split("(")[0].strip() in " ".join(out.split())
    told = json.loads(_run(capsys, "--json")[1])
    assert [row["name"] for row in told["losses"]] == list(TABLE)
    assert told["recommended"]["pair"] == "mnrl"
    assert told["losses"][0]["shapes"] == ["scored triplet", "margin"]


def test_a_file_is_told_its_shape_its_losses_and_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "data.csv"
    place.write_text("sentence1,sentence2,score,lang\nA dog.,A hound.,4.8,en\nA dog.,A car.,0.2,en\n")
    told = json.loads(_run(capsys, str(place), "--json")[1])
    assert (told["rows"], told["languages"], told["shape"]) == (2, {"en": 2}, "scored pair")
    assert [row["name"] for row in told["valid"]] == ["cosent"]
    assert told["recommended"] == "cosent"
    assert told["reason"] == TABLE["cosent"].fits
    assert told["barred"] == {"cosine": "the scores run from 0.2 to 4.8, and a cosine lies between -1 and 1"}
    assert "the scores run from 0.2 to 4.8" in told["evidence"]
    status, out, _ = _run(capsys, str(place))
    assert status == 0
    assert "data.csv: 2 rows (en 2)" in out
    assert "'sentence1' is the sentence1" in out
    assert "recommended              cosent, which fit.loss=auto takes" in out


def test_translations_are_told_that_they_need_a_teacher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "data.csv"
    place.write_text("en,de\nHello,Hallo\n")
    status, out, _ = _run(capsys, str(place))
    assert status == 0
    assert "mse, with label.kind=bi-encoder and label.teacher=MODEL" in " ".join(out.split())


def test_bad_files_end_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "data.csv"
    place.write_text("text,url\na,b\n")
    status, out, err = _run(capsys, str(place))
    assert (status, out) == (2, "")
    assert "has the columns 'text', 'url', and 'url' says nothing. Wanted: query" in err
    assert _run(capsys, str(tmp_path / "gone.csv"))[0] == 2
