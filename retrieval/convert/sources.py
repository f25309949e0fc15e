"""From what a person names, files and folders, to sources whose format is known."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from retrieval.convert import jsons, parquet, squad, tables, texts
from retrieval.convert.beir_folder import BeirFolder, is_beir
from retrieval.convert.encoding import Encoding, detect
from retrieval.convert.entries import Entry, Origin, Problem
from retrieval.convert.mapped import Mapped
from retrieval.convert.mapping import Mapping, guess
from retrieval.convert.options import Options
from retrieval.convert.rows import SAMPLE, Row, Rows
from retrieval.errors import BakehouseError

TABLES = (".csv", ".tsv", ".tab")
JSONS = (".json", ".jsonl", ".ndjson")
PARQUETS = (".parquet",)
SUPPORTED = (
    "CSV and TSV (.csv .tsv .tab), JSON (.json .jsonl .ndjson), Parquet (.parquet), text and Markdown (.txt .md), "
    "and folders of these or in BEIR's format"
)
_REMEDIES = {
    ".doc": "Open it in an office program and save it as text.",
    ".docx": "Save it as text, or export it as Markdown.",
    ".pdf": "Export its text, for instance with pdftotext.",
    ".html": "Save the page's text as Markdown or .txt.",
    ".htm": "Save the page's text as Markdown or .txt.",
    ".xlsx": "Save each sheet as CSV.",
    ".xls": "Save each sheet as CSV.",
    ".zip": "Unpack it and name the folder.",
    ".gz": "Unpack it and name the file inside.",
}
Entries = Callable[[], Iterator[Entry]]


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read, and what was detected about it.

    :param name: As reports call it.
    :param entries: Starts reading from the beginning.
    :param links: Whether judgments stand in other rows than what they judge.
    :param sample: The first rows of a table or its like, as read; empty for other formats.
    """

    name: str
    format: str
    entries: Entries
    encoding: Encoding | None = None
    delimiter: str = ""
    evidence: str = ""
    mapping: Mapping | None = None
    links: bool = False
    sample: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """A file to read: its name in reports, and what the ids made for its rows begin with."""

    name: str
    path: Path
    named: bool
    stem: str = ""


def open_sources(places: Sequence[Path], options: Options) -> list[Source]:
    """Look into files and folders, and detect what each is.

    In a folder, what cannot be read becomes a rejected row, and hidden files are passed over; a
    file that the person named must be readable.

    :raises BakehouseError: if a place is missing, empty, unreadable, of an unsupported format, or
        has no column for the text.
    """
    sources: list[Source] = []
    files: list[_File] = []
    for place in places:
        if not place.exists():
            raise BakehouseError(f"{place} does not exist: wanted a file or a folder of documents.")
        beirs, found = _look_into(place)
        sources += [_beir(folder, name, options) for name, folder in beirs]
        files += found
    if not sources and not any(_reader_of(file.path) for file in files):
        raise BakehouseError(_nothing(places, files))
    return sources + _open_files(_with_stems(files), options)


def _look_into(place: Path) -> tuple[list[tuple[str, Path]], list[_File]]:
    """The BEIR folders and the files in a place, by their names within it, sorted."""
    if place.is_file():
        return [], [_File(_readable(Path(place.name)), place, named=True)]
    if is_beir(place):
        return [(_readable(Path(place.resolve().name)), place)], []
    inner = sorted(path for path in place.rglob("*") if not _hidden(path.relative_to(place)))
    beirs = [path.parent for path in inner if path.name == "corpus.jsonl" and path.is_file()]
    loose = [path for path in inner if path.is_file() and not any(path.is_relative_to(beir) for beir in beirs)]
    names = [(_readable(beir.relative_to(place)), beir) for beir in beirs]
    return names, [_File(_readable(path.relative_to(place)), path, named=False) for path in loose]


def _readable(path: Path) -> str:
    """A path that can be written, whatever bytes the file system allows in it."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _reader_of(path: Path) -> str:
    """The kind of reader for a file, or an empty string."""
    suffix = path.suffix.lower()
    kinds = {"table": TABLES, "json": JSONS, "parquet": PARQUETS, "text": texts.SUFFIXES}
    return next((kind for kind, suffixes in kinds.items() if suffix in suffixes), "")


def _with_stems(files: Sequence[_File]) -> list[_File]:
    """Give each file the start of its rows' ids: its stem, or its name where two share a stem."""
    stems = Counter(file.path.stem for file in files if _reader_of(file.path) != "text")
    return [
        _File(file.name, file.path, file.named, file.name if stems[file.path.stem] > 1 else Path(file.name).stem)
        for file in files
    ]


def _open_files(files: Sequence[_File], options: Options) -> list[Source]:
    sources: list[Source] = []
    plain: list[tuple[str, Path]] = []
    refused: list[Entry] = []
    for file in files:
        try:
            if _reader_of(file.path) == "text":
                _check_text(file, options)
                plain.append((file.name, file.path))
            else:
                sources.append(_open(file, options))
        except BakehouseError as error:
            if file.named:
                raise
            refused.append(Entry(Origin(file.name, 0), problems=(_refusal(file.path, error),)))
    if plain:
        name = plain[0][0] if len(plain) == 1 else f"{len(plain)} text files"
        sources.append(Source(name, "text files", texts.Texts(plain, options), evidence="their names end so"))
    if refused:
        sources.append(Source(f"{len(refused)} files not read", "unsupported", lambda: iter(refused)))
    return sources


def _check_text(file: _File, options: Options) -> None:
    """A text file in a folder may fail later, as one row; one that was named must be readable."""
    if file.named:
        _check_size(file.path)
        detect(file.path, options.encoding)


def _check_size(path: Path) -> None:
    if not path.stat().st_size:
        raise BakehouseError(f"{path} is empty: there is nothing to convert. Check that it was saved or copied whole.")


def _open(file: _File, options: Options) -> Source:
    kind = _reader_of(file.path)
    if not kind:
        raise BakehouseError(_unsupported(file.path))
    _check_size(file.path)
    if kind == "parquet":
        return _mapped(file, "Parquet", parquet.rows(file.path, file.name), options)
    encoding = detect(file.path, options.encoding)
    if kind == "json":
        return _json(file, encoding, options)
    dialect = tables.detect(file.path, encoding, options)
    format_ = "TSV" if dialect.delimiter == "\t" else "CSV"
    rows = tables.rows(file.path, encoding, dialect, file.name)
    delimiter = "" if dialect.delimiter not in tables.DELIMITERS and not options.delimiter else dialect.delimiter
    return _mapped(file, format_, rows, options, encoding=encoding, delimiter=delimiter, evidence=dialect.evidence)


def _json(file: _File, encoding: Encoding, options: Options) -> Source:
    if jsons.is_lines(file.path, encoding):
        rows, format_ = jsons.line_rows(file.path, encoding, file.name), "JSON Lines"
    else:
        rows, format_ = jsons.array_rows(jsons.read_array(file.path, encoding), file.name), "JSON"
    nested = squad.nested_rows(rows)
    if key := squad.questions_key(list(islice(nested(), SAMPLE))):
        passages = _mapped(file, "", nested, options)
        assert isinstance(passages.entries, Mapped)
        evidence = f"its objects hold a passage and a list of questions in '{key}'"
        entries = squad.Squad(passages.entries, key)
        return Source(
            file.name, f"SQuAD-like {format_}", entries, encoding, "", evidence, passages.mapping, True, passages.sample
        )
    return _mapped(file, format_, rows, options, encoding=encoding)


def _mapped(
    file: _File,
    format_: str,
    rows: Rows,
    options: Options,
    *,
    encoding: Encoding | None = None,
    delimiter: str = "",
    evidence: str = "",
) -> Source:
    sample = tuple(islice(rows(), SAMPLE))
    if not sample:
        raise BakehouseError(f"{file.path} holds no rows: there is nothing to convert. Check that it was saved whole.")
    mapping = guess(sample, str(file.path), options)
    entries = Mapped(rows, mapping, file.stem, options)
    return Source(file.name, format_, entries, encoding, delimiter, evidence, mapping, sample=sample)


def _beir(folder: Path, name: str, options: Options) -> Source:
    return Source(name, "BEIR", BeirFolder(folder, name, options), evidence="it holds a corpus.jsonl", links=True)


def _refusal(path: Path, error: BakehouseError) -> Problem:
    """Why a file in a folder is passed over: in short where it is only of another kind."""
    if _reader_of(path):
        return Problem(str(error), "Mend the file, or leave it out.")
    return Problem(_of_other_kind(path), _remedy(path))


def _unsupported(path: Path) -> str:
    return f"{path}: {_of_other_kind(path)}. Wanted: {SUPPORTED}. {_remedy(path)}"


def _of_other_kind(path: Path) -> str:
    ending = f"ending in {path.suffix}" if path.suffix else "without an ending"
    return f"files {ending} cannot be read"


def _remedy(path: Path) -> str:
    return _REMEDIES.get(path.suffix.lower(), "Export it in a format that can.")


def _nothing(places: Sequence[Path], files: Sequence[_File]) -> str:
    if len(files) == 1 and files[0].named:
        return _unsupported(files[0].path)
    where = ", ".join(map(str, places))
    return f"{where} holds nothing that can be read ({len(files)} files of other kinds). Wanted: {SUPPORTED}."
