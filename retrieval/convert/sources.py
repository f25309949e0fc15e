"""From what a person names to sources whose format is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.convert import documents, hub, hub_sets, judged, trec
from retrieval.convert.beir_folder import BeirFolder
from retrieval.convert.entries import Entry, Origin, Problem
from retrieval.convert.files import File
from retrieval.convert.finding import Found, find
from retrieval.convert.kinds import OTHERWISE, SUPPORTED, kind_of, of_other_kind, remedy
from retrieval.convert.mapped import Mapped
from retrieval.convert.mapping import Choice
from retrieval.convert.opening import Named, Source, check_size, mapped, open_file, unsupported
from retrieval.convert.options import NO_COLUMN, Options
from retrieval.convert.sets import FolderFound, beir_folders, outside
from retrieval.convert.texts import encoding_of
from retrieval.errors import BakehouseError

UNREAD = "unsupported"
"""The format of what stands for the files that no reader reads."""


def open_sources(places: Sequence[Path], options: Options) -> list[Source]:
    """Look into files, folders, archives and data sets, and detect what each is.

    In a folder, what cannot be read becomes a rejected row, and hidden files are passed over; a
    file that the person named must be readable.

    :raises BakehouseError: if a place is missing, empty, unreadable, of an unsupported format, or
        has no column for the text.
    """
    hubs = [place for place in places if hub.is_hub(place)]
    found = find([place for place in places if place not in hubs])
    sources = [source for place in hubs for source in _hub(place, options)]
    collection, loose = _collection(outside(found), options)
    tables, loose = _judged(loose, options)
    sources += _beirs(beir_folders(found), options) + collection + tables
    if not sources and not any(kind_of(each.file) for each in loose):
        raise BakehouseError(_nothing(places, loose))
    return sources + _open_files(_with_stems(loose), options)


def _beirs(folders: Sequence[FolderFound], options: Options) -> list[Source]:
    return [
        Source(
            each.name,
            "BEIR",
            BeirFolder(each.files, each.name, options),
            evidence="it holds a corpus.jsonl",
            links=True,
        )
        for each in folders
    ]


def _collection(found: Sequence[Found], options: Options) -> tuple[list[Source], list[Found]]:
    """TREC's documents, topics and judgments as one source, and the other files."""
    files = [(each.name, each.file) for each in found if not each.trouble]
    collection = trec.gather(files, options)
    if collection is None:
        return [], list(found)
    taken = [file for _, file in collection.files]
    name = collection.files[0][0] if len(taken) == 1 else f"{len(taken)} TREC files"
    source = Source(name, "TREC", collection, evidence=collection.evidence, links=True)
    return [source], [each for each in found if each.file not in taken]


def _judged(found: Sequence[Found], options: Options) -> tuple[list[Source], list[Found]]:
    """Tables of documents and of queries with judgments beside them as one source, and the other files."""
    parts = judged.parts(found)
    if parts is None:
        return [], list(found)
    try:
        tables = {each.name: _with_ids(each, options) for each in parts.documents}
        asking = replace(options, columns={**options.columns, "query": NO_COLUMN})  # there, the question is the text
        tables |= {each.name: _with_ids(each, asking) for each in parts.queries}
    except BakehouseError:  # then each file is read for itself, and the one that cannot be is reported
        return [], list(found)
    rows = {name: source.entries for name, source in tables.items() if isinstance(source.entries, Mapped)}
    if len(rows) < len(tables):
        return [], list(found)
    documents = [rows[each.name] for each in parts.documents]
    entries = judged.Judged(
        documents, [(each.folder, rows[each.name]) for each in parts.queries], parts.judgments, options
    )
    taken = [*parts.documents, *parts.queries, *parts.judgments]
    evidence = f"judgments in {', '.join(each.name for each in parts.judgments)} name rows of the tables"
    first = tables[parts.documents[0].name]
    source = replace(first, name=f"{len(taken)} files", format=judged.FORMAT, entries=entries, links=True)
    return [replace(source, encoding=None, delimiter="", evidence=evidence)], [
        each for each in found if each not in taken
    ]


def _with_ids(found: Found, options: Options) -> Source:
    """A table whose rows have ids: in its first column, where that is the unnamed index of a data frame."""
    (source,) = open_file(Named(found, found.file.stem), options)
    first = next(iter(source.sample[0].values), "") if source.sample else ""
    mapping = source.mapping
    if mapping is None or mapping.column("id") or "id" in options.columns or first not in ("column 1", "Unnamed: 0"):
        return source
    indexed = replace(
        mapping,
        choices=(Choice("id", first, f"'{first}' is the index of a table saved from a data frame"), *mapping.choices),
    )
    assert isinstance(source.entries, Mapped)
    return replace(source, mapping=indexed, entries=replace(source.entries, columns=indexed))


def _hub(place: Path, options: Options) -> list[Source]:
    address = hub.Address.of(place)
    sets = hub_sets.judged_sets(address)
    if sets:
        return [Source(each.name, "BEIR", each, evidence=each.evidence, links=True) for each in sets]
    return [mapped(split.name, split.stem, "Hub data set", split.rows, options) for split in hub.splits(address)]


def _with_stems(files: Sequence[Found]) -> list[Named]:
    """Give each file the start of its rows' ids: its stem, or its name where two share a stem."""
    stems = Counter(each.file.stem for each in files if kind_of(each.file) not in ("text", "document"))
    return [Named(each, each.name if stems[each.file.stem] > 1 else each.file.stem) for each in files]


def _open_files(files: Sequence[Named], options: Options) -> list[Source]:
    sources: list[Source] = []
    whole: list[tuple[str, File]] = []
    refused: list[Entry] = []
    for file in files:
        try:
            if file.found.trouble:
                raise BakehouseError(file.found.trouble)
            if kind_of(file.file) in ("text", "document"):
                _check_text(file, options)
                whole.append((file.name, file.file))
            else:
                opened = open_file(file, options)
                sources += opened if file.found.named else [_lenient(source) for source in opened]
        except BakehouseError as error:
            if file.found.named:
                raise
            refused.append(Entry(Origin(file.name, 0), problems=(_refusal(file.found, error),)))
    if whole:
        sources.append(_whole(whole, options))
    if refused:
        sources.append(Source(f"{len(refused)} files not read", UNREAD, lambda: iter(refused)))
    return sources


def _lenient(source: Source) -> Source:
    """A source in a folder: where it cannot be read further, that is a rejected row, and the others go on."""

    def entries() -> Iterator[Entry]:
        try:
            yield from source.entries()
        except BakehouseError as error:
            problem = Problem(str(error), "Mend the file, or leave it out. The rows before are kept.")
            yield Entry(Origin(source.name, 0), problems=(problem,))

    return replace(source, entries=entries)


def _whole(files: Sequence[tuple[str, File]], options: Options) -> Source:
    """The files of which each is one document."""
    plain = all(kind_of(file) == "text" for _, file in files)
    what = "text files" if plain else "documents"
    name = files[0][0] if len(files) == 1 else f"{len(files)} {what}"
    return Source(name, what, documents.Documents(files, options), evidence="their names end so")


def _check_text(file: Named, options: Options) -> None:
    """A text file in a folder may fail later, as one row; one that was named must be readable."""
    if file.found.named:
        check_size(file.file)
        if kind_of(file.file) == "text":
            encoding_of(file.file, options)


def _refusal(found: Found, error: BakehouseError) -> Problem:
    """Why a file in a folder is passed over: in short where it is only of another kind."""
    if found.trouble or kind_of(found.file):
        return Problem(str(error), "Mend the file, or leave it out.")
    return Problem(of_other_kind(found.file), remedy(found.file) or OTHERWISE)


def _nothing(places: Sequence[Path], found: Sequence[Found]) -> str:
    if len(found) == 1 and (found[0].named or found[0].trouble):
        return found[0].trouble or unsupported(found[0].file)
    where = ", ".join(map(str, places))
    others = "one file of another kind" if len(found) == 1 else f"{len(found):,} files of other kinds"
    return f"{where} holds nothing that can be read ({others}). Wanted: {SUPPORTED}."
