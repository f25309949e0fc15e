"""An evaluation in a thread of its own: it goes on, and is saved, when nobody watches."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from eval.results import save, scores_folder
from eval.task import open_task
from retrieval.beir import Corpus


@dataclass(slots=True)
class Work:
    """One evaluation under way.

    :param done: Documents encoded so far, of ``total``; both 0 while nothing needs encoding.
    :param error: Why it failed, if it did.
    """

    corpus: Corpus
    model: str
    split: str
    done: int = 0
    total: int = 0
    started: float = field(default_factory=time.monotonic)
    error: Exception | None = None
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.started

    def start(self) -> Work:
        """Begin, and return at once."""
        threading.Thread(target=self._run, name=f"evaluate {self.corpus.name}", daemon=True).start()
        return self

    def _run(self) -> None:
        try:
            self._evaluate()
        except Exception as error:  # shown to whoever waits for this evaluation
            self.error = error
        finally:
            self.finished.set()

    def _evaluate(self) -> None:
        from eval.evaluate import evaluate
        from retrieval.searcher import Searcher

        task = open_task(self.corpus, self.split)
        Searcher(self.corpus, self.model).prepare(self._count)  # the long part, with progress; kept on disk
        for result in evaluate(task, self.model):
            save(result, scores_folder())

    def _count(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Bench:
    """The evaluations of this process; the same one asked for twice is done once."""

    def __init__(self) -> None:
        self._works: dict[tuple[str, str, str], Work] = {}
        self._lock = threading.Lock()

    def work(self, corpus: Corpus, model: str, split: str) -> Work:
        """The evaluation, begun if it is not under way."""
        key = (str(corpus.folder.resolve()), model, split)
        with self._lock:
            work = self._works.get(key)
            if work is None or work.finished.is_set():
                work = self._works[key] = Work(corpus, model, split).start()
        return work
