"""From what a person names, files, folders and archives, to the files that are there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from retrieval.convert.archives import GZ, ZIP, Tally, gunzipped, unzipped
from retrieval.convert.files import File, allowed
from retrieval.errors import BakehouseError


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read.

    :param name: As reports call it: relative to the folder that was named, archives like folders.
    :param place: What the person named that it was found in.
    :param named: Whether the person named this very file: then it must be readable.
    :param trouble: Why it is an archive that was not looked into.
    """

    name: str
    file: File
    place: Path
    named: bool = False
    trouble: str = ""

    @property
    def folder(self) -> str:
        """The folder or archive that it lies in, within its place; empty at the top."""
        parent = str(PurePosixPath(self.name).parent)
        return "" if parent == "." else parent


def find(places: Sequence[Path]) -> list[Found]:
    """Every file in files, folders and archives, sorted within each place; hidden ones are passed over.

    :raises BakehouseError: if a place is missing, or an archive that was named is damaged or refused.
    """
    return [found for place in places for each in _in_place(place) for found in _unpacked(each)]


def readable(path: Path) -> str:
    """A path that can be written, whatever bytes the file system allows in it."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _in_place(place: Path) -> Iterator[Found]:
    if not place.exists():
        raise BakehouseError(f"{place} does not exist: wanted a file or a folder of documents.")
    if place.is_file():
        yield Found(readable(Path(place.name)), place, place, named=True)
        return
    for path in sorted(place.rglob("*")):
        inner = path.relative_to(place)
        if path.is_file() and not _hidden(inner):
            yield Found(readable(inner), path, place)


def _hidden(path: Path | PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _unpacked(found: Found, tally: Tally | None = None, depth: int = 1) -> Iterator[Found]:
    """A file, or what lies in it if it is an archive."""
    suffix = found.file.suffix.lower()
    try:
        if suffix == GZ:
            yield _gunzipped(found)
        elif suffix == ZIP:
            tally = tally or Tally(_limit(found.file))
            for packed in unzipped(found.file, found.name, tally, depth):
                if not _hidden(packed.path.relative_to(found.name)):
                    name = packed.path.as_posix().encode("utf-8", "replace").decode()
                    yield from _unpacked(Found(name, packed, found.place), tally, depth + 1)
        else:
            yield found
    except BakehouseError as error:
        if found.named:
            raise
        yield replace(found, trouble=str(error))


def _limit(file: File) -> int:
    with file.open("rb") as stream:
        return allowed(stream.seek(0, os.SEEK_END))


def _gunzipped(found: Found) -> Found:
    """The file in a gzip archive; a folder packed so stays as it is."""
    inner = gunzipped(found.file, found.name)
    return found if inner.suffix == ".tar" else replace(found, file=inner)
