"""ZIP and gzip: what lies in an archive, as files that readers open like any other.

An archive is looked through before anything of it is read. Refused as a whole, with a sentence, is
one with a path that leads out of it (absolute, or with ``..``), a link, a password, too many files,
or more content than its size makes likely. Sizes are those that its directory names, beyond which
``zipfile`` reads nothing of a member; of gzip, which names none, what is read is counted.
"""

from __future__ import annotations

import gzip
import stat
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

from retrieval.convert.files import File, Packed, allowed, seekable
from retrieval.errors import BakehouseError

MEMBERS = 50_000
"""Files that an archive may hold, those of archives within it included."""

DEPTH = 2
"""Archives that may lie within one another, the outermost included."""

GZ, ZIP = ".gz", ".zip"
_ENCRYPTED = 1


@dataclass(slots=True)
class Tally:
    """What has been found so far in an archive and those within it.

    :param limit: Bytes that may come of it.
    """

    limit: int
    members: int = 0
    size: int = 0


def unzipped(file: File, name: str, tally: Tally, depth: int = 1) -> list[Packed]:
    """The files in a ZIP archive, sorted by name; nothing is unpacked yet.

    :param name: The archive's name for messages.
    :param tally: That of the outermost archive.
    :raises BakehouseError: if it is damaged or refused.
    """
    if depth > DEPTH:
        raise BakehouseError(
            f"{name} is an archive within {DEPTH} others, and is not looked into. Unpack the outer ones first."
        )
    stream = seekable(file)
    archive = _opened(stream, name)
    inner = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
    for info in inner:
        _check(info, name)
    tally.members += len(inner)
    tally.size += sum(info.file_size for info in inner)
    _check_sums(tally, name)
    return [_packed(archive, info, name) for info in inner]


def gunzipped(file: File, name: str) -> Packed:
    """The file in a gzip archive, which is named like it without its ending."""
    stream = file.open("rb")
    with stream:
        limit = allowed(_size(stream))

    def start(stack: ExitStack) -> BinaryIO:
        packed = stack.enter_context(file.open("rb"))
        return cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=packed)))

    return Packed(PurePosixPath(name.removesuffix(GZ)), start, limit)


def check_office(stream: BinaryIO, name: str) -> None:
    """Look through a DOCX, PPTX or XLSX, which are ZIP archives, before a library unpacks it in memory.

    :raises BakehouseError: if it is damaged or refused as an archive would be.
    """
    size = _size(stream)
    try:
        inner = zipfile.ZipFile(stream).infolist()
    except Exception as error:  # as above
        raise BakehouseError(
            f"{name} is damaged, or no Office file in spite of its name. Open it in an office program and save it anew."
        ) from error
    _check_sums(Tally(allowed(size), len(inner), sum(info.file_size for info in inner)), name)
    stream.seek(0)


def _opened(stream: BinaryIO, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except Exception as error:  # BadZipFile mostly; others where the directory's numbers lead out of the file
        raise BakehouseError(
            f"{name} is damaged or no ZIP archive in spite of its name. Pack it again, or check that it was copied whole."
        ) from error


def _size(stream: IO[bytes]) -> int:
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


def _check(info: zipfile.ZipInfo, name: str) -> None:
    path = PurePosixPath(info.orig_filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts[:1] and path.parts[0].endswith(":")):
        raise BakehouseError(
            f"{name} holds '{info.orig_filename}', a path that leads out of it: such archives are made to overwrite "
            "files, and nothing of it was read. Pack the files again by relative paths."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BakehouseError(
            f"{name} holds the link '{info.filename}', and nothing of it was read. Pack the file that it leads to."
        )
    if info.flag_bits & _ENCRYPTED:
        raise BakehouseError(f"{name} is locked with a password. Unpack it, and name the folder.")


def _check_sums(tally: Tally, name: str) -> None:
    if tally.members > MEMBERS:
        raise BakehouseError(
            f"{name} holds {tally.members:,} files, and at most {MEMBERS:,} are read from an archive. "
            "Unpack it, and name the folder."
        )
    if tally.size > tally.limit:
        raise BakehouseError(
            f"{name} would unpack to {tally.size >> 20:,} MB, where {tally.limit >> 20:,} MB are the most that is "
            "read from an archive of its size. Unpack it yourself if you trust it, and name the folder."
        )


def _packed(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Packed:
    def start(stack: ExitStack) -> BinaryIO:
        return cast(BinaryIO, stack.enter_context(archive.open(info)))

    return Packed(PurePosixPath(name) / _decoded(info), start, info.file_size)


def _decoded(info: zipfile.ZipInfo) -> str:
    """A member's name, which old archives write in the code page of the machine that made them."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:  # then it was in no UTF-8, and stays as zipfile reads it
            name = info.filename
    return name.replace("\\", "/")
