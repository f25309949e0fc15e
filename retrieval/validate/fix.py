"""Mend what can be mended without asking.

Each file is written anew beside itself and takes its place in one step; what was there before stays as ``NAME.bak``.
What becomes of a line depends on no other file but for the ids that judgments name, and these are looked up as they
stand or as they will be. Last, manifest.json counts anew what it counts, as the files are by then. So a run that was
killed between two files is finished by the next.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.artifact import MANIFEST, link, replacing, sweep
from retrieval.beir import CORPUS, QRELS, QUERIES
from retrieval.validate.examine import Look, look, split_files
from retrieval.validate.fault import Tally, Validation
from retrieval.validate.judgments import Judgments
from retrieval.validate.lines import BACKUP, Line, source_of
from retrieval.validate.objects import Objects
from retrieval.validate.patterns import SURROGATES


@dataclass(frozen=True, slots=True)
class Fixed:
    """What was mended, and what is left.

    :param mended: Rule → how many faults.
    :param files: Those that were written anew.
    :param left: The folder as it is now.
    """

    mended: dict[str, int]
    files: tuple[str, ...]
    left: Validation


def fix(folder: Path) -> Fixed:
    """Mend the faults of a BEIR folder that can be mended safely.

    :raises BakehouseError: if there is no such folder.
    """
    found = look(folder)
    files = tuple(file for file in (CORPUS, QUERIES, *split_files(folder)) if found.tally.fixable_in[file])
    for file in files:
        _write(folder, file, found)
    now = look(folder) if files else found
    if (manifest := _counted_anew(now)) != now.manifest:
        _replace(folder / MANIFEST, [_as_json(manifest)])
        files = (*files, MANIFEST)
    return Fixed(found.as_validation().fixable, files, now.as_validation())


def _write(folder: Path, file: str, found: Look) -> None:
    source = source_of(folder, file)
    assert source is not None, "it had faults, so it is there"
    lines = (line.text + line.end for line in _lines(file, source, found) if line.text is not None)
    _replace(folder / file, (line.encode("utf-8", "surrogateescape") for line in lines))


def _replace(target: Path, content: Iterable[bytes]) -> None:
    """Put a content in the place of a file, which stays beside it."""
    backup = target.with_name(target.name + BACKUP)
    sweep(target)
    sweep(backup)
    with replacing(target) as out:
        for piece in content:
            out.write(piece)
        if target.exists():
            shutil.copymode(target, out.name)
            link(target, backup)


def _counted_anew(found: Look) -> dict[str, Any]:
    """The manifest with those of its counts that the files tell; as it is where a file cannot be read."""
    if found.tally.counts["missing-file"] or found.tally.counts["unreadable"]:
        return found.manifest
    counts = {"documents": len(found.documents), "queries": len(found.queries), "judgments": found.judgments}
    languages = {"languages": found.languages.get(CORPUS), "query_languages": found.languages.get(QUERIES)}
    manifest = _with_counts(found.manifest, counts)
    for name in languages.keys() & manifest.keys():
        if isinstance(manifest[name], dict):
            ordered = sorted((languages[name] or {}).items(), key=lambda item: (-item[1], item[0]))
            manifest[name] = dict(ordered)
    if isinstance(manifest.get("counts"), dict):
        manifest["counts"] = _with_counts(manifest["counts"], counts)
    return manifest


def _with_counts(value: dict[str, Any], counts: dict[str, int]) -> dict[str, Any]:
    return value | {name: count for name, count in counts.items() if isinstance(value.get(name), int)}


def _as_json(manifest: dict[str, Any]) -> bytes:
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    if SURROGATES.search(text):  # UTF-8 has none
        text = json.dumps(manifest, indent=2)
    return f"{text}\n".encode()


def _lines(file: str, source: Path, found: Look) -> Iterator[Line]:
    again = Tally()  # says the same as the first look, which is what is reported
    if file.startswith(f"{QRELS}/"):
        return Judgments(file, again, found.queries, found.documents).lines(source)
    ids = found.documents if file == CORPUS else found.queries
    return Objects(file, again, ids.contested).lines(source)
