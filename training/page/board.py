"""What the Train tab shows of the runs: the list, and one run with its stages, words and verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from retrieval.page import html, numbers
from retrieval.page.menus import model_title
from training.page.history import Said
from training.page.look import Line, Look, command_of
from training.stages import NAMES, stages_of

SPLIT = "split"
"""What comes before the stages: it keeps nothing of its own."""
STAGES = (SPLIT, *NAMES)
_TELLS = 14


def runs_table(lines: Sequence[Line], chosen: str) -> Markup:
    """All runs as a list, the newest first; a click chooses one."""
    if not lines:
        return html.empty(
            "No runs yet.",
            "Choose a corpus on the left and press Start training. On the handbook the preset quick takes a few "
            "minutes on two cores; the run goes on when you close this page.",
        )
    columns = [
        html.Column("Run"),
        html.Column("State"),
        html.Column("Started"),
        html.Column(html.join(["dev ", html.term("nDCG@10")]), html.RIGHT),
    ]
    return html.table(columns, (_row(line, chosen) for line in lines), "Training runs")


def _row(line: Line, chosen: str) -> html.Row:
    name = html.block(
        html.element("span", f"{line.corpus} · {line.recipe.preset}", cls="bh-run-name"), html.mono(line.run.id)
    )
    started = numbers.ago(line.now - line.status.created) if line.status.created else numbers.NONE
    kind = "chosen" if line.run.id == chosen else ""
    cells = [name, html.state(line.state), started, gain(line)]
    return html.Row(cells, act="show", data={"run": line.run.id}, kind=kind)


def gain(line: Line) -> Markup:
    """``.839 → .842 ▲``, with a word where dev is synthetic."""
    if line.base is None:
        return html.element("span", numbers.NONE)
    if line.best is None:
        return html.join([f"base {numbers.measure(line.base)}", _synthetic(line)])
    better = line.best > line.base
    arrow = html.element(
        "span",
        "▲" if better else "=" if line.best == line.base else "▼",
        cls=f"bh-move is-{'up' if better else 'down'}" if line.best != line.base else "bh-move",
        aria_label="better than the base" if better else "not better than the base",
        role="img",
    )
    told = f"{numbers.measure(line.base)} → {numbers.measure(line.best)} "
    return html.join([html.element("span", html.join([told, arrow]), cls="bh-gain"), _synthetic(line)])


def _synthetic(line: Line) -> Markup:
    return html.block(html.term("synthetic"), cls="bh-note") if line.synthetic else Markup("")


def run_head(look: Look) -> Markup:
    """State, stages, figures, what one can do, and the verdict or the reason of a failure."""
    line = look.line
    title = html.join([f"{line.corpus} · {line.recipe.preset} ", html.mono(line.run.id)])
    return html.join(
        [
            html.heading(title, html.state(line.state)),
            stages_bar(look),
            html.element("p", _now(look), cls="bh-now", role="status"),
            _held_up(line),
            _ending(line),
            html.block(*_actions(look), cls="bh-actions"),
        ]
    )


def stages_bar(look: Look) -> Markup:
    """One segment a stage: done, under way with its share, failed, not needed, or still to come."""
    return html.element("ol", html.join(_segment(look, stage) for stage in STAGES), cls="bh-stages")


def _segment(look: Look, stage: str) -> Markup:
    state, share = segment_state(look, stage), segment_share(look, stage)
    fill = html.element("i", style=f"inline-size:{100 * share:.1f}%")
    name = html.element("span", _SAID.get(state, "{}").format(stage))
    seconds = look.history.stages.get(stage, 0.0)
    took = f"{stage}: {numbers.duration(seconds)}" if seconds else None
    return html.element("li", html.join([html.element("b", fill), name]), data_stage=stage, data_is=state, title=took)


_SAID = {"failed": "{} · failed", "stopped": "{} · stopped", "unused": "no {}"}


def segment_state(look: Look, stage: str) -> str:
    """``done``, ``now``, ``failed``, ``stopped``, ``unused`` or ``ahead``."""
    status, recipe = look.line.status, look.line.recipe
    if stage not in (SPLIT, *(each.name for each in stages_of(recipe))):
        return "unused"
    if status.state == "finished":
        return "done"
    reached = STAGES.index(status.stage) if status.stage in STAGES else -1
    position = STAGES.index(stage)
    if position != reached:
        return "done" if position < reached else "ahead"
    return status.state if status.state in ("failed", "stopped") else "now"


def segment_share(look: Look, stage: str) -> float:
    """How much of a stage is done, 0 to 1."""
    state, status = segment_state(look, stage), look.line.status
    if state in ("done", "unused", "ahead"):
        return float(state == "done")
    return status.step / status.total if status.total else 0.0


def _now(look: Look) -> str:
    status = look.line.status
    if look.stop_asked and status.alive:
        return "It saves a checkpoint and stops."
    if status.state == "stopped":
        return f"Stopped on request during {status.stage or 'its start'}. Resume goes on from there."
    if status.state == "waiting":
        return f"Waiting: {status.message}."
    if look.line.state == "paused":
        return "Paused until the disk has room."
    if look.line.stall:
        return f"Silent for {numbers.duration(look.line.stall.silent)}, after “{look.line.stall.last}”."
    if status.alive and status.stage:
        return f"{status.stage}: {status.message}"
    return ""


def _held_up(line: Line) -> Markup:
    """What a run waits for that seems to go on, and what a person can do."""
    if line.state == "paused":
        reason = line.status.message.removeprefix("paused: ")
        return html.element("p", f"{reason[:1].upper()}{reason[1:]}.", cls="bh-remedy")
    return html.element("p", line.stall.remedy, cls="bh-remedy") if line.stall else Markup("")


def _actions(look: Look) -> Iterable[Markup]:
    run, status = look.line.run.id, look.line.status
    if status.alive and not look.stop_asked:
        yield html.act("Stop", "stop", quiet=False, run=run)
    if status.state in ("stopped", "failed"):
        yield html.act("Resume", "resume", quiet=False, run=run)
    if status.state == "finished":
        yield html.act("Search with it", "search", quiet=False, run=run)
    yield html.act("Clone", "clone", quiet=False, title="Clone: fill the form with this run’s settings", run=run)
    yield copy(command_of(look.line.recipe), "Copy command line")


def copy(command: str, label: str) -> Markup:
    """A button that puts a command on the clipboard; the page's script hears ``data-copy``."""
    return html.element("button", label, type="button", cls="bh-act", data_copy=command, title=command)


def _ending(line: Line) -> Markup:
    status = line.status
    if status.state == "failed":
        reason = html.element("p", f"It failed: {status.reason}", cls="bh-error", role="alert")
        return html.join([reason, html.element("p", status.remedy, cls="bh-remedy")])
    return _verdict(line) if status.report else Markup("")


def _verdict(line: Line) -> Markup:
    report = line.status.report
    told = str(report["told"])
    recommended = str(report.get("recommended", ""))
    choice = "this run’s best checkpoint" if recommended == line.run.id else f"the base, {model_title(recommended)}"
    advice = f"Recommended: {choice}."
    entries = [
        (html.join([line.dev if split == "dev" else split, f", {mode}"]), _compared(found, line.run.id))
        for split in ("dev", "test")
        for mode, found in report.get(split, {}).items()
    ]
    return html.join([html.verdict(told[:1].upper() + told[1:], advice), html.pairs(entries)])


def _compared(found: dict[str, Any], run: str) -> Markup:
    figures = f"{numbers.measure(found['base'])} → {numbers.measure(found['best'])} "
    return html.join(
        [html.element("strong", figures), html.element("span", without_id(str(found["sentence"]), run), cls="bh-note")]
    )


def events(look: Look) -> Markup:
    """What happened, in words, the newest first."""
    told = list(look.history.said)[-_TELLS:]
    rows = (_event(said, look.line.run.id) for said in reversed(told))
    return html.element("ol", html.join(rows), cls="bh-events") if told else html.note("Nothing has happened yet.")


def _event(said: Said, run: str) -> Markup:
    clock = datetime.fromtimestamp(said.time).strftime("%H:%M:%S")
    parts = [
        html.element("time", clock),
        html.element("span", said.stage or "job", cls="bh-note"),
        html.text(without_id(said.message, run)),
    ]
    return html.element("li", html.join(parts))


def without_id(sentence: str, run: str) -> str:
    """A sentence about this run's checkpoints, on this run's own page: the id says nothing there."""
    return sentence.replace(f"{run} · ", "")


def log(look: Look) -> Markup:
    """The last lines of what the process printed."""
    return html.element("pre", look.log or "(empty)", cls="bh-log", tabindex=0, aria_label="End of the log")


def command(line: str) -> Markup:
    """The command that does what the button does, to copy."""
    return html.block(html.element("code", line, cls="bh-command", tabindex=0), copy(line, "Copy"), cls="bh-as-command")
