"""Ranked hits as a page shows them: alone, or two lists with the moves between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from retrieval.page import html, numbers
from retrieval.page.passage import marked, shared_terms
from retrieval.page.tongues import language_name
from retrieval.records import Hit

_WHY_TERMS = 5

Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one model answered.

    :param title: The model's short name.
    :param seconds: How long the search took.
    """

    model: str
    title: str
    hits: Sequence[Hit]
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A question and what was found.

    :param rankings: One, or two to compare.
    :param series: Language → the number of its colour.
    """

    corpus: str
    question: str
    rankings: Sequence[Ranking]
    series: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """Where a document went between two rankings: ``up``, ``down``, ``same``, ``new`` or ``gone``."""

    kind: Literal["up", "down", "same", "new", "gone"]
    ranks: int = 0

    @property
    def text(self) -> str:
        """``▲3``, ``▼2``, ``=``, ``new`` or ``gone``."""
        return {"up": f"▲{self.ranks}", "down": f"▼{self.ranks}", "same": "="}.get(self.kind, self.kind)


def moves(before: Sequence[Hit], after: Sequence[Hit]) -> dict[str, Move]:
    """The move of each document that stands in either ranking, by its name."""
    was = {hit.name: hit.rank for hit in before}
    now = {hit.name: hit.rank for hit in after}
    found = {doc_id: Move("gone") for doc_id in was.keys() - now.keys()}
    for doc_id, rank in now.items():
        climbed = was[doc_id] - rank if doc_id in was else None
        if climbed is None:
            found[doc_id] = Move("new")
        else:
            found[doc_id] = Move("up" if climbed > 0 else "down" if climbed else "same", abs(climbed))
    return found


def answer_html(answer: Answer, grades: Mapping[str, int]) -> Markup:
    """The whole answer.

    :param grades: Document id → the grade a person gave it for this question.
    """
    if len(answer.rankings) == 1:
        only = answer.rankings[0]
        return _line(only) + _list(answer, only, grades, {}, "after")
    before, after = answer.rankings
    moved = moves(before.hits, after.hits)
    left = html.block(_column_title(before), _list(answer, before, grades, moved, "before"), cls="bh-column")
    right = html.block(_column_title(after), _list(answer, after, grades, moved, "after"), cls="bh-column")
    return html.note(_summary(moved, len(after.hits))) + html.block(left, right, cls="bh-columns")


def _line(ranking: Ranking) -> Markup:
    grouped = any(hit.further is not None for hit in ranking.hits)
    found = numbers.counted(len(ranking.hits), "document" if grouped else "passage")
    return html.element("h2", f"{found} · {numbers.duration(ranking.seconds)}", cls="bh-note")


def _column_title(ranking: Ranking) -> Markup:
    return html.heading(ranking.title, numbers.duration(ranking.seconds))


def _summary(moved: Mapping[str, Move], size: int) -> str:
    kinds = Counter(move.kind for move in moved.values())
    if kinds["same"] == size:
        return "Both models answer alike."
    return f"{numbers.counted(size, 'passage')}: {kinds['same']} at the same rank, {kinds['new']} new, {kinds['gone']} gone."


def _list(answer: Answer, ranking: Ranking, grades: Mapping[str, int], moved: Mapping[str, Move], side: Side) -> Markup:
    items = (_item(answer, hit, grades.get(hit.document.id), moved.get(hit.name), side) for hit in ranking.hits)
    return html.element("ol", html.join(items), cls="bh-hits")


def _item(answer: Answer, hit: Hit, grade: int | None, move: Move | None, side: Side) -> Markup:
    document, lang = hit.document, hit.document.lang
    rank = html.element("span", join_rank(hit.rank, move, side), cls="bh-rank")
    title = html.element("h3", html.text(document.title or document.id, lang))
    language = html.tag(lang, language_name(lang), answer.series.get(lang))
    score = html.element("span", numbers.measure(hit.score, 2), cls="bh-score", title="score")
    head = html.block(title, language, score, cls="bh-hit-head")
    body = html.element("p", marked(answer.question, document.text, lang), dir="auto", lang=lang, cls="bh-passage")
    foot = html.block(why(hit, answer.question), judge_buttons(document.id, grade), cls="bh-hit-foot")
    return html.element("li", rank + html.block(head, body, foot, cls="bh-hit-body"), cls="bh-hit", data_id=document.id)


def join_rank(rank: int, move: Move | None, side: Side) -> Markup:
    """The rank, with the move below it: on the left only what is gone, on the right every other."""
    shown = move is not None and (move.kind == "gone") == (side == "before")
    arrow = html.element("span", move.text, cls=f"bh-move is-{move.kind}") if move and shown else ""
    return html.join([str(rank), arrow])


def why(hit: Hit, question: str) -> Markup:
    """The thin line below a hit: the parts of its score, and the words it shares with the question."""
    parts: list[Markup | str] = []
    if "dense" in hit.why:
        parts.append(html.term("dense") + f" {numbers.measure(hit.why['dense'], 2)}")
    if "lexical" in hit.why:
        parts.append(html.term("lexical") + f" {numbers.plain(hit.why['lexical'])}")
    if "rerank" in hit.why:
        parts.append(html.term("rerank") + f" {numbers.plain(hit.why['rerank'])}")
    shared = shared_terms(question, hit.document.full_text, hit.document.lang)[:_WHY_TERMS]
    words = html.join((html.text(term) for term in shared), ", ")
    parts.append("shares " + words if shared else "shares no word")
    parts += _of_parent(hit)
    return html.element("span", html.join(parts, " · "), cls="bh-why")


def _of_parent(hit: Hit) -> list[str]:
    """Which part of its parent a passage is, and how many others of it rank too."""
    said = []
    part, parts = map(hit.document.metadata.get, ("part", "parts"))
    if isinstance(part, int) and isinstance(parts, int):
        said.append(f"part {numbers.count(part)} of {numbers.count(parts)}")
    if hit.further:
        said.append(f"{numbers.counted(hit.further, 'further passage')} of it")
    return said


def judge_buttons(doc_id: str, grade: int | None) -> Markup:
    """A quiet ✓ and ✗; the chosen one stands out."""
    yes = html.act("✓", "judge", title="Answers it", on=grade == 1, doc=doc_id, grade="1")
    no = html.act("✗", "judge", title="Does not answer it", on=grade == 0, doc=doc_id, grade="0")
    return html.element("span", yes + no, cls="bh-judge")
