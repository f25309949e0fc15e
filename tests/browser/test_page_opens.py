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


def test_no_id_stands_twice_on_the_page(page: Page, app_server: str) -> None:
    page.goto(app_server)
    for name in ("Data", "Train", "Scores", "Compare"):
        page.get_by_role("tab", name=name, exact=True).click()
        expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute("aria-selected", "true")
    page.wait_for_timeout(500)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    named = [name for name in ids if name and not name.startswith(("component-", "range_id_"))]
    assert sorted({name for name in named if named.count(name) > 1}) == []
