"""Small helpers of the converter's tests: files in, the lines of the folder out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from retrieval.convert.convert import convert
from retrieval.convert.options import Options
from retrieval.convert.report import ConversionReport

ENGLISH = Options(languages=("en",))
"""Spares the tests that are about something else the models that identify languages."""


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_lines(path: Path, *values: Any) -> Path:
    return write(path, "".join(json.dumps(value) + "\n" for value in values))


def run(place: Path, out: Path, options: Options = ENGLISH, **columns: str) -> ConversionReport:
    """Convert one place; every report's sums are checked on the way."""
    options = Options(columns, languages=options.languages, split=options.split) if columns else options
    report = convert([place], out, options)
    counts = report.counts
    assert counts.rows == counts.kept + counts.merged + counts.rejected
    assert counts.documents == len(read(out, "corpus"))
    assert counts.queries == len(read(out, "queries"))
    assert counts.judgments == sum(len(judgments(out, path.stem)) for path in (out / "qrels").glob("*.tsv"))
    assert counts.rejected == len(read(out, "rejects"))
    return report


def read(out: Path, name: str) -> list[dict[str, Any]]:
    """The objects of ``NAME.jsonl``; none where there is no such file."""
    path = out / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]] if path.exists() else []


def texts(out: Path, name: str = "corpus") -> dict[str, str]:
    """Id → text, in file order."""
    return {value["_id"]: value["text"] for value in read(out, name)}


def judgments(out: Path, split: str = "test") -> list[tuple[str, str, int]]:
    path = out / "qrels" / f"{split}.tsv"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    assert not rows or rows[0] == ["query-id", "corpus-id", "score"]
    return [(query, document, int(score)) for query, document, score in rows[1:]]
