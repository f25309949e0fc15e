"""TREC's SGML: elements such as ``<DOC>`` one after the other, with fields in them and no root around them.

Tags may be of any case and left open, so no XML parser reads them.
Reference: https://trec.nist.gov/data/docs_eng.html, https://trec.nist.gov/data/topics_eng/
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

_TAG = re.compile(r"<(/?)([A-Za-z][\w.-]*)([^<>]*)>")
_NOT_TEXT = re.compile(r"<[!?/]?[A-Za-z\[-][^<>]*>|<\?[^<>]*>")
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


@dataclass(frozen=True, slots=True)
class Element:
    """One element.

    :param line: The first line of it, counted from 1.
    :param name: In lower case; empty for text that stands in no element.
    :param content: What stands between its tags, as written.
    :param closed: Whether its end tag came before the next element and the end of the file.
    """

    line: int
    name: str
    content: str
    attributes: dict[str, str] = field(default_factory=dict)
    closed: bool = True


def elements(lines: Iterable[str], names: Collection[str]) -> Iterator[Element]:
    """The elements of these names, and the text between them, in order; one at a time is held in memory."""
    tag = re.compile(rf"<(/?)({'|'.join(names)})(\s[^<>]*)?>", re.I)
    begun, parts = Element(1, "", ""), list[str]()
    for number, line in enumerate(lines, 1):
        place = 0
        for found in tag.finditer(line):
            closing, name = bool(found[1]), found[2].lower()
            if closing and name != begun.name:
                continue
            parts.append(line[place : found.start()])
            yield from _ended(begun, parts, closed=closing or not begun.name)
            begun = Element(number, "" if closing else name, "", attributes("" if closing else found[3] or ""))
            parts, place = [], found.end()
        if not begun.name and not any(part.strip() for part in parts):
            begun = Element(number, "", "")
        parts.append(line[place:])
    yield from _ended(begun, parts, closed=not begun.name)


def _ended(begun: Element, parts: list[str], *, closed: bool) -> Iterator[Element]:
    content = "".join(parts)
    if begun.name or _NOT_TEXT.sub("", content).strip():
        yield Element(begun.line, begun.name, content, begun.attributes, closed)


def fields(content: str, ending: Collection[str] = ()) -> dict[str, list[str]]:
    """The fields of an element: name in lower case → the text of each; what stands in none is under ``""``.

    :param ending: Names whose start tag ends the field before, as topics leave fields open.
    """
    found: dict[str, list[str]] = {}
    current, start = "", 0
    for tag in _TAG.finditer(content):
        closing, name = bool(tag[1]), tag[2].lower()
        if closing and name == current and current:
            following = ""
        elif not closing and (not current or name in ending):
            following = name
        else:
            continue
        _add(found, current, content[start : tag.start()])
        current, start = following, tag.end()
    _add(found, current, content[start:])
    return found


def plain(content: str) -> str:
    """Text without tags, its entities as characters."""
    return html.unescape(_NOT_TEXT.sub(" ", content)).strip()


def attributes(tag: str) -> dict[str, str]:
    """The attributes within a tag."""
    return {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag)}


def _add(found: dict[str, list[str]], name: str, content: str) -> None:
    if text := plain(content):
        found.setdefault(name, []).append(text)
