"""The Data tab as a person uses it."""

from __future__ import annotations

import shutil
import tempfile
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


def test_a_column_that_was_not_found_can_be_named(page: Page, app_server: str, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("a,b\n1,17\n2,23\n", encoding="utf-8")
    open_data(page, app_server)
    page.set_input_files("#files input[type=file]", path)
    expect(page.locator("#verdict .bh-error")).to_contain_text("under “Columns” below", timeout=PATIENCE)
    expect(page.locator("#before-after")).to_contain_text("17")
    page.get_by_label("text", exact=True).click()
    page.get_by_role("option", name="b", exact=True).click()
    expect(page.locator("#verdict .bh-verdict")).to_have_text("2 rows → 2 documents", timeout=PATIENCE)


def test_long_work_is_stopped_and_what_stood_there_comes_back(page: Page, app_server: str, tmp_path: Path) -> None:
    path = tmp_path / "breads.csv"
    lines = (f"{number},Bread number {number} is baked in a hot oven." for number in range(300_000))
    path.write_text("nr,text\n" + "\n".join(lines) + "\n", encoding="utf-8")
    open_data(page, app_server)
    before = drafts_on_disk()
    page.set_input_files("#files input[type=file]", path)
    expect(page.locator("#verdict .bh-counted")).to_contain_text("rows so far", timeout=PATIENCE)
    expect(page.locator("#before-after")).to_contain_text("Bread number 0 is baked")
    assert len(drafts_on_disk() - before) == 1
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#verdict")).to_contain_text("Stopped. Nothing of it was kept.", timeout=PATIENCE)
    expect(page.locator("#verdict")).to_contain_text("handbook: 342 documents")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
    assert drafts_on_disk() <= before


def drafts_on_disk() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("bakehouse-draft-*"))


def test_long_documents_become_passages(page: Page, app_server: str, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("הבצק תופח שתים עשרה שעות בקור ואז נאפה בתנור חם. " * 40, encoding="utf-8")
    open_data(page, app_server)
    page.set_input_files("#files input[type=file]", book)
    expect(page.locator("#verdict .bh-error")).to_contain_text("under “Passages and splits”", timeout=PATIENCE)
    page.get_by_role("button", name="Passages and splits").click()
    page.get_by_label("Tokens of a passage").fill("64")
    page.get_by_label("Tokens of a passage").press("Enter")
    expect(page.locator("#verdict .bh-verdict")).to_contain_text("1 row → ", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Passages and splits")).to_contain_text("cut at 64 tokens")
    cell = page.locator("#view-documents tbody tr").first.locator("td").last.locator("span")
    assert cell.evaluate("element => [getComputedStyle(element).direction, getComputedStyle(element).display]") == [
        "rtl",
        "block",
    ]


def test_too_many_files_are_refused_before_they_are_sent(page: Page, app_server: str, tmp_path: Path) -> None:
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in files:
        path.write_text("Rye.", encoding="utf-8")
    open_data(page, app_server)
    expect(page.locator("#upload-limits")).to_have_text("Up to 1,000 files, 2.0 GB together.")
    page.evaluate("document.querySelector('#upload-limits').dataset.files = '1'")
    page.set_input_files("#files input[type=file]", files)
    expect(page.locator("#upload-refused")).to_contain_text("These are 2 files")
    expect(page.locator("#files .file-preview")).to_have_count(0)
