"""Which share of the files that are being converted has been read, where that can be known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retrieval.beir import count_lines
from retrieval.convert.progress import Progress

_LINES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson")


class Reached:
    """Follows a conversion through its files, each weighing what it takes on the disk.

    How far a file of lines is read is known by its last line, of other files only that they are done.

    :param files: As they were given; reports call them by their names.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = {path.name: path for path in files}
        self._sizes = {path.name: path.stat().st_size for path in files if path.is_file()}
        self._lines: dict[str, int] = {}
        self._done: set[str] = set()
        self._current = ""

    def share(self, progress: Progress) -> float | None:
        """0 to 1, or None where it cannot be told."""
        if progress.total:
            return min(1.0, progress.rows / progress.total)
        if progress.origin is None or progress.origin.file not in self._sizes:
            return None
        file = progress.origin.file
        if file != self._current:
            self._done |= {self._current} & self._sizes.keys()
            self._current = file
        here = self._part(file, progress.origin.line)
        if here is None and len(self._sizes) == 1:
            return None
        read = sum(self._sizes[name] for name in self._done - {file}) + (here or 0.0) * self._sizes[file]
        return min(1.0, read / (sum(self._sizes.values()) or 1))

    def _part(self, file: str, line: int) -> float | None:
        path = self._files[file]
        if path.suffix.lower() not in _LINES or not line:
            return None
        if file not in self._lines:
            self._lines[file] = count_lines(path)
        return min(1.0, line / max(1, self._lines[file]))
