"""A run's questions beside their passages, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import Literal

from markupsafe import Markup

from retrieval.artifact import MANIFEST
from retrieval.beir import QUERIES
from retrieval.errors import BakehouseError
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name
from training import filter as sift
from training import generate
from training.page.look import Look
from training.questions import queries
from training.questions.queries import Shown
from training.runs import RunFolder

SHOWN = 10
"""Questions on a page."""
_LONG = 320
Which = Literal["all", "kept", "rejected"]
_WHICH: tuple[Which, ...] = ("all", "kept", "rejected")


@dataclass(frozen=True, slots=True)
class View:
    """What a visitor wants to see of them.

    :param open: Whether the fold is open: nothing is read for a closed one.
    :param lang: The language's code; the first one if empty.
    :param at: Which page, from 0.
    """

    open: bool = False
    lang: str = ""
    which: Which = "all"
    at: int = 0

    def turned(self, lang: str, which: str, at: str) -> View:
        """The view after a click, whose words come from the browser."""
        chosen: Which = next((name for name in _WHICH if name == which), "all")
        return replace(self, lang=lang, which=chosen, at=int(at) if at.isdecimal() else 0)


@dataclass(frozen=True, slots=True)
class Page:
    """Some questions, and how many there are in all.

    :param counts: Language → all, kept or rejected → questions.
    :param lang: The language that is shown.
    :param at: Which page, the last one if the view is beyond it.
    :param total: Rows on all pages: a question stands in as many as it has passages.
    """

    counts: Mapping[str, Mapping[Which, int]]
    lang: str
    at: int
    total: int
    rows: Sequence[Shown]


def questions(look: Look, view: View) -> Markup:
    """The fold's content; nothing while it is closed."""
    if not view.open:
        return Markup("")
    run = look.line.run
    if look.line.recipe.fit.data_only:
        return html.note("This run trains on a person’s own data alone: no questions are made.")
    try:
        page = _page(run, _stamp(run), view)
    except BakehouseError as error:
        waits = look.line.status.alive
        return html.note("They stand here as soon as all are made.") if waits else html.error(str(error))
    if not page.counts:
        return html.note("There are none.")
    return html.join([_choice(page, view), _list(page.rows), _turns(page, view), _editing(run)])


def _stamp(run: RunFolder) -> tuple[int, ...]:
    """Changes when the questions do."""
    stages = run.path / "stages"
    files = [path for name in (generate.NAME, sift.NAME) for path in stages.glob(f"{name}-*/{MANIFEST}")]
    files += stages.glob(f"{generate.NAME}-*/{QUERIES}")
    return tuple(path.stat().st_mtime_ns for path in sorted(files))


@lru_cache(maxsize=8)
def _page(run: RunFolder, stamp: tuple[int, ...], view: View) -> Page:
    """Only what a page shows is kept: all of them may be hundreds of thousands."""
    rows = queries.shown(run)
    counts: dict[str, dict[Which, int]] = {}
    seen: set[str] = set()
    for row in rows:
        of_language = counts.setdefault(row.lang, dict.fromkeys(_WHICH, 0))
        if row.query not in seen:
            of_language["all"] += 1
            of_language["rejected" if row.reason else "kept"] += 1
        seen.add(row.query)
    lang = view.lang if view.lang in counts else next(iter(counts), "")
    chosen = [row for row in rows if row.lang == lang and _is(row, view.which)]
    at = min(view.at, max(0, len(chosen) - 1) // SHOWN)
    return Page(counts, lang, at, len(chosen), chosen[at * SHOWN : (at + 1) * SHOWN])


def _is(row: Shown, which: Which) -> bool:
    return which == "all" or bool(row.reason) == (which == "rejected")


def _choice(page: Page, view: View) -> Markup:
    """The languages, and which of their questions."""
    languages = [
        _button(html.isolate(language_name(lang)), of["all"], lang == page.lang, lang, view.which)
        for lang, of in page.counts.items()
    ]
    which = [_button(name, page.counts[page.lang][name], name == view.which, page.lang, name) for name in _WHICH]
    return html.block(html.block(*languages), html.block(*which), cls="bh-asked-choice")


def _button(name: str, count: int, on: bool, lang: str, which: Which) -> Markup:
    label = html.join([name, " ", html.element("small", numbers.count(count))])
    return html.act(label, "turn", on=on, at="0", lang=lang, which=which)


def _list(rows: Sequence[Shown]) -> Markup:
    if not rows:
        return html.note("None.")
    of_passages = (list(group) for _, group in groupby(rows, key=lambda row: row.passage_id))
    return html.element("ol", html.join(map(_item, of_passages)), cls="bh-asked")


def _item(rows: Sequence[Shown]) -> Markup:
    """A passage, beside it its questions and what became of each."""
    passage, lang = rows[0].passage, rows[0].lang
    short = passage if len(passage) <= _LONG else passage[:_LONG].rstrip() + "…"
    asked = html.element("ul", html.join(map(_question, rows)))
    source = html.block(html.text(short, lang, "bh-asked-passage"), html.mono(rows[0].passage_id))
    return html.element("li", html.join([asked, source]))


def _question(row: Shown) -> Markup:
    told = html.join([html.text(row.question or "(empty)", row.lang, "bh-asked-question"), _fate(row)])
    return html.element("li", told, cls="is-rejected" if row.reason else None)


def _fate(row: Shown) -> Markup:
    if row.reason:
        return html.element("span", f"rejected: {row.reason}", cls="bh-asked-reason")
    return html.element("span", "kept out of training, for dev", cls="bh-note") if row.split == "dev" else Markup("")


def _turns(page: Page, view: View) -> Markup:
    if page.total <= SHOWN:
        return Markup("")
    first = page.at * SHOWN
    told = f"{numbers.count(first + 1)} to {numbers.count(first + len(page.rows))} of {numbers.count(page.total)}"
    return html.block(*_steps(page, view), html.element("span", told, cls="bh-note"), cls="bh-asked-turns")


def _steps(page: Page, view: View) -> Iterator[Markup]:
    if page.at:
        yield html.act("← Back", "turn", at=str(page.at - 1), lang=page.lang, which=view.which)
    if (page.at + 1) * SHOWN < page.total:
        yield html.act("Next →", "turn", at=str(page.at + 1), lang=page.lang, which=view.which)


def _editing(run: RunFolder) -> Markup:
    """The commands to edit them; the page itself only shows."""
    command = f"python -m training queries {run.id} --export questions.csv"
    button = html.element("button", "Copy", type="button", cls="bh-act", data_copy=command, title=command)
    told = html.join(["To edit them, write them to a file; ", html.mono("--replace"), " puts it back:"])
    line = html.element("code", command, cls="bh-command", tabindex=0)
    return html.join([html.note(told), html.block(line, button, cls="bh-as-command")])
