"""How much may be dropped on the page at once, and what is said beyond."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from retrieval.errors import BakehouseError
from retrieval.page import html, numbers

FILES = 1000
"""Files that may be dropped together."""

MEGABYTES = 2000
"""Their size together, unless ``BAKEHOUSE_UPLOAD_MB`` says otherwise."""

_COMMAND = "or run python -m retrieval convert FOLDER --out workspace/corpora/NAME, which has no such limit"


def largest() -> int:
    """The bytes that may be dropped together.

    :raises BakehouseError: if ``BAKEHOUSE_UPLOAD_MB`` is no number of megabytes.
    """
    told = os.environ.get("BAKEHOUSE_UPLOAD_MB", "")
    if told and not (told.isdecimal() and int(told)):
        raise BakehouseError(f"BAKEHOUSE_UPLOAD_MB is '{told}': wanted a number of megabytes, such as {MEGABYTES}.")
    return int(told or MEGABYTES) * 1_000_000


def check_upload(given: Sequence[Path]) -> None:
    """:raises BakehouseError: if more was dropped than may be."""
    if len(given) > FILES:
        raise BakehouseError(_too_many(numbers.count(len(given))))
    size = sum(path.stat().st_size for path in given)
    if size > largest():
        raise BakehouseError(_too_large(numbers.size(size)))


def limits() -> html.Markup:
    """The limits in words; the page's script reads them from here and refuses before anything is sent."""
    shown = f"Up to {numbers.count(FILES)} files, {numbers.size(largest())} together."
    return html.element(
        "p",
        shown,
        cls="bh-note",
        id="upload-limits",
        data_files=FILES,
        data_bytes=largest(),
        data_many=_too_many("{found}"),
        data_large=_too_large("{found}"),
    ) + html.element("div", "", id="upload-refused", aria_live="polite")


def _too_many(found: str) -> str:
    return f"These are {found} files, and {numbers.count(FILES)} are taken at once. Pack them as one ZIP, {_COMMAND}."


def _too_large(found: str) -> str:
    return (
        f"These files have {found} together, and {numbers.size(largest())} are taken at once. Pack them as ZIP, which "
        f"is smaller, drop a part of them, {_COMMAND}."
    )
