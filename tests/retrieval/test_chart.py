"""Line charts over training steps."""

from __future__ import annotations

import pytest

from retrieval.page.chart import SCORES, Axis, Frame, Line, chart, nice_ticks


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.81, 0.86, [0.8, 0.82, 0.84, 0.86]),
        (0, 100, [0, 50, 100]),
        (0.85, 1.53, [0.75, 1.0, 1.25, 1.5, 1.75]),
        (0.5, 0.5, [0.49, 0.5, 0.51]),
        (0, 0, [-1, 0, 1]),
        (0, 2e-5, [0, 1e-5, 2e-5]),
    ],
)
def test_ticks_are_round_and_hold_the_values(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.650, 0.655], [0.62, 0.64, 0.66, 0.68]),  # .005 apart, but the axis is .06 high
        ([0.999, 1.0], [0.94, 0.96, 0.98, 1.0]),  # no measure is above 1
        ([0.0, 0.001], [0.0, 0.02, 0.04, 0.06]),  # nor below 0
        ([0.60, 0.67], [0.6, 0.65, 0.7]),  # not .625, which two digits cannot say
    ],
)
def test_noise_in_scores_is_no_mountain(values: list[float], ticks: list[float]) -> None:
    assert SCORES.ticks(values) == pytest.approx(ticks)


def test_a_chart_places_points_and_tells_what_it_shows() -> None:
    frame = Frame("loss", 4, Axis(str, zero=True), width=154, height=134, baseline=50.0, marked=4)
    made = chart(frame, [Line("<b>", [(0.0, 0.0), (4.0, 100.0)])])
    # 44 px left of the axis and 10 right of it; 10 above and 24 below
    assert 'points="44.0,110.0 144.0,10.0"' in made and 'viewBox="0 0 154 134"' in made
    assert 'y1="60.0" y2="60.0"' in made and "stroke-dasharray" in made
    assert 'cx="144.0" cy="10.0"' in made and "best, step 4: 100.0" in made
    assert 'aria-label="loss: 0.0 at step 0, 100.0 at step 4"' in made
    assert "&lt;b&gt;" in made and "<b>" not in made


def test_the_first_line_lies_on_top() -> None:
    points = [(0, 1.0), (4, 2.0)]
    made = str(chart(Frame("loss", 4, Axis(str)), [Line("first", points), Line("second", points)]))
    assert made.index("<title>second") < made.index("<title>first")


def test_dots_say_their_values_in_full_and_ticks_in_short() -> None:
    made = chart(Frame("nDCG", 4, SCORES), [Line("de", [(0, 0.611), (4, 0.648)], dots=True)])
    assert "de, step 4: .648" in made and ">.62<" in made and ">.620<" not in made


def test_marked_steps_are_named_where_there_is_room() -> None:
    lines = [
        Line("all", [(step, 0.5) for step in (0, 10, 50, 60, 75, 100)], dots=True),
        Line("x", [(30, 0.5), (70, 0.5)]),
    ]
    made = chart(Frame("nDCG", 100, SCORES, width=354, start="base"), lines)
    assert [
        name for name in ("base", "step 10", "step 50", "step 60", "step 75", "step 100") if f">{name}<" in made
    ] == [
        "base",
        "step 50",
        "step 100",
    ]
    assert ">step 30<" not in made, "only dots are named"


def test_no_points_no_chart() -> None:
    assert chart(Frame("loss", 4, Axis(str)), [Line("loss", [])]) == ""
