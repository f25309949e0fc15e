"""Searchers that are loaded, or being loaded, for all visitors of the page."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from retrieval.corpora import open_known
from retrieval.searcher import Searcher

_KEPT = 4


@dataclass(slots=True)
class Place:
    """One searcher, and how far it is with loading.

    :param done: Passages encoded so far, of ``total``; both 0 while nothing needs encoding.
    :param error: Why loading failed, if it did.
    """

    searcher: Searcher
    done: int = 0
    total: int = 0
    started: float = field(default_factory=time.monotonic)
    error: Exception | None = None
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def ready(self) -> bool:
        """Whether it answers at once."""
        return self.finished.is_set() and self.error is None

    @property
    def seconds(self) -> float:
        """Since loading began."""
        return time.monotonic() - self.started

    def load(self) -> None:
        """Read the corpus and the model, encode what is not on disk, and ask one question for practice."""
        try:
            self.searcher.prepare(self._count)
            self.searcher.search(self.searcher.documents[0].full_text[:80] or "warm")
        except Exception as error:  # shown to whoever waits for this searcher
            self.error = error
        finally:
            self.finished.set()

    def _count(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Shelf:
    """Keeps the last few searchers; each is loaded once, in a thread of its own."""

    def __init__(self) -> None:
        self._places: OrderedDict[tuple[int, str], Place] = OrderedDict()
        self._lock = threading.Lock()

    def place(self, corpus_name: str, model_name: str) -> Place:
        """The searcher over a corpus with a model, being loaded if it was not on the shelf.

        :raises BakehouseError: if there is no such corpus.
        """
        corpus = open_known(corpus_name)
        key = (id(corpus), model_name)
        with self._lock:
            place = self._places.get(key)
            if place is None or place.error is not None:
                place = self._places[key] = Place(Searcher(corpus, model_name))
                threading.Thread(target=place.load, name=f"load {corpus_name}", daemon=True).start()
            self._places.move_to_end(key)
            while len(self._places) > _KEPT:
                self._places.popitem(last=False)
        return place

    def has(self, corpus_name: str, model_name: str) -> bool:
        """Whether a question would be answered without loading anything."""
        with self._lock:
            place = self._places.get((id(open_known(corpus_name)), model_name))
        return place is not None and place.ready
