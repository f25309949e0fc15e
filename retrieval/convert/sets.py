"""Files that belong together: the BEIR folders among what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from retrieval.beir import CORPUS
from retrieval.convert.beir_folder import beir_name
from retrieval.convert.files import File
from retrieval.convert.finding import Found, readable

_Home = tuple[Path, str]
"""A place that the person named, and a folder within it."""


@dataclass(frozen=True, slots=True)
class FolderFound:
    """A BEIR folder, on disk or within an archive.

    :param files: Name within it, and the file.
    """

    name: str
    files: Mapping[str, File]


def beir_folders(found: Sequence[Found]) -> list[FolderFound]:
    """The folders with a corpus in them that lie in no other such folder."""
    homes = _homes(found)
    outermost = [home for home in homes if not any(_lies_in(home, other) for other in homes if other != home)]
    return [_folder(home, found) for home in outermost]


def outside(found: Sequence[Found]) -> list[Found]:
    """The files that lie in no BEIR folder, and those that the person named one by one."""
    homes = _homes(found)
    return [each for each in found if each.named or not any(_lies_in(_home(each), home) for home in homes)]


def _homes(found: Sequence[Found]) -> list[_Home]:
    corpora = [each for each in found if not each.named and beir_name(PurePosixPath(each.name).name) == CORPUS]
    return list(dict.fromkeys(map(_home, corpora)))


def _home(found: Found) -> _Home:
    return found.place, found.folder


def _lies_in(inner: _Home, outer: _Home) -> bool:
    return inner[0] == outer[0] and PurePosixPath(inner[1]).is_relative_to(PurePosixPath(outer[1]))


def _folder(home: _Home, found: Sequence[Found]) -> FolderFound:
    place, folder = home
    inner = [each for each in found if not each.trouble and _lies_in(_home(each), home)]
    files = {PurePosixPath(each.name).relative_to(folder).as_posix(): each.file for each in inner}
    return FolderFound(folder or readable(Path(place.resolve().name)), files)
