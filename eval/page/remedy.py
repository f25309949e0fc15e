"""What to do after a verdict: a button where something can be done, else a sentence."""

from __future__ import annotations

from markupsafe import Markup

from eval.compare import Comparison
from eval.page.sides import Sides, loadable, winner
from eval.page.standing import Standing
from eval.wording import power
from retrieval.page import html


def remedy(comparison: Comparison, systems: Sides) -> Markup:
    """Use B where it won, keep A where it did not."""
    side = winner(comparison)
    standing = systems.b if side == "b" else systems.a
    told = html.element("span", _told(comparison, standing), cls="bh-note")
    if standing.kind == "lexical" or loadable(standing) is None:
        return told
    label = "Use B for search" if side == "b" else "Keep A"
    return html.join(
        [html.element("span", html.act(label, "use", quiet=False, side=side), cls=f"bh-use is-{side}"), told]
    )


def _told(comparison: Comparison, standing: Standing) -> str:
    letter = winner(comparison).upper()
    if standing.kind == "lexical":
        return f"{letter} is BM25: under Search, choose the mode lexical to search with words alone."
    if standing.kind == "brought":
        return f"{letter} is a run that another program made: there is no model here to search with."
    if standing.kind == "bound":
        return f"{letter} is an upper bound: a teacher ordered the hits of another system anew. It tells what could be learned."
    if loadable(standing) is None:
        return f"The weights of {letter} are not kept any more, so it cannot be searched with."
    mode = f" Choose the mode {standing.mode} there." if standing.mode != "hybrid" else ""
    if letter == "B":
        return f"Sets {letter}’s model at the top of the page.{mode}"
    if comparison.verdict == "worse":
        return f"B lost: nothing is gained by changing.{mode}"
    return f"No difference shown is no reason to change. {power(comparison)}{mode}"
