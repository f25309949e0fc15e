"""A folder that exists only once it is complete.

A stage writes into ``NAME.partial/`` and becomes ``NAME/`` by one rename, its ``manifest.json``
written last. So the mere existence of a file never means that work is done, and a killed process
leaves nothing that looks finished.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any, BinaryIO

MANIFEST = "manifest.json"


def key_of(**parts: object) -> str:
    """Sixteen hex digits that name what an artefact was made from (SHA-256 of canonical JSON)."""
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def hash_files(paths: Iterable[Path]) -> str:
    """Sixteen hex digits over the contents of the files, in the given order."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()[:16]


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a complete artefact, or None where there is none.

    Where a process was killed while it put a new artefact in the place of an old one, that is finished first.
    """
    if folder.name.endswith(".partial"):
        return None
    _finish(folder)
    try:
        return dict(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream whose content replaces a file in one step if the block ends well.

    A reader sees the old content or the new, never a part.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_atomic(path: Path, content: str | bytes) -> None:
    """:func:`replacing` by a content that is there already."""
    with replacing(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def sweep(path: Path) -> None:
    """Remove what a writer of a file that was killed in :func:`replacing` or :func:`link` has left beside it."""
    for left in path.parent.glob(f".{escape(path.name)}.*"):
        if left.suffix[1:].isdigit():
            left.unlink()


def write_json(path: Path, content: object) -> None:
    """:func:`write_atomic` of indented JSON."""
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    write_atomic(path, text.encode("utf-8", "backslashreplace"))  # half characters, as JSON escapes them


def link(source: Path, target: Path) -> None:
    """Give a file that is never changed in place a second name; on a disk without hard links, a copy.

    The target appears in one step, whole.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        os.link(source, beside)
    except OSError:
        shutil.copy2(source, beside)
    beside.replace(target)
    beside.unlink(missing_ok=True)  # two names of one file are left as they are by the rename


@contextmanager
def alone(final: Path) -> Iterator[None]:
    """Wait until no other thread or process is making ``final``; then look whether it is there before making it.

    The page, its warm-up and a job may all want the same model or index at the same moment. The lock
    is the system's own, so it ends with its holder, however that ends.
    """
    from filelock import FileLock

    final.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(final.with_name(f".{final.name}.lock")):
        yield


@contextmanager
def building(final: Path, about: Mapping[str, Any] | None = None, *, fresh: bool = False) -> Iterator[Path]:
    """Yield ``final.partial/`` to write into; commit it as ``final/`` if the block ends well.

    A partial folder left by a killed process is handed back as it is, so that the caller can go on
    from its first missing shard; ``fresh=True`` empties it. An older ``final/`` stays until the new
    one is whole. The block may add to the manifest by writing ``manifest.json`` itself.
    """
    partial = final.with_name(final.name + ".partial")
    if fresh and partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    for left in partial.rglob(".*"):
        if left.suffix[1:].isdigit():  # a writer that was killed in replacing or link
            left.unlink()
    yield partial
    if about is not None:
        write_json(partial / MANIFEST, about)
    if not (partial / MANIFEST).is_file():
        raise RuntimeError(f"{partial} was not given a manifest")
    _replace_folder(partial, final)


def _replace_folder(partial: Path, final: Path) -> None:
    old = _old(final)
    if final.exists():
        shutil.rmtree(old, ignore_errors=True)
        final.rename(old)
    try:
        partial.rename(final)
    except FileNotFoundError:
        if not final.exists():  # else a reader has just finished it
            raise
    shutil.rmtree(old, ignore_errors=True)


def _finish(final: Path) -> None:
    """Between the two renames of :func:`_replace_folder` there is no ``final``; what was about to be it becomes it."""
    old, partial = _old(final), final.with_name(final.name + ".partial")
    if old.exists() and not final.exists():
        ready = partial if (partial / MANIFEST).is_file() else old
        with contextlib.suppress(FileNotFoundError):  # the writer lives, and was faster
            ready.rename(final)


def _old(final: Path) -> Path:
    return final.with_name(final.name + ".old")
