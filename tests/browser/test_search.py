"""The Search tab as a person uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

ARABIC = "ما الفرق بين ملف الأسئلة وملف الأحكام؟"
FIRST_USE = 120_000
"""Milliseconds: the first question reads the handbook with the model."""

EVIL = {
    "_id": "evil",
    "title": "<script>window.broken = 1</script> A title ${window.broken = 2} {{value}}",
    "text": 'Sourdough <img src=x onerror="window.broken = 3"> rises {{#each x}} slowly.',
    "metadata": {"lang": "en"},
}


def hits(page: Page) -> Locator:
    return page.locator("#results .bh-hit")


def ask(page: Page, question: str) -> None:
    page.get_by_label("Question").fill(question)
    page.get_by_label("Question").press("Enter")


def test_an_arabic_question_finds_the_handbook_and_reads_from_right_to_left(page: Page, app_server: str) -> None:
    page.goto(app_server)
    expect(page.get_by_role("heading", name="Bakehouse", level=1)).to_be_visible()
    expect(page.locator("#start .bh-act")).to_have_count(6)
    ask(page, ARABIC)
    expect(hits(page)).to_have_count(10, timeout=FIRST_USE)
    first = hits(page).first
    expect(first.locator(".bh-tag")).to_have_text("ar")
    expect(first.locator(".bh-why")).to_contain_text(re.compile(r"dense \.\d\d · lexical \d+\.\d · shares "))
    passage = first.locator(".bh-passage")
    assert passage.evaluate("element => getComputedStyle(element).direction") == "rtl"
    expect(page.get_by_label("Question")).to_have_css("unicode-bidi", "plaintext")
    expect(passage.locator("mark")).to_have_count(1)


def test_an_example_answers_on_the_first_click_and_its_address_can_be_sent(page: Page, app_server: str) -> None:
    page.goto(app_server)
    page.locator("#start .bh-act").first.click()
    expect(hits(page)).to_have_count(10, timeout=FIRST_USE)
    expect(page.locator("#start .bh-act")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?q=.+&corpus=handbook"))
    titles, sent = hits(page).locator("h3").all_inner_texts(), page.url
    other = page.context.new_page()
    other.goto(sent)
    expect(hits(other)).to_have_count(10, timeout=FIRST_USE)
    assert hits(other).locator("h3").all_inner_texts() == titles


def test_corpus_text_cannot_become_part_of_the_page(page: Page, app_server: str, app_home: Path) -> None:
    folder = app_home / "corpora" / "evil"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.jsonl").write_text(json.dumps(EVIL) + "\n", encoding="utf-8")
    page.goto(f"{app_server}/?corpus=evil&q=slow+sourdough")
    expect(hits(page)).to_have_count(1, timeout=FIRST_USE)
    expect(hits(page).locator("h3")).to_have_text(str(EVIL["title"]))
    expect(hits(page).locator(".bh-passage")).to_have_text(str(EVIL["text"]))
    assert page.evaluate("window.broken") is None


def test_a_judgment_is_kept_and_counted(page: Page, app_server: str, app_home: Path) -> None:
    page.goto(app_server)
    ask(page, "what does nDCG measure")
    expect(hits(page)).to_have_count(10, timeout=FIRST_USE)
    judged = hits(page).first.get_attribute("data-id")
    hits(page).first.get_by_role("button", name="Answers it", exact=True).click()
    expect(hits(page).first.locator("[aria-pressed=true]")).to_have_text("✓")
    expect(page.locator("#judged")).to_contain_text("1 judgment on 1 question")
    kept = (app_home / "judgments" / "handbook" / "qrels" / "judged.tsv").read_text(encoding="utf-8")
    assert kept.splitlines()[1].split("\t")[1:] == [judged, "1"]
    with page.expect_download() as download:
        page.get_by_role("link", name="download").click()
    assert download.value.suggested_filename == "handbook-judgments.zip"
    hits(page).first.get_by_role("button", name="Answers it", exact=True).click()
    expect(page.locator("#judged")).to_have_text("")


def test_passages_of_one_document_are_grouped(page: Page, app_server: str, app_home: Path) -> None:
    parts = [(f"salt#{n}", {"lang": "en", "parent": "salt", "part": n, "parts": 2}) for n in (1, 2)]
    documents = [{"_id": id_, "title": id_, "text": "Salt the dough.", "metadata": about} for id_, about in parts]
    documents.append({"_id": "rye", "title": "rye", "text": "Salt and rye.", "metadata": {"lang": "en"}})
    folder = app_home / "corpora" / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in documents), encoding="utf-8")
    page.goto(app_server)
    expect(page.locator("#start .bh-act")).to_have_count(6)
    expect(page.get_by_label("Group by document")).to_be_hidden()
    page.goto(f"{app_server}/?corpus=parts")
    page.get_by_label("Group by document").check()
    page.get_by_label("lexical").check()
    ask(page, "salt dough")
    expect(page.locator("#results h2")).to_contain_text("2 documents")
    expect(hits(page).first.locator(".bh-why")).to_contain_text("part 1 of 2 · 1 further passage of it")
    page.get_by_label("Group by document").uncheck()
    page.locator("#ask").click()
    expect(hits(page)).to_have_count(3)


def test_nothing_found_says_why(page: Page, app_server: str) -> None:
    page.goto(app_server)
    page.get_by_label("lexical").check()
    ask(page, "qwrtzpsdfg")
    expect(page.locator("#results")).to_contain_text("No passage shares a word with the question.")
    ask(page, " ")
    expect(page.locator("#start .bh-act")).to_have_count(6)


def test_a_wrong_name_is_a_sentence_not_a_traceback(page: Page, app_server: str) -> None:
    page.goto(app_server)
    page.get_by_role("button", name="More").click()
    page.get_by_label("Rerank with").fill("no/such-model")
    ask(page, "what is a corpus")
    told = page.locator("#results .bh-error")
    expect(told).to_contain_text("no/such-model", timeout=FIRST_USE)
    expect(told).not_to_contain_text("Traceback")


def test_the_guided_path_leads_and_stays_closed(page: Page, app_server: str) -> None:
    page.goto(app_server)
    expect(page.get_by_role("navigation", name="Guided path").get_by_role("button")).to_have_count(5)
    page.get_by_role("button", name="Close the guided path").click()
    expect(page.get_by_role("navigation", name="Guided path")).to_be_hidden()
    page.reload()
    expect(page.locator("#start .bh-act")).to_have_count(6)
    expect(page.get_by_role("navigation", name="Guided path")).to_be_hidden()


def test_a_phone_needs_no_sideways_scrolling(page: Page, app_server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app_server}/?q=what+is+a+corpus")
    expect(hits(page)).to_have_count(10, timeout=FIRST_USE)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_dark_follows_the_system(page: Page, app_server: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(app_server)
    expect(page.locator("body")).to_have_css("background-color", "rgb(19, 17, 16)")
