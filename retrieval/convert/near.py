"""Documents whose texts are nearly the same: listed, or merged into the first of them.

Each is a line of ``duplicates.jsonl``, with the id of the earlier document that it resembles and how alike they
are. Listed, it stays in the corpus. Merged, it leaves the corpus, and what was judged of it is judged of the other;
where both were judged for a query, the higher grade stays, and the judgment is listed as given twice. What differs
in its title, its numbers or its language is never merged: two invoices are two documents, however alike they read.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from retrieval.artifact import replacing
from retrieval.beir import CORPUS, read_qrels, splits, write_qrels
from retrieval.convert.alike import THRESHOLD, Alike, find_alike, index_of
from retrieval.convert.folder import DUPLICATES
from retrieval.convert.intake import TWICE

Treatment = Literal["list", "merge", "off"]
TREATMENTS: tuple[Treatment, ...] = get_args(Treatment)

NEARLY = "nearly the same text"


@dataclass(frozen=True, slots=True)
class Near:
    """What was found.

    :param compared: Documents that were compared.
    :param short: Those too short for it.
    :param long: Those too long for it.
    :param found: Documents that resemble an earlier one.
    :param apart: Those of them with another title, other numbers or another language, which are never merged.
    :param merged: Those that left the corpus.
    :param judgments: By how many judgments there are fewer.
    :param languages: Language code → documents that left.
    """

    treatment: Treatment
    compared: int
    short: int
    long: int
    found: int
    apart: int
    merged: int
    judgments: int
    languages: Counter[str]

    def as_json(self) -> dict[str, Any]:
        """For a manifest."""
        names = ("treatment", "compared", "short", "long", "found", "apart", "merged", "judgments")
        return {"threshold": THRESHOLD} | {name: getattr(self, name) for name in names}

    def as_text(self) -> str:
        """For a person; empty where there is nothing to tell."""
        if not self.found:
            return ""
        told = f"Nearly the same text as an earlier document: {self.found:,} of {self.compared:,} compared"
        apart = f", {self.apart:,} of them with another title, number or language" if self.apart else ""
        twice = f", and {self.judgments:,} of their judgments" if self.judgments else ""
        merged = f"{self.merged:,} merged{twice}" if self.merged else "none merged"
        return f"{told}{apart}; {merged} (listed in {DUPLICATES})."


@dataclass(slots=True)
class _Found:
    """Counts of all that were found; of those that leave, where their lines begin and who inherits what was judged."""

    counts: Counter[str] = field(default_factory=Counter)
    places: array[int] = field(default_factory=lambda: array("q"))
    heirs: dict[str, str] = field(default_factory=dict)
    languages: Counter[str] = field(default_factory=Counter)


def treat_near(folder: Path, treatment: Literal["list", "merge"]) -> Near:
    """Find what is nearly the same in a BEIR folder, and list or merge it, in place: for a folder that is being made.

    Texts are read one after the other; what is kept of each takes about 100 bytes.
    """
    merge = treatment == "merge"
    index = index_of(folder)
    found = _Found()
    _list(folder, _treated(find_alike(folder, index), merge, _judged(folder) if merge else set(), found))
    if found.places:
        _list(folder, _judge(folder, found))
        _drop(folder / CORPUS, found.places)
    counts = found.counts
    return Near(
        treatment,
        len(index.places),
        index.short,
        index.long,
        counts["found"],
        counts["apart"],
        counts["merged"],
        counts["judgments"],
        found.languages,
    )


def copies_in(folder: Path) -> dict[str, str]:
    """Of a converted folder, the id of each listed copy → the id of what it is a copy of."""
    path = folder / DUPLICATES
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8") as lines:
        found = map(json.loads, lines)
        return {
            line["id"]: line["like"] for line in found if line["reason"] == NEARLY and line["kept_as"] == line["id"]
        }


def _judged(folder: Path) -> set[str]:
    return {
        document for split in splits(folder) for grades in read_qrels(folder, split).values() for document in grades
    }


def _treated(alike: Iterable[Alike], merge: bool, judged: set[str], found: _Found) -> Iterator[dict[str, Any]]:
    """Lines of ``duplicates.jsonl``."""
    for each in alike:
        found.counts.update({"found": 1, "apart": int(bool(each.apart))})
        leaves = merge and not each.apart
        if leaves:
            found.counts["merged"] += 1
            found.places.append(each.place)
            found.languages[each.lang] += 1
            if each.id in judged:
                found.heirs[each.id] = each.like
        yield {
            "id": each.id,
            "kept_as": each.like if leaves else each.id,
            "reason": f"{NEARLY}, other {' and '.join(each.apart)}" if each.apart else NEARLY,
            "like": each.like,
            "similarity": round(each.similarity, 4),
        }


def _list(folder: Path, lines: Iterator[dict[str, Any]]) -> None:
    """Add to ``duplicates.jsonl``, which is not made where there is nothing to add."""
    first = next(lines, None)
    if first is not None:
        with (folder / DUPLICATES).open("a", encoding="utf-8", newline="\n") as out:
            for line in chain([first], lines):
                out.write(json.dumps(line, ensure_ascii=False) + "\n")


def _judge(folder: Path, found: _Found) -> Iterator[dict[str, Any]]:
    """Judge heirs for what left; lines of ``duplicates.jsonl`` for what is thus judged twice."""
    for split in splits(folder) if found.heirs else ():
        qrels = read_qrels(folder, split)
        for query, grades in qrels.items():
            merged: dict[str, int] = {}
            for document, grade in grades.items():
                heir = found.heirs.get(document, document)
                if heir in merged:
                    found.counts["judgments"] += 1
                    yield {"id": f"{query} {document}", "kept_as": f"{query} {heir}", "reason": TWICE}
                merged[heir] = max(grade, merged.get(heir, grade))
            qrels[query] = merged
        write_qrels(folder, split, qrels)


def _drop(corpus: Path, places: array[int]) -> None:
    """Leave out the lines that begin at these places, which ascend."""
    gone = iter(places)
    leaves, place = next(gone), 0
    with corpus.open("rb") as lines, replacing(corpus) as kept:
        for line in lines:
            if place == leaves:
                leaves = next(gone, -1)
            else:
                kept.write(line)
            place += len(line)
