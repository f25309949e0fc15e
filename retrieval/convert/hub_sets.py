"""Data sets of the Hub whose configurations are a corpus, its queries and their judgments.

They are named as mteb names them: ``corpus``, ``queries``, and ``default`` or ``qrels``; where there are subsets,
such as languages, ``en-corpus``, ``en-queries`` and ``en-qrels``, or ``corpus-en``, ``queries-en`` and ``en``. BEIR's
own have the judgments of ``OWNER/NAME`` in ``OWNER/NAME-qrels``. A split of judgments is the split that it is called.
Reference: https://github.com/embeddings-benchmark/mteb, ``mteb/abstasks/retrieval_dataset_loaders.py``
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from retrieval.beir import QRELS_HEADER
from retrieval.convert import hub
from retrieval.convert.beir_folder import GRADE_NAMES, document_entry, judgment_entry, query_entry
from retrieval.convert.entries import Entry
from retrieval.convert.hub import Address
from retrieval.convert.rows import Row, text_of
from retrieval.errors import BakehouseError, nearest
from retrieval.languages import code_of

_CORPUS = re.compile(r"(?:(.+)-)?corpus(?:-(.+))?")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_COLUMNS = (
    ("query-id", "query_id", "qid"),
    ("corpus-id", "corpus_id", "document-id", "doc-id", "doc_id", "pid"),
    GRADE_NAMES,
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The configurations of one subset.

    :param subset: Its name; empty where a data set has one only.
    :param judgments: Empty where none of the configurations holds them.
    """

    subset: str
    corpus: str
    queries: str
    judgments: str

    @property
    def names(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(filter(None, (self.corpus, self.queries, self.judgments)))


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """The entries of one subset: documents, then queries, then judgments.

    :param name: As reports call it.
    :param evidence: Why it is taken for one.
    :param judged: Split → its rows.
    """

    address: Address
    tables: Tables
    name: str
    evidence: str
    judged: dict[str, Any]

    def __call__(self) -> Iterator[Entry]:
        """Read from the beginning."""
        named = _LANGUAGE.fullmatch(self.tables.subset)
        lang = (named and code_of(self.tables.subset)) or ""
        for row in self._rows(self.tables.corpus):
            yield _in_language(document_entry(row), lang)
        for row in self._rows(self.tables.queries):
            yield _in_language(query_entry("", row), lang)
        for split, stream in self.judged.items():
            for row in hub.rows(stream, f"{self.address.shown}:{self.tables.judgments or 'qrels'}:{split}"):
                yield _judgment(row, split)

    def _rows(self, config: str) -> Iterator[Row]:
        for split, stream in hub.loaded_splits(replace(self.address, config=config)).items():
            yield from hub.rows(stream, f"{self.address.shown}:{config}:{split}")


def judged_sets(address: Address) -> list[JudgedSet]:
    """The subsets that an address names, all of them where it names none; none where it is no such data set.

    :raises BakehouseError: if the data set cannot be opened, or no judgments are of the split that it names.
    """
    configs = hub.configurations(address)
    found = tables_of(configs)
    wanted = [each for each in found if address.config in ("", each.subset, each.judgments)]
    if address.config in {name for each in found for name in (each.corpus, each.queries)}:
        return []  # a table that was named by itself
    used = {name for each in found for name in each.names}
    return [_judged_set(address, each, [name for name in configs if name not in used]) for each in wanted]


def tables_of(configs: Sequence[str]) -> list[Tables]:
    """The subsets that have a corpus and queries."""
    found = []
    for config in configs:
        if match := _CORPUS.fullmatch(config):
            subset = match[1] or match[2] or ""
            queries = _first(configs, [_joined(subset, name) for name in ("queries", "query")])
            names = [_joined(subset, "qrels"), {subset}] if subset else [{"default"}, {"qrels"}]
            if queries:
                found.append(Tables(subset, config, queries, _first(configs, names)))
    return found


def _joined(subset: str, name: str) -> set[str]:
    return {f"{subset}-{name}", f"{name}-{subset}"} if subset else {name}


def _first(configs: Sequence[str], wanted: Sequence[set[str]]) -> str:
    return next((config for names in wanted for config in configs if config in names), "")


def _judged_set(address: Address, tables: Tables, unused: Sequence[str]) -> JudgedSet:
    said = f"its configurations {', '.join(tables.names)} are a corpus"
    sibling = Address(address.name + hub.SIBLING)
    if tables.judgments:
        judged = _judgments(replace(address, config=tables.judgments))
        said += ", its queries and their judgments"
    elif not tables.subset and hub.is_there(sibling):
        judged = _judgments(sibling)
        said += f" and its queries, and {sibling.shown} judges them"
    else:
        judged = {}
        said += " and its queries; judgments of them were not found"
    if address.split and address.split not in judged:
        raise BakehouseError(
            f"{address.name} has no judgments of the split '{address.split}': it has {', '.join(judged) or 'none'}."
            + nearest(address.split, list(judged))
        )
    if address.split:
        judged = {address.split: judged[address.split]}
    said += f"; left out: {', '.join(unused)}" if unused else ""
    name = f"{address.shown}:{tables.subset}" if tables.subset else address.shown
    return JudgedSet(address, tables, name, said, judged)


def _judgments(address: Address) -> dict[str, Any]:
    """Split → its judgments. Ids are read as text: the 007 of a TSV file is no 7."""
    loaded = hub.loaded_splits(address)
    first = next((row.values for stream in loaded.values() for row in hub.rows(stream, address.shown)), {})
    if set(first) != set(QRELS_HEADER):
        return loaded
    from datasets import Features, Value

    return hub.loaded_splits(address, Features({name: Value("string") for name in first}))


def _in_language(entry: Entry, lang: str) -> Entry:
    if not lang:
        return entry
    passages = tuple(replace(passage, lang=lang) for passage in entry.passages)
    questions = tuple(replace(question, lang=lang) for question in entry.questions)
    return replace(entry, passages=passages, questions=questions)


def _judgment(row: Row, split: str) -> Entry:
    cells = [text_of(next((row.values[name] for name in names if name in row.values), "")) or "" for names in _COLUMNS]
    return replace(judgment_entry(cells, split, row.origin), raw=row.raw)
