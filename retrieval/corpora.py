"""The corpora that a person can choose by name: the handbook, then those of the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from retrieval.artifact import read_manifest
from retrieval.beir import CORPUS, Corpus
from retrieval.errors import BakehouseError, nearest
from retrieval.home import ROOT, home

HANDBOOK = "handbook"
"""The name of the corpus that comes with the program; no other may take it."""

_COUNTED_AT_ONCE = 20_000_000


@dataclass(frozen=True, slots=True)
class KnownCorpus:
    """A corpus in a menu.

    :param languages: How many languages it has, or None where only reading a large file would tell.
    """

    name: str
    folder: Path
    languages: int | None


def known_corpora() -> list[KnownCorpus]:
    """The handbook, then the BEIR folders of the workspace by name."""
    folders = [ROOT / "retrieval" / HANDBOOK]
    folders += sorted(path for path in (home() / "corpora").glob("*") if path.name != HANDBOOK)
    whole = (path for path in folders if (path / CORPUS).is_file() and not path.name.endswith(".partial"))
    return [KnownCorpus(path.name, path, _language_count(path)) for path in whole]


def open_known(name: str) -> Corpus:
    """Open a corpus by the name it has in the menu; the same object as long as its file is unchanged.

    :raises BakehouseError: if no known corpus has that name.
    """
    known = {corpus.name: corpus.folder for corpus in known_corpora()}
    if name not in known:
        listed = ", ".join(known) or "none"
        raise BakehouseError(f"there is no corpus '{name}': known are {listed}.{nearest(name, known)}")
    state = (known[name] / CORPUS).stat()
    return _opened(known[name], state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _opened(folder: Path, changed: int, octets: int) -> Corpus:
    return Corpus(folder)


def _language_count(folder: Path) -> int | None:
    stated = (read_manifest(folder) or {}).get("languages")
    if isinstance(stated, dict):
        return len(stated)
    state = (folder / CORPUS).stat()
    if state.st_size > _COUNTED_AT_ONCE:
        return None
    return _counted(folder, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _counted(folder: Path, changed: int, octets: int) -> int | None:
    try:
        return len(_opened(folder, changed, octets).languages)
    except BakehouseError:  # a faulty corpus stays in the menu: opening it says what is wrong with it
        return None
