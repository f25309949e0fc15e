"""Files that a person gave, converted into a corpus that is not yet kept."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.artifact import building
from retrieval.beir import CORPUS, QRELS, QUERIES, Corpus
from retrieval.convert import gpl
from retrieval.convert.beir_folder import beir_name
from retrieval.convert.convert import TO_CHOOSE_FROM, convert, is_conversion
from retrieval.convert.options import Options
from retrieval.convert.report import ConversionReport
from retrieval.corpora import HANDBOOK
from retrieval.errors import BakehouseError
from retrieval.home import home

_NAME = re.compile(r"\w[\w.-]{0,59}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A conversion in a folder that goes with the visit.

    :param files: What was given, in a folder of its own.
    :param columns: Role → column, as far as the person chose them.
    """

    folder: Path
    files: tuple[Path, ...]
    report: ConversionReport
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def corpus(self) -> Corpus:
        """The corpus as it would be."""
        return Corpus(self.folder / "corpus")


def draft(given: Sequence[Path], columns: Mapping[str, str] | None = None) -> Draft:
    """Convert files into a new draft.

    Files of the BEIR format that are given one by one are put together again.

    :param columns: Role → column, or ``"-"`` for none; guessed where a role is not named.
    :raises BakehouseError: see :func:`retrieval.convert.convert.convert`.
    """
    folder = Path(tempfile.mkdtemp(prefix="bakehouse-draft-"))
    try:
        files = _together(given, folder / "given")
        report = convert(files, folder / "corpus", Options(dict(columns or {})), least=TO_CHOOSE_FROM)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Draft(folder, tuple(given), report, dict(columns or {}))


def _together(given: Sequence[Path], folder: Path) -> list[Path]:
    """The files to convert: as given, or one BEIR folder where they belong to one."""
    names = {beir_name(path.name) for path in given}
    if CORPUS not in names:
        return list(given)
    kind = gpl.KIND if QUERIES not in names and f"{gpl.KIND}{QUERIES}" in names else ""
    for path in given:
        judged = beir_name(path.name).endswith(".tsv") and beir_name(path.name) not in gpl.READERS
        target = folder / (f"{kind}{QRELS}" if judged else "") / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return [folder]


def discard(made: Draft | None) -> None:
    """Remove a draft's folder."""
    if made is not None:
        shutil.rmtree(made.folder, ignore_errors=True)


def proposed_name(given: Sequence[Path]) -> str:
    """A corpus name from the first file's name."""
    stem = re.sub(r"[^\w.-]+", "-", given[0].stem).strip("-._") if given else ""
    return stem[:40] or "documents"


def keep(made: Draft, name: str) -> Path:
    """Make a draft a corpus of the workspace; an earlier conversion of that name is replaced.

    :raises BakehouseError: if the name cannot be a folder's, or belongs to something else.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise BakehouseError(
            f"'{name}' cannot name a corpus: wanted 1 to 60 letters, digits, dots, dashes or underscores, "
            "a letter or a digit first."
        )
    target = home() / "corpora" / name
    if name == HANDBOOK or name.endswith((".partial", ".old")):
        raise BakehouseError(f"'{name}' is a name that Bakehouse needs itself: choose another.")
    if target.exists() and not is_conversion(target):
        raise BakehouseError(f"there is a corpus '{name}' that was not made here: choose another name.")
    with building(target, fresh=True) as partial:
        shutil.copytree(made.corpus.folder, partial, dirs_exist_ok=True)
    return target


def archive(corpus: Corpus, name: str) -> Path:
    """``NAME.zip`` with a corpus's files, in a folder of temporary files."""
    path = Path(tempfile.mkdtemp(prefix="bakehouse-zip-")) / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(corpus.folder.rglob("*")):
            if file.is_file():
                out.write(file, file.relative_to(corpus.folder))
    return path
