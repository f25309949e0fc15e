"""What a run takes: parameters, batch, memory, and where its time goes."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from retrieval.page import html, numbers
from training.page.look import Look

_SHORT = 1.0
"""Seconds: a stage that took less is not worth a word."""


def facts(look: Look) -> Markup:
    """Names and values of all that is known so far; nothing before the fit has begun."""
    told = [*_learning(look), *_memory(look), *_examinations(look), *_times(look)]
    return html.block(html.pairs(told), cls="bh-facts") if told else Markup("")


def _learning(look: Look) -> Iterator[tuple[str, str]]:
    if found := look.line.status.fit:
        share = found["trainable_parameters"] / found["total_parameters"]
        said = numbers.percent(share) if share >= 0.01 else "under 1\u202f%"
        yield (
            "Learns",
            f"{numbers.short(found['trainable_parameters'])} of {numbers.short(found['total_parameters'])} parameters ({said})",
        )
        yield "Batch", numbers.counted(found["batch_size"], "row")


def _memory(look: Look) -> Iterator[tuple[str, str]]:
    memory = look.line.status.fit.get("memory", {})
    expected = f"{numbers.size(memory['estimate'])} expected" if "estimate" in memory else ""
    peak = f"{numbers.size(memory['peak'])} at its peak" if "peak" in memory else ""
    if peak or expected:
        yield "Memory", ", ".join(filter(None, [peak, expected]))


def _examinations(look: Look) -> Iterator[tuple[str, Markup]]:
    spent = look.history.spent
    if not spent.get("steps") or not spent.get("counted_examinations"):
        return
    share = spent["examinations"] / spent["steps"]
    told = (
        f"{numbers.percent(share)} of the steps’ time: {numbers.counted(int(spent['counted_examinations']), 'time')}, "
        f"{numbers.duration(spent['examinations'])} beside {numbers.duration(spent['steps'])}"
    )
    yield "Examinations", html.text(told)


def _times(look: Look) -> Iterator[tuple[str, str]]:
    took = [
        f"{stage} {numbers.duration(seconds)}" for stage, seconds in look.history.stages.items() if seconds > _SHORT
    ]
    if took:
        yield "Time", ", ".join(took)
