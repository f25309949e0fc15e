"""Web pages: what a reader of the page reads, as Markdown.

Scripts, styles and menus stay out, and so does all outside of ``<main>`` where there is one. Links
keep their words. Nothing is fetched.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from retrieval.convert.encoding import detect, read_text
from retrieval.convert.files import File
from retrieval.convert.options import Options
from retrieval.convert.texts import Text, titled
from retrieval.errors import BakehouseError

_UNREAD = ("script", "style", "noscript", "template", "nav", "svg", "iframe", "head")
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})""", re.I)
_HEAD = 4096
_MARKDOWN: dict[str, Any] = {
    "heading_style": "ATX",
    "strip": ["a", "img"],
    "escape_misc": False,
    "escape_asterisks": False,
    "escape_underscores": False,
}
_SPACES = re.compile(r"\n{3,}")


def read(path: File, options: Options) -> Text:
    """The text of a web page, and its title.

    :raises BakehouseError: if it is in no encoding that can be found.
    """
    return from_html(_decoded(path, options), path)


def from_html(html: str, path: File) -> Text:
    """The text of HTML, the title its own or else its first heading or the file's name."""
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about pages written as XML, which are read all the same
        soup = BeautifulSoup(html, "lxml")
    named = " ".join(soup.title.get_text().split()) if soup.title else ""
    for element in soup(_UNREAD):
        element.decompose()
    mains = soup("main") or soup("article")
    markdown = MarkdownConverter(**_MARKDOWN).convert_soup(mains[0] if len(mains) == 1 else soup)
    text = _SPACES.sub("\n\n", markdown).strip()
    title, body = titled(text, path)
    return Text(named or title, body if named in ("", title) else text)


def _decoded(path: File, options: Options) -> str:
    """The page in the encoding it names, unless that does not fit or a person names another."""
    with path.open("rb") as stream:
        declared = _CHARSET.search(stream.read(_HEAD))
    if declared and not options.encoding:
        try:
            return read_text(path, detect(path, declared.group(1).decode()))
        except BakehouseError:  # what a page says of itself is often wrong: then it is found as for any text
            pass
    return read_text(path, detect(path, options.encoding))
