"""The Data tab as a person uses it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tiny_texts import write_tiny_corpus

PATIENCE = 60_000


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [
        "titel;inhalt;seite",
        "Teig;Der Teig geht zwölf Stunden <b>in der Kälte</b>.;1",
        "Kruste;Die Kruste wird dunkel.;2",
        "Leer;;3",
    ]
    path = tmp_path / "backbuch.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def open_data(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("tab", name="Data", exact=True).click()
    expect(page.locator("#verdict .bh-verdict")).to_be_visible(timeout=PATIENCE)


def test_the_corpus_in_use_explains_the_format(page: Page, app_server: str) -> None:
    open_data(page, app_server)
    expect(page.locator("#verdict .bh-verdict")).to_contain_text("handbook: 342 documents in 6 languages")
    expect(page.locator("#format")).to_contain_text('"_id": ')
    expect(page.locator("#lengths")).to_contain_text("the model reads", timeout=PATIENCE)
    expect(page.locator("#view-documents tbody tr")).to_have_count(20)


def test_files_become_a_corpus_row_by_row(page: Page, app_server: str, app_home: Path, table: Path) -> None:
    open_data(page, app_server)
    page.set_input_files("#files input[type=file]", table)
    expect(page.locator("#verdict .bh-verdict")).to_have_text("3 rows → 3 documents", timeout=PATIENCE)
    expect(page.locator("#before-after")).to_contain_text("<b>in der Kälte</b>")
    expect(page.get_by_label("text", exact=True)).to_have_value("inhalt")
    assert not (app_home / "corpora" / "backbuch").exists()
    page.get_by_label("title", exact=True).click()
    page.get_by_role("option", name="none").click()
    expect(page.locator("#verdict .bh-verdict")).to_have_text("3 rows → 2 documents", timeout=PATIENCE)
    page.get_by_role("tab", name="Rejected").click()
    expect(page.locator("#view-rejected tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Use this corpus").click()
    expect(page.locator("#corpus input")).to_have_value("backbuch (1 language)", timeout=PATIENCE)
    expect(page.locator("#start")).to_contain_text("2 passages in 1 language")
    assert (app_home / "corpora" / "backbuch" / "corpus.jsonl").is_file()


def test_the_zip_comes_down(page: Page, app_server: str) -> None:
    open_data(page, app_server)
    expect(page.locator("#verdict .bh-verdict")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    assert download.value.suggested_filename == "handbook.zip"


def test_a_file_without_text_is_a_sentence(page: Page, app_server: str, tmp_path: Path) -> None:
    empty = tmp_path / "numbers.csv"
    empty.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    open_data(page, app_server)
    page.set_input_files("#files input[type=file]", empty)
    told = page.locator("#verdict .bh-error")
    expect(told).to_contain_text("no column looks like the text", timeout=PATIENCE)
    expect(told).not_to_contain_text("/")


def test_the_corpus_in_use_does_not_hide_a_refusal(page: Page, app_server: str, app_home: Path, tmp_path: Path) -> None:
    write_tiny_corpus(app_home / "corpora" / "tiny")
    empty = tmp_path / "numbers.csv"
    empty.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    open_data(page, app_server)
    page.set_input_files("#files input[type=file]", empty)
    expect(page.locator("#verdict .bh-error")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#lengths")).to_contain_text("Half of the passages", timeout=PATIENCE)
    handbook = page.locator("#lengths p").inner_text()
    page.locator("#corpus input").click()
    page.get_by_role("option", name="tiny").click()
    expect(page.locator("#lengths p")).not_to_have_text(handbook, timeout=PATIENCE)  # the last thing to follow
    expect(page.locator("#verdict .bh-error")).to_be_visible()
    shutil.rmtree(app_home / "corpora" / "tiny")
