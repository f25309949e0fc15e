"""What a person sets about a conversion on the page, as its options, and in a sentence for a closed fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retrieval.convert.division import parse_shares
from retrieval.convert.options import Options
from retrieval.convert.passages import Chunking
from retrieval.convert.tables import DELIMITERS
from retrieval.errors import BakehouseError
from retrieval.languages import known_codes
from retrieval.page.tongues import language_name

DETECTED = ""
ENCODINGS = [
    ("detected", DETECTED),
    *((name, name) for name in ("utf-8", "utf-16", "cp1252", "cp1251", "cp1250", "cp1256", "iso8859_2", "koi8_r")),
    *((name, name) for name in ("gb18030", "big5", "cp932", "euc_jp", "cp949", "mac_roman")),
]
SEPARATORS = [("detected", DETECTED), *((name, delimiter) for delimiter, name in DELIMITERS.items())]
HEADERS = [("detected", DETECTED), ("names of columns", "names"), ("a row like the others", "row")]
SPLITS = [(name, name) for name in ("test", "dev", "train", "80/10/10", "50/0/50")]


def language_choices() -> list[tuple[str, str]]:
    """Every language that can be identified, by its own name."""
    return sorted((f"{language_name(code)} · {code}", code) for code in known_codes())


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of the form, in the order of its fields.

    :param header: ``names``, ``row``, or empty where it is to be detected.
    :param tokens: The most tokens of a passage; 0 or None leaves documents whole.
    :param split: A name, or shares such as ``80/10/10``.
    :param again: Whether judgments that came in splits of their own are divided too.
    """

    encoding: str = DETECTED
    delimiter: str = DETECTED
    header: str = DETECTED
    records: str = ""
    languages: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    tokens: float | None = 0
    overlap: float | None = 0
    split: str = "test"
    seed: float | None = 0
    again: bool = False

    @property
    def reading(self) -> str:
        """How files are read, in words; empty where all is detected."""
        said = [
            self.encoding,
            dict(_named(SEPARATORS)).get(self.delimiter, repr(self.delimiter)) if self.delimiter else "",
        ]
        said += [f"first line: {dict(_named(HEADERS))[self.header]}" if self.header else "", self.records]
        said += [", ".join(self.languages)]
        return ", ".join(filter(None, said))

    @property
    def shaping(self) -> str:
        """How long documents and judgments are treated, in words."""
        cut = f"cut at {self.tokens:.0f} tokens" if self.tokens else "documents stay whole"
        divided = f"judgments {self.split}" if "/" in self.split else "judgments as they come"
        return f"{cut}, {divided}"

    def options(self, columns: Mapping[str, str], model: str) -> Options:
        """What the conversion needs.

        :param columns: Role → column, as far as the person chose them.
        :param model: Whose tokenizer counts.
        :raises BakehouseError: if a value cannot be.
        """
        divided = "/" in (self.split or "")
        return Options(
            columns,
            self.keep,
            "test" if divided or not self.split else self.split.strip(),
            self.languages,
            (self.encoding or "").strip(),
            (self.delimiter or "").replace("\\t", "\t"),
            {"names": True, "row": False}.get(self.header),
            (self.records or "").strip(),
            self._chunking(model),
            parse_shares(self.split, _whole(self.seed or 0, "seed"), again=self.again) if divided else None,
        )

    def _chunking(self, model: str) -> Chunking | None:
        if not self.tokens:
            if self.overlap:
                raise BakehouseError("an overlap is of passages: say how many tokens a passage may have, too.")
            return None
        return Chunking(_whole(self.tokens, "tokens of a passage"), _whole(self.overlap or 0, "overlap"), model)


def _whole(value: float, name: str) -> int:
    if value != int(value):
        raise BakehouseError(f"the {name}: found {value:g}, wanted a whole number.")
    return int(value)


def _named(choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(value, name) for name, value in choices]
