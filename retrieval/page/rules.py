"""The rules of the format, folded up by where they hold."""

from __future__ import annotations

from markupsafe import Markup

from retrieval.page import html, numbers
from retrieval.validate.rules import Rule, by_place


def rules_panel() -> Markup:
    """Every rule with an example of a fault, one fold for each file."""
    return html.join(_fold(place, rules) for place, rules in by_place().items())


def _fold(place: str, rules: list[Rule]) -> Markup:
    title = f"{numbers.counted(len(rules), 'rule')} of {place}"
    entries = html.element("ul", html.join(map(_entry, rules)), cls="bh-faults")
    return html.element("details", html.element("summary", title) + entries, cls="bh-rules")


def _entry(rule: Rule) -> Markup:
    aside = f"{rule.example} → {rule.harm}" + (f" --fix: {rule.fix}." if rule.fix else "")
    parts = [html.mono(rule.name), " ", rule.says, " ", html.element("span", aside, cls="bh-aside")]
    return html.element("li", html.join(parts), cls="is-error" if rule.severity == "error" else None)
