"""The encoding of a text file: by its byte order mark, as UTF-8, or as charset-normalizer reads it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO, cast

from retrieval.convert import strays
from retrieval.convert.files import File
from retrieval.convert.letters import fit
from retrieval.errors import BakehouseError, nearest
from retrieval.languages import identify
from retrieval.records import UNKNOWN

_CHUNK = 1 << 17
_SAMPLE = 1 << 16
_AROUND = 1 << 22
_BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_JAPANESE = b"\x1b$B"
_NOT_TEXT = (
    (b"PK\x03\x04", "a ZIP archive or an Office file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"PAR1", "a Parquet file"),
)
_COMMON = [
    *("cp1252", "cp1251", "cp1250", "cp1254", "cp1256", "cp1253", "cp1255", "cp1257", "cp1258", "cp874"),
    *("koi8_r", "koi8_u", "cp866", "gb18030", "big5", "cp932", "euc_jp", "cp949", "iso2022_jp"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "iso8859_9", "mac_roman", "mac_cyrillic", "mac_latin2"),
    *("cp850", "cp852", "cp437"),
]
_REMEDY = "Save it as UTF-8 text, or name its encoding with --encoding."


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to read a file.

    :param name: As Python's codecs know it.
    :param evidence: A sentence that says why.
    :param mixed: UTF-8 with some bytes that are not; these come through as surrogate escapes. Rows of
        tables that hold them are rejected; in a file that is one text they become U+FFFD.
    :param other: The encoding of the lines that hold such bytes, where there is one way only to read
        them; then they are read so, and noted.
    :param sure: False for an encoding that fits, though the text in it is in no language that could be found.
    """

    name: str
    evidence: str
    mixed: bool = False
    other: str = ""
    sure: bool = True

    @property
    def note(self) -> str:
        """That a row was read in the other encoding."""
        return f"is not UTF-8 as the rest of the file is, and was read as {self.other}"


def detect(path: File, told: str = "") -> Encoding:
    """Find the encoding of a file, which is read to its end.

    :param told: The encoding that the person named; checked, not doubted.
    :raises BakehouseError: if the file is no text, or no encoding fits all of it.
    """
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    for magic, kind in _NOT_TEXT:
        if head.startswith(magic):
            raise BakehouseError(f"{path} is {kind} in spite of its name: wanted text. Rename or export it.")
    if told:
        return _as_told(path, told)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return _marked(path, name)
    if wide := _wide(head):
        return _checked(path, Encoding(wide, "every other byte of its start is zero"))
    bad = _first_undecodable(path, "utf-8")
    if bad is None and _JAPANESE in head and _is_ascii(path):
        return _checked(path, Encoding("iso2022_jp", "it is ASCII with the marks of ISO-2022-JP"))
    if bad is None:
        return Encoding("utf-8", "all of it is ASCII" if _is_ascii(path) else "all of it decodes as UTF-8")
    return _mixed(path, bad, "utf-8") or _legacy(path, head, bad)


def detect_text(path: File, told: str = "") -> Encoding:
    """The encoding of a file whose name does not say that it is text.

    :raises BakehouseError: also if it looks like something else, or is in an encoding that is not sure.
    """
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    wide = told or _wide(head) or any(head.startswith(bom) for bom, _ in _BOMS)
    why = "holds control characters as no text does"
    if wide or not _CONTROL.search(head):
        encoding = detect(path, told)
        if encoding.sure:
            return encoding
        why = f"might be {encoding.name}, but in no known language"
    raise BakehouseError(
        f"{path} has no ending that says what it is, and {why}. If it is text, save it as UTF-8 with the ending .txt."
    )


def open_text(path: File, encoding: Encoding) -> TextIO:
    """Open for reading, line ends untouched."""
    errors = "surrogateescape" if encoding.mixed else "strict"
    return cast(TextIO, path.open("r", encoding=encoding.name, errors=errors, newline=""))


def read_text(path: File, encoding: Encoding) -> str:
    """The whole file, line ends untouched."""
    with open_text(path, encoding) as stream:
        return stream.read()


def _as_told(path: File, told: str) -> Encoding:
    try:
        b"a".decode(told, "replace")  # refuses codecs that are no text encoding, such as base64
    except LookupError as error:
        raise BakehouseError(
            f"unknown encoding '{told}': wanted one such as utf-8, cp1252 or gb18030.{nearest(told, _COMMON)}"
        ) from error
    return _checked(path, Encoding(told, "named with --encoding"))


def _marked(path: File, name: str) -> Encoding:
    """The encoding that a byte order mark promises, which a file cut short may break."""
    promised = Encoding(name, f"it begins with the byte order mark of {name.removesuffix('-sig').upper()}")
    bad = _first_undecodable(path, name) if name == "utf-8-sig" else None
    return (_mixed(path, bad, name) if bad is not None else None) or _checked(path, promised)


def _checked(path: File, encoding: Encoding) -> Encoding:
    bad = _first_undecodable(path, encoding.name)
    if bad is None:
        return encoding
    raise BakehouseError(
        f"{path} is not {encoding.name} throughout ({encoding.evidence}): byte {bad:,} does not decode. {_REMEDY}"
    )


def _wide(head: bytes) -> str:
    """The UTF-16 of a file without a mark: text in Latin letters has a zero in every other byte."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(head) < 4 or max(even, odd) < 0.3 * len(head) / 2 or min(even, odd) * 10 > max(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _chunks(path: File) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _is_ascii(path: File) -> bool:
    return all(chunk.isascii() for chunk in _chunks(path))


def _first_undecodable(path: File, name: str) -> int | None:
    """The offset of the first byte that does not decode, or None; near it for stateful encodings."""
    decoder = codecs.getincrementaldecoder(name)("strict")
    offset = 0
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
            offset += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return max(0, offset - (len(error.object) - len(chunk)) + error.start)
    except UnicodeError:  # UTF-16 and UTF-32 without their mark
        return 0
    return None


def _mixed(path: File, bad: int, name: str) -> Encoding | None:
    """UTF-8 with strays: most of what is not ASCII decodes, or whole lines do, so no other encoding is meant."""
    with path.open("rb") as stream:
        stream.seek(max(0, bad - _AROUND))
        lines = strays.parted(stream.read(2 * _AROUND), cut_before=bad > _AROUND, cut_after=bool(stream.read(1)))
    if not lines.mixed:
        return None
    places = "one place," if lines.places == 1 else f"{lines.places:,} places, of which the first is"
    other = lines.encoding
    evidence = f"it is UTF-8, but for {places} byte {bad:,}" + (f"; such lines read well as {other}" if other else "")
    return Encoding(name, evidence, mixed=True, other=other)


def _legacy(path: File, head: bytes, bad: int) -> Encoding:
    """The likeliest legacy encoding that decodes the whole file."""
    if bad >= _SAMPLE:
        with path.open("rb") as stream:
            stream.seek(bad - 200)
            head = stream.read(_SAMPLE)
    for guess in _guesses(_whole_lines(head)):
        if _first_undecodable(path, guess.name) is None:
            return guess
    raise BakehouseError(f"{path} is in no encoding that could be found: byte {bad:,} is not UTF-8. {_REMEDY}")


def _guesses(sample: bytes) -> list[Encoding]:
    """Encodings that charset-normalizer finds readable, best first.

    Their letters decide first, then the coherence that it computes, then how common they are; that
    alone decides between encodings that read the sample alike.
    """
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=_COMMON)
    matches = {name: match for match in found for name in match.could_be_from_charset if name in _COMMON}
    texts = {name: sample.decode(name, "replace") for name in matches}
    coherence: dict[str, float] = {}
    for name, match in matches.items():
        coherence[texts[name]] = max(coherence.get(texts[name], -1.0), match.coherence - match.chaos)
    languages = dict(zip(matches, identify(list(texts.values())), strict=True))

    def rank(name: str) -> tuple[float, float, int]:
        letters = round(fit(texts[name][:3000], languages[name]), 2)
        return -letters, -round(coherence[texts[name]], 1), _COMMON.index(name)

    return [
        Encoding(name, _evidence(name, languages[name]), sure=languages[name] != UNKNOWN)
        for name in sorted(matches, key=rank)
    ]


def _evidence(name: str, language: str) -> str:
    like = "" if language == UNKNOWN else f" (the language looks like {language})"
    return f"it is not UTF-8, and reads well as {name}{like}"


def _whole_lines(sample: bytes) -> bytes:
    """Without a last line that may be cut within a character."""
    end = sample.rfind(b"\n")
    return sample[: end + 1] if end > 0 and len(sample) >= _SAMPLE - 200 else sample
