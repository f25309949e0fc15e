"""What can be taken along from a page: a table as CSV, a drawing as SVG, each a link that downloads it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from markupsafe import Markup

from retrieval.page import html

CSV, SVG = "text/csv", "image/svg+xml"


def link(words: str, name: str, kind: str, content: str) -> Markup:
    """A link that saves some content; it stands in the address, so nothing is asked of the server.

    :param name: The file's; what a file's name should not have becomes a hyphen.
    :param kind: Its media type.
    """
    data = base64.b64encode(content.encode(errors="replace")).decode()
    safe = re.sub(r"[^\w.-]+", "-", name)
    return html.element("a", words, href=f"data:{kind};base64,{data}", download=safe)


def both(name: str, csv: str, svg: str, said: str = "") -> Markup:
    """The two quiet links under a table.

    :param name: Of the files, without an ending.
    :param said: What they hold, where that is more than is seen.
    """
    return line([link("CSV", f"{name}.csv", CSV, csv), link("Picture", f"{name}.svg", SVG, svg)], said)


def line(links: Iterable[Markup], said: str = "") -> Markup:
    """Quiet links in a row."""
    return html.element("p", html.join([said, html.join(links, " · ")]), cls="bh-files")
