"""Parallel sentences: two aligned text files, a table of two columns, or a folder in LASER's layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.embeddings.columns import Column, Table, read_table
from eval.embeddings.records import Options, Part
from retrieval.convert.clean import clean, has_stray_bytes
from retrieval.convert.encoding import detect, read_text
from retrieval.convert.rows import columns_of
from retrieval.convert.strict import ENDINGS, read_rows
from retrieval.convert.tables import STRAY_BYTES
from retrieval.errors import BakehouseError, nearest
from retrieval.languages import code_of

COLUMNS = (
    Column("source", "source src sentence1 sentence_1 text1"),
    Column("target", "target tgt trg translation sentence2 sentence_2 text2"),
)
_WHAT = "parallel sentences"
_LASER = re.compile(r"(?:(?P<set>.+)\.)?(?P<source>\w+)-(?P<target>\w+)\.(?P<side>\w+)")
"""``tatoeba.deu-eng.deu`` and ``tatoeba.deu-eng.eng``, as in LASER's data (Artetxe and Schwenk, 2019)."""


def read(paths: Sequence[Path], options: Options) -> list[Part]:
    """Read parallel sentences: one part for each pair of languages in a folder, each table, and two text files.

    :raises BakehouseError: if files do not belong together, have different numbers of lines, or an empty line.
    """
    folders = [path for path in paths if path.is_dir()]
    tables = [path for path in paths if path.suffix.lower() in ENDINGS and path not in folders]
    texts = [path for path in paths if path not in folders and path not in tables]
    if len(texts) not in (0, 2):
        raise BakehouseError(
            f"found {len(texts)} text files ({', '.join(path.name for path in texts)}), wanted two that are aligned, one "
            "sentence a line. Name two, or a folder of files such as tatoeba.deu-eng.deu and tatoeba.deu-eng.eng."
        )
    if options.columns and not tables:
        raise BakehouseError("--column says which column of a table it is, and no table was named: leave it out.")
    parts = [part for folder in folders for part in _folder(folder, options.languages)]
    parts += [_table(path, options) for path in tables]
    return parts + ([_aligned(*texts)] if texts else [])


def _folder(folder: Path, languages: Sequence[str]) -> list[Part]:
    found = {path: match for path in sorted(folder.iterdir()) if (match := _LASER.fullmatch(path.name))}
    sources = {path: match for path, match in found.items() if match["side"] == match["source"]}
    if not sources:
        raise BakehouseError(
            f"{folder} has no file named like tatoeba.deu-eng.deu, with tatoeba.deu-eng.eng beside it. "
            "Name files so, or name two aligned text files."
        )
    several = len({match["set"] for match in sources.values()}) > 1
    chosen = _chosen(folder, sources, languages)
    parts = [_aligned(path, path.with_name(f"{path.stem}.{sources[path]['target']}")) for path in chosen]
    return [replace(part, name=path.stem) for part, path in zip(parts, chosen, strict=True)] if several else parts


def _chosen(folder: Path, sources: dict[Path, re.Match[str]], languages: Sequence[str]) -> list[Path]:
    """The files of these languages, by LASER's codes (``deu``) or shorter ones (``de``), in the order given."""
    if not languages:
        return list(sources)
    chosen: list[Path] = []
    for language in languages:
        codes = {path: match["source"] for path, match in sources.items()}
        exactly = [path for path, code in codes.items() if code == language]
        alike = exactly or [path for path, code in codes.items() if code_of(code) == code_of(language) is not None]
        if not alike:
            known = sorted(set(codes.values()))
            raise BakehouseError(f"{folder} has no '{language}': it has {', '.join(known)}.{nearest(language, known)}")
        chosen += [path for path in alike if path not in chosen]
    return chosen


def _aligned(source: Path, target: Path) -> Part:
    lines = [_lines(path) for path in (source, target)]
    if len(lines[0]) != len(lines[1]):
        counts = " and ".join(f"{path} has {len(of):,} lines" for path, of in zip((source, target), lines, strict=True))
        raise BakehouseError(
            f"{counts}: wanted line N of one to be the translation of line N of the other. "
            "Find the line from which they differ, or the part that is missing."
        )
    for number, pair in enumerate(zip(*lines, strict=True), 1):
        for path, line in zip((source, target), pair, strict=True):
            if not line:
                raise BakehouseError(f"{path}, line {number}: it is empty. Fill it, or remove line {number} from both.")
    _check_rows(len(lines[0]), source)
    name = f"{source.suffix[1:]}-{target.suffix[1:]}" if _one_pair(source, target) else f"{source.name} – {target.name}"
    return Part(name, {"source": lines[0], "target": lines[1]}, {"source": source.name, "target": target.name})


def _one_pair(source: Path, target: Path) -> bool:
    """Whether two files are the two sides of one pair in LASER's layout."""
    return source.stem == target.stem and all(_LASER.fullmatch(path.name) for path in (source, target))


def _lines(path: Path) -> list[str]:
    """The lines of a text file; only line breaks part them, which ``str.splitlines`` does not hold to."""
    if not path.is_file():
        raise BakehouseError(f"{path} does not exist: wanted a text file, one sentence a line, aligned with the other.")
    encoding = detect(path)
    lines = read_text(path, encoding).replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        if has_stray_bytes(line):
            raise BakehouseError(f"{path}, line {number}: {STRAY_BYTES.reason}. {STRAY_BYTES.remedy}")
    return [clean(line) for line in lines]


def _table(path: Path, options: Options) -> Part:
    rows = read_rows(path, _WHAT)
    columns = columns_of(rows)
    if len(columns) == 2 and not options.columns:
        table = Table(path, rows, {"source": columns[0], "target": columns[1]})
    else:
        table = read_table(path, COLUMNS, options.columns, _WHAT)
    _check_rows(len(rows), path)
    return Part(path.name, {each.role: table.texts(each.role) for each in COLUMNS}, table.columns)


def _check_rows(rows: int, path: Path) -> None:
    if rows < 2:
        raise BakehouseError(f"{path} holds a single sentence: nothing else could be found. Add sentences.")
