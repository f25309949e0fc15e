"""A file to read: on disk, or within an archive, where it is unpacked as it is read and never written."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, Protocol, cast

from retrieval.errors import BakehouseError

PACKED_RATIO = 200
"""Text shrinks to a fifth or a tenth; what unpacks to more than this many times its size is made to fill a disk."""

PACKED_FREELY = 64 << 20
"""Bytes that may come of an archive whatever its ratio: an empty table packs well too."""

UNPACKED = 16 << 30
"""Bytes that may come of an archive at most."""

_IN_MEMORY = 32 << 20


class File(Protocol):
    """What readers need of a file: any ``Path`` to one is one; its text is its name for messages."""

    @property
    def name(self) -> str:
        """The last part of its name."""

    @property
    def suffix(self) -> str:
        """The ending, with its dot."""

    @property
    def stem(self) -> str:
        """The name without its ending."""

    def open(
        self,
        mode: str,
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """Open as ``Path.open`` does, for reading."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A file within an archive.

    :param path: The archive's name and its own within it.
    :param start: Opens the unpacking stream, and has the stack close what it opened.
    :param limit: Bytes that may come of it.
    """

    path: PurePosixPath
    start: Callable[[ExitStack], BinaryIO]
    limit: int

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """The ending, with its dot."""
        return self.path.suffix

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self.path.stem

    def open(
        self,
        mode: str,
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """Open for reading, from the beginning.

        Reading raises :class:`BakehouseError` if the archive is damaged there, or too much comes of it.
        """
        stream = io.BufferedReader(_Unpacking(self), 1 << 16)
        return stream if "b" in mode else io.TextIOWrapper(stream, encoding, errors, newline)


class _Unpacking(io.RawIOBase):
    """The bytes of a packed file; what goes wrong on the way is said in a sentence."""

    def __init__(self, file: Packed) -> None:
        self._file = file
        self._stack = ExitStack()
        self._inner = self._tried(lambda: file.start(self._stack))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return cast(int, self._tried(lambda: self._inner.seek(offset, whence)))

    def tell(self) -> int:
        return self._inner.tell()

    def readinto(self, buffer: Any) -> int:
        content: bytes = self._tried(lambda: self._inner.read(len(buffer)))
        if self._inner.tell() > self._file.limit:
            raise BakehouseError(
                f"{self._file} unpacks to more than {self._file.limit >> 20:,} MB, which no text does: "
                "it was not read further. Unpack it yourself if you trust it, and name what comes of it."
            )
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._stack.close()
        super().close()

    def _tried(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except BakehouseError:
            raise
        except Exception as error:  # zipfile and zlib raise six kinds, and others where the header lies
            self._stack.close()
            raise BakehouseError(
                f"{self._file} cannot be unpacked ({error or type(error).__name__}): the archive is damaged or "
                "packed in an unusual way. Pack it again, or unpack it and name what comes of it."
            ) from error


def allowed(packed_size: int) -> int:
    """The bytes that may come of so many packed ones."""
    return min(UNPACKED, max(PACKED_FREELY, packed_size * PACKED_RATIO))


def is_empty(file: File) -> bool:
    """Whether there is not a byte in it."""
    with file.open("rb") as stream:
        return not stream.read(1)


def seekable(file: File) -> BinaryIO:
    """The bytes of a file, for readers that jump about in it: what is packed goes through a nameless temporary file."""
    if isinstance(file, Path):
        return file.open("rb")
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - whoever asked for it closes it
    with file.open("rb") as stream:
        shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return cast(BinaryIO, copy)
