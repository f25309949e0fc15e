"""One query's two rankings side by side, with the judged documents marked."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from eval.compare import Change
from eval.page.comparison_files import of_rankings
from eval.page.evidence import Evidence
from retrieval.page import html, numbers
from retrieval.page.results import Move, Side, join_rank, moves
from retrieval.page.tongues import language_name
from retrieval.records import Document, Hit


def rankings(found: Evidence, change: Change, colours: Mapping[str, int]) -> Markup:
    """The query and both rankings.

    :param colours: Language → colour number.
    """
    moved = moves(found.a, found.b)
    heading = html.element("h3", html.text(found.text or found.query_id, found.language), cls="bh-asked")
    columns = html.block(
        _column("A", change.a, found, moved, "before", colours),
        _column("B", change.b, found, moved, "after", colours),
        cls="bh-columns",
    )
    return html.join(
        [
            html.heading("The chosen query", html.mono(found.query_id)),
            heading,
            columns,
            _missed(found),
            of_rankings(found),
            *(html.note(note) for note in found.notes),
        ]
    )


def _column(
    letter: str, score: float, found: Evidence, moved: Mapping[str, Move], side: Side, colours: Mapping[str, int]
) -> Markup:
    hits = found.a if side == "before" else found.b
    items = (_hit(hit, found, moved.get(hit.document.id), side, colours) for hit in hits)
    body = html.element("ol", html.join(items), cls="bh-ranked") if hits else html.note("Nothing was found.")
    return html.block(html.heading(letter, numbers.measure(score)), body, cls="bh-column")


def _hit(hit: Hit, found: Evidence, move: Move | None, side: Side, colours: Mapping[str, int]) -> Markup:
    document = hit.document
    grade = found.grades.get(document.id)
    rank = html.element("span", join_rank(hit.rank, move, side), cls="bh-rank")
    told = html.element("span", html.join([_title(document), _mark(grade)]), cls="bh-ranked-title")
    body = html.join([told, _other_language(document, found, colours)])
    return html.element("li", rank + body, cls="is-right" if grade and grade > 0 else None, data_id=document.id)


def _other_language(document: Document, found: Evidence, colours: Mapping[str, int]) -> Markup:
    """The language of a document that is not in the query's own."""
    if document.id not in found.documents or document.lang == found.language:
        return Markup("")
    return html.tag(document.lang, language_name(document.lang), colours.get(document.lang))


def _title(document: Document) -> Markup:
    if not document.full_text:
        return html.mono(document.id)
    return html.text(document.title or document.text[:80], document.lang)


def _mark(grade: int | None) -> Markup:
    if grade is None:
        return Markup("")
    if grade <= 0:
        return html.element("span", "✗ judged wrong", cls="bh-judged-wrong")
    return html.element("span", "✓ right" + (f", grade {grade}" if grade > 1 else ""), cls="bh-judged-right")


def _missed(found: Evidence) -> Markup:
    """The right documents that neither ranking has."""
    ranked = {hit.document.id for hit in [*found.a, *found.b]}
    missed = [doc_id for doc_id, grade in found.grades.items() if grade > 0 and doc_id not in ranked]
    if not missed:
        return Markup("")
    named = html.join((_title(found.document(doc_id)) for doc_id in missed), "; ")
    return html.note(html.join(["Right, but in neither of the two: ", named]))
