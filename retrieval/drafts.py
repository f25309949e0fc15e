"""Files that a person gave, converted into a corpus that is not yet kept."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from retrieval.artifact import building, link
from retrieval.beir import CORPUS, QRELS, QUERIES, Corpus
from retrieval.convert import gpl
from retrieval.convert.beir_folder import beir_name
from retrieval.convert.convert import TO_CHOOSE_FROM, convert, is_conversion
from retrieval.convert.entries import Entry
from retrieval.convert.options import Options
from retrieval.convert.preview import Preview, preview
from retrieval.convert.progress import Progress
from retrieval.convert.report import ConversionReport
from retrieval.corpora import HANDBOOK
from retrieval.errors import BakehouseError
from retrieval.home import home

ROWS, SOURCES = 3, 3
"""How many rows of how many sources are shown before and after."""

_NAME = re.compile(r"\w[\w.-]{0,59}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A conversion in a folder that goes with the visit.

    :param files: What was given, in folders of its own.
    :param options: What the person chose; the rest is guessed.
    :param preview: The first rows before and after.
    """

    folder: Path
    files: tuple[Path, ...]
    report: ConversionReport
    options: Options
    preview: Preview

    @property
    def corpus(self) -> Corpus:
        """The corpus as it would be."""
        return Corpus(self.folder / "corpus")


@dataclass(frozen=True, slots=True)
class Look:
    """The first rows, while the rest is still to be read."""

    preview: Preview


News = Look | Progress
Tell = Callable[[News], None]


def new_folder() -> Path:
    """A place for a draft."""
    return Path(tempfile.mkdtemp(prefix="bakehouse-draft-"))


def draft(
    given: Sequence[Path], options: Options | None = None, folder: Path | None = None, tell: Tell = lambda news: None
) -> Draft:
    """Convert files into a new draft.

    Of several files, one that cannot be read is a rejected row, as it is in a folder. Files of the
    BEIR format that are given one by one are put together again. Changes into the folder of the files
    while it works, so a page with threads has it done by :mod:`retrieval.drafting`.

    :param folder: Where to; a new one if None. Nothing is left of it if the conversion fails.
    :param tell: Is shown the first rows, then told now and then how far the conversion is.
    :raises BakehouseError: see :func:`retrieval.convert.convert.convert`.
    """
    options = options or Options()
    folder = folder or new_folder()
    try:
        place = _placed(given, folder / "given")
        tell(Progress("opening"))
        with chdir(place.parent if place.is_file() else place):  # so that reports name files as the person does
            places = [Path(place.name if place.is_file() else ".")]
            first = _first_rows(places, options)
            tell(Look(first))
            report = convert(places, folder / "corpus", options, least=TO_CHOOSE_FROM, watch=tell)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    sources = tuple(replace(source, entries=_no_more, sample=()) for source in report.sources)
    return Draft(folder, tuple(given), replace(report, sources=sources), options, first)


def _first_rows(places: Sequence[Path], options: Options) -> Preview:
    """The preview without what reads on: it goes from one process to another."""
    seen = preview(places, options, ROWS, SOURCES)
    return Preview(
        tuple(replace(each, source=replace(each.source, entries=_no_more, sample=())) for each in seen.sources)
    )


def _no_more() -> Iterator[Entry]:
    return iter(())


def _placed(given: Sequence[Path], folder: Path) -> Path:
    """What to convert: one file as it is, several in a folder, those of the BEIR format at their places in it."""
    if len(given) == 1:
        return given[0].resolve()
    names = {beir_name(path.name) for path in given}
    kind = gpl.KIND if QUERIES not in names and f"{gpl.KIND}{QUERIES}" in names else ""
    for path in given:
        name = beir_name(path.name)
        judged = CORPUS in names and name.endswith(".tsv") and name not in gpl.READERS
        link(path, _free(folder / (f"{kind}{QRELS}" if judged else "") / path.name))
    return folder


def _free(path: Path) -> Path:
    """The path, or one beside it: files from different folders may have the same name."""
    others = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(2))
    return path if not path.exists() else next(other for other in others if not other.exists())


def discard(made: Draft | None) -> None:
    """Remove a draft's folder."""
    if made is not None:
        shutil.rmtree(made.folder, ignore_errors=True)


def proposed_name(given: Sequence[Path]) -> str:
    """A corpus name from the first file's name."""
    stem = _as_file(given[0].stem) if given else ""
    return stem[:40] or "documents"


def _as_file(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-._")


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
    """``NAME.zip`` with a corpus's files, in a folder of temporary files; of the name, what a file may be called."""
    path = Path(tempfile.mkdtemp(prefix="bakehouse-zip-")) / f"{_as_file(name) or 'corpus'}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(corpus.folder.rglob("*")):
            if file.is_file():
                out.write(file, file.relative_to(corpus.folder))
    return path
