"""What is set on the Data tab becomes options; what cannot be is refused in the page's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.convert.division import Shares
from retrieval.convert.options import Options
from retrieval.convert.passages import Chunking
from retrieval.errors import BakehouseError
from retrieval.lengths import Lengths
from retrieval.page import uploads
from retrieval.page.choices import Choices
from retrieval.page.drawings import length_histogram
from retrieval.page.wording import on_page


def test_nothing_set_is_all_detected() -> None:
    assert Choices().options({}, "m") == Options()
    assert (Choices().reading, Choices().shaping) == ("", "documents stay whole, judgments as they come")


def test_what_is_set_reaches_the_conversion() -> None:
    made = Choices(" cp1251 ", "\\t", "row", "data.items", ("ru",), ("quelle",), 128, 16, "80/10/10", 7, True)
    options = made.options({"text": "b"}, "m")
    assert (options.encoding, options.delimiter, options.header, options.records) == (
        "cp1251",
        "\t",
        False,
        "data.items",
    )
    assert (options.languages, options.keep, options.columns) == (("ru",), ("quelle",), {"text": "b"})
    assert options.chunking == Chunking(128, 16, "m")
    assert options.shares == Shares(80, 10, 10, 7, again=True)
    assert made.shaping == "cut at 128 tokens, judgments 80/10/10"


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        (Choices(tokens=12.5), "wanted a whole number"),
        (Choices(tokens=64, overlap=60), "half of a passage"),
        (Choices(overlap=8), "say how many tokens"),
        (Choices(split="80/10"), "such as 80/10/10"),
        (Choices(split="a.b"), "no name for a file"),
        (Choices(languages=("breadish",)), "no language code"),
        (Choices(delimiter=";;"), "2 characters"),
    ],
)
def test_what_cannot_be_is_refused(choices: Choices, told: str) -> None:
    with pytest.raises(BakehouseError, match=told):
        choices.options({}, "m")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("It has a. Say which one it is, for instance --text 'a'.", "It has a. Say which one it is under “Columns” below."),
        ("Say where the documents are, for instance with --records a, or take", "Say where the documents are, such as a under “How it is read”, or take"),
        ("Save it as UTF-8 text, or name its encoding with --encoding.", "Save it as UTF-8 text, or choose its encoding under “How it is read”."),
        ("Unpack it and name the folder.", "Unpack it and drop what is in it."),
    ],
)  # fmt: skip
def test_flags_become_places_to_click(said: str, shown: str) -> None:
    assert on_page(said) == shown


def test_too_much_is_refused_with_the_limit_and_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEHOUSE_UPLOAD_MB", "1")
    fits, large = tmp_path / "fits.txt", tmp_path / "large.txt"
    fits.write_bytes(b"x" * 1_000_000)
    large.write_bytes(b"x" * 1_000_001)
    uploads.check_upload([fits])
    with pytest.raises(BakehouseError, match=r"1\.0 MB are taken at once.*python -m retrieval convert"):
        uploads.check_upload([large])
    with pytest.raises(BakehouseError, match="These are 1,001 files, and 1,000 are taken at once"):
        uploads.check_upload([fits] * 1001)
    monkeypatch.setenv("BAKEHOUSE_UPLOAD_MB", "many")
    with pytest.raises(BakehouseError, match="wanted a number of megabytes"):
        uploads.largest()


def test_the_histogram_tells_what_is_cut_off_and_what_cutting_made_of_it() -> None:
    whole, cut = Lengths((100, 200, 300, 600), 512), Lengths((100, 128, 128, 128, 128, 128), 512)
    before = length_histogram(whole)
    assert before.count("var(--bh-bad)") == 1
    assert "25\u202f% are longer than the 512 that the model reads" in before and "Make passages" in before
    after = length_histogram(cut, whole, 128)
    assert "var(--bh-bad)" not in after and after.count('fill="none"') == 4
    assert "All fit into the 512" in after and "of which 25\u202f% were longer" in after
