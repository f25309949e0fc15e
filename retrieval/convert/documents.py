"""Files of which each is one document: text, Markdown, web pages, PDF, Word and PowerPoint.

The id is the file's path within the folder. The title is what the file says it is, else its first
heading, else its name in words. A file that is empty, locked, damaged or without text is rejected;
the others go on. Nothing in a file is run, and nothing that it links to is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from xxhash import xxh3_128_hexdigest

from retrieval.convert import office, pdf, texts, web
from retrieval.convert.entries import Entry, Origin, Passage, Problem
from retrieval.convert.files import File, is_empty
from retrieval.convert.memo import Memo
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
    :param memo: Of what was read before.
    """

    files: Sequence[tuple[str, File]]
    options: Options
    memo: Memo = field(default_factory=Memo)

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        for row, (name, file) in enumerate(self.files, 1):
            yield self._entry(Origin(name, row), file)

    def _entry(self, origin: Origin, file: File) -> Entry:
        try:
            text = Text("", "") if is_empty(file) else self._read(file)
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

    def _read(self, file: File) -> Text:
        reader = _READERS.get(file.suffix.lower())
        if reader is None:
            return texts.read(file, self.options)

        def work_out() -> dict[str, Any]:
            return asdict(reader(file, self.options))

        with file.open("rb") as stream:
            content = xxh3_128_hexdigest(stream.read())
        found = self.memo.of("file", [file.name, content, self.options.encoding], work_out)
        problem = found.pop("problem")
        return Text(**found, problem=Problem(**problem) if problem else None)
