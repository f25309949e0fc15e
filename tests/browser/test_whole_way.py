"""The whole way on the real page: ask, tune, reload while it runs, and find what came of it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

FIRST_USE = 120_000
A_RUN = 120_000


def test_from_a_question_to_a_tuned_and_judged_model(page: Page, app_server: str, loaf: str) -> None:
    page.goto(app_server)
    page.get_by_label("Question").fill("كيف أستأنف تدريبا توقف؟")
    page.get_by_label("Question").press("Enter")
    first = page.locator("#results .bh-hit").first
    expect(first).to_contain_text("ar", timeout=FIRST_USE)
    assert first.locator(".bh-passage").evaluate("element => getComputedStyle(element).direction") == "rtl"

    page.get_by_role("tab", name="Train").click()
    page.locator("#train-corpus input").click()
    page.get_by_role("option", name=f"{loaf} (3 languages)").click()
    page.locator("#train-base input").fill("models/tiny")
    page.locator("#train-base input").press("Enter")
    page.get_by_role("button", name=re.compile("^Fit")).click()
    page.get_by_label("Max steps").fill("3")
    expect(page.locator("#train-command code")).to_contain_text("--set fit.max_steps=3")
    page.get_by_role("button", name="Start training").click()
    state = page.locator("#run-head .bh-heading .bh-state")
    expect(state).to_have_text(re.compile("waiting|running"))
    page.reload()
    expect(state).to_have_text(re.compile("waiting|running"))
    expect(state).to_have_text("finished", timeout=A_RUN)
    [run] = re.findall(r"run=([\w-]+)", page.url)

    page.goto(f"{app_server}/?tab=scores&corpus={loaf}&split=test")
    scores = page.locator("#scores tr[data-act]").filter(has_text=re.compile("best|step"))
    expect(scores.first).to_contain_text(run)
    expect(scores.first).to_contain_text(re.compile(r"\.\d{3}"))

    page.goto(f"{app_server}/?tab=compare&corpus={loaf}&split=test")
    verdict = page.locator("#compare-verdict .bh-verdict")
    expect(verdict).to_contain_text(re.compile("better|worse|No difference shown"))
    expect(page.locator("#compare-b input")).to_have_value(re.compile(f"step .* best .* {run}"))
