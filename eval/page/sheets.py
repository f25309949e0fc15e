"""A table as a picture that stands alone: title, heads, cells tinted by their heat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten

from markupsafe import Markup

from eval.page.labels import width
from retrieval.page import html
from retrieval.page.standalone import standalone

_EDGE, _PAD = 6, 10
_ROW, _HEAD = 26, 30
_TITLE, _NOTE = 22, 18
_TITLE_SIZE = 15
_BOLD = 1.2 * _TITLE_SIZE / 12
"""How much wider the title is than the words of the table."""
_TINT = 0.34
"""How strong the accent is in the hottest cell, as on the page."""
_LONGEST = 70


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    :param heat: 0 to 1, how strongly the accent tints it; None for no tint.
    :param strong: Whether it stands out: the best of its column.
    """

    text: str
    heat: float | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table for a picture.

    :param words: How many columns from the left hold words; the others hold numbers, to the right.
    """

    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    words: int = 1


def draw(sheet: Sheet) -> str:
    """The picture as an SVG file."""
    rows = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in sheet.rows]
    edges = _edges(sheet, rows)
    top = _EDGE + _TITLE + (_NOTE if sheet.note else 0) + _HEAD
    across = max(edges[-1], _EDGE + _BOLD * width(sheet.title), _EDGE + width(sheet.note)) + _EDGE
    parts = [*_headline(sheet), *_line(sheet, [Cell(head) for head in sheet.heads], edges, top - 10, "")]
    parts.append(_rule(edges, top, "var(--bh-edge)"))
    for number, row in enumerate(rows):
        floor = top + (number + 1) * _ROW
        parts += [*_tints(row, edges, floor), *_line(sheet, row, edges, floor - 8, "is-ink")]
        parts.append(_rule(edges, floor, "var(--bh-line)"))
    drawing = html.element(
        "svg",
        html.join(parts),
        viewBox=f"0 0 {across:.0f} {top + len(rows) * _ROW + _EDGE}",
        role="img",
        aria_label=sheet.title,
    )
    return standalone(drawing)


def _edges(sheet: Sheet, rows: Sequence[Sequence[Cell]]) -> list[float]:
    """Where each column begins, and where the last ends."""
    edges = [float(_EDGE)]
    for head, *cells in zip(sheet.heads, *([cell.text for cell in row] for row in rows), strict=True):
        edges.append(edges[-1] + max(width(_shown(text)) for text in (head, *cells)) + 2 * _PAD)
    return edges


def _headline(sheet: Sheet) -> list[Markup]:
    title = html.element(
        "text", sheet.title, x=_EDGE, y=_EDGE + 13, cls="is-ink is-strong", style=f"font-size:{_TITLE_SIZE}px"
    )
    note = html.element("text", sheet.note, x=_EDGE, y=_EDGE + _TITLE + 10) if sheet.note else Markup("")
    return [title, note]


def _line(sheet: Sheet, row: Sequence[Cell], edges: Sequence[float], y: float, cls: str) -> list[Markup]:
    parts = []
    for at, cell in enumerate(row):
        words = at < sheet.words
        x = edges[at] + (0 if at == 0 else _PAD) if words else edges[at + 1] - _PAD
        classes = " ".join(filter(None, [cls, "is-strong" if cell.strong else ""])) or None
        anchor = "start" if words else "end"
        parts.append(html.element("text", _shown(cell.text), x=f"{x:.1f}", y=y, text_anchor=anchor, cls=classes))
    return parts


def _tints(row: Sequence[Cell], edges: Sequence[float], floor: float) -> list[Markup]:
    return [
        html.element(
            "rect", x=f"{edges[at]:.1f}", y=floor - _ROW, width=f"{edges[at + 1] - edges[at]:.1f}", height=_ROW,
            fill="var(--bh-crust)", fill_opacity=f"{_TINT * min(1.0, max(0.0, cell.heat)):.3f}",
        )
        for at, cell in enumerate(row)
        if cell.heat is not None
    ]  # fmt: skip


def _rule(edges: Sequence[float], y: float, colour: str) -> Markup:
    return html.element("line", x1=edges[0], x2=f"{edges[-1]:.1f}", y1=y, y2=y, stroke=colour)


def _shown(text: str) -> str:
    return shorten(text, _LONGEST, placeholder="…") if len(text) > _LONGEST else text
