"""Quality against what it takes: which systems, the front, the drawing, and the words where there is nothing."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from itertools import combinations

import pytest
from made_results import made

from eval.efficiency import Efficiency, Machine
from eval.origin import Training
from eval.page.against import section, to_csv
from eval.page.labels import Box, Spot, place
from eval.page.standing import Kind, Standing
from eval.page.tables import View
from eval.page.tradeoff import plot, plots, reading
from eval.page.tradeoff_chart import NARROW, WIDE, draw
from eval.places import Place
from eval.quantities import QUANTITIES, Costs, costs_of, quantity
from retrieval.errors import BakehouseError

HERE = Machine("oven", 2, "cpu")
EVIL = "<script>alert(1)</script>"


def row(name: str, score: float, kind: Kind = "base", mode: str = "hybrid", **more: object) -> Standing:
    summary = made({"q": score}, id=name, model=f"org/{name}", label=name, mode=mode, **more).summary
    return Standing(summary, kind, summary.run or "" if kind == "tuned" else "", summary.step or 0)


def taken(latency: float, machine: Machine = HERE, index: int = 4096) -> Costs:
    return Costs(Efficiency(118_000_000, index, 26.5, 300.0, latency, 2 * latency, machine))


def view(*rows: Standing) -> View:
    return View(Place.of(rows[0].summary), "ndcg@10", rows, [], {})


SLOW, FAST, POOR = row("slow", 0.8), row("fast", 0.6), row("poor", 0.5)
SHOWN = view(SLOW, FAST, POOR)
COSTS = {"slow": taken(200.0), "fast": taken(2.0), "poor": taken(20.0)}


def test_the_front_is_what_no_other_beats_in_both() -> None:
    less = plot(SHOWN, COSTS, quantity("p50"))
    assert [point.name for point in less.front] == ["fast", "slow"]
    rates = {name: replace(of.efficiency, passages_per_second=1 / of.efficiency.latency_p50) for name, of in COSTS.items() if of.efficiency}  # fmt: skip
    more = plot(SHOWN, {name: Costs(each) for name, each in rates.items()}, quantity("passages"))
    assert [point.name for point in more.front] == ["fast", "slow"], "from the fastest on"
    tie = view(SLOW, row("same", 0.8))
    assert len(plot(tie, {"slow": taken(3.0), "same": taken(3.0)}, quantity("p50")).front) == 1


def test_figures_of_two_machines_do_not_stand_in_one_plot() -> None:
    costs = {**COSTS, "poor": taken(1.0, Machine("mill", 8, "cpu"), index=8192)}
    of = plot(SHOWN, costs, quantity("p99"))
    assert [point.name for point in of.points] == ["slow", "fast"] and of.elsewhere == 1
    told = " ".join(reading(of))
    assert "Measured on oven, 2 threads." in told and "1 system measured on another machine" in told
    assert len(plot(SHOWN, costs, quantity("index")).points) == 3, "a size is the same everywhere"


def test_only_what_tells_systems_apart_is_offered() -> None:
    assert list(plots(SHOWN, COSTS)) == ["p50", "p99"], "all have the same parameters and the same index"
    assert plots(SHOWN, {}) == {} and plots(SHOWN, {"slow": taken(1.0)}) == {}


def test_training_is_plotted_by_what_learned_with_the_base_as_a_line() -> None:
    base = row("e5", 0.4, run="r1", step=0)
    tuned = [row(name, score, "tuned", run=name, step=9) for name, score in (("r1", 0.5), ("r2", 0.6))]
    costs = {"r1": Costs(None, Training("head alone", 148_000, 3.0, "oven")),
             "r2": Costs(None, Training("everything", 118_000_000, 60.0, "oven"))}  # fmt: skip
    drawn = plots(view(base, *tuned), costs)
    assert list(drawn) == ["trainable", "training"]
    of = drawn["trainable"]
    assert [point.name for point in of.points] == ["head alone, step 9", "everything, step 9"]
    assert [point.y for point in of.bases] == [0.4]
    markup = str(draw(of))
    assert markup.count("stroke-dasharray") == 1 and ">1\u202fM<" in markup
    assert "trainable parameters, logarithmic" in markup


def test_points_stand_where_their_values_are() -> None:
    of = plot(view(SLOW, FAST), {"slow": taken(3.0), "fast": taken(2.0)}, quantity("p50"))
    markup = str(draw(of, WIDE))
    places = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="4.5"', markup)]
    # a linear axis whose outermost points stand 6 % of their distance within 40 and 988; .6 to .8 between 358 and 30
    assert places == [(937.2, 30.0), (90.8, 358.0)]
    assert "logarithmic" not in markup and ">2 ms<" in markup
    assert "fast: nDCG@10 .600, latency, median 2 ms" in markup.replace(" · hybrid", "")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_no_name_covers_another_or_leaves_the_picture(size: object) -> None:
    rows = [row(f"a long name of system {number}", 0.5 + 0.01 * (number % 7)) for number in range(24)]
    costs = {each.summary.id: taken(1.0 + 0.2 * number) for number, each in enumerate(rows)}
    markup = str(draw(plot(view(*rows), costs, quantity("p50")), size))  # type: ignore[arg-type]
    assert 1 <= len(re.findall(r">a long name[^<]*</text>", markup)) < 24
    spots = [Spot(f"system {number}", 60 + 9.0 * number, 100 + 5.0 * (number % 5)) for number in range(24)]
    frame = Box(40, 0, 340, 300)
    labels = place(spots, frame)
    assert len(labels) > 3 and all(frame.holds(label.box) for label in labels)
    assert not any(one.box.covers(other.box) for one, other in combinations(labels, 2))


def test_the_section_offers_what_there_is_and_escapes_names() -> None:
    evil = row(EVIL, 0.7)
    markup = str(section(view(SLOW, evil), {"slow": taken(9.0), EVIL: taken(8.0)}, "p99"))
    assert "<script" not in markup
    assert re.findall(r'data-against="(\w+)"', markup) == ["p50", "p99"]
    assert re.findall(r'is-on"[^>]*data-against="(\w+)"', markup) == ["p99"]
    assert markup.count("<svg") == 2 and 'class="bh-narrow"' in markup
    assert 'download="efficiency-loaves-test.csv"' in markup and "Not measured" not in markup
    assert re.findall(r'is-on"[^>]*data-against="(\w+)"', str(section(SHOWN, COSTS, "gone"))) == ["p50"]


def test_where_nothing_was_measured_the_command_is_named() -> None:
    markup = str(section(SHOWN, {}, ""))
    assert "<svg" not in markup and "data-against" not in markup
    assert "Not measured yet: slow, fast and poor." in markup
    assert "python -m eval run loaves --split test --efficiency --model org/slow" in markup
    lexical = str(section(view(row("BM25", 0.5, "lexical", "lexical")), {}, ""))
    assert "--efficiency --mode lexical" in lexical


def test_the_figures_as_csv() -> None:
    read = list(csv.DictReader(io.StringIO(to_csv(SHOWN, COSTS))))
    assert (read[0]["system"], read[0]["p50"], read[0]["machine"]) == ("slow", "200.0", str(HERE))
    assert read[0]["trainable"] == "" and set(read[0]) >= {one.name for one in QUANTITIES}


def test_a_measurement_holds_for_every_split_and_judge() -> None:
    measured = made({"q": 1.0}, id="a", split="test", efficiency=taken(5.0).efficiency).summary
    examined = made({"q": 1.0}, id="b", split="dev", run="r1", step=4).summary
    other = made({"q": 1.0}, id="c", mode="dense").summary
    found = costs_of([examined, other], [measured, examined, other])
    assert found["b"].efficiency == measured.efficiency and found["c"] == Costs()


def test_an_unknown_quantity_is_a_sentence() -> None:
    with pytest.raises(BakehouseError, match=r"no 'latnecy'.*choose parameters, trainable.*p99"):
        quantity("latnecy")
