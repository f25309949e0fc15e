"""What a conversion did, for a program and for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from retrieval.convert import judged
from retrieval.convert.division import Division
from retrieval.convert.folder import DUPLICATES, REJECTS, Counts
from retrieval.convert.near import Near
from retrieval.convert.opening import Source
from retrieval.convert.passages import Cut
from retrieval.convert.tables import DELIMITERS
from retrieval.validate import Fault

_SHOWN = 30
"""Faults that the report for a person shows."""


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """A finished conversion.

    :param sources: What each source was taken for, and why.
    :param languages: Language code → documents, largest first.
    :param query_languages: The same of queries.
    :param faults: Rejected, merged, renamed and repaired rows, one fault a file and reason, with the
        first line (or row) and how many there are.
    :param near: Which documents are nearly the same, where they were looked for.
    :param cut: What became of long documents, where they were to be cut.
    :param division: How the judgments were divided, where they were to be.
    :param mixed: How many documents of the sources are in several languages.
    :param of_source: How many documents and queries could not be named, and took the language of their source.
    :param seconds: What took how long; no part of the manifest, which is the same every time.
    """

    out: Path
    sources: tuple[Source, ...]
    counts: Counts
    languages: Mapping[str, int]
    query_languages: Mapping[str, int]
    faults: tuple[Fault, ...]
    split: str
    near: Near | None = None
    cut: Cut | None = None
    division: Division | None = None
    mixed: int = 0
    of_source: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The report as ``--json`` prints it."""
        return {
            "out": str(self.out),
            "counts": asdict(self.counts),
            "languages": dict(self.languages),
            "query_languages": dict(self.query_languages),
            "mixed_languages": self.mixed,
            "languages_of_source": self.of_source,
            "sources": [describe(source) for source in self.sources],
            "faults": [asdict(fault) for fault in self.faults],
            **({"near": self.near.as_json()} if self.near else {}),
            **({"chunks": self.cut.as_json()} if self.cut else {}),
            **({"splits": self.division.as_json()} if self.division else {}),
            **({"seconds": dict(self.seconds)} if self.seconds else {}),
        }

    def as_text(self) -> str:
        """The report as a person reads it."""
        faults = [str(fault) for fault in self.faults[:_SHOWN]]
        if len(self.faults) > _SHOWN:
            faults.append(f"… and {len(self.faults) - _SHOWN:,} more such lines; --json gives all.")
        reshaped = [text for each in (self.near, self.cut, self.division) if each and (text := each.as_text())]
        parts = [
            *map(describe_in_words, self.sources),
            self._sums(),
            *reshaped,
            *faults,
            *filter(None, [self._took()]),
            f"Next: {self._next()}",
        ]
        return "\n".join(parts)

    def _sums(self) -> str:
        c = self.counts
        judged = f", {_number(c.judgments, 'judgment')}{self._where_judged()}" if c.judgments else ""
        queries = f", {_number(c.queries, 'query')} ({_balance(self.query_languages)})" if c.queries else ""
        rules = {fault.rule for fault in self.faults}
        listed = [
            name for name, found in ((DUPLICATES, {"merged", "renamed"}), (REJECTS, {"rejected"})) if rules & found
        ]
        where = f" (listed in {' and '.join(listed)})" if listed else ""
        return (
            f"\n{_number(c.rows, 'row')} = {c.kept:,} kept + {c.merged:,} merged + {c.rejected:,} rejected{where}\n"
            f"→ {_number(c.documents, 'document')} ({_balance(self.languages)}){queries}{judged}\n{self._named()}→ {self.out}\n"
        )

    def _named(self) -> str:
        """What the balance of languages does not tell."""
        mixed = f"{_number(self.mixed, 'document')} in several languages (und, with 'langs' in the metadata)"
        of_source = f"{_number(self.of_source, 'text')} too short to say, named as the rest of the source"
        told = [line for line, count in ((mixed, self.mixed), (of_source, self.of_source)) if count]
        return "".join(f"  {line}\n" for line in told)

    def _where_judged(self) -> str:
        """The split that found judgments go to; those of folders and collections may keep their own."""
        formats = ("BEIR", "TREC", judged.FORMAT)
        own = self.division or any(source.format in formats for source in self.sources)
        return "" if own else f" (split '{self.split}')"

    def _took(self) -> str:
        """What took a tenth of the time or more; empty where all of it took less than a second."""
        whole = sum(self.seconds.values())
        if whole < 1:
            return ""
        parts = [f"{doing} {took:.1f}" for doing, took in self.seconds.items() if took >= whole / 10]
        return f"Took {whole:.1f} s: {', '.join(parts)}."

    def _next(self) -> str:
        return f"python -m retrieval index {self.out}"


def describe(source: Source) -> dict[str, Any]:
    """What a source was taken for, as JSON."""
    encoding, mapping = source.encoding, source.mapping
    return {
        "name": source.name,
        "format": source.format,
        "evidence": source.evidence,
        "encoding": encoding.name if encoding else None,
        "encoding_evidence": encoding.evidence if encoding else "",
        "delimiter": source.delimiter or None,
        "mapping": [asdict(choice) for choice in mapping.choices] if mapping else [],
        "unused": list(mapping.unused) if mapping else [],
    }


def describe_in_words(source: Source) -> str:
    """What a source was taken for, in a few lines."""
    delimiter = f", {DELIMITERS.get(source.delimiter, repr(source.delimiter))}-separated" if source.delimiter else ""
    encoding = f", {source.encoding.name} ({source.encoding.evidence})" if source.encoding else ""
    because = f" ({source.evidence})" if source.evidence and not delimiter else ""
    lines = [f"{source.name}: {source.format}{because}{delimiter}{encoding}"]
    if source.mapping:
        lines += [f"  {choice.role:<9} {choice.evidence}" for choice in source.mapping.choices]
        if source.mapping.unused:
            lines.append(f"  left out  {', '.join(source.mapping.unused)}")
    return "\n".join(lines)


def _number(count: int, noun: str) -> str:
    plural = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"


def _balance(languages: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {count:,}" for code, count in languages.items())
