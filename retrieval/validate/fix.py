"""Mend what can be mended without asking.

Each file is written anew beside itself and takes its place in one step; what was there before stays as ``NAME.bak``.
What becomes of a line depends on no other file but for the ids that judgments name, and these are looked up as they
stand or as they will be. So a run that was killed between two files is finished by the next.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrieval.artifact import link, replacing, sweep
from retrieval.beir import CORPUS, QRELS, QUERIES
from retrieval.validate.examine import Look, examine, look, split_files
from retrieval.validate.fault import Tally, Validation
from retrieval.validate.judgments import Judgments
from retrieval.validate.lines import BACKUP, Line, source_of
from retrieval.validate.objects import Objects


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
    before = found.as_validation()
    return Fixed(before.fixable, files, examine(folder) if files else before)


def _write(folder: Path, file: str, found: Look) -> None:
    target, source = folder / file, source_of(folder, file)
    assert source is not None, "it had faults, so it is there"
    backup = target.with_name(target.name + BACKUP)
    sweep(target)
    sweep(backup)
    with replacing(target) as out:
        for line in _lines(file, source, found):
            if line.text is not None:
                out.write((line.text + line.end).encode("utf-8", "surrogateescape"))
        if target.exists():
            shutil.copymode(target, out.name)
            link(target, backup)


def _lines(file: str, source: Path, found: Look) -> Iterator[Line]:
    again = Tally()  # says the same as the first look, which is what is reported
    if file.startswith(f"{QRELS}/"):
        return Judgments(file, again, found.queries, found.documents).lines(source)
    ids = found.documents if file == CORPUS else found.queries
    return Objects(file, again, ids.contested).lines(source)
