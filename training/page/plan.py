"""What a run will take, in words."""

from __future__ import annotations

from markupsafe import Markup

from retrieval.page import html, numbers
from training.plan import Plan


def plan_table(plan: Plan) -> Markup:
    """The plan as names and values."""
    entries = [
        *data(plan),
        ("Steps", steps(plan)),
        ("Judging", judging(plan)),
        ("Time", time(plan)),
        ("Memory", memory(plan)),
        ("Disk", disk(plan)),
        ("Price", "nothing: this machine does the work"),
    ]
    warning = (
        ""
        if plan.fits
        else html.error(
            "The disk is too full for this run’s checkpoints: free some space, keep fewer, or set BAKEHOUSE_HOME to a larger disk."
        )
    )
    return html.join([html.pairs(entries), warning])


def data(plan: Plan) -> list[tuple[str, Markup | str]]:
    """What is trained on."""
    if not plan.questions:
        return [("Data", "your own alone: no questions are made")]
    languages = html.join(
        [html.tag(f"{lang} {numbers.count(count)}") for lang, count in plan.passages.items()], Markup(" ")
    )
    return [
        ("Passages", html.join([f"{numbers.count(sum(plan.passages.values()))} ", languages])),
        ("Questions", f"up to {numbers.count(plan.questions)}"),
    ]


def steps(plan: Plan) -> str:
    """How many, and how often all rows are read."""
    told = f"{numbers.count(plan.steps)}, {plan.epochs:.2g} × all pairs"
    return f"up to {told}: the largest batch that fits is found first" if plan.found_batch else told


def judging(plan: Plan) -> str:
    """By what the checkpoints are judged."""
    times = numbers.counted(plan.examinations, "time")
    if plan.synthetic:
        kept = numbers.counted(plan.kept_out, "passage")
        return f"{times}, on synthetic dev: questions made from {kept} kept out of training"
    return f"{times}, on the corpus’s own dev judgments"


def memory(plan: Plan) -> str:
    """What weights and optimizer take."""
    if plan.need is None:
        return "known once the base model is on this machine; starting fetches it"
    share = f"{numbers.count(plan.need.trainable)} of {numbers.count(plan.need.parameters)} parameters learn"
    if plan.pace and plan.pace.memory:
        return f"{numbers.size(plan.pace.memory)} in all, as measured in an earlier run ({share})"
    return f"about {numbers.size(plan.need.memory)} for weights and optimizer, an estimate; the batch comes on top ({share})"


def disk(plan: Plan) -> str:
    """What the checkpoints take against what is free."""
    if plan.need is None:
        return f"known once the base model is on this machine; {numbers.size(plan.free)} free"
    return f"{numbers.size(plan.need.disk)} for checkpoints, {numbers.size(plan.free)} free"


def time(plan: Plan) -> str:
    """How long the steps take, if it is known."""
    if plan.pace is None or plan.seconds is None:
        return "known after the first steps: no run with this model and these settings was timed here"
    each = plan.pace.seconds
    pace = f"{numbers.plain(each)} s" if 1 <= each < 10 else numbers.duration(each)
    return f"about {numbers.duration(plan.seconds)} for the steps, at {pace} each as in an earlier run"
