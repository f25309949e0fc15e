"""Means over groups of queries, and over groups of documents: where a system is good, and where it is not.

``length``
    By the words of the query; see :func:`words`.
``relevant``
    By how many documents are relevant to the query; queries without one are left out.
``documents``
    By the pair of query language and document language, such as ``en → de``, where there is more than one.
    Only the judgments on documents in that language count, and queries without a relevant one among them are left
    out. The ranking stays as it is: a document in another language takes the rank that it has. So the figures tell
    how early a system puts the documents of each language, not how it would search in them alone.
``passage``
    By the words of the relevant documents, title included, counted as for ``documents``.

Judgments of documents that the corpus lacks count in the first two and not in the others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

from eval.measures import Floats, Integers, Judged, Measured
from eval.parts import Parts, measure_parts
from retrieval.records import Document, Query, Run

KINDS = {
    "documents": "document language",
    "length": "query length",
    "relevant": "relevant documents",
    "passage": "passage length",
}
"""Kind of group → its name for people."""
Groups = Mapping[str, Mapping[str, float]]
"""Group → measure → mean over its queries, and ``queries``, how many."""
Breakdown = Mapping[str, Groups]
"""Kind → its groups, in the order of tables."""

_WORDS = (1, 5, 9, 17)
_PASSAGE_WORDS = (1, 50, 100, 200)
_RELEVANT = (1, 2, 5, 10)
# ranges, and pieces between blanks: `regex`, which knows letters and scripts, takes fifty times as long
_IDEOGRAPHS = re.compile(
    "[\u3000-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
_SOUTHEAST_ASIAN = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """One way to cut what is judged into groups.

    :param titles: The names of the groups.
    :param members: The group of each query, or of each part; -1 for what is in none.
    :param parts: The judgments by group of documents, where these are cut; None where queries are.
    """

    kind: str
    titles: Sequence[str]
    members: Integers
    parts: Parts | None = None


def divisions(judged: Judged, queries: Iterable[Query], documents: Iterable[Document]) -> tuple[Division, ...]:
    """All ways to cut what is judged: made once, used for every run.

    :param queries: Give each judged query its language and text.
    :param documents: Give each judged document its language and text.
    """
    asked = {query.id: query for query in queries}
    found = [asked.get(query_id, Query(query_id, "")) for query_id in judged.query_ids]
    relevant = _relevant(judged, documents)
    every = (
        _by_pair(judged, [query.lang for query in found], relevant),
        _by_size("length", [words(query.text) for query in found], _WORDS, "words"),
        _by_size("relevant", judged.relevant, _RELEVANT),
        _by_passage(judged, relevant),
    )
    return tuple(each for each in every if each is not None)


def break_down(run: Run, judged: Judged, measured: Measured, divided: Iterable[Division]) -> Breakdown:
    """The means of each group that has a query.

    :param measured: Of this run by these judgments.
    :param divided: Made from these judgments.
    """
    found = {each.kind: means(_values(run, judged, measured, each), each.members, each.titles) for each in divided}
    return {kind: groups for kind, groups in found.items() if groups}


def means(values: Mapping[str, Floats], members: Integers, titles: Sequence[str]) -> dict[str, dict[str, float]]:
    """Title → measure → mean, and ``queries``; groups without a member are left out.

    :param values: Measure → float64 of shape (members,).
    :param members: Positions in ``titles``, or -1.
    """
    inside = members >= 0
    sizes = np.bincount(members[inside], minlength=len(titles))
    sums = {name: np.bincount(members[inside], of[inside], len(titles)) for name, of in values.items()}
    return {
        titles[at]: {**{name: float(of[at] / sizes[at]) for name, of in sums.items()}, "queries": int(sizes[at])}
        for at in np.flatnonzero(sizes).tolist()
    }


def words(text: str) -> int:
    """How many words a text has, so that lengths in different scripts can stand in one group.

    Pieces between blanks; where a script has none, two ideographs or kana count as a word, and five letters of Thai,
    Lao, Khmer or Burmese. In XQuAD's parallel questions, an English word is 1.6 letters of the Chinese and 5.1 of the
    Thai, and between .8 words (Turkish) and 1.3 (Vietnamese) of the nine other languages with blanks.

    >>> words("How long does it keep?"), words("面包能放多久？"), words("")
    (5, 3, 0)
    """
    unspaced = 0
    if not text.isascii():
        for script, letters in ((_IDEOGRAPHS, 2), (_SOUTHEAST_ASIAN, 5)):
            if script.search(text):
                unspaced += ceil(len(script.findall(text)) / letters)
                text = script.sub(" ", text)
    return len(text.split()) + unspaced


def _relevant(judged: Judged, documents: Iterable[Document]) -> dict[int, Document]:
    """Position → document, of those that are relevant to a query."""
    positions = np.unique(judged.keys[judged.grades > 0] % len(judged.doc_ids)).tolist()
    place = {judged.doc_ids[position]: position for position in positions}
    return {place[document.id]: document for document in documents if document.id in place}


def _by_pair(judged: Judged, languages: Sequence[str], relevant: Mapping[int, Document]) -> Division | None:
    names, groups = np.unique([document.lang for document in relevant.values()], return_inverse=True)
    parts = _cut(judged, relevant, groups)
    pairs = [(languages[row], str(names[group])) for row, group in zip(parts.rows, parts.groups, strict=True)]
    sizes, asked = Counter(pairs), Counter(languages)
    if len(sizes) < 2:
        return None
    # the query language with most queries first, and in each its own documents before those in others
    ordered = sorted(sizes, key=lambda pair: (-asked[pair[0]], pair[0], pair[0] != pair[1], -sizes[pair], pair[1]))
    place = {pair: at for at, pair in enumerate(ordered)}
    members = np.array([place[pair] for pair in pairs], np.int64)
    return Division("documents", [" → ".join(pair) for pair in ordered], members, parts)


def _by_passage(judged: Judged, relevant: Mapping[int, Document]) -> Division:
    sizes = [words(document.full_text) for document in relevant.values()]
    parts = _cut(judged, relevant, _place(sizes, _PASSAGE_WORDS))
    return Division("passage", _titles(_PASSAGE_WORDS, "words"), parts.groups, parts)


def _by_size(kind: str, sizes: Sequence[int] | Floats, bounds: Sequence[int], noun: str = "") -> Division:
    return Division(kind, _titles(bounds, noun), _place(sizes, bounds))


def _cut(judged: Judged, relevant: Mapping[int, Document], groups: Integers) -> Parts:
    """The judgments by the group of each relevant document."""
    of_all = np.full(len(judged.doc_ids), -1, np.int64)
    of_all[list(relevant)] = groups
    return Parts.of(judged, of_all)


def _place(sizes: Sequence[int] | Floats, bounds: Sequence[int]) -> Integers:
    """Between which bounds each size lies; -1 below the first."""
    return np.asarray(np.searchsorted(bounds, sizes, side="right") - 1, np.int64)


def _titles(bounds: Sequence[int], noun: str) -> list[str]:
    """``1``, ``2–4``, ``5 or more``, each with the noun."""
    ranges = [str(low) if low == high - 1 else f"{low}–{high - 1}" for low, high in pairwise(bounds)]
    return [*(f"{each} {noun}".rstrip() for each in ranges), f"{bounds[-1]} {noun}".rstrip() + " or more"]


def _values(run: Run, judged: Judged, measured: Measured, division: Division) -> Mapping[str, Floats]:
    if division.parts is None:
        return measured.values
    return measure_parts(run, judged, division.parts, measured.values)
