"""What B is worse at, on the page: languages, questions, and the passages that moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from eval.page.cache import Duel
from eval.page.evidence import Evidence, evidence
from eval.regressions import Moved, Regression, Regressions, regressions
from eval.wording import points
from retrieval.page import html, numbers
from retrieval.page.tongues import language_name

SHOWN = 10
"""How many questions are listed."""
PASSAGES = 3
"""How many passages of a question are named that rose, and that fell."""


def losses(found: Duel, threshold: float, colours: Mapping[str, int]) -> Markup:
    """The languages and questions that lost more than the threshold.

    :param threshold: In the measure's own unit, 0 to 1.
    :param colours: Language → colour number.
    """
    lost = regressions(found.a, found.b, found.comparison, threshold)
    head = html.heading(f"Worse by more than {points(threshold)} points", numbers.count(len(lost.queries)))
    if not lost.queries:
        return html.join([head, _languages(lost, colours), html.note("No question.")])
    listed = (_query(each, evidence(found.a, found.b, each.change.query_id), colours) for each in lost.queries[:SHOWN])
    more = len(lost.queries) > SHOWN
    rest = html.note(f"The {SHOWN} that lost most are shown.") if more else ""
    return html.join([head, _languages(lost, colours), html.element("ul", html.join(listed), cls="bh-moved"), rest])


def _languages(lost: Regressions, colours: Mapping[str, int]) -> Markup:
    if not lost.languages:
        return Markup("")
    named = (
        html.join(
            [html.tag(language_name(each.language), series=colours[each.language]), f" {points(each.difference)}"]
        )
        for each in lost.languages
    )
    return html.note(html.join(["Languages that lost: ", html.join(named, ", ")]))


def _query(lost: Regression, shown: Evidence, colours: Mapping[str, int]) -> Markup:
    change = lost.change
    tag = html.tag(change.language, language_name(change.language), colours[change.language])
    text = html.text(change.text or change.query_id, change.language, cls="bh-question")
    inside = html.join([tag, text, html.element("span", points(change.difference), cls="bh-score")])
    moved = [_moved("rose", lost.rose, shown), _moved("fell", lost.fell, shown)]
    return html.element("li", html.join([html.act(inside, "query", query=change.query_id), *moved]))


def _moved(how: str, moved: Iterable[Moved], shown: Evidence) -> Markup:
    """The passages that judges have spoken of first, since they made the difference; then the farthest."""
    ordered = sorted(moved, key=lambda one: one.doc_id not in shown.grades)
    if not ordered:
        return Markup("")
    named = html.join((_passage(one, shown) for one in ordered[:PASSAGES]), "; ")
    return html.element("p", html.join([f"{how}: ", named]), cls="bh-behind")


def _passage(one: Moved, shown: Evidence) -> Markup:
    document = shown.document(one.doc_id)
    title = html.text(document.title or document.text[:60], document.lang) if document.full_text else ""
    grade = shown.grades.get(one.doc_id)
    mark = "" if grade is None else " ✓ right" if grade > 0 else " ✗ judged wrong"
    judged = html.element("span", mark, cls="bh-judged-right" if mark == " ✓ right" else "bh-judged-wrong")
    ranks = f" ({one.was or numbers.NONE}\u00a0→\u00a0{one.now or numbers.NONE})"  # never broken over two lines
    return html.join([title or html.mono(one.doc_id), judged if mark else "", ranks])
