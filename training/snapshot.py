"""A run carries what it reads, so that it goes on where that is not: on another machine, or after it was deleted.

These are the corpus, the questions that a person brings and a person's own training data. The copies are hard
links where the disk has them: they take no room as long as the original stays. Models are not carried.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retrieval.artifact import MANIFEST, hash_files, link
from retrieval.beir import CORPUS, QRELS, QUERIES, open_corpus
from retrieval.errors import BakehouseError
from training import settings
from training.config import Recipe
from training.data import triples
from training.generators.bring import brought
from training.journal import Journal
from training.runs import RunFolder

Kind = Literal["corpus", "questions", "data"]
_SETTINGS: dict[Kind, str] = {"corpus": "corpus", "questions": "generate.source", "data": "fit.data"}


@dataclass(frozen=True)
class Part:
    """A file or folder that a run reads.

    :param path: The file, or the folder.
    :param files: The files of it that are read; the file itself.
    """

    path: Path
    files: tuple[Path, ...]

    def like(self, other: Part) -> bool:
        """Whether both hold the same."""
        return self._names() == other._names() and all(map(_same, self.files, other.files))

    def _names(self) -> list[Path]:
        return [file.relative_to(self.path) for file in self.files]


def keep(run: RunFolder, recipe: Recipe) -> None:
    """Give the run its own names of all files that it reads.

    :raises BakehouseError: if one of them is not to be had.
    """
    for kind, place in _places(recipe).items():
        _replace(run.path / kind, _part(kind, place))


def current(run: RunFolder, recipe: Recipe, journal: Journal) -> Recipe:
    """The recipe with places that hold here: the live files where they exist, otherwise the run's own.

    Where the live files changed since, the run takes them over and says so.

    :raises BakehouseError: if a file is neither where the settings say nor in the run.
    """
    found = {kind: str(_here(run, kind, place, journal)) for kind, place in _places(recipe).items()}
    changes = {
        "corpus": found["corpus"],
        "generate": {"source": found.get("questions", recipe.generate.source)},
        "fit": {"data": found.get("data", recipe.fit.data)},
    }
    return settings.changed(recipe, changes)


def _places(recipe: Recipe) -> dict[Kind, str]:
    places: dict[Kind, str] = {"corpus": recipe.corpus}
    if recipe.generate.generator == "bring":
        places["questions"] = recipe.generate.source
    if recipe.fit.data:
        places["data"] = recipe.fit.data
    return places


def _here(run: RunFolder, kind: Kind, place: str, journal: Journal) -> Path:
    kept = next((run.path / kind).glob("*"), None)
    try:
        live = _part(kind, place)
    except BakehouseError:
        if kept is None:
            raise
        journal.event(f"{_SETTINGS[kind]} is not here ({place}): the run's own copy is used", stage="split")
        return kept
    if kept is None or not live.like(_part(kind, str(kept))):
        if kept:
            told = f"{_SETTINGS[kind]} has changed since ({place}): what depends on it is made again"
            journal.event(told, stage="split")
        _replace(run.path / kind, live)
    return live.path


def _part(kind: Kind, place: str) -> Part:
    path = Path(place).expanduser()
    if kind == "questions":
        return Part(path, brought(place).files)
    if kind == "data" and path.is_file():
        return Part(path, (path,))
    if kind == "data" and triples.has_triples(path):
        return Part(path, triples.files(path))
    if kind == "data" and path.suffix and not path.exists():
        raise BakehouseError(f"{place} does not exist: fit.data wants a file of training data, or a BEIR folder.")
    folder = open_corpus(place).folder
    return Part(folder, tuple(_beir_files(folder)))


def _beir_files(folder: Path) -> Iterator[Path]:
    found = [folder / CORPUS, folder / QUERIES, folder / MANIFEST, *sorted((folder / QRELS).glob("*.tsv"))]
    return (path for path in found if path.is_file())


def _same(one: Path, other: Path) -> bool:
    return one.samefile(other) or hash_files([one]) == hash_files([other])


def _replace(folder: Path, part: Part) -> None:
    """Fill ``folder`` anew. A job killed here finds the originals again: they are what it was filled from."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    target = partial / part.path.resolve().name
    for file in part.files:
        link(file, target / file.relative_to(part.path) if file != part.path else target)
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
