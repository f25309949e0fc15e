"""The shapes that training data can have: what stands in one row."""

from __future__ import annotations

from enum import StrEnum


class Shape(StrEnum):
    """What one row holds. The value is the name that people read; :data:`WORDS` says what it means."""

    PAIR = "pair"
    SCORED_PAIR = "scored pair"
    LABELLED_PAIR = "labelled pair"
    TRIPLET = "triplet"
    SCORED_TRIPLET = "scored triplet"
    MARGIN = "margin"
    LABELLED_TEXT = "labelled text"
    TEXT = "text"
    VECTOR = "text with vector"
    PARALLEL = "parallel"


WORDS: dict[Shape, str] = {
    Shape.PAIR: "two texts that belong together: query and positive, or sentence1 and sentence2",
    Shape.SCORED_PAIR: "two texts and how alike they are: query, positive and score",
    Shape.LABELLED_PAIR: "two texts and whether they belong together: query, positive and a label of 0 or 1",
    Shape.TRIPLET: "query, positive and one or more negatives",
    Shape.SCORED_TRIPLET: "query, positive, negatives and a teacher's score for each of these: a list in scores",
    Shape.MARGIN: "query, positive, negative and the label: how much higher a teacher scores the positive",
    Shape.LABELLED_TEXT: "text and class",
    Shape.TEXT: "text alone",
    Shape.VECTOR: "text and the vector that a teacher gives it: label.kind=bi-encoder, or a column vector",
    Shape.PARALLEL: "the same sentence in two or more languages (source and target, or en, de, …), and a teacher: "
    "label.kind=bi-encoder",
}
"""Shape → the columns that make it."""
