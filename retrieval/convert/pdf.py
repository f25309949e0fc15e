"""PDF, by Chrome's own reader of it.

Pages follow one another, a line break between them; a word that a line end divides by a hyphen is
put together. The title is the one in the file's properties.
"""

from __future__ import annotations

import re
from threading import Lock

from retrieval.convert.entries import Problem
from retrieval.convert.files import File, seekable
from retrieval.convert.options import Options
from retrieval.convert.texts import Text, spoken

_ONE_AT_A_TIME = Lock()
"""PDFium keeps its state in globals."""

_NO_TEXT = Problem(
    "a PDF without text: its pages are pictures", "Recognise its text first, for instance with ocrmypdf."
)
_LOCKED = Problem("a PDF that is locked with a password", "Open it with the password and save it without one.")
_DIVIDED = re.compile(r"\ufffe\s*|(?<=\w)\x02\s*")
"""PDFium's sign for a hyphen at a line end."""


def read(path: File, options: Options) -> Text:
    """The text of a PDF.

    :raises pypdfium2.PdfiumError: if it is damaged or none.
    """
    import pypdfium2

    with seekable(path) as stream:
        content = stream.read()
    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                return Text("", "", _LOCKED)
            raise
        try:
            title = document.get_metadata_value("Title").strip()
            pages = [_page(document, place) for place in range(len(document))]
        finally:
            document.close()
    body = "\n".join(pages)
    return Text(title or spoken(path), body) if body.strip() else Text("", "", _NO_TEXT)


def _page(document: object, place: int) -> str:
    page = document[place]  # type: ignore[index]
    text = page.get_textpage()
    try:
        return _DIVIDED.sub("", text.get_text_bounded()).replace("\r\n", "\n")
    finally:
        text.close()
        page.close()
