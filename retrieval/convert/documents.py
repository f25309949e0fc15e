"""Files of which each is one document: text, Markdown, web pages, PDF, Word and PowerPoint.

The id is the file's path within the folder. The title is what the file says it is, else its first
heading, else its name in words. A file that is empty, locked, damaged or without text is rejected;
the others go on. Nothing in a file is run, and nothing that it links to is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from retrieval.convert import office, pdf, texts, web
from retrieval.convert.entries import Entry, Origin, Passage, Problem
from retrieval.convert.files import File, is_empty
from retrieval.convert.options import Options
from retrieval.convert.texts import Text
from retrieval.errors import BakehouseError

_READERS: Mapping[str, Callable[[File, Options], Text]] = {
    ".pdf": pdf.read,
    ".docx": office.read_docx,
    ".pptx": office.read_pptx,
    ".html": web.read,
    ".htm": web.read,
    ".xhtml": web.read,
}
_EMPTY = Problem("no text", "Check that it was saved or copied whole, or leave it out.")
_MEND = "Mend the file, or leave it out."
_ANEW = "Open it in the program that made it, save it anew or as text, or leave it out."


@dataclass(frozen=True, slots=True)
class Documents:
    """The entries of such files, one each.

    :param files: Name within the folder, and the file.
    """

    files: Sequence[tuple[str, File]]
    options: Options

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        for row, (name, file) in enumerate(self.files, 1):
            yield self._entry(Origin(name, row), file)

    def _entry(self, origin: Origin, file: File) -> Entry:
        read = _READERS.get(file.suffix.lower(), texts.read)
        try:
            text = Text("", "") if is_empty(file) else read(file, self.options)
        except BakehouseError as error:
            return Entry(origin, problems=(Problem(str(error), _MEND),))
        except Exception as error:  # readers of formats that others define raise whatever the damage leads them to
            damage = Problem(f"damaged, or no {file.suffix} in spite of its name ({type(error).__name__})", _ANEW)
            return Entry(origin, problems=(damage,))
        if text.problem:
            return Entry(origin, problems=(text.problem,))
        if not text.body.strip():
            return Entry(origin, problems=(_EMPTY,))
        return Entry(origin, passages=(Passage(origin.file, text.body, text.title, auto_id=origin.file),))
