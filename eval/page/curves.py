"""A run's scores over its training steps, as a chart for each mode."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from eval.page.standing import Standing
from eval.page.tables import View, value
from eval.wording import measure_title
from retrieval.page import html
from retrieval.page.chart import FINE, INK, SCORES, STRONG, Frame, Line, chart

WIDTH, HEIGHT = 480, 240


def curves(view: View, examined: Sequence[Standing], mode: str) -> Markup:
    """The scores in one mode; nothing before there are two steps.

    :param examined: What one run has judged; only those of the mode are drawn.
    """
    drawn = lines(view, examined, mode)
    if not drawn:
        return Markup("")
    base = next((value(each, view.measure) for each in examined if each.mode == mode and not each.step), None)
    frame = Frame(
        f"{measure_title(view.measure)} of {mode} search over the training steps",
        max(step for line in drawn for step, _ in line.points),
        SCORES,
        WIDTH,
        HEIGHT,
        start="base",
        baseline=base,
        marked=next((each.step for each in examined if each.best), None),
    )
    return chart(frame, drawn)


def lines(view: View, examined: Sequence[Standing], mode: str) -> list[Line]:
    """A strong curve for all queries, then one for each language."""
    of_mode = [each for each in examined if each.mode == mode]
    whole = Line("all", _points(of_mode, view.measure), INK, STRONG, dots=True)
    by_language = [
        Line(lang, _points(of_mode, view.measure, lang), html.colour(view.colours[lang]), FINE, dots=True)
        for lang in view.languages
    ]
    return [line for line in [whole, *by_language] if len(line.points) > 1]


def _points(examined: Sequence[Standing], measure: str, lang: str = "") -> list[tuple[int, float]]:
    scores = {each.step: value(each, measure, lang) for each in examined}
    return [(step, score) for step, score in scores.items() if score is not None]
