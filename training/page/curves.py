"""The curves of a run: dev nDCG overall and by language, loss, learning rate, memory and load."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from retrieval.page import html, numbers
from retrieval.page.chart import CRUST, FINE, INK, PLAIN, SCORES, SOFT, STRONG, Axis, Frame, Line, chart
from training.page.history import History
from training.page.look import Look

_WIDE = 736
_OTHER = {"hybrid": "dense", "dense": "hybrid"}


def curves(look: Look) -> Markup:
    """All charts that have data; before there is any, what will be seen here."""
    history = look.history
    small = [_small(history, *wanted) for wanted in _SMALL]
    drawn = [_quality(look), *small]
    if not any(drawn):
        if not look.line.status.alive:
            return Markup("")
        return html.note("The curves appear with the first examination and the first training steps.")
    return html.block(*filter(None, drawn), cls="bh-run-curves")


def _figure(title: Markup | str, picture: Markup, legend: Markup | str = "", cls: str = "") -> Markup:
    head = html.element("figcaption", html.join([html.element("span", title), legend]))
    return html.element("figure", head + picture, cls=cls or None)


def _quality(look: Look) -> Markup:
    """Dev nDCG@10 in the mode that decides, each language of it, and the other mode."""
    mode, dev = look.line.mode, look.history.dev
    if mode not in dev:
        return Markup("")
    by_series = {name: sorted(points.items()) for name, points in dev[mode].items()}
    names = sorted(name for name in by_series if name)
    lines = [Line(f"all, {mode}", by_series[""], INK, STRONG, dots=True)]
    if other := dev.get(_OTHER[mode]):
        lines.append(Line(f"all, {_OTHER[mode]}", sorted(other[""].items()), SOFT, PLAIN, dots=True))
    numbered = html.series(names)
    lines += [Line(name, by_series[name], html.colour(numbered[name]), FINE, dots=True) for name in names]
    frame = Frame(
        f"{look.line.dev} nDCG@10",
        max(look.history.total, 1),
        SCORES,
        width=_WIDE,
        height=220,
        start="base",
        baseline=look.line.base,
        marked=look.line.status.best.get("step"),
    )
    title = html.join([look.line.dev, " ", html.term("nDCG@10"), f", {mode}"])
    return _figure(title, chart(frame, lines), _legend(look, lines[:2], names, numbered), "is-wide")


def _legend(look: Look, whole: Sequence[Line], names: Sequence[str], numbered: dict[str, int]) -> Markup:
    last = {name: max(points.items())[1] for name, points in look.history.dev[look.line.mode].items()}
    said = [_key(line.colour, f"{line.name} {numbers.measure(line.points[-1][1])}") for line in whole]
    said += [_key(html.colour(numbered[name]), f"{name} {numbers.measure(last[name])}") for name in names]
    return html.element("span", html.join(said), cls="bh-run-legend")


def _key(colour: str, words: str) -> Markup:
    return html.element("span", html.element("i", cls="bh-dot", style=f"background:{colour}") + words, cls="bh-tag")


def _gigabytes(value: float) -> str:
    return f"{value / 1000:.3g} GB" if value else "0"


def _rate(value: float) -> str:
    return f"{value:.1e}".replace("e-0", "e-") if value else "0"


def _percent(value: float) -> str:
    return numbers.percent(value / 100)


_SMALL: tuple[tuple[str, Axis, dict[str, str]], ...] = (
    ("loss", Axis("{:.3g}".format), {"loss": "loss"}),
    ("learning rate", Axis(_rate, zero=True), {"learning_rate": "learning rate"}),
    ("memory", Axis(_gigabytes, zero=True), {"memory_mb": "this process", "gpu_memory_mb": "GPU"}),
    ("load", Axis(_percent, zero=True), {"cpu_percent": "processor", "gpu_percent": "GPU"}),
)
"""Title, the axis of values, and metric → name."""

_COLOURS = (CRUST, html.colour(1))


def _small(history: History, title: str, axis: Axis, metrics: dict[str, str]) -> Markup:
    found = {name: history.curve(metric) for metric, name in metrics.items() if history.curve(metric)}
    if not found:
        return Markup("")
    lines = [Line(name, points, colour) for (name, points), colour in zip(found.items(), _COLOURS, strict=False)]
    picture = chart(Frame(title, max(history.total, 1), axis), lines)
    last = [
        f"{name} {axis.written(points[-1][1])}" if len(found) > 1 else axis.written(points[-1][1])
        for name, points in found.items()
    ]
    keys = [_key(colour, words) for words, colour in zip(last, _COLOURS, strict=False)]
    shown = html.term(title) if title in ("loss", "learning rate") else title
    return _figure(shown, picture, html.element("span", html.join(keys), cls="bh-run-legend"))
