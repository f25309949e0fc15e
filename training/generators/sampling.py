"""What both kinds of generating model share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from training.config import Generate

_NUMBERING = re.compile(r"^\s*(\d{1,2}[.)]|[-*•])\s+")


def best_device() -> str:
    """``cuda``, ``mps`` or ``cpu``: the fastest this machine has."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def sampling_options(settings: Generate, count: int) -> dict[str, Any]:
    """Nucleus sampling, as GPL generates: diverse questions serve better than one beam's variants."""
    return {
        "do_sample": True,
        "top_p": settings.top_p,
        "temperature": settings.temperature,
        "num_return_sequences": count,
        "max_new_tokens": settings.max_query_tokens,
    }


def cleaned(texts: Iterable[str]) -> list[str]:
    """First lines without numbering and quotes, empty and repeated ones left out."""
    lines = (text.strip().splitlines()[0] if text.strip() else "" for text in texts)
    questions = (_NUMBERING.sub("", line).strip().strip("\"'“”«»").strip() for line in lines)
    return list(dict.fromkeys(question for question in questions if question))
