"""A draft made in a process of its own: it can be watched, and stopped at any moment with nothing left behind.

The page stays as quick as it is while a million rows are read, and a reader that crashes or takes
all memory takes no page with it. The process is :mod:`retrieval.drafter`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from retrieval.convert.options import Options
from retrieval.convert.progress import Doing
from retrieval.drafts import Draft, Look, new_folder
from retrieval.errors import BakehouseError
from retrieval.home import ROOT, home

AT_ONCE = 2
"""Drafts that are made at the same time; others wait for their turn."""

_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a draft is.

    :param doing: As in :class:`retrieval.convert.progress.Progress`, or ``waiting`` for others to end.
    :param share: 0 to 1, or None where it is not known.
    """

    doing: Doing | Literal["waiting"]
    rows: int = 0
    file: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing came of it.

    :param columns: Those of a table of which the person must say which is the text.
    """

    sentence: str
    columns: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()


class Refused(BakehouseError):
    """The files as they are cannot be converted."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


@dataclass(slots=True)
class Drafting:
    """One draft that is being made.

    :param files: What was given.
    :param replaced: Whether it was stopped because something else is wanted now.
    """

    files: tuple[Path, ...]
    options: Options
    folder: Path = field(default_factory=new_folder)
    stopped: bool = False
    replaced: bool = False
    _process: subprocess.Popen[bytes] | None = None

    def follow(self) -> Iterator[Step | Look | Draft]:
        """Make it: yields what there is to say at least every second, the draft at the end.

        Ends without a draft where :meth:`stop` was called; leaving off to follow stops it too.

        :raises Refused: if nothing comes of the files.
        """
        made = False
        try:
            while not _turns.acquire(timeout=1.0):
                yield Step("waiting")
                if self.stopped:
                    return
            try:
                for news in self._run():
                    made = isinstance(news, Draft)
                    yield news
            finally:
                self._end()
                _turns.release()
        finally:
            if not made:
                shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, *, replaced: bool = False) -> None:
        """End the work at once, in the middle of a row if need be."""
        self.replaced = replaced
        self.stopped = True
        self._end()

    def _run(self) -> Iterator[Step | Look | Draft]:
        if self.stopped:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-m", "retrieval.drafter"],
            cwd=ROOT,
            env={**os.environ, "BAKEHOUSE_HOME": str(home())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            pickle.dump((self.files, self.options, self.folder), self._process.stdin)
            self._process.stdin.flush()
        while (news := _next(self._process.stdout)) is not None:
            if isinstance(news, Refusal):
                raise Refused(news)
            yield news
            if self.stopped or isinstance(news, Draft):
                return
        if not self.stopped:
            raise Refused(Refusal(_silent(self._process.wait())))

    def _end(self) -> None:
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _next(stream: IO[bytes]) -> Any:
    """The next word of the process, or None when it has ended."""
    try:
        return pickle.load(stream)
    except (EOFError, pickle.UnpicklingError, OSError):
        return None


def _silent(status: int) -> str:
    cause = "most likely the memory did not suffice" if status == -signal.SIGKILL else "the log has the details"
    return (
        f"the conversion broke off with status {status}: {cause}. Drop fewer or smaller files, or run "
        "python -m retrieval convert FILE --out workspace/corpora/NAME where there is more memory."
    )
