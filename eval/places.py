"""Where systems can be told apart: results on the same queries of the same state of a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.results import Summary
from retrieval.artifact import key_of

SPLITS = ("test", "dev")
"""Where there is a choice, the first of these leads."""


@dataclass(frozen=True, slots=True)
class Place:
    """What results must share so that their scores may stand in one table.

    :param judgments: Of generated queries, as each run makes its own; empty for human judgments.
    :param ranked: How many documents were searched.
    """

    corpus: str
    fingerprint: str
    ranked: int
    split: str
    judgments: str

    @classmethod
    def of(cls, summary: Summary) -> Place:
        """The place of a result."""
        corpus = summary.corpus
        judgments = corpus.judgments if summary.synthetic else ""
        return cls(corpus.name, corpus.fingerprint, summary.ranked, summary.split, judgments)

    @property
    def key(self) -> str:
        """A name for menus and addresses, such as ``test~1f0c2b``."""
        return f"{self.split}~{key_of(place=[self.corpus, self.fingerprint, self.ranked, self.judgments])[:6]}"

    @property
    def synthetic(self) -> bool:
        """Whether the queries were generated."""
        return bool(self.judgments)

    @property
    def title(self) -> str:
        """``test``, or ``dev · synthetic``."""
        return self.split + (" · synthetic" if self.synthetic else "")


Places = dict[Place, list[Summary]]


def places(results: Iterable[Summary], corpus: str = "") -> Places:
    """The results by place: test before dev before other splits, then the newest first.

    :param corpus: Only places of the corpus with this name; all if empty.
    """
    found: Places = {}
    for each in results:
        if corpus in ("", each.corpus.name):
            found.setdefault(Place.of(each), []).append(each)
    newest_first = sorted(found, key=lambda place: found[place][-1].created, reverse=True)
    return {place: found[place] for place in sorted(newest_first, key=lambda place: _turn(place.split))}


def _turn(split: str) -> tuple[int, str]:
    return (SPLITS.index(split), "") if split in SPLITS else (len(SPLITS), split)


def titles(of: Places) -> dict[Place, str]:
    """A title for each place; where two would read alike, with the documents searched and the day."""
    often = Counter((place.corpus, place.title) for place in of)
    return {
        place: place.title if often[place.corpus, place.title] == 1 else _longer(place, results)
        for place, results in of.items()
    }


def _longer(place: Place, results: Sequence[Summary]) -> str:
    when = results[-1].created[:16].replace("T", " ")
    return f"{place.title} · {place.ranked:,} documents · {when}"


def find(of: Places, key: str | None) -> Place | None:
    """The place with a key; where it is gone, the newest of the same split, else the first."""
    split = (key or "").partition("~")[0]
    wanted = (lambda place: place.key == key), (lambda place: place.split == split), (lambda place: True)
    return next((place for suits in wanted for place in of if suits(place)), None)
