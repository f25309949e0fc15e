"""What the five tabs share, so that they look and behave as one house.

**A tab file** has one public function, ``build(page: PageState) -> None``, which ``app.py`` calls inside
``with gr.Tab("Search", id="search")`` (ids: search, data, train, scores, compare). Only ``app.py``
and files under ``tabs/`` (and ``training/tab.py``) import gradio; nothing in this package does.

**Events**, always wired so::

    button.click(page.guard(start), [name], [shown], api_name="start", concurrency_limit=4)
    page.clock.tick(page.guard(refresh), outputs=[shown], api_visibility="private",
                    show_progress="hidden", queue=False)

- ``page.guard(handler)`` turns a :class:`~retrieval.errors.BakehouseError` or a full disk into a
  sentence in a toast, and anything else into "something broke; the log has the details" with the
  traceback in the log. ``page.guard(handler, show=lambda sentence: html.error(sentence))`` puts the
  sentence where the answer would have stood instead: ``show`` returns what the handler would have.
- Every endpoint is named (``api_name``) or private (``api_visibility="private"``); what changes
  state asks :func:`retrieval.page.visitors.may_change` inside the handler, which takes a
  ``request: gr.Request``, or calls ``require_change(request)``, which refuses with the remedy.
- What uses a model says ``concurrency_id="model"``. Polling says ``show_progress="hidden"``.
- State lies in files, so a tab reads it again on ``page.opened.then(...)`` (the page was opened; corpus
  and model are set by then) and on ``page.clock.tick(...)``.

**Markup** comes from :mod:`retrieval.page.html`, whose builders escape every ``str`` and leave
``Markup`` alone; give the result to ``gr.HTML(**SURFACE)``. Never build HTML with f-strings.
Clicks inside it: ``html.act("Stop", "stop", run=run.id)`` makes a quiet button; the ``gr.HTML``'s
``.click(page.guard(handler), ...)`` calls a handler whose ``event: gr.EventData`` has
``event.act == "stop"`` and ``event.run``. Rows of a table are clickable the same way.

**Layout**: no gr.Group, Accordion boxes or gr.Markdown headings; use ``html.heading("Runs", "3")``
between hairlines, ``gr.Row(elem_classes="bh-split")`` for two columns that stack on a phone,
``elem_classes="bh-quiet"`` for a secondary button, ``variant="primary"`` for the one that matters
(one a tab). Inputs keep their visible label. ``gr.Accordion(elem_classes="bh-fold")`` is a fold.

Style that all tabs share stands in ``theme.css``; what one tab alone needs, in ``TAB.css`` beside it.

**Colours** in drawings are CSS variables, right in light and dark: ``--bh-ink``, ``--bh-soft`` (second
text), ``--bh-line`` (hairlines), ``--bh-paper``, ``--bh-shade`` (a hover, a stripe), ``--bh-crust`` (the accent),
``--bh-good``, ``--bh-bad``, and ``--bh-series-1`` … ``--bh-series-8`` for languages and systems, in a
fixed order (:func:`retrieval.page.html.series`). Drawings are inline SVG with these, in a ``bh-chart``.

**Menus**: :mod:`retrieval.page.menus` has the choices of corpora and models. After making a corpus or a
model, return ``gr.Dropdown(choices=corpus_choices(), value=name)`` to ``page.corpus`` (or ``page.model``).

**Numbers**: :mod:`retrieval.page.numbers`; measures read ``.831``, counts ``2,314``, shares ``62 %``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from retrieval.page.guard import Guard

CLICKS = """
let held = '';
const place = (target) => Object.entries(target.dataset)
  .map(([key, value]) => `[data-${key}="${CSS.escape(value)}"]`).join('');
element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-act]');
  if (target && element.contains(target)) { trigger(target.dataset.event || 'click', {...target.dataset}); }
});
element.addEventListener('keydown', (event) => {
  const target = event.target.closest('[data-act]');
  if (target && target.tagName !== 'BUTTON' && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault();
    target.click();
  }
});
element.addEventListener('focusin', (event) => {
  const target = event.target.closest('[data-act]');
  held = target ? place(target) : '';
});
watch('value', () => {
  if (held && document.activeElement === document.body) {
    element.querySelector(held)?.focus({preventScroll: true});
  }
});
"""
"""``js_on_load`` of a gr.HTML: its ``data-act`` elements are heard, and the keyboard keeps its place
when the HTML is drawn anew."""

SURFACE: dict[str, Any] = {"apply_default_css": False, "padding": False, "js_on_load": CLICKS}
"""How every gr.HTML of the page is made: ``gr.HTML(html.empty(...), **SURFACE)``. See the top of this file."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """What the header says about the jobs.

    :param text: Such as ``1 job running · 62 %``; empty when there is nothing to say.
    :param run: The id of the run that a click leads to.
    :param share: How much of it is done, 0 to 1, or None where that is not known.
    """

    text: str = ""
    run: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class PageState:
    """The gradio components that belong to the whole page, made once by the header.

    :param opened: The event of a person opening the page, after corpus and model are set:
        ``page.opened.then(page.guard(read), outputs=[shown], api_visibility="private")``.
    :param tabs: The ``gr.Tabs``; a handler that returns ``gr.Tabs(selected="search")`` for it goes there.
    :param corpus: ``gr.Dropdown`` of corpus names: its value goes to
        :func:`retrieval.corpora.open_known`; ``.change`` tells that another was chosen.
    :param model: ``gr.Dropdown`` of model names: its value goes to :func:`retrieval.models.resolve`.
    :param run: ``gr.State`` with the id of the run to show; set by a click on the queue.
    :param clock: ``gr.Timer`` of three seconds for all polling.
    :param guard: Wraps every handler: see the top of this file.
    """

    opened: Any
    tabs: Any
    corpus: Any
    model: Any
    run: Any
    clock: Any
    guard: Guard


QueueReader = Callable[[], QueueLine]
"""Reads the state of the jobs from their files; ``app.py`` hands it to the header."""
