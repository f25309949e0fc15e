"""A draft is made in a process of its own, which tells how far it is and can be stopped."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval import drafts
from retrieval.convert.entries import Origin
from retrieval.convert.options import Options
from retrieval.convert.progress import Progress
from retrieval.drafting import Drafting, Refused, Step
from retrieval.drafts import Draft, Look
from retrieval.reached import Reached

ENGLISH = Options(languages=("en",))
SLOWLY = replace(ENGLISH, keep=("nr",))
"""With a column to keep, tables are read row by row."""


def table(path: Path, rows: int) -> Path:
    lines = (f"{number},Bread number {number} is baked in a hot oven." for number in range(rows))
    path.write_text("nr,text\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_first_rows_come_before_the_draft(home: Path, tmp_path: Path) -> None:
    work = Drafting((table(tmp_path / "breads.csv", 30),), ENGLISH)
    news = list(work.follow())
    made = news[-1]
    assert isinstance(made, Draft) and made.report.counts.documents == 30
    looks = [each for each in news if isinstance(each, Look)]
    assert [document.id for document in looks[0].preview.sources[0].documents] == ["0", "1", "2"]
    assert all(isinstance(each, Step) for each in news if each is not made and each is not looks[0])
    drafts.discard(made)


def test_a_refusal_leaves_nothing_and_names_no_folder(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    work = Drafting((path,), ENGLISH)
    with pytest.raises(Refused, match=r"^numbers\.csv: no column looks like the text") as told:
        list(work.follow())
    assert told.value.refusal.columns == ("a", "b")
    assert told.value.refusal.rows == ({"a": "1", "b": "2"},)
    assert not work.folder.exists()


@pytest.mark.parametrize("by", ["stop", "leaving"])
def test_stopping_ends_the_process_and_leaves_nothing(home: Path, tmp_path: Path, by: str) -> None:
    work = Drafting((table(tmp_path / "breads.csv", 400_000),), SLOWLY)
    news = work.follow()
    reading = next(each for each in news if isinstance(each, Step) and each.doing == "reading" and each.rows > 1)
    assert reading.file == "breads.csv" and reading.share is not None and 0 < reading.share < 1
    process = work._process
    assert process is not None and (work.folder / "corpus.partial").is_dir()
    if by == "stop":
        work.stop()
        assert not [each for each in news if isinstance(each, Draft)]
    else:
        news.close()  # as gradio does when a visitor goes
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not work.folder.exists()


def test_a_stop_before_the_start_starts_nothing(home: Path, tmp_path: Path) -> None:
    work = Drafting((table(tmp_path / "breads.csv", 3),), ENGLISH)
    work.stop()
    assert list(work.follow()) == []
    assert work._process is None and not work.folder.exists()


def test_a_process_that_dies_is_a_sentence(home: Path, tmp_path: Path) -> None:
    work = Drafting((table(tmp_path / "breads.csv", 400_000),), SLOWLY)
    news = work.follow()
    next(news)
    assert work._process is not None
    os.kill(work._process.pid, signal.SIGKILL)
    with pytest.raises(Refused, match=r"status -9: most likely the memory did not suffice\. Drop fewer"):
        list(news)
    assert not work.folder.exists()


def test_the_share_is_that_of_bytes_and_unknown_where_lines_say_nothing(tmp_path: Path) -> None:
    rows, pages = table(tmp_path / "rows.csv", 99), tmp_path / "pages.pdf"
    pages.write_bytes(b"x" * rows.stat().st_size)
    both = Reached([rows, pages])
    assert both.share(Progress("reading", 50, Origin("rows.csv", 49, 50))) == pytest.approx(0.25)
    assert both.share(Progress("reading", 100, Origin("pages.pdf", 1))) == pytest.approx(0.5)
    assert Reached([pages]).share(Progress("reading", 1, Origin("pages.pdf", 1))) is None
    assert both.share(Progress("reading", 1, Origin("packed.zip/rows.csv", 1, 2))) is None
    assert both.share(Progress("cutting", 30, total=40)) == 0.75
