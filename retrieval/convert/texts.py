"""A folder of text and Markdown files: one document a file.

The id is the file's path within the folder, the title the ``title`` of its front matter, else its
first Markdown heading (which then leaves the text, if it opens it), else the file's name in words.
A file that is empty, or in no encoding that can be found, is rejected; the others go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.convert.encoding import detect, read_text
from retrieval.convert.entries import Entry, Origin, Passage, Problem
from retrieval.convert.intake import NO_TEXT
from retrieval.convert.options import Options
from retrieval.errors import BakehouseError

SUFFIXES = (".txt", ".md", ".markdown", ".mdown", ".text")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*$\s*", re.S | re.M)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(['\"]?)(.+?)\1[ \t]*$", re.M)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.M)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)


@dataclass(frozen=True, slots=True)
class Texts:
    """The entries of text files.

    :param files: Name within the folder, and where it lies.
    """

    files: Sequence[tuple[str, Path]]
    options: Options

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        for row, (name, path) in enumerate(self.files, 1):
            yield self._entry(Origin(name, row), path)

    def _entry(self, origin: Origin, path: Path) -> Entry:
        try:
            text = read_text(path, detect(path, self.options.encoding))
        except BakehouseError as error:
            return Entry(origin, problems=(Problem(str(error), "Mend the file, or leave it out."),))
        if not text.strip():
            return Entry(origin, problems=(NO_TEXT,))
        title, body = titled(text, path) if path.suffix.lower() != ".txt" else (spoken(path), text)
        return Entry(origin, passages=(Passage(origin.file, body, title, auto_id=origin.file),))


def titled(text: str, path: Path) -> tuple[str, str]:
    """The title of a Markdown text, and the text without it."""
    front = _FRONT_MATTER.match(text)
    body = text[front.end() :] if front else text
    if front and (named := _FRONT_TITLE.search(front.group(1))):
        return named.group(2), body
    code = [match.span() for match in _FENCE.finditer(body)]
    for heading in _HEADING.finditer(body):
        if not any(start <= heading.start() < end for start, end in code):
            opens = not body[: heading.start()].strip()
            return heading.group(1), body[heading.end() :] if opens else body
    return spoken(path), body


def spoken(path: Path) -> str:
    """A file's name in words."""
    return re.sub(r"[-_\s]+", " ", path.stem).strip()
