"""The GPL toolkit's labelled triples: questions, passages and a teacher's margins, by the ids of their folder."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from retrieval.beir import CORPUS, read_documents
from retrieval.convert.gpl import LABELLED
from retrieval.errors import BakehouseError
from retrieval.records import UNKNOWN
from training.data.examples import Example
from training.data.parts import LABEL
from training.generators.bring import brought
from training.generators.extract import without


def has_triples(folder: Path) -> bool:
    """Whether a folder holds ``gpl-training-data.tsv``."""
    return (folder / LABELLED).is_file()


def files(folder: Path) -> tuple[Path, ...]:
    """All files that are read of such a folder.

    :raises BakehouseError: if the questions are missing.
    """
    return (folder / CORPUS, *brought(str(folder)).files, folder / LABELLED)


def read_triples(folder: Path) -> dict[str, list[Example]]:
    """Language → query, positive, its negative and the margin, in file order.

    As of generated questions, one that stands word for word in its passage is taken out of it.

    :raises BakehouseError: if a line is no triple with a margin, or names what the folder does not hold.
    """
    queries = brought(str(folder)).queries
    documents = {document.id: document for document in read_documents(folder)}
    full = {id_: document.full_text for id_, document in documents.items()}

    @cache
    def rest(query_id: str, positive: str) -> str:
        document = documents[positive]
        return replace(document, text=without(document.text, [queries[query_id].text])).full_text

    examples: dict[str, list[Example]] = {}
    for number, (query_id, positive, negative, margin) in _lines(folder / LABELLED):
        missing = [id_ for id_ in (positive, negative) if id_ not in full] or [query_id] * (query_id not in queries)
        if missing:
            raise _fault(folder, number, f"'{missing[0]}' is not in the folder. Bring the files that belong together.")
        query = queries[query_id]
        lang = query.lang if query.lang != UNKNOWN else documents[positive].lang
        texts = {"query": query.text, "positive": rest(query_id, positive), "negatives": [full[negative]]}
        examples.setdefault(lang, []).append({**texts, LABEL: margin})
    if not examples:
        raise BakehouseError(f"{folder / LABELLED} is empty: there is nothing to train on.")
    return examples


def _lines(path: Path) -> Iterator[tuple[int, tuple[str, str, str, float]]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            cells = line.strip().split("\t")
            margin = _number(cells[-1])
            if len(cells) != 4 or not math.isfinite(margin):
                wanted = "wanted query, positive and negative id and the margin, parted by tabs"
                raise _fault(path.parent, number, f"{wanted}; found {line.strip()[:80]!r}. Mend or remove the line.")
            yield number, (cells[0], cells[1], cells[2], margin)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _fault(folder: Path, line: int, message: str) -> BakehouseError:
    return BakehouseError(f"{folder / LABELLED}, line {line}: {message}")
