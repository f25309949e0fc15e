"""Sentences of the commands, in the words of the page: where those name a flag, this names a place to click."""

from __future__ import annotations

import re

READING, SHAPING, COLUMNS = "How it is read", "Passages and splits", "Columns"
"""The titles of the places where a person overrules what was detected."""

_INSTEAD = (
    (r"or name its encoding with --encoding", f"or choose its encoding under “{READING}”"),
    (r"named with --encoding", "you chose it"),
    (r"Say which one it is, for instance --text .+\.$", f"Say which one it is under “{COLUMNS}” below."),
    (r", for instance with --records (\S+),", rf", such as \1 under “{READING}”,"),
    (r"To put them together and divide them anew, add --again\.", f"To divide them anew, say so under “{SHAPING}”."),
    (r"\bName more sources\b", "Drop more files"),
    (r"\bwith --chunk\b", f"under “{SHAPING}”"),
    (r"\bname the folder\b", "drop what is in it"),
    (r"\bname the file inside\b", "drop the file inside"),
)


def on_page(sentence: str) -> str:
    """The sentence without flags."""
    for flag, place in _INSTEAD:
        sentence = re.sub(flag, place, sentence)
    return sentence
