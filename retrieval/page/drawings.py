"""Drawings of a corpus: its languages as a bar, its lengths as a histogram."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from retrieval.lengths import Lengths
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name

_WIDTH, _HEIGHT, _FLOOR = 480, 110, 86
_BINS = 32
_FARTHEST = 8
"""Times the limit that the axis reaches at most; what is longer stands in the last bar."""
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


def length_histogram(lengths: Lengths, whole: Lengths | None = None, cut: int = 0) -> Markup:
    """How many documents have which length, with the model's limit as a line, and the same in words.

    What lies beyond the limit is drawn in another colour: its ends are what the model does not read.

    :param whole: The lengths before documents were cut, drawn as outlines behind.
    :param cut: The most tokens that passages were to have; 0 where documents are whole.
    """
    if not lengths.tokens:
        return Markup("")
    longest = max(each.tokens[int(0.99 * (len(each.tokens) - 1))] for each in (lengths, whole or lengths))
    top = max(lengths.limit * 1.1, min(longest * 1.05, lengths.limit * _FARTHEST))
    now, then = _shares(lengths, top), _shares(whole, top) if whole else []
    most = max([*now, *then])
    lines = [_limit_line(lengths.limit / top * _WIDTH, f"limit {lengths.limit}")]
    if cut and cut < lengths.limit:
        lines.append(_limit_line(cut / top * _WIDTH, str(cut)))
    edge = lengths.limit / top * _BINS
    inside = html.join(
        [*_outlines(then, most), *_bars(now, most, edge), _baseline(), *lines, _label(0, _HEIGHT - 4, "0", "start")]
    )
    words = _in_words(lengths, whole, cut)
    drawing = html.element(
        "svg",
        inside,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        cls="bh-chart bh-histogram",
        role="img",
        aria_label=words,
    )
    return drawing + html.note(words)


def _shares(lengths: Lengths, top: float) -> list[float]:
    """The share of documents in each bin; the last holds all that are longer."""
    counts = [0] * _BINS
    for length in lengths.tokens:
        counts[min(_BINS - 1, int(length / top * _BINS))] += 1
    return [count / len(lengths.tokens) for count in counts]


def _bars(shares: list[float], most: float, edge: float) -> list[Markup]:
    """:param edge: The bin that the model's limit lies in, and where in it."""
    return [
        _bar(n, share / most, fill="var(--bh-crust)" if n + 0.5 < edge else "var(--bh-bad)")
        for n, share in enumerate(shares)
        if share
    ]


def _outlines(shares: list[float], most: float) -> list[Markup]:
    return [_bar(n, share / most, fill="none", stroke="var(--bh-edge)") for n, share in enumerate(shares) if share]


def _bar(place: int, height: float, **colours: str) -> Markup:
    width, tall = _WIDTH / _BINS, height * (_FLOOR - 18)
    return html.element(
        "rect",
        x=f"{place * width + 1:.1f}",
        y=f"{_FLOOR - tall:.1f}",
        width=f"{width - 2:.1f}",
        height=f"{tall:.1f}",
        **colours,
    )


def _baseline() -> Markup:
    return html.element("path", d=f"M0 {_FLOOR}.5H{_WIDTH}", cls="axis")


def _limit_line(at: float, name: str) -> Markup:
    line = html.element("path", d=f"M{at:.1f} 12V{_FLOOR}", stroke="var(--bh-ink)", stroke_dasharray="3 3")
    return line + _label(at, _HEIGHT - 4, name, "end" if at > _WIDTH * 0.8 else "middle")


def _label(x: float, y: float, words: str, anchor: str) -> Markup:
    return html.element("text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _in_words(lengths: Lengths, whole: Lengths | None, cut: int) -> str:
    told = f"Half of the passages are shorter than {lengths.median} tokens. "
    if lengths.cut:
        share = _share(lengths.cut)
        told += f"{share[:1].upper()}{share[1:]} are longer than the {lengths.limit} that the model reads: their ends are cut off."
        told += "" if cut else " Make passages of them under “Passages and splits”."
    else:
        told += f"All fit into the {lengths.limit} that the model reads."
    if whole and whole.cut:
        told += f" Outlined: the whole documents, of which {_share(whole.cut)} were longer."
    elif whole:
        told += " Outlined: the whole documents."
    return told


def _share(share: float) -> str:
    return numbers.percent(share) if share >= 0.01 else "fewer than 1\u202f%"
