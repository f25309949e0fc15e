"""How many passages each language gives, and how many questions are made from each passage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

Balance = Literal["natural", "root", "equal"]

QUERIES = 250_000
"""About how many questions GPL makes, whatever the size of the corpus (Wang et al., 2022, section 4.2)."""
LEAST, MOST = 3, 50
"""Questions of one passage: GPL's least, and where more would only repeat the others."""

_EXPONENT: dict[Balance, float] = {"natural": 1.0, "root": 0.5, "equal": 0.0}


def balanced(available: Mapping[str, int], balance: Balance, each: int, total: int | None = None) -> dict[str, int]:
    """How many passages are drawn from each language.

    With n passages, and m in the smallest language: n for ``natural``, √(n·m) for ``root``, m for ``equal``.
    So the smallest language always gives all it has, and no passage is drawn twice.

    :param available: Language → passages to draw from; languages without any get none.
    :param each: No language gives more.
    :param total: All languages together give no more than about this; each is cut by the same share.
    """
    some = {lang: count for lang, count in available.items() if count}
    least = min(some.values(), default=0)
    power = _EXPONENT[balance]
    counts = {lang: min(each, round(least ** (1 - power) * count**power)) for lang, count in some.items()}
    share = min(1.0, total / max(1, sum(counts.values()))) if total else 1.0
    return {lang: max(1, int(counts[lang] * share)) if lang in counts else 0 for lang in available}


def passages_at_most(setting: int) -> int | None:
    """How many passages all languages together may give: GPL's limit where it decides, else none.

    :param setting: ``generate.queries_per_passage``.
    """
    return None if setting else QUERIES // LEAST


def questions_each(setting: int, passages: int) -> int:
    """How many questions are made from each passage: the setting, or for 0 what GPL takes.

    So many that all passages together give about ``QUERIES``, between ``LEAST`` and ``MOST``.

    :param setting: ``generate.queries_per_passage``.
    :param passages: How many passages there are, of all languages, those kept out for dev too.
    """
    return setting or min(MOST, max(LEAST, math.ceil(QUERIES / max(1, passages))))
