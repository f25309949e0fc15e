"""The process in which a draft is made: ``python -m retrieval.drafter``.

It gets one pickled request on its standard input: the files, the options and the folder to work in. On
its standard output it answers with pickled news, the last of which is the draft or a refusal.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from retrieval import cli
from retrieval.convert.mapping import NoTextFound
from retrieval.convert.options import Options
from retrieval.convert.progress import Progress
from retrieval.convert.rows import columns_of
from retrieval.drafting import Refusal, Step
from retrieval.drafts import Draft, Look, draft
from retrieval.errors import BakehouseError
from retrieval.reached import Reached

BEAT = 0.5
"""Seconds between two words, so that the page hears in time that nobody listens any more."""


def main() -> None:
    """Make the draft that is asked for on standard input."""
    cli.prepare()
    wire = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no news
    files, options, folder = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_leave_with_the_page, args=[folder], daemon=True).start()
    teller = _Teller(wire, Reached(files))
    threading.Thread(target=teller.beat, daemon=True).start()
    teller.tell(_made(files, options, folder, teller))


def _leave_with_the_page(folder: Path) -> None:
    """The other end of standard input is closed when the page's process has ended, however it ended."""
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _made(files: Sequence[Path], options: Options, folder: Path, teller: _Teller) -> Draft | Refusal:
    try:
        return draft(files, options, folder, teller.hear)
    except NoTextFound as error:
        rows = tuple(dict(row.values) for row in error.rows[:3])
        return Refusal(str(error), tuple(columns_of(error.rows)), rows)
    except (BakehouseError, OSError) as error:
        sentence = cli.explain(error)
        if sentence is None:
            raise
        return Refusal(re.sub(r"^\. ", "what you dropped ", sentence))


class _Teller:
    """Sends news, and the last of them again when nothing new has come for a while."""

    def __init__(self, wire: IO[bytes], reached: Reached) -> None:
        self._wire = wire
        self._reached = reached
        self._lock = threading.Lock()
        self._last = Step("opening")
        self._ended = threading.Event()

    def hear(self, news: Look | Progress) -> None:
        """News of the conversion."""
        if isinstance(news, Look):
            self.tell(news)
        else:
            file = news.origin.file if news.origin else ""
            self._last = Step(news.doing, news.rows, file, self._reached.share(news))

    def beat(self) -> None:
        """Say how far it is, until it is done."""
        while not self._ended.wait(BEAT):
            self.tell(self._last)

    def tell(self, news: Step | Look | Draft | Refusal) -> None:
        """Send one thing."""
        with self._lock:
            if not self._ended.is_set():
                if not isinstance(news, Step | Look):
                    self._ended.set()
                pickle.dump(news, self._wire)
                self._wire.flush()


if __name__ == "__main__":
    main()
