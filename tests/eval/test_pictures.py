"""Tables and drawings that can be taken along."""

from __future__ import annotations

import base64
import csv
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from made_results import TAKEN, made

from eval.compare import compare
from eval.export import as_csv, written
from eval.page import comparison_files, files, sheets
from eval.page.comparison import colours_of
from eval.page.evidence import Evidence
from eval.page.sheets import Cell, Sheet
from eval.results import Summary, save, scores_folder
from retrieval.errors import BakehouseError
from retrieval.page.standalone import light, standalone
from retrieval.records import Document, Hit

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>"


def words(svg: str) -> list[str]:
    """What is written in a picture, which must be well-formed."""
    return ["".join(found.itertext()) for found in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def downloads(markup: str) -> dict[str, str]:
    """File name → content of the links."""
    found = re.findall(r'href="data:[\w/+]+;base64,([^"]*)" download="([^"]*)"', markup)
    return {name: base64.b64decode(data).decode() for data, name in found}


def test_a_drawing_stands_alone_in_the_colours_of_the_light_page() -> None:
    made_of = standalone('<svg class="bh-chart" viewBox="0 0 100 50"><path fill="var(--bh-series-2)"/></svg>')
    root = ElementTree.fromstring(made_of)
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("120", "70", "-10 -10 120 70")
    assert "var(" not in made_of and 'fill="#2a6bb3"' in made_of and "system-ui" in made_of
    assert light()["--bh-paper"] == "#ffffff", "not that of the dark page"


def test_a_sheet_is_drawn_with_its_heat() -> None:
    rows = [["e5", Cell(".500", 0.5), Cell("–")], [EVIL, Cell(".700", 1.0, strong=True), ".1"]]
    drawn = sheets.draw(Sheet("A title", "A note.", ["System", "all", "de"], rows))
    assert words(drawn) == ["A title", "A note.", "System", "all", "de", "e5", ".500", "–", EVIL, ".700", ".1"]
    assert re.findall(r'fill-opacity="([\d.]+)"', drawn) == ["0.170", "0.340"]
    assert "is-ink is-strong" in re.findall(r"<text[^>]*>\.700", drawn)[0]


def test_no_text_breaks_a_picture() -> None:
    drawn = sheets.draw(Sheet("a\x0bb\ud800c", "", ["<&>"], [['"x"\x00']]))
    assert words(drawn) == ["abc", "<&>", '"x"']


def test_a_sheet_is_as_wide_as_its_words() -> None:
    def size(title: str) -> float:
        return float(ElementTree.fromstring(sheets.draw(Sheet(title, "", ["a"], [["b"]]))).get("width", "0"))

    assert size("x" * 80) > size("x" * 40) > 300


def test_links_hold_their_files() -> None:
    markup = str(files.both('a/b "c"', "x\n", "<svg/>"))
    assert downloads(markup) == {"a-b-c-.csv": "x\n", "a-b-c-.svg": "<svg/>"}


def test_a_comparison_can_be_taken_along() -> None:
    a = made({"q1": 0.0, "q2": 1.0, "=q3": 0.25}, languages=["en", "en", "de"])
    b = made({"q1": 1.0, "q2": 0.5, "=q3": 0.25}, languages=["en", "en", "de"], label=EVIL)
    found = compare(a, b)
    by_language = downloads(comparison_files.of_languages(found))
    read = list(csv.DictReader(io.StringIO(next(text for name, text in by_language.items() if name.endswith("csv")))))
    assert [(each["language"], each["queries"], each["difference"]) for each in read] == [("en", "2", "0.25"), ("de", "1", "0.0")]  # fmt: skip
    each_query = downloads(comparison_files.of_queries(found, colours_of(found)))
    table, drawing = (next(text for name, text in each_query.items() if name.endswith(end)) for end in ("csv", "svg"))
    lines = list(csv.DictReader(io.StringIO(table)))
    assert [(line["query"], line["difference"]) for line in lines] == [("q1", "1.0"), ("'=q3", "0.0"), ("q2", "-0.5")]
    assert words(drawing)[-2:] == ["English", "German"] and any(EVIL in word for word in words(drawing))


def test_rankings_can_be_taken_along() -> None:
    right, wrong = Document("d1", "text", "Rye"), Document("d2", "Salt text")
    found = Evidence(
        "q1", "what?", "en", [Hit(1, 0.5, wrong)], [Hit(1, 0.75, right), Hit(2, 0.5, wrong)], {"d1": 2, "d2": 0}
    )
    table, drawing = downloads(comparison_files.of_rankings(found)).values()
    assert list(csv.reader(io.StringIO(table)))[1:] == [
        ["q1", "A", "1", "d2", "", "0.5", "0"],
        ["q1", "B", "1", "d1", "Rye", "0.75", "2"],
        ["q1", "B", "2", "d2", "", "0.5", "0"],
    ]
    assert words(drawing)[2:] == ["", "A", "B", "1", "✗ Salt text", "✓ Rye", "2", "", "✗ Salt text"]


def summary(result_id: str, **changes: object) -> Summary:
    return made({"q": 0.5}, id=result_id, **changes).summary


def test_results_are_drawn_as_the_page_draws_them(home: Path) -> None:
    languages = {"de": {"ndcg@10": 0.5, "queries": 2}, "ar": {"ndcg@10": 0.25, "queries": 1}}
    two = [summary("a", by_language=languages), summary("b", mode="dense", by_language=languages)]
    assert words(written(two, "svg"))[:7] == [
        "nDCG@10 on loaves, test", "1 query, 9 documents. Bold: the best of its column.", "System", "Mode", "all", "de", "ar",
    ]  # fmt: skip


def test_what_cannot_be_drawn_is_a_sentence(home: Path) -> None:
    with pytest.raises(BakehouseError, match=r"2 different things.*loaves · test; loaves · dev.*--split"):
        written([summary("a"), summary("b", split="dev")], "svg")
    with pytest.raises(BakehouseError, match="none of these results has mrr@10: they have ndcg@10"):
        written([summary("a")], "svg", measure="mrr@10")
    with pytest.raises(BakehouseError, match=r"'p50' is not known of two.*--efficiency"):
        written([summary("a")], "svg", against="p50")


def test_a_plot_of_what_was_measured(home: Path) -> None:
    results = [
        made({"q": 0.5}, id=mode, mode=mode, efficiency=TAKEN if mode == "dense" else None)
        for mode in ("dense", "hybrid")
    ]
    saved = [save(each, scores_folder()).summary for each in results]
    with pytest.raises(BakehouseError, match="nothing to plot"):
        written(saved, "svg", against="parameters")
    read = list(csv.DictReader(io.StringIO(as_csv(saved))))
    assert [(line["p50"], line["index"]) for line in read] == [("12.0", "4096"), ("", "")]
