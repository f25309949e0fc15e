"""What the Train tab shows of a run: its events as curves and words, its stages, its verdict."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training import runs
from training.keeping import disk
from training.page import board
from training.page.curves import curves
from training.page.facts import facts
from training.page.history import History, history_of, thinned
from training.page.look import Look, command_of, line_of, lines, look_at, menu_name
from training.runs import RunFolder
from training.settings import load_recipe
from training.teaching.diagnosis import Diagnosis, Finding, Histogram

FIGURES = {
    "hybrid": {"ndcg@10": 0.5, "by_language": {"de": 0.4, "en": 0.6}},
    "dense": {"ndcg@10": 0.45, "by_language": {}},
}
Make = Callable[..., RunFolder]


@pytest.fixture
def make(home: Path, tiny_corpus: Path) -> Make:
    """Makes a run whose status has these fields."""

    def made(**status: Any) -> RunFolder:
        sections = status.pop("sections", {})
        run = runs.create(load_recipe({"corpus": str(tiny_corpus), **sections}), "tiny")
        run.write_status(replace(run.written_status(), **status))
        return run

    return made


def event(stage: str = "fit", step: int = 0, message: str = "", **metrics: Any) -> dict[str, Any]:
    return {"time": 1e9 + step, "stage": stage, "step": step, "total": 8, "message": message, "metrics": metrics}


def figures(value: float) -> dict[str, Any]:
    return {"hybrid": {"ndcg@10": value, "by_language": {"de": value}}, "dense": {"ndcg@10": value, "by_language": {}}}


# --- History


def test_events_become_curves_and_words() -> None:
    history = History()
    history.hear([event("split", message="passages: de 3"), event(dev=FIGURES, message="base: .5")])
    history.hear(
        [
            event(step=1, message="step 1 of 8", loss=2.0, epoch=0.1),
            event(step=2, loss=1.0, learning_rate=1e-5, epoch=0.2),
        ]
    )
    assert history.curve("loss") == [(1.0, 2.0), (2.0, 1.0)]
    assert history.curve("learning_rate") == [(2.0, 1e-5)]
    assert history.dev["hybrid"] == {"": {0: 0.5}, "de": {0: 0.4}, "en": {0: 0.6}}
    assert [said.message for said in history.said] == ["passages: de 3", "base: .5"], "steps are curves, not words"
    assert (history.total, history.seen) == (8, 4)


def test_the_scale_doctor_s_drawings_are_no_words() -> None:
    bars = Histogram.of(np.array([1.0, 2.0], np.float32), np.array([0.1], np.float32))
    told = Diagnosis((Finding("ok", "student", "all well."),), {}, {"a teacher": bars}).told
    history = History()
    history.hear(event(message=line) for line in told)
    assert (len(told), [said.message for said in history.said]) == (4, ["ok: all well."])


def test_a_step_done_again_after_a_resume_stands_once() -> None:
    history = History()
    history.hear([event(step=step, loss=float(step)) for step in (1, 2, 3, 2, 3, 4)])
    assert history.curve("loss") == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0)]


def test_a_fit_made_anew_begins_its_curves_anew() -> None:
    history = History()
    history.hear([event(step=step, loss=1.0) for step in (1, 2, 3)] + [event(dev=FIGURES)])
    history.hear([event("filter", message="made again", made_again=1)])
    assert len(history.curve("loss")) == 3, "another stage's news change no curve"
    history.hear([event(message="made again: fit.learning_rate changed", made_again=1), event(step=1, loss=9.0)])
    assert (history.curve("loss"), history.dev) == ([(1.0, 9.0)], {})


def test_only_new_lines_are_read_and_a_half_written_one_waits(make: Make) -> None:
    run = make()
    run.append_event(event(step=1, loss=1.0))
    assert history_of(run).seen == 1
    with (run.path / runs.EVENTS).open("a") as out:
        out.write(json.dumps(event(step=2, loss=2.0))[:40])
    assert history_of(run).seen == 1
    with (run.path / runs.EVENTS).open("a") as out:
        out.write(json.dumps(event(step=2, loss=2.0))[40:] + "\n")
    assert history_of(run).curve("loss") == [(1.0, 1.0), (2.0, 2.0)]


def test_long_curves_are_thinned_to_means() -> None:
    points = [(step, float(step)) for step in range(1, 11)]
    assert thinned(points, most=4) == [(3.0, 2.0), (6.0, 5.0), (9.0, 8.0), (10.0, 10.0)]
    assert thinned(points, most=10) == [(float(step), value) for step, value in points]
    assert thinned([]) == []


# --- Stages


def states(look: Look) -> str:
    return " ".join(board.segment_state(look, stage) for stage in board.STAGES)


def test_stages_say_how_far_a_run_is(make: Make) -> None:
    # a job of this machine with a process that lives: pytest's own would do, but a heartbeat of another host does too
    alive = {"host": "elsewhere", "heartbeat": time.time()}
    fitting = look_at(make(state="running", stage="fit", step=2, total=8, **alive))
    assert states(fitting) == "done done done done unused now ahead"
    assert [board.segment_share(fitting, stage) for stage in ("mine", "label", "fit", "verdict")] == [1, 0, 0.25, 0]
    waiting = look_at(make(state="waiting", stage="queue", **alive))
    assert states(waiting) == "ahead ahead ahead ahead unused ahead ahead"
    assert states(look_at(make(state="failed", stage="mine"))) == "done done done failed unused ahead ahead"
    taught = {"label": {"kind": "bi-encoder", "teacher": "t"}}
    assert (
        states(look_at(make(state="stopped", stage="label", sections=taught)))
        == "done done done done stopped ahead ahead"
    )
    assert states(look_at(make(state="finished", stage="verdict"))) == "done done done done unused done done"
    alone = {"fit": {"data_only": True, "data": "x.csv"}}
    assert (
        states(look_at(make(state="stopped", stage="fit", sections=alone)))
        == "done unused unused unused unused stopped ahead"
    )


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("running", {"stop", "clone"}),
        ("stopped", {"resume", "clone"}),
        ("failed", {"resume", "clone"}),
        ("finished", {"search", "clone"}),
    ],
)
def test_what_one_can_do_depends_on_the_state(make: Make, state: str, offered: set[str]) -> None:
    run = make(state=state, host="elsewhere", heartbeat=time.time())
    head = str(board.run_head(look_at(run)))
    assert {act for act in ("stop", "resume", "clone", "search") if f'data-act="{act}"' in head} == offered


def test_a_run_that_is_asked_to_stop_says_so_and_cannot_be_asked_again(make: Make) -> None:
    run = make(state="running", stage="fit", host="elsewhere", heartbeat=time.time())
    run.ask_stop()
    head = str(board.run_head(look_at(run)))
    assert "It saves a checkpoint and stops." in head and 'data-act="stop"' not in head


def test_a_silent_job_and_one_that_waits_for_room_have_words_of_their_own(make: Make) -> None:
    alive = {"state": "running", "stage": "fit", "host": "elsewhere", "heartbeat": time.time(), "pid": 4711}
    silent = make(**alive)
    silent.append_event(event("mine", 3, "searching en") | {"time": time.time() - 7200})
    head = str(board.run_head(look_at(silent)))
    assert 'data-state="stalled"' in head and "Silent for 2 h, after “mine: searching en”." in head
    assert "at what process 4711 on elsewhere does" in head and 'data-act="stop"' in head
    told: list[str] = []
    room = iter([10, 10**9])
    guard = disk.Guard(silent.path, 10**6, free=lambda: next(room), say=told.append, stop=lambda: False)
    assert guard.wait(2 * 10**6)
    full = make(**alive, message=told[0])
    head = str(board.run_head(look_at(full)))
    assert 'data-state="paused"' in head and ">Paused until the disk has room.<" in head
    assert ">Disk nearly full, needs 3 MB, has " in head
    assert 'data-state="paused"' in board.runs_table([line_of(full)], "")
    going = line_of(make(**alive, message=told[1]))
    assert (told[1], going.state) == ("the disk has room again: going on", "running")


# --- Words


def test_the_list_has_base_best_and_an_arrow(make: Make) -> None:
    better = make(state="finished", base={"dev": FIGURES}, best={"dev": figures(0.61), "step": 3})
    row = str(board.runs_table([line_of(better)], better.id))
    assert ".500 → .610 " in row and "▲" in row and "is-chosen" in row and "synthetic" not in row
    worse = make(state="finished", base={"dev": FIGURES, "synthetic": True}, best={"dev": figures(0.4)})
    row = str(board.runs_table([line_of(worse)], ""))
    assert "▼" in row and ">synthetic</dfn>" in row and "is-chosen" not in row
    same = make(state="finished", base={"dev": FIGURES}, best={"dev": figures(0.5)})
    assert "=" in board.gain(line_of(same)) and "▲" not in board.gain(line_of(same))


def test_the_figure_is_that_of_the_mode_that_decides(make: Make) -> None:
    run = make(base={"dev": FIGURES}, sections={"evaluate": {"mode": "dense"}})
    assert (line_of(run).base, line_of(run).best) == (0.45, None)
    assert board.gain(line_of(run)) == "base .450"


def test_no_runs_say_what_to_do_first(home: Path) -> None:
    assert "press Start training" in board.runs_table(lines(), "")


def test_the_verdict_stands_at_the_end_and_says_synthetic(make: Make) -> None:
    run = make(state="finished")
    told = {"base": 0.5, "best": 0.61, "sentence": f"{run.id} · step 3 is better than base."}
    report = {
        "dev": {"hybrid": told},
        "test": {"dense": told},
        "synthetic_dev": True,
        "recommended": run.id,
        "told": "step 3 is best.",
    }
    run.write_status(replace(run.written_status(), report=report))
    head = str(board.run_head(look_at(run)))
    assert "Step 3 is best." in head and "Recommended: this run’s best checkpoint." in head
    assert "synthetic dev, hybrid" in head and "<dt>test, dense</dt>" in head
    assert ".500 → .610" in head and ">step 3 is better than base.<" in head
    run.write_status(replace(run.written_status(), report=report | {"recommended": "a/base"}))
    assert "Recommended: the base, base." in board.run_head(look_at(run))


def test_a_failure_has_reason_and_remedy_and_all_text_is_escaped(make: Make) -> None:
    run = make(state="failed", stage="fit", reason="<i>no memory</i>", remedy="Lower <b>it</b>.")
    run.append_event(event(message="<script>"))
    (run.path / runs.LOG).write_text("<pre>", encoding="utf-8")
    look = look_at(run)
    head = str(board.run_head(look))
    assert "It failed: &lt;i&gt;no memory&lt;/i&gt;" in head and "Lower &lt;b&gt;it&lt;/b&gt;." in head
    assert "&lt;script&gt;" in board.events(look) and "<script>" not in board.events(look)
    assert "&lt;pre&gt;" in board.log(look)


def test_the_newest_event_comes_first_without_the_run_s_own_id(make: Make) -> None:
    run = make(state="finished")
    run.append_event(event(step=1, message="first"))
    run.append_event(event(step=2, message=f"{run.id} · step 2: dev nDCG@10 0.5"))
    told = str(board.events(look_at(run)))
    assert told.index(">step 2: dev nDCG@10 0.5<") < told.index(">first<")


def test_what_a_run_takes_is_told(make: Make) -> None:
    assert facts(look_at(make())) == ""
    memory = {"rule": 1, "step": 2, "estimate": 1_500_000_000, "peak": 1_200_000_000}
    fit = {"trainable_parameters": 3_548_928, "total_parameters": 117_653_760, "batch_size": 16, "memory": memory}
    run = make(fit=fit)
    spent = {"steps": 100.0, "examinations": 4.0, "counted_steps": 50, "counted_examinations": 2}
    run.append_event(event("mine", stage_seconds=12.5))
    run.append_event(event("mine", stage_seconds=0.5))
    run.append_event(event(step=50, seconds=spent, stage_seconds=0.4))
    told = re.findall(r"<dd>(.*?)</dd>", str(facts(look_at(run))))
    assert [re.sub("<[^>]+>", "", words) for words in told] == [
        "3.55\u202fM of 118\u202fM parameters (3\u202f%)",
        "16 rows",
        "1.2 GB at its peak, 1.5 GB expected",
        "4\u202f% of the steps’ time: 2 times, 4 s beside 1 min 40 s",
        "mine 13 s",
    ]


# --- Curves of a run


def test_curves_come_with_the_first_examination(make: Make) -> None:
    run = make(state="running", host="elsewhere", heartbeat=time.time(), base={"dev": FIGURES, "synthetic": True})
    assert "The curves appear with" in curves(look_at(run))
    run.append_event(event(dev=FIGURES))
    run.append_event(event(step=8, dev=figures(0.7)))
    run.append_event(event(step=8, loss=1.5, memory_mb=2500, cpu_percent=90, epoch=1))
    drawn = str(curves(look_at(run)))
    assert 'aria-label="synthetic dev nDCG@10: .500 at step 0, .700 at step 8"' in drawn
    assert "de .700" in drawn and "en .600" in drawn and "all, dense .700" in drawn
    assert "2.5 GB at step 8" in drawn and "90\u202f% at step 8" in drawn and "learning rate" not in drawn


# --- Commands


def test_a_run_s_command_starts_it_again(make: Make, home: Path, tiny_corpus: Path) -> None:
    (home / "corpora").mkdir()
    kept = home / "corpora" / "bread"
    tiny_corpus.rename(kept)
    assert menu_name(str(kept)) == "bread" and menu_name("/elsewhere/x") == "/elsewhere/x"
    recipe = load_recipe({"corpus": str(kept), "fit": {"max_steps": 3}})
    assert command_of(recipe) == "python -m training run --corpus bread --preset quick --set fit.max_steps=3"
    handbook = str(Path(__file__).resolve().parents[2] / "retrieval" / "handbook")
    assert "--corpus retrieval/handbook " in command_of(load_recipe({"corpus": handbook}))
