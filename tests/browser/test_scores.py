"""The Scores and Compare tabs as a person uses them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_texts import write_tiny_corpus

from eval.efficiency import Efficiency, Machine
from retrieval.artifact import write_json

FIRST_USE = 200_000
"""Milliseconds: the first evaluation waits until the app has loaded its model and read the handbook."""


@pytest.fixture
def judged(page: Page, app_server: str, app_home: Path) -> str:
    """A small corpus of which BM25, dense and hybrid search have been judged on the page."""
    if not (app_home / "corpora" / "loaves").is_dir():
        write_tiny_corpus(app_home / "corpora" / "loaves")
    page.goto(f"{app_server}/?corpus=loaves")
    page.get_by_role("tab", name="Scores").click()
    shown = page.locator("#scores")
    expect(shown.locator(".bh-empty, table")).to_be_visible()
    if shown.locator(".bh-empty").count():
        expect(shown).to_contain_text("Nothing has been judged on loaves yet.")
        expect(page.locator("#evaluate-command")).to_contain_text("python -m eval run loaves --model intfloat")
        page.get_by_role("button", name="Evaluate this corpus and model").click()
    expect(rows(page)).to_have_count(3, timeout=FIRST_USE)
    return app_server


def rows(page: Page) -> Locator:
    return page.locator("#scores tr[data-act]")


def test_an_evaluation_from_the_page_fills_the_table(page: Page, judged: str, app_home: Path) -> None:
    expect(rows(page).locator("td:nth-child(2)")).to_have_text(["lexical", "dense", "hybrid"])
    expect(page.locator("#scores th")).to_contain_text(["System", "Mode", "all9", "ar3", "de3", "en3"])
    expect(page.locator("#scores .is-best").first).to_be_visible()
    expect(page.locator("#scores .bh-bars > li")).to_have_count(4)
    assert len(list((app_home / "scores").glob("*.json"))) >= 3


def test_a_head_sorts_by_its_column(page: Page, judged: str) -> None:
    heads = page.locator("#scores thead th")
    before = rows(page).locator("td:nth-child(2)").all_inner_texts()
    heads.nth(2).get_by_role("button").click()
    expect(heads.nth(2)).to_have_attribute("aria-sort", "descending")
    scores = [float(cell) for cell in rows(page).locator("td:nth-child(3)").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    expect(page.get_by_role("tab", name="Scores")).to_have_attribute("aria-selected", "true")
    heads.nth(2).get_by_role("button").click()
    expect(rows(page).locator("td:nth-child(2)")).to_have_text(before)


def test_a_filtered_view_can_be_sent_and_downloaded(page: Page, judged: str) -> None:
    page.get_by_label("dense", exact=True).locator("visible=true").check()
    expect(rows(page)).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="download as CSV").click()
    assert download.value.suggested_filename == "scores-loaves-test.csv"
    page.get_by_role("link", name="link to this view").click()
    expect(page).to_have_url(re.compile(r"tab=scores&corpus=loaves&split=test"))
    expect(page.get_by_role("tab", name="Scores")).to_have_attribute("aria-selected", "true")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("dense")


def test_other_groups_become_columns_and_the_link_keeps_them(page: Page, judged: str) -> None:
    page.get_by_label("query length", exact=True).locator("visible=true").check()
    heads = ["System", "Mode", "all9", "1–4 words3", "5–8 words6"]
    expect(page.locator("#scores th")).to_contain_text(heads)
    page.get_by_role("link", name="link to this view").click()
    expect(page).to_have_url(re.compile(r"corpus=loaves.*&by=length"))
    expect(page.get_by_label("query length", exact=True).locator("visible=true")).to_be_checked()
    expect(page.locator("#scores th")).to_contain_text(heads)


def test_a_row_leads_to_its_comparison_and_a_query_to_its_rankings(page: Page, judged: str) -> None:
    rows(page).filter(has_text="dense").click()
    verdict = page.locator("#compare-verdict .bh-verdict")
    expect(verdict).to_have_text(
        re.compile(r"(No difference shown|B is (better|worse)).* between .+"), timeout=FIRST_USE
    )
    expect(page.locator("#compare-verdict .bh-ab li").nth(1)).to_contain_text("dense")
    expect(page.locator("#verdicts tbody tr")).to_have_count(3)
    expect(page.locator("#dots circle").first).to_be_visible()
    expect(page.locator("#sides .bh-ranked")).to_have_count(2)
    expect(page.locator("#sides .bh-judged-right").first).to_have_text("✓ right")
    dot = page.locator("#dots circle:not(.is-chosen)").first
    wanted = str(dot.get_attribute("data-query"))
    dot.click()
    expect(page.locator("#sides .bh-heading code").first).to_have_text(wanted)
    expect(page.locator("#dots circle.is-chosen")).to_have_attribute("data-query", wanted)


def test_what_lost_is_named_by_a_threshold_of_ones_own(page: Page, judged: str) -> None:
    rows(page).filter(has_text="dense").click()
    expect(page.locator("#lost h2")).to_have_text("Worse by more than 10.0 points", timeout=FIRST_USE)
    page.locator("#lost-threshold input").fill("99")
    expect(page.locator("#lost h2")).to_have_text("Worse by more than 99.0 points")
    page.locator("#lost-threshold input").fill("-5")
    expect(page.locator("#lost .bh-error")).to_have_text("A loss of more than -5 points cannot be: wanted 0 to 100.")
    expect(page.locator("#compare-verdict .bh-verdict")).to_be_visible()


def test_a_comparison_can_be_sent_and_the_same_system_twice_is_a_sentence(page: Page, judged: str) -> None:
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("link", name="link to this comparison").click()
    expect(page).to_have_url(re.compile("tab=compare"))
    expect(page.locator("#compare-verdict .bh-verdict")).to_be_visible()
    first = page.locator("#compare-a input").input_value()
    page.locator("#compare-b input").click()
    page.get_by_role("option", name=first, exact=True).click()
    expect(page.locator("#compare-verdict .bh-error")).to_have_text(
        "A and B are the same: choose two different systems."
    )


def test_what_systems_take_is_plotted_once_it_is_measured(page: Page, judged: str, app_home: Path) -> None:
    plot = page.locator("#scores-against")
    expect(plot).to_contain_text("python -m eval run loaves --split test --efficiency --model")
    expect(plot.locator("svg")).to_have_count(0)
    for path in (app_home / "scores").glob("*.json"):
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["corpus"]["name"] == "loaves":
            size = {"lexical": 1000, "dense": 3072, "hybrid": 4072}[value["system"]["mode"]]
            taken = Efficiency(118, size, 26.5, 300.0, 12.0, 30.0, Machine("a processor", 2, "cpu"))
            write_json(path, value | {"efficiency": asdict(taken)})
    expect(plot.locator(".bh-wide svg")).to_be_visible()
    expect(plot.locator(".bh-narrow svg")).to_be_hidden()
    plot.get_by_role("button", name="index size").click()
    expect(plot.locator(".bh-wide circle[r='4.5']")).to_have_count(3)
    with page.expect_download() as download:
        plot.locator("figure").get_by_role("link", name="Picture").click()
    assert download.value.suggested_filename == "ndcg-10-against-index-loaves-test.svg"
    page.set_viewport_size({"width": 375, "height": 800})
    expect(plot.locator(".bh-narrow svg")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_comparison_can_be_taken_along(page: Page, judged: str) -> None:
    page.get_by_role("tab", name="Compare").click()
    for place, name in (("#verdicts", "languages"), ("#every-query", "queries"), ("#sides", "rankings")):
        for link, ending in (("CSV", ".csv"), ("Picture", ".svg")):
            with page.expect_download() as download:
                page.locator(place).get_by_role("link", name=link).click()
            found = download.value.suggested_filename
            assert found.startswith(name) and found.endswith(ending)


def test_both_tabs_fit_a_phone(page: Page, judged: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(rows(page)).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator("#compare-verdict .bh-verdict")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
