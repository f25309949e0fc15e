"""What a conversion would make of the first rows, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from retrieval.convert.entries import Entry, Origin, Problem
from retrieval.convert.intake import Duplicate, Intake, Outcome, Settled
from retrieval.convert.namer import Namer
from retrieval.convert.opening import Source
from retrieval.convert.options import Options
from retrieval.convert.rows import columns_of
from retrieval.convert.sources import open_sources
from retrieval.records import Document, Query


@dataclass(frozen=True, slots=True)
class RowPreview:
    """One row before and after.

    :param before: The row as read, by column; ``{"file": …}`` for a file that is one document.
    """

    origin: Origin
    before: Mapping[str, Any]
    outcome: Outcome
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    duplicates: tuple[Duplicate, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class SourcePreview:
    """The first rows of a source.

    :param source: With its format, encoding, delimiter and mapping, and the evidence for each.
    :param columns: What may be chosen for a role; empty where there are no columns.
    """

    source: Source
    columns: tuple[str, ...]
    rows: tuple[RowPreview, ...]

    @property
    def before(self) -> list[Mapping[str, Any]]:
        """The rows as read."""
        return [row.before for row in self.rows]

    @property
    def documents(self) -> list[Document]:
        """The documents that the rows give."""
        return [document for row in self.rows for document in row.documents]

    @property
    def queries(self) -> list[Query]:
        """The queries that the rows give."""
        return [query for row in self.rows for query in row.queries]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of every source."""

    sources: tuple[SourcePreview, ...] = field(default=())


def preview(
    places: Sequence[Path], options: Options | None = None, limit: int = 20, most: int | None = None
) -> Preview:
    """Look at the first rows of each source, as :func:`retrieval.convert.convert.convert` would.

    :param limit: How many rows of each source.
    :param most: How many sources; all if None.
    :raises BakehouseError: as a conversion would, for what shows in the first rows.
    """
    options = options or Options()
    intake, namer = Intake(options.split), Namer(options.languages)
    return Preview(tuple(_preview(source, intake, namer, limit) for source in open_sources(places, options)[:most]))


def _preview(source: Source, intake: Intake, namer: Namer, limit: int) -> SourcePreview:
    intake.start_source(links=source.links)
    namer.start_source()
    entries = list(islice(source.entries(), limit))
    settled = [intake.settle(entry) for entry in entries]
    documents = {d.id: d for d in namer.name_documents([d for each in settled for d in each.documents])}
    about = {query: document for each in settled for query, document in each.about.items()}
    queries = {q.id: q for q in namer.name_queries([q for each in settled for q in each.queries], about)}
    rows = tuple(_row(entry, each, documents, queries) for entry, each in zip(entries, settled, strict=True))
    return SourcePreview(source, tuple(columns_of(source.sample)), rows)


def _row(entry: Entry, settled: Settled, documents: Mapping[str, Document], queries: Mapping[str, Query]) -> RowPreview:
    return RowPreview(
        entry.origin,
        _before(entry),
        settled.outcome,
        tuple(documents[document.id] for document in settled.documents),
        tuple(queries[query.id] for query in settled.queries),
        tuple(settled.duplicates),
        tuple(settled.problems),
    )


def _before(entry: Entry) -> Mapping[str, Any]:
    if isinstance(entry.raw, Mapping):
        return entry.raw
    if isinstance(entry.raw, list):
        return {f"column {place}": cell for place, cell in enumerate(entry.raw, 1)}
    return {"file": entry.origin.file} if entry.raw is None else {"row": entry.raw}
