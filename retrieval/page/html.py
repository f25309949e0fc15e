"""Pieces of HTML in the style of the house. Every ``str`` is escaped, ``Markup`` is left as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from retrieval.page.glossary import GLOSSARY

Text = str | Markup
RIGHT = "num"
LEFT = ""
SERIES = 8


def element(name: str, content: Text = "", /, **attributes: str | float | bool | None) -> Markup:
    """One element. ``cls`` stands for ``class``; ``data_run`` becomes ``data-run``; None and False leave it out."""
    return Markup("<{}{}>{}</{}>").format(Markup(name), _attributes(attributes), content, Markup(name))


def _attributes(attributes: Mapping[str, str | float | bool | None]) -> Markup:
    parts = Markup("")
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        name = Markup("class" if key == "cls" else key.rstrip("_").replace("_", "-"))
        parts += Markup(' {}=""').format(name) if value is True else Markup(' {}="{}"').format(name, str(value))
    return parts


def join(parts: Iterable[Text], between: Text = "") -> Markup:
    """The parts one after another, escaped."""
    return escape(between).join(escape(part) for part in parts)


def block(*parts: Text, cls: str = "") -> Markup:
    """A ``div`` around the parts."""
    return element("div", join(parts), cls=cls or None)


def text(content: str, lang: str = "", cls: str = "") -> Markup:
    """Words of a document or a person: their own direction, right to left where due."""
    known = lang if lang and lang != "und" else None
    return element("span", content, dir="auto", lang=known, cls=cls or None)


def isolate(content: str) -> str:
    """Words that may run right to left, for the middle of a plain string: what follows keeps its place."""
    return f"\u2068{content}\u2069"


def mono(content: str) -> Markup:
    """An id, a path, a command."""
    return element("code", content, cls="bh-mono")


def tag(content: Text, title: str = "", series: int | None = None) -> Markup:
    """A small label, such as a language; ``series`` puts its colour before it."""
    dot = element("i", cls="bh-dot", style=f"background:{colour(series)}") if series is not None else ""
    return element("span", join([dot, content]), cls="bh-tag", title=title or None)


def series(names: Iterable[str]) -> dict[str, int]:
    """A fixed colour number for each name, in the order given; pass the same order everywhere."""
    return {name: position % SERIES for position, name in enumerate(names)}


def colour(number: int) -> str:
    """The CSS value of a colour number of :func:`series`."""
    return f"var(--bh-series-{number % SERIES + 1})"


def term(word: str, explanation: str = "", shown: Text = "") -> Markup:
    """Jargon: a dotted line under it, one line of explanation on hover, tap or focus.

    :param word: Looked up in :data:`retrieval.page.glossary.GLOSSARY` unless ``explanation`` is given.
    :param shown: What stands on the page instead of ``word``.
    """
    meaning = explanation or GLOSSARY[word]
    # The words are in the text for screen readers; the bubble is drawn from the attribute.
    return element("dfn", shown or word, cls="bh-term", tabindex=0, data_meaning=meaning, aria_description=meaning)


def act(label: Text, name: str, /, *, title: str = "", quiet: bool = True, on: bool = False, **data: str) -> Markup:
    """A button inside HTML: the gr.HTML's click handler hears ``event.act == name`` and the data.

    With ``event="select"`` among the data, the select handler hears it instead.
    """
    attributes = {f"data_{key}": value for key, value in data.items()}
    return element(
        "button",
        label,
        type="button",
        cls="bh-act" + ("" if quiet else " bh-act-strong") + (" is-on" if on else ""),
        title=title or None,
        aria_label=title or None,
        aria_pressed="true" if on else None,
        data_act=name,
        **attributes,
    )


def heading(title: Text, aside: Text = "") -> Markup:
    """A section's title over a hairline, with a quiet word at its right end."""
    return block(element("h2", title), element("span", aside, cls="bh-aside"), cls="bh-heading")


def note(sentence: Text) -> Markup:
    """A quiet sentence."""
    return element("p", sentence, cls="bh-note")


def error(sentence: Text) -> Markup:
    """What went wrong and what to do, where the answer would have stood."""
    return element("p", sentence, cls="bh-error", role="alert")


def empty(title: Text, next_step: Text, *more: Text) -> Markup:
    """Nothing here yet: what this place is for, and what to do next."""
    return block(element("p", title, cls="bh-empty-title"), element("p", next_step), *more, cls="bh-empty")


def waiting(title: Text, detail: Text = "") -> Markup:
    """Something is under way: what, and how long it usually takes."""
    line = element("span", cls="bh-pulse", aria_hidden="true")
    return element(
        "div", join([line, element("p", title), note(detail) if detail else ""]), cls="bh-waiting", role="status"
    )


def verdict(sentence: Text, detail: Text = "") -> Markup:
    """One large sentence that sums up a tab, with a quiet one below."""
    return block(element("p", sentence, cls="bh-verdict"), note(detail) if detail else "")


def state(name: str) -> Markup:
    """A job's state: a dot and its word. Known: waiting, running, paused, stalled, stopped, failed, finished."""
    return element("span", join([element("i", cls="bh-dot"), name]), cls="bh-state", data_state=name)


def bar(share: float, label: Text = "", number: int | None = None) -> Markup:
    """A bar as wide as the share (0 to 1) of its place, with its label after it."""
    width = f"inline-size:{100 * min(1.0, max(0.0, share)):.2f}%"
    fill = f";background:{colour(number)}" if number is not None else ""
    return element("span", join([element("i", style=width + fill), element("b", label) if label else ""]), cls="bh-bar")


def pairs(entries: Iterable[tuple[Text, Text]]) -> Markup:
    """Names and values under one another."""
    rows = (join([element("dt", name), element("dd", value)]) for name, value in entries)
    return element("dl", join(rows), cls="bh-pairs")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a :func:`table` that is more than its words.

    :param heat: 0 to 1, how strongly the accent tints it.
    :param best: Whether it is the best of its column.
    """

    content: Text
    heat: float | None = None
    best: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a :func:`table`. With ``act`` it is clickable, and ``data`` comes with the click.

    :param kind: ``bound`` sets a row apart (a baseline, an upper bound); ``chosen`` marks it.
    """

    cells: Sequence[Text | Cell]
    act: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; ``align=RIGHT`` for numbers, ``sort`` if the rows are in its order: ``descending``."""

    title: Text
    align: str = LEFT
    sort: str = ""


def table(columns: Sequence[Column | str], rows: Iterable[Row | Sequence[Text | Cell]], caption: str) -> Markup:
    """A table with hairlines that scrolls sideways in its own frame.

    :param caption: Read by screen readers, not shown.
    """
    heads = [column if isinstance(column, Column) else Column(column) for column in columns]
    head = element("tr", join(map(_head, heads)))
    body = join(_row(row if isinstance(row, Row) else Row(row), heads) for row in rows)
    inside = join([element("caption", caption), element("thead", head), element("tbody", body)])
    # Focusable, because what scrolls must be reachable by keyboard.
    return element(
        "div", element("table", inside, cls="bh-table"), cls="bh-scroll", tabindex=0, role="region", aria_label=caption
    )


def _head(column: Column) -> Markup:
    return element("th", column.title, scope="col", cls=column.align or None, aria_sort=column.sort or None)


def _row(row: Row, heads: Sequence[Column]) -> Markup:
    cells = join(_cell(cell, head.align) for cell, head in zip(row.cells, heads, strict=True))
    data = {f"data_{key}": value for key, value in row.data.items()}
    clickable: dict[str, str | float] = {"data_act": row.act, "tabindex": 0} if row.act else {}
    return element("tr", cells, cls=f"is-{row.kind}" if row.kind else None, **clickable, **data)


def _cell(cell: Text | Cell, align: str) -> Markup:
    if not isinstance(cell, Cell):
        return element("td", cell, cls=align or None)
    classes = " ".join(
        filter(None, [align, "bh-heat" if cell.heat is not None else "", "is-best" if cell.best else ""])
    )
    style = f"--heat:{min(1.0, max(0.0, cell.heat)):.3f}" if cell.heat is not None else None
    return element("td", cell.content, cls=classes or None, style=style, title=cell.title or None)
