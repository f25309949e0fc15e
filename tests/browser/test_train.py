"""The Train tab as a person uses it, with a real run of a tiny model."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from training import runs
from training.config import Recipe

A_RUN = 90_000
"""Milliseconds: most of them go into importing the libraries, on two cores that other tests use too."""


@pytest.fixture
def workspace(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's workspace as this process's own, to write runs into."""
    monkeypatch.setenv("BAKEHOUSE_HOME", str(app_home))
    return app_home


def state(page: Page) -> Locator:
    return page.locator("#run-head .bh-heading .bh-state")


def fit_fold(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Fit"))


def run_fold(page: Page, title: str) -> Locator:
    return page.locator("#run button.label-wrap", has_text=title)


def open_train(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#plan .bh-pairs")).to_be_visible()


def test_a_run_is_started_survives_a_reload_and_shows_its_figures(page: Page, app_server: str, loaf: str) -> None:
    open_train(page, app_server)
    page.locator("#train-corpus input").click()
    page.get_by_role("option", name=f"{loaf} (3 languages)").click()
    page.locator("#train-base input").fill("models/tiny")
    page.locator("#train-base input").press("Enter")
    fit_fold(page).click()
    page.get_by_label("Max steps").fill("4")
    page.get_by_label("Batch size (fit)").fill("4")
    expect(page.locator("#plan")).to_contain_text("ar 8")
    expect(page.locator("#plan")).to_contain_text("known after the first steps")
    command = page.locator("#train-command code")
    expect(command).to_have_text(
        "python -m training run --corpus loaf --base models/tiny --preset quick "
        "--set fit.max_steps=4 --set fit.batch_size=4"
    )
    page.get_by_role("button", name="Start training").click()
    expect(state(page)).to_have_text(re.compile("waiting|running"))
    expect(page).to_have_url(re.compile(r"run=\d{8}-\d{6}-loaf-quick"))
    page.reload()
    expect(page.get_by_role("tab", name="Train")).to_have_attribute("aria-selected", "true")
    expect(state(page)).to_have_text(re.compile("waiting|running"))
    expect(state(page)).to_have_text("running", timeout=A_RUN)
    expect(state(page)).to_have_text("finished", timeout=A_RUN)
    expect(page.locator("#runs tr.is-chosen")).to_contain_text(re.compile(r"\.\d{3} → \.\d{3}"))
    expect(page.locator("#run-head .bh-verdict")).to_contain_text(re.compile("step 4|base"))
    expect(page.get_by_role("img", name=re.compile(r"^dev nDCG@10: .* at step 0, .* at step 4$"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r"^loss: "))).to_be_visible()
    expect(page.locator("#run-events li")).not_to_have_count(0)
    expect(page.locator("#run-head .bh-stages li[data-is=done]")).to_have_count(6)
    expect(page.locator("#run-curves .bh-facts")).to_contain_text(
        re.compile(r"Learns.* parameters .*Batch4 rows.*at its peak")
    )
    expect(page.locator("#run-questions li")).to_have_count(0)
    run_fold(page, "Questions").click()
    page.locator("#run-questions").get_by_role("button", name="العربية").click()
    expect(page.locator("#run-questions .is-on").first).to_contain_text("العربية")
    asked = page.locator("#run-questions .bh-asked-question").first
    assert asked.evaluate("element => getComputedStyle(element).direction") == "rtl"
    page.locator("#run-questions").get_by_role("button", name="Next").click()
    expect(page.locator("#run-questions .bh-asked-turns")).to_contain_text(re.compile("11 to "))
    page.locator("#run-questions").get_by_role("button", name="rejected").click()
    expect(page.locator("#run-questions .bh-asked-turns")).to_have_count(0)
    run_fold(page, "Scale doctor").click()
    expect(page.locator("#run-doctor li[data-level]")).not_to_have_count(0)
    fit_fold(page).click()
    page.get_by_label("gpl").check()
    expect(page.get_by_label("Max steps")).to_have_value("140000")
    page.get_by_role("button", name="Clone").click()
    expect(page.get_by_label("Max steps")).to_have_value("4")
    expect(page.get_by_label("quick")).to_be_checked()
    expect(command).to_contain_text("--set fit.max_steps=4")


def test_a_failed_run_says_why_and_what_to_do_and_its_words_stay_words(
    page: Page, app_server: str, loaf: str, workspace: Path
) -> None:
    run = runs.create(Recipe(corpus=str(workspace / "corpora" / loaf), base="models/tiny"), loaf)
    run.append_event(
        {
            "time": 1.0,
            "stage": "mine",
            "step": 1,
            "total": 4,
            "message": "<img src=x onerror='window.broken=1'>",
            "metrics": {},
        }
    )
    (run.path / runs.LOG).write_text("<script>window.broken=2</script>", encoding="utf-8")
    run.write_status(
        replace(
            run.written_status(), state="failed", stage="mine", reason="<b>the oven</b> went out.", remedy="Light it."
        )
    )
    page.goto(f"{app_server}/?run={run.id}")
    expect(state(page)).to_have_text("failed")
    expect(page.locator("#run-head .bh-error")).to_have_text("It failed: <b>the oven</b> went out.")
    expect(page.locator("#run-head .bh-remedy")).to_have_text("Light it.")
    expect(page.locator("#run-head [data-stage=mine]")).to_have_attribute("data-is", "failed")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.locator("#run-events")).to_contain_text("<img src=x")
    page.get_by_role("button", name="Log").click()
    expect(page.locator("#run-log pre")).to_have_text("<script>window.broken=2</script>")
    assert page.evaluate("window.broken") is None
    shutil.rmtree(run.path)


def test_a_wrong_setting_is_a_sentence_in_the_plan(page: Page, app_server: str) -> None:
    open_train(page, app_server)
    fit_fold(page).click()
    page.get_by_label("Top layers").fill("0")
    expect(page.locator("#plan .bh-error")).to_contain_text("Fit.top_layers = 0")
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("#train-told .bh-error")).to_contain_text("Fit.top_layers = 0")
    page.get_by_label("Top layers").fill("3")
    expect(page.get_by_role("button", name="; the top 3 layers learn", exact=False)).to_be_visible()
    page.locator("#set-fit-loss input").click()
    page.get_by_role("option", name="cosent").click()
    expect(page.locator("#plan .bh-error")).to_contain_text("What fits: mnrl, cached-mnrl, triplet, tsdae.")
    page.get_by_role("button", name="Which loss fits your data").click()
    expect(page.locator("#losses tbody tr")).to_have_count(10)


def test_a_phone_needs_no_sideways_scrolling_on_train(page: Page, app_server: str) -> None:
    page.set_viewport_size({"width": 375, "height": 812})
    open_train(page, app_server)
    for fold in page.locator(".bh-said-fold > button").all():
        fold.click()
    page.get_by_role("button", name="Which loss fits your data").click()
    expect(page.locator("#losses")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
