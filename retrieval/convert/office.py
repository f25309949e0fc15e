"""Word and PowerPoint, without their pictures; macros are never run, and nothing linked is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from retrieval.convert.archives import check_office
from retrieval.convert.entries import Problem
from retrieval.convert.files import File, seekable
from retrieval.convert.options import Options
from retrieval.convert.texts import Text, spoken
from retrieval.convert.web import from_html

_OLD = b"\xd0\xcf\x11\xe0"
_LOCKED = Problem(
    "locked with a password, or of an old Office format in spite of its name",
    "Open it in an office program and save it anew, without a password.",
)


def read_docx(path: File, options: Options) -> Text:
    """The text of a Word document as Markdown: headings, lists and tables stay.

    :raises BakehouseError: if it is damaged or would unpack to too much.
    """
    import mammoth

    with seekable(path) as stream:
        if _is_old(stream):
            return Text("", "", _LOCKED)
        check_office(stream, str(path))
        html = mammoth.convert_to_html(
            stream, convert_image=mammoth.images.img_element(lambda image: {}), external_file_access=False
        )
    return from_html(html.value, path)


def read_pptx(path: File, options: Options) -> Text:
    """The text of a presentation: titles, boxes, tables and notes, slide after slide.

    :raises BakehouseError: if it is damaged or would unpack to too much.
    """
    from pptx import Presentation

    with seekable(path) as stream:
        if _is_old(stream):
            return Text("", "", _LOCKED)
        check_office(stream, str(path))
        slides = ["\n".join(filter(None, _slide(slide))) for slide in Presentation(stream).slides]
    return Text(spoken(path), "\n\n".join(slides))


def _is_old(stream: BinaryIO) -> bool:
    found = stream.read(len(_OLD)) == _OLD
    stream.seek(0)
    return found


def _slide(slide: Any) -> Iterator[str]:
    for shape in slide.shapes:
        yield from _shape(shape)
    if slide.has_notes_slide:
        yield slide.notes_slide.notes_text_frame.text.strip()


def _shape(shape: Any) -> Iterator[str]:
    if shape.shape_type is not None and hasattr(shape, "shapes"):
        for inner in shape.shapes:
            yield from _shape(inner)
    elif shape.has_text_frame:
        yield shape.text_frame.text.replace("\v", "\n").strip()
    elif getattr(shape, "has_table", False):
        for row in shape.table.rows:
            yield "\t".join(cell.text.strip() for cell in row.cells)
