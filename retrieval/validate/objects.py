"""The lines of ``corpus.jsonl`` and ``queries.jsonl``: what is wrong with each, and what it should be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrieval.beir import CORPUS, QRELS, QUERIES
from retrieval.languages import code_of
from retrieval.records import UNKNOWN
from retrieval.validate.fault import Tally
from retrieval.validate.ids import Ids
from retrieval.validate.lines import Line, read_lines, settle_end
from retrieval.validate.parser import Parsed, Parser
from retrieval.validate.patterns import DATE, LANG, LONGEST_ID, NOT_IN_ID, SURROGATES, SUSPECT

_SHOWN = 80
"""Characters of an id that a message shows."""


@dataclass(slots=True)
class Objects:
    """Holds each line of one file against the rules.

    :param contested: Plain ids that no line may be given, as an earlier look at the whole file has found.
    :param ids: The ids of the lines so far.
    :param languages: Language code → how many ids of lines that state it.
    """

    file: str
    tally: Tally
    contested: Set[str] = frozenset()
    ids: Ids = field(default_factory=Ids)
    languages: Counter[str] = field(default_factory=Counter)
    _parser: Parser = field(default_factory=Parser)
    _dates: int = 0

    def lines(self, source: Path) -> Iterator[Line]:
        """Each line as it should be; all faults are in the tally once the last was taken."""
        seen = False
        for line in read_lines(source, self.file, self.tally):
            seen = seen or line.text is not None
            if line.sound and line.text is not None:
                line.sound = self._check(line, line.text)
            settle_end(line, self.file, self.tally)
            yield line
        if not seen:
            self._note("empty-file", 0, "it holds no lines: add some, or remove the file.")
        elif self._dates == len(self.ids) > 0:
            self._note("guessed-id", 0, "every _id is a date, which mteb writes differently: put a letter before each.")
        self.tally.leave(self.file, self.ids.left)

    def _note(self, rule: str, line: int, message: str, fixable: bool = False) -> None:
        self.tally.note(rule, self.file, line, message, fixable=fixable)

    def _check(self, line: Line, text: str) -> bool:
        """Whether the line is an object."""
        try:
            parsed = self._parser.parse(text)
        except ValueError as error:
            self._note("json", line.number, f"not JSON ({error}): wanted one object a line.")
            return False
        if not isinstance(parsed.value, dict):
            message = f'{kind_of(parsed.value)} where an object was wanted, such as {{"_id": "1", …}}.'
            self._note("json", line.number, message)
            return False
        mended = self._json(line.number, parsed)
        if parsed.unescaped or SUSPECT.search(text):
            mended = self._characters(line.number, parsed) or mended
        mended = self._texts(line.number, parsed) or mended
        self._metadata(line.number, parsed.value)
        self._id(line, parsed, mended and parsed.faithful)
        return True

    def _json(self, line: int, parsed: Parsed) -> bool:
        if parsed.twice:
            self._note("duplicate-field", line, f'it names "{parsed.twice}" twice: keep one of the two.')
        if parsed.constant:
            self._note("nan", line, f"it holds {parsed.constant}: wanted a number, or null.")
        if parsed.unescaped:
            message = "a string holds a tab or another control character as it is: wanted \\t and the like."
            self._note("control-character", line, message, parsed.faithful)
        return parsed.unescaped

    def _characters(self, line: int, parsed: Parsed) -> bool:
        """Mend every string but the _id."""
        value, found = parsed.value, set[str]()
        for name in [name for name in value if name != "_id"]:
            value[name] = _cleaned(value[name], found)
        if "null-character" in found:
            self._note("null-character", line, "a text holds a null character: wanted none.", parsed.faithful)
        if "surrogate" in found:
            message = "a text holds half a character (a lone surrogate): wanted whole ones."
            self._note("surrogate", line, message, parsed.faithful)
        return bool(found)

    def _texts(self, line: int, parsed: Parsed) -> bool:
        value = parsed.value
        text = value.get("text")
        words = isinstance(text, str) and bool(text.strip())
        if not isinstance(text, str):
            found = f'"text" is {kind_of(text)}' if "text" in value else 'it has no "text"'
            self._note("text", line, f"{found}: wanted a string.")
        elif self.file == QUERIES and not words:
            self._note("no-question", line, '"text" is empty: wanted a question. Fill it in, or leave it out.')
        return self.file == CORPUS and self._title(line, parsed, words or not isinstance(text, str))

    def _title(self, line: int, parsed: Parsed, has_words: bool) -> bool:
        title = parsed.value.get("title")
        if title is None:
            self._note("no-title", line, 'it has no "title": wanted "title": "" where there is none.', parsed.faithful)
            parsed.value["title"] = ""
        elif not isinstance(title, str):
            self._note("title", line, f'"title" is {kind_of(title)}: wanted a string, which may be empty.')
        if not has_words and not (isinstance(title, str) and title.strip()):
            message = "neither title nor text has a word: no search can find it. Fill it in, or leave it out."
            self._note("no-words", line, message)
        return title is None

    def _metadata(self, line: int, value: dict[str, Any]) -> None:
        metadata = value.get("metadata", {})
        if not isinstance(metadata, dict):
            self._note("metadata", line, f'"metadata" is {kind_of(metadata)}: wanted an object, or leave it out.')
            return
        lang = metadata.get("lang") or ""
        if not isinstance(lang, str):
            self._note("lang", line, f'"lang" is {kind_of(lang)}: wanted a code such as "en".')
        elif lang and not LANG.fullmatch(lang):
            code = code_of(lang) or "en"
            self._note("lang", line, f'"lang" is {lang[:80]!r}: wanted a code of BCP 47 such as "{code}".')

    def _id(self, line: Line, parsed: Parsed, mended: bool) -> None:
        """Settle the id, and with it what the line should be."""
        value, raw = parsed.value, parsed.value.get("_id")
        rule = self._bent(line.number, value, parsed.faithful)
        if rule is None:
            line.text = _written(value) if mended else line.text
            return
        plain, content = str(raw).strip(), (line.text or "").strip()
        bent = bool(rule) and parsed.faithful
        if rule and not bent:
            self.ids.as_they_are.add(str(raw))
        if mended or bent:
            content = _written(value | {"_id": plain if bent else raw})
        claim = self.ids.claim(plain, raw, rule if bent else "", line.number, content)
        if bent and plain in self.contested:
            line.text = _written(value) if mended else line.text
        elif mended or bent:
            line.text = content
        if claim == "new":
            self._dates += DATE.fullmatch(plain) is not None
            self.languages[lang_of(value)] += 1
        if claim == "same":
            message = f"it says the same as line {self.ids.line_of(plain):,}: wanted each once."
            self._note("duplicate-line", line.number, message, True)
            line.text = None
        elif claim == "other":
            found = f"the _id {shown(plain)} stands in line {self.ids.line_of(plain):,} already"
            self._note("duplicate-id", line.number, f"{found}: give one another, and judgments the right one.")

    def _bent(self, line: int, value: dict[str, Any], fixable: bool) -> str | None:
        """The rule that an _id breaks in a way that can be mended; empty if none, None where it cannot be."""
        id_ = value.get("_id")
        if isinstance(id_, int) and not isinstance(id_, bool):
            message = f'"_id" is a number: wanted a string, "_id": "{shown(str(id_))[1:-1]}".'
            self._note("id-number", line, message, fixable)
            return "id-number"
        if not isinstance(id_, str):
            found = f'"_id" is {kind_of(id_)}' if "_id" in value else 'it has no "_id"'
            self._note("id", line, f'{found}: wanted a string, such as "_id": "1".')
            return None
        plain = id_.strip()
        if not plain or len(plain) > LONGEST_ID or NOT_IN_ID.search(plain):
            found = f"the _id {shown(id_)} is empty, too long, or holds a tab, line break or stray character"
            self._note("id", line, f"{found}: {QRELS}/ cannot name it.")
            return None
        if plain != id_:
            self._note("white-space", line, f"white space stands around the _id {shown(id_)}: wanted none.", fixable)
            return "white-space"
        return ""


def lang_of(value: dict[str, Any]) -> str:
    """The language that an object states, as whoever reads the folder takes it."""
    metadata = value.get("metadata")
    return str((metadata.get("lang") if isinstance(metadata, dict) else None) or UNKNOWN)


def _written(value: dict[str, Any]) -> str:
    """A line for a value; half characters that stay, as in an id, stay escaped, since UTF-8 has none."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if SURROGATES.search(text) else text


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def shown(text: str) -> str:
    """A text in quotation marks, cut where it is long."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}…"


def _cleaned(value: Any, found: set[str]) -> Any:
    """A value without null characters and lone surrogates; the rules that it broke go into ``found``."""
    if isinstance(value, str):
        if "\0" in value:
            found.add("null-character")
            value = value.replace("\0", "")
        if SURROGATES.search(value):
            found.add("surrogate")
            value = SURROGATES.sub("\ufffd", value)
        return value
    if isinstance(value, list):
        return [_cleaned(each, found) for each in value]
    if isinstance(value, dict):
        return {name: _cleaned(each, found) for name, each in value.items()}
    return value
