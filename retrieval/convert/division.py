"""Judgments divided into train, dev and test, so that no document stands on two sides.

Queries hang together where they judge the same document, passages of the same parent, or a document and its copy
that a conversion has listed (``near``), directly or through other queries. Such a group stays together: with it, every document that is judged in one part, whatever its
grade, is judged in no other part, nor is another passage of its parent.

The groups are dealt out the largest first, those of equal size in an order drawn with the seed, each to the
part that lacks most of its share of the queries. No part gets more than its share by as much as the largest
group has queries; where that is much, the shares cannot be met, and the report says so. The draw is a hash of
seed and query id: it depends neither on the machine nor on the order of the lines.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from retrieval.artifact import MANIFEST, building, link, read_manifest, write_json
from retrieval.beir import QRELS, read_documents, read_qrels, splits, write_qrels
from retrieval.convert.near import copies_in
from retrieval.errors import BakehouseError
from retrieval.records import Qrels

PARTS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of the queries each part shall have, in percent.

    :param seed: Another number deals the groups out otherwise.
    :param again: Whether judgments that came in several splits are put together and divided anew.
    """

    train: int
    dev: int
    test: int
    seed: int = 0
    again: bool = False

    def __post_init__(self) -> None:
        """:raises BakehouseError: if the shares are no parts of a hundred."""
        if min(self.of_parts.values()) < 0 or sum(self.of_parts.values()) != 100 or 100 in self.of_parts.values():
            raise BakehouseError(
                f"the shares {self.text} cannot be given: wanted those of train, dev and test, which add up to 100, "
                "such as 80/10/10, or 50/0/50 for no dev."
            )

    @property
    def of_parts(self) -> dict[str, int]:
        """Part → percent."""
        return {part: getattr(self, part) for part in PARTS}

    @property
    def text(self) -> str:
        """As a person writes them."""
        return "/".join(map(str, self.of_parts.values()))


def parse_shares(text: str, seed: int = 0, *, again: bool = False) -> Shares:
    """Shares as a person writes them.

    >>> parse_shares("80/10/10")
    Shares(train=80, dev=10, test=10, seed=0, again=False)

    :raises BakehouseError: if they are not three whole numbers, or do not add up to 100.
    """
    if not re.fullmatch(r"\d+/\d+/\d+", text.strip()):
        raise BakehouseError(
            f"found the shares '{text}', wanted whole numbers for train, dev and test, such as 80/10/10."
        )
    train, dev, test = map(int, text.split("/"))
    return Shares(train, dev, test, seed, again)


@dataclass(frozen=True, slots=True)
class Division:
    """What was divided, and what came of it.

    :param wanted: Part → percent of the queries.
    :param source: The splits that the judgments came in.
    :param queries: Part → queries in it; those without a judgment are in none.
    :param documents: Part → documents judged in it; passages of one parent, and copies, counted once.
    :param groups: How many groups of queries hang together.
    :param largest: The queries of the largest of these.
    """

    wanted: dict[str, int]
    seed: int
    source: tuple[str, ...]
    queries: dict[str, int]
    documents: dict[str, int]
    judgments: dict[str, int]
    groups: int
    largest: int

    @property
    def met(self) -> bool:
        """Whether every part that shall have queries has some, and its share up to one query."""
        total = sum(self.queries.values())
        if any(self.wanted[part] and not self.queries[part] for part in PARTS):
            return False
        return all(abs(100 * self.queries[part] - self.wanted[part] * total) < 100 for part in PARTS)

    def as_json(self) -> dict[str, Any]:
        """For a manifest."""
        return asdict(self) | {"source": list(self.source), "met": self.met}

    def as_text(self) -> str:
        """For a person."""
        counts = ", ".join(f"{part} {self.queries[part]:,}" for part in PARTS if self.wanted[part])
        said = f"Queries divided by document (seed {self.seed}): {counts}."
        if self.met:
            return said
        total = sum(self.queries.values())
        have = "/".join(f"{100 * self.queries[part] / total:.0f}" for part in PARTS)
        wanted = "/".join(map(str, self.wanted.values()))
        why = (
            f"{self.largest:,} of {total:,} queries hang together by the documents they share, and stay in one part"
            if self.largest > 1
            else f"{total:,} {'query is' if total == 1 else 'queries are'} too few for them"
        )
        return f"{said} These are {have} percent, not {wanted}: {why}."


def divide(folder: Path, shares: Shares) -> Division:
    """Divide the judgments of a BEIR folder, in place: for a folder that is being made.

    :raises BakehouseError: if there are no judgments, they came in several splits and ``again`` is not set, or
        two splits grade a pair differently.
    """
    source = splits(folder)
    check_source(source, str(folder), shares)
    qrels = _together(folder, source)
    if not qrels:
        raise BakehouseError(
            f"{folder} has no judgments, so there is nothing to divide. Convert a source that has some."
        )
    parents = _parents(folder, {document for grades in qrels.values() for document in grades})
    found = groups(qrels, parents)
    part_of = deal(found, shares)
    for name in source:
        (folder / QRELS / f"{name}.tsv").unlink()
    divided = {part: {q: grades for q, grades in qrels.items() if part_of[q] == part} for part in PARTS}
    for part, judged in divided.items():
        if judged:
            write_qrels(folder, part, judged)
    return Division(
        shares.of_parts,
        shares.seed,
        tuple(source),
        {part: len(judged) for part, judged in divided.items()},
        {part: len({parents[d] for grades in judged.values() for d in grades}) for part, judged in divided.items()},
        {part: sum(map(len, judged.values())) for part, judged in divided.items()},
        len(found),
        max(map(len, found)),
    )


def divide_again(folder: Path, shares: Shares) -> Division:
    """Divide the judgments of a finished BEIR folder, and record it in its manifest.

    The folder is replaced in one step; all but the judgments and the manifest stay as they are.

    :raises BakehouseError: see :func:`divide`; the folder is then as it was.
    """
    manifest = read_manifest(folder) or {}
    try:
        with building(folder, fresh=True) as partial:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    (partial / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
                    link(path, partial / path.relative_to(folder))
            division = divide(partial, shares)
            write_json(partial / MANIFEST, {**manifest, "splits": division.as_json()})
    except BakehouseError as error:
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        raise BakehouseError(str(error).replace(str(partial), str(folder))) from error
    return division


def check_source(names: Collection[str], where: str, shares: Shares) -> None:
    """Refuse to undo splits that the judgments came in.

    :raises BakehouseError: if there are several and ``again`` is not set.
    """
    if len(names) > 1 and not shares.again:
        raise BakehouseError(
            f"the judgments of {where} come in splits of their own ({', '.join(sorted(names))}), which are used as they "
            "are. To put them together and divide them anew, add --again."
        )


def groups(qrels: Qrels, parents: Mapping[str, str]) -> list[list[str]]:
    """The queries that hang together, each group sorted.

    :param parents: Document id → the id of the document it is a passage of.
    """
    first_of: dict[str, str] = {}
    leader: dict[str, str] = {query: query for query in qrels}

    def led(query: str) -> str:
        while leader[query] != query:
            leader[query] = leader[leader[query]]
            query = leader[query]
        return query

    for query, grades in qrels.items():
        for document in grades:
            other = first_of.setdefault(parents[document], query)
            leader[led(query)] = led(other)
    together: dict[str, list[str]] = {}
    for query in sorted(qrels):
        together.setdefault(led(query), []).append(query)
    return list(together.values())


def deal(found: Iterable[list[str]], shares: Shares) -> dict[str, str]:
    """Query id → part, by the rule above."""

    def drawn(group: list[str]) -> tuple[int, str, str]:
        return -len(group), sha256(f"{shares.seed}:{group[0]}".encode()).hexdigest(), group[0]

    ordered = sorted(found, key=drawn)
    total = sum(map(len, ordered))
    lacking = {part: share * total for part, share in shares.of_parts.items()}  # in hundredths of a query
    part_of = {}
    for group in ordered:
        part = max(PARTS, key=lambda part: lacking[part])
        lacking[part] -= 100 * len(group)
        part_of.update(dict.fromkeys(group, part))
    return part_of


def _together(folder: Path, names: Iterable[str]) -> Qrels:
    """The judgments of all splits."""
    whole: Qrels = {}
    for name in names:
        for query, grades in read_qrels(folder, name).items():
            known = whole.setdefault(query, {})
            for document, grade in grades.items():
                if known.setdefault(document, grade) != grade:
                    raise BakehouseError(
                        f"query '{query}' grades document '{document}' {known[document]} in one split and {grade} in "
                        f"'{name}': give the pair one grade, then divide."
                    )
    return whole


def _parents(folder: Path, judged: Collection[str]) -> dict[str, str]:
    """Document id → the id of the document it is a passage or a copy of; what the corpus lacks is its own."""
    known = {document: document for document in judged}
    copies = copies_in(folder)
    for document in read_documents(folder):
        if document.id in known:
            known[document.id] = copies.get(document.parent, document.parent)
    return known
