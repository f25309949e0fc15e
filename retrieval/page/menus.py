"""What the menus of the page offer: ``(what is shown, the value)`` pairs, as ``gr.Dropdown`` takes them."""

from __future__ import annotations

from pathlib import Path

from retrieval.corpora import known_corpora
from retrieval.models import DEFAULT, known
from retrieval.page import numbers

Choices = list[tuple[str, str]]


def corpus_choices() -> Choices:
    """``handbook (6 languages)`` for ``handbook``, and so on for each known corpus."""
    return [
        (
            f"{corpus.name} ({numbers.counted(corpus.languages, 'language')})" if corpus.languages else corpus.name,
            corpus.name,
        )
        for corpus in known_corpora()
    ]


def model_choices() -> Choices:
    """A short title for each model worth offering: the base, and the best of each run."""
    return [(model_title(name), name) for name in known()]


def model_title(name: str) -> str:
    """``multilingual-e5-small · base``, ``my-run · best``, or the last part of any other name."""
    if name == DEFAULT:
        return f"{Path(name).name} · base"
    return f"{name} · best" if name in known() else Path(name).name


def chosen(choices: Choices, *wanted: str | None) -> str | None:
    """The first wanted value that is on offer, else the first on offer, else None."""
    values = [value for _, value in choices]
    return next((name for name in (*wanted, *values) if name in values), None)
