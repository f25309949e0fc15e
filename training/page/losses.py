"""Which loss fits which data, as a short table."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup

from retrieval.page import html
from training.data.shapes import WORDS, Shape
from training.fitting.losses import RECOMMENDED, TABLE, Loss, valid_for


@cache
def losses_table() -> Markup:
    """Each shape of data with its columns, the loss that ``auto`` takes, and the others that fit."""
    rows = [[_data(shape), _losses(shape)] for shape in WORDS]
    hint = html.join(["Which of them fit a file of yours: ", html.mono("python -m training losses FILE")])
    return html.table(["Your data", "fit.loss"], rows, "Which loss fits which data") + html.note(hint)


def _data(shape: Shape) -> Markup:
    return html.join([html.element("strong", shape), html.block(WORDS[shape], cls="bh-note")])


def _losses(shape: Shape) -> Markup:
    best = TABLE[RECOMMENDED[shape]]
    others = [loss for loss in valid_for([shape]) if loss is not best]
    names = [html.element("strong", _name(best)), *map(_name, others)]
    return html.element("ul", html.join(html.element("li", name) for name in names), cls="bh-losses")


def _name(loss: Loss) -> Markup:
    return html.term(loss.name, f"{loss.fits} {loss.source}")
