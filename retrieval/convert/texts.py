"""Text and Markdown files, and files without an ending that turn out to be text.

The title is the ``title`` of the front matter, else the first Markdown heading (which then leaves
the text, if it opens it), else the file's name in words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.convert.encoding import Encoding, detect, detect_text, read_text
from retrieval.convert.entries import Problem
from retrieval.convert.files import File
from retrieval.convert.options import Options

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*$\s*", re.S | re.M)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(['\"]?)(.+?)\1[ \t]*$", re.M)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.M)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)


@dataclass(frozen=True, slots=True)
class Text:
    """What a file says.

    :param problem: Why it says nothing that can be read.
    """

    title: str
    body: str
    problem: Problem | None = None


def read(path: File, options: Options) -> Text:
    """The text of a text or Markdown file.

    :raises BakehouseError: if it is in no encoding that can be found.
    """
    text = read_text(path, encoding_of(path, options))
    plain = path.suffix.lower() in ("", ".txt")
    return Text(spoken(path), text) if plain else Text(*titled(text, path))


def encoding_of(path: File, options: Options) -> Encoding:
    """The encoding of a text file.

    :raises BakehouseError: if none can be found, or a file without an ending does not look like text.
    """
    return detect(path, options.encoding) if path.suffix else detect_text(path, options.encoding)


def titled(text: str, path: File) -> tuple[str, str]:
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


def spoken(path: File) -> str:
    """A file's name in words."""
    return re.sub(r"[-_\s]+", " ", path.stem).strip()
