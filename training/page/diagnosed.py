"""What the scale doctor found: its findings, and the margins before and after as drawings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from retrieval.page import html
from retrieval.page.chart import nice_ticks
from training.teaching.diagnosis import Diagnosis, Finding, Histogram

_WIDTH, _HEIGHT, _FLOOR, _ROOM = 352, 116, 94, 8
_SIGNS = {"ok": "✓", "mended": "~", "refused": "✗"}
_WORDS = {"ok": "in order", "mended": "mended", "refused": "refused"}


def diagnosed(found: Diagnosis | None) -> Markup:
    """All of it; nothing where there was no examination."""
    if found is None:
        return Markup("")
    findings = html.element("ul", html.join(map(_finding, found.findings)), cls="bh-findings")
    figures = [_figures(whose, before, found.after.get(whose)) for whose, before in found.before.items()]
    return html.join([findings, *figures])


def _finding(finding: Finding) -> Markup:
    sign = html.element("b", _SIGNS[finding.level], role="img", aria_label=_WORDS[finding.level])
    told = finding.told[:1].upper() + finding.told[1:]
    parts = [sign, html.element("span", finding.about, cls="bh-note"), html.text(told, cls="bh-told")]
    return html.element("li", html.join(parts), data_level=finding.level)


def _figures(whose: str, before: Histogram, after: Histogram | None) -> Markup:
    """The margins as the teacher gives them, and as they are trained where these differ."""
    drawn = [_figure(f" of {Path(whose).name}, as they are", before)]
    if after:
        drawn.append(_figure(", as they are trained", after))
    return html.block(*drawn, cls="bh-run-curves")


def _figure(title: str, found: Histogram) -> Markup:
    keys = html.join([_key("var(--bh-crust)", "teacher"), _key("var(--bh-series-2)", "student before training")])
    head = html.join(
        [
            html.element("span", html.join([html.term("margin", shown="margins"), title])),
            html.element("span", keys, cls="bh-run-legend"),
        ]
    )
    return html.element("figure", html.element("figcaption", head) + _drawing(title, found))


def _key(colour: str, words: str) -> Markup:
    return html.tag(html.join([html.element("i", cls="bh-dot", style=f"background:{colour}"), words]))


def _drawing(title: str, found: Histogram) -> Markup:
    low, high = found.edges[0], found.edges[-1]
    parts = [*_bars(found.teacher), _outline(found.student), _floor(), *_names(low, high)]
    told = f"Margins{title}: from {low:.3g} to {high:.3g}"
    return html.element(
        "svg", html.join(parts), cls="bh-chart", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=told
    )


def _bars(counts: Sequence[int]) -> list[Markup]:
    wide = (_WIDTH - 2 * _ROOM) / len(counts)
    return [
        html.element(
            "rect", x=f"{_ROOM + n * wide + 0.5:.1f}", y=f"{_y(count, counts):.1f}", width=f"{wide - 1:.1f}",
            height=f"{_FLOOR - _y(count, counts):.1f}", fill="var(--bh-crust)",
        )
        for n, count in enumerate(counts)
        if count
    ]  # fmt: skip


def _outline(counts: Sequence[int]) -> Markup:
    """Steps over the same bins."""
    wide = (_WIDTH - 2 * _ROOM) / len(counts)
    path = f"M{_ROOM} {_FLOOR}"
    for n, count in enumerate(counts):
        path += f"V{_y(count, counts):.1f}H{_ROOM + (n + 1) * wide:.1f}"
    return html.element("path", d=f"{path}V{_FLOOR}", fill="none", stroke="var(--bh-series-2)", stroke_width=1.5)


def _y(count: int, counts: Sequence[int]) -> float:
    """Each of the two is as high as its own highest bin: the student's are of a sample."""
    return _FLOOR - count / (max(counts) or 1) * (_FLOOR - 6)


def _floor() -> Markup:
    return html.element("path", d=f"M{_ROOM} {_FLOOR}.5H{_WIDTH - _ROOM}", cls="axis")


def _names(low: float, high: float) -> list[Markup]:
    """Round values below the axis."""
    inside = [tick for tick in nice_ticks(low, high) if low <= tick <= high]
    return [
        html.element(
            "text", f"{tick:g}".replace("-", "−"), y=_HEIGHT - 6, text_anchor="middle",
            x=f"{_ROOM + (tick - low) / (high - low) * (_WIDTH - 2 * _ROOM):.1f}",
        )
        for tick in inside
    ]  # fmt: skip
