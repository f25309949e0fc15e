"""The page opens, and asks nobody but this machine for anything."""

from __future__ import annotations

from playwright.sync_api import Page, expect

LOCAL = ("data:", "blob:")


def test_the_page_opens_without_leaving_this_machine(page: Page, app_server: str) -> None:
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(app_server)
    expect(page).to_have_title("Bakehouse")
    expect(page.get_by_role("tab", name="Search")).to_be_visible()
    page.wait_for_load_state("load")
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith((app_server, *LOCAL))] == []
    assert faults == []
