"""A drawing of the page as a file of its own, for a README or a paper: colours and fonts inside.

Colours are written out, since programs that place pictures know no CSS variables; they are those of the
light page, on their own ground, so that the picture can be read on any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

_FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Roboto, Helvetica, Arial, sans-serif"
_STYLE = """<style>
text {{ font: 12px {font}; fill: var(--bh-soft); font-variant-numeric: tabular-nums; }}
text.is-ink {{ fill: var(--bh-ink); }}
text.is-strong {{ font-weight: 650; }}
.axis {{ stroke: var(--bh-line); fill: none; }}
.axis.is-even {{ stroke: var(--bh-edge); stroke-dasharray: 3 4; }}
.bh-duel circle {{ fill-opacity: 0.72; stroke: var(--bh-paper); stroke-width: 0.8; }}
</style>"""
_MARGIN = 10
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What texts may hold and no XML file may."""
_THEME = Path(__file__).with_name("theme.css")


def standalone(drawing: str) -> str:
    """An SVG file from an inline SVG of the house.

    :param drawing: Begins with an ``svg`` element that has a ``viewBox`` from 0 0.
    """
    plain = _NOT_XML.sub("", str(drawing))  # of Markup, which would escape what is put around it
    found = re.match(r'<svg\b[^>]*?viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>', plain)
    if found is None:
        raise ValueError("no svg element with a viewBox from 0 0")
    width, height = (float(each) + 2 * _MARGIN for each in found.groups())
    size = f'width="{width:g}" height="{height:g}"'
    opening = found[0].replace("<svg", f'<svg xmlns="http://www.w3.org/2000/svg" {size}', 1)
    opening = re.sub('viewBox="[^"]*"', f'viewBox="{-_MARGIN} {-_MARGIN} {width:g} {height:g}"', opening, count=1)
    ground = f'<rect x="{-_MARGIN}" y="{-_MARGIN}" {size} fill="var(--bh-paper)"/>'
    return _in_colours(opening + _STYLE.format(font=_FONT) + ground + plain[found.end() :]) + "\n"


def _in_colours(text: str) -> str:
    return re.sub(r"var\((--bh-[\w-]+)\)", lambda found: light()[found[1]], text)


@lru_cache(maxsize=1)
def light() -> Mapping[str, str]:
    """CSS variable → colour of the light page, as the theme's first block has them."""
    block = _THEME.read_text(encoding="utf-8").partition(":root {")[2].partition("}")[0]
    return dict(re.findall(r"(--bh-[\w-]+):\s*(#[0-9a-f]{6})", block))
