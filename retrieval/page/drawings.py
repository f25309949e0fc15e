"""Drawings of a corpus: its languages as a bar, its lengths as a histogram."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from retrieval.lengths import Lengths
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name

_WIDTH, _HEIGHT, _FLOOR = 480, 110, 86
_BINS = 32
_SHOWN = 12


def language_bar(languages: Mapping[str, int]) -> Markup:
    """One bar, a piece for each language, and their names with counts below.

    :param languages: Language code → documents, largest first.
    """
    total = sum(languages.values()) or 1
    colours = html.series(languages)
    pieces = (
        html.element("i", style=f"flex:{size / total:.4f};background:{html.colour(colours[code])}", title=code)
        for code, size in languages.items()
    )
    names = [
        html.element("li", html.tag(f"{html.isolate(language_name(code))} {numbers.count(size)}", code, colours[code]))
        for code, size in list(languages.items())[:_SHOWN]
    ]
    if len(languages) > _SHOWN:
        names.append(html.element("li", f"and {len(languages) - _SHOWN} more", cls="bh-note"))
    bar = html.element("div", html.join(pieces), cls="bh-languages", aria_hidden="true")
    return bar + html.element("ul", html.join(names), cls="bh-legend", aria_label="Languages")


def length_histogram(lengths: Lengths) -> Markup:
    """How many documents have which length, with the model's limit as a line, and the same in words."""
    if not lengths.tokens:
        return Markup("")
    top = max(lengths.limit * 1.1, lengths.tokens[int(0.99 * (len(lengths.tokens) - 1))] * 1.05)
    counts = [0] * _BINS
    for length in lengths.tokens:
        counts[min(_BINS - 1, int(length / top * _BINS))] += 1
    at = lengths.limit / top * _WIDTH
    inside = html.join(
        [*_bars(counts), _baseline(), _limit_line(at, lengths.limit), _label(0, _HEIGHT - 4, "0", "start")]
    )
    drawing = html.element(
        "svg",
        inside,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        cls="bh-chart bh-histogram",
        role="img",
        aria_label=_in_words(lengths),
    )
    return drawing + html.note(_in_words(lengths))


def _bars(counts: list[int]) -> list[Markup]:
    width, most = _WIDTH / _BINS, max(counts)
    return [
        html.element(
            "rect", x=f"{n * width + 1:.1f}", y=f"{_FLOOR - count / most * (_FLOOR - 18):.1f}", width=f"{width - 2:.1f}",
            height=f"{count / most * (_FLOOR - 18):.1f}", fill="var(--bh-crust)",
        )
        for n, count in enumerate(counts)
        if count
    ]  # fmt: skip


def _baseline() -> Markup:
    return html.element("path", d=f"M0 {_FLOOR}.5H{_WIDTH}", cls="axis")


def _limit_line(at: float, limit: int) -> Markup:
    line = html.element("path", d=f"M{at:.1f} 12V{_FLOOR}", stroke="var(--bh-ink)", stroke_dasharray="3 3")
    return line + _label(at, _HEIGHT - 4, f"limit {limit}", "end" if at > _WIDTH * 0.8 else "middle")


def _label(x: float, y: float, words: str, anchor: str) -> Markup:
    return html.element("text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _in_words(lengths: Lengths) -> str:
    told = f"Half of the passages are shorter than {lengths.median} tokens. "
    if not lengths.cut:
        return told + f"All fit into the {lengths.limit} that the model reads."
    share = numbers.percent(lengths.cut) if lengths.cut >= 0.01 else "Fewer than 1\u202f%"
    return told + f"{share} are longer than the {lengths.limit} that the model reads: their ends are cut off."
