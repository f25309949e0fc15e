"""kill -9 at any moment of a conversion: the next one gives the same bytes, and works out again what it must."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from converting import write, write_lines

pytestmark = pytest.mark.slow
_CONTEXT = multiprocessing.get_context("forkserver")
SENTENCES = (
    "The oven must be hot before the loaf goes in. Listen to its song while it cools on a rack.",
    "Der Ofen muss heiß sein, ehe das Brot hineinkommt. Beim Abkühlen knistert die Kruste leise.",
    "Le four doit être chaud avant que le pain n'y entre. La croûte chante pendant qu'il refroidit.",
    "Печь должна быть горячей, прежде чем в неё поставят хлеб. Остывая, корка тихо потрескивает.",
)


LANGUAGES = ("en", "de", "fr", "ru")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Some of each that takes long: texts without a language, web pages, long texts, judgments."""
    folder = tmp_path / "sources"
    rows = "".join(f"{n}\t{SENTENCES[n % 4]} {n}.\n" for n in range(1200))
    write(folder / "rows.tsv", f"id\ttext\n{rows}")
    asked = [
        {"id": f"p{n}", "text": " ".join(SENTENCES) * 3 + f" {n}", "question": f"How hot is oven number {n}?"}
        for n in range(150)
    ]
    write_lines(folder / "asked.jsonl", *asked)
    for n in range(12):
        write(folder / "pages" / f"{n}.html", f"<title>Page {n}</title><p>{SENTENCES[n % 4]} {n}</p>")
    return folder


def _convert(sources: str, out: str, model: str, seconds: float, notes: int) -> None:
    """Convert; kill this process after so many seconds, or once so much is noted, if these are not 0."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from retrieval.convert import memo
    from retrieval.convert.convert import convert
    from retrieval.convert.division import parse_shares
    from retrieval.convert.options import Options
    from retrieval.convert.passages import Chunking

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    class Killing(memo.Memo):
        def of(self, *args: object) -> object:
            found = super().of(*args)  # type: ignore[arg-type]
            if len(self._places) == notes:
                kill()
            return found

    if notes:
        sys.modules["retrieval.convert.convert"].Memo = Killing  # type: ignore[attr-defined]
    if seconds:
        threading.Timer(seconds, kill).start()
    shares, chunking = parse_shares("60/20/20"), Chunking(40, 8, model)
    convert([Path(sources)], Path(out), Options(languages=LANGUAGES, chunking=chunking, shares=shares))
    os._exit(0)


def _run(sources: Path, out: Path, model: Path, *, seconds: float = 0, notes: int = 0) -> tuple[int | None, float]:
    """The exit status of a process that converts, and how long it took."""
    process = _CONTEXT.Process(target=_convert, args=(str(sources), str(out), str(model), seconds, notes))
    start = time.perf_counter()
    process.start()
    process.join()
    return process.exitcode, time.perf_counter() - start


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_killed_at_any_moment_the_next_gives_the_same_bytes(sources: Path, tiny_bert: Path, tmp_path: Path) -> None:
    _CONTEXT.set_forkserver_preload(["retrieval.convert.convert", "retrieval.convert.columnar", "lingua", "tokenizers"])
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert _run(sources, whole, tiny_bert)[0] == 0
    status, took = _run(sources, tmp_path / "again", tiny_bert)
    assert (status, _files(tmp_path / "again")) == (0, _files(whole))

    draw = random.Random(11)
    moments = sorted((draw.uniform(0.02, 0.6) * took for _ in range(3)), reverse=True)
    statuses = [_run(sources, out, tiny_bert, seconds=moment)[0] for moment in moments]
    assert -signal.SIGKILL in statuses  # the later ones have less to do, and may get through
    assert _run(sources, out, tiny_bert)[0] == 0
    assert _files(out) == _files(whole)
    assert "memo.jsonl" not in _files(out)
    assert len(_files(whole)) == 7  # corpus, queries, three splits of judgments, near duplicates, the manifest


@pytest.mark.parametrize("notes", [1, 20])
def test_what_was_worked_out_is_not_worked_out_again(
    notes: int, sources: Path, tiny_bert: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    assert _run(sources, out, tiny_bert, notes=notes)[0] == -signal.SIGKILL
    left = out.with_name("out.partial") / "memo.jsonl"
    before = left.read_bytes()
    assert before.count(b"\n") == notes
    left.write_bytes(before + b'["cut 00')  # a line that was being written
    assert _run(sources, out, tiny_bert, notes=notes + 1)[0] == -signal.SIGKILL
    assert left.read_bytes().startswith(before)
    lines = left.read_bytes().splitlines()
    assert len([json.loads(line) for line in lines]) == notes + 1  # nothing is glued to the line that was cut off
