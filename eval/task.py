"""What a system is judged on: the judged queries of one split of one corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from retrieval.artifact import key_of
from retrieval.beir import Corpus
from retrieval.errors import BakehouseError
from retrieval.records import UNKNOWN, Qrels, Query


@dataclass(frozen=True)
class Task:
    """Queries and their judgments over one corpus.

    :param queries: Those that have judgments, and no others.
    :param synthetic: Whether the queries were generated, not asked by people.
    :param unasked: Queries of the corpus that this split does not judge.
    :param exclude_self: Leave out, before any cut, the document that has the query's own id.
    """

    corpus: Corpus
    split: str
    queries: tuple[Query, ...]
    qrels: Qrels
    synthetic: bool = False
    unasked: int = 0
    exclude_self: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the judgments and of the queries' texts."""
        return key_of(qrels=self.qrels, texts={query.id: query.text for query in self.queries})

    @cached_property
    def unknown_queries(self) -> tuple[str, ...]:
        """Judged query ids without a query; they can only score 0."""
        known = {query.id for query in self.queries}
        return tuple(query_id for query_id in self.qrels if query_id not in known)

    @cached_property
    def unknown_documents(self) -> tuple[str, ...]:
        """Judged document ids that the corpus lacks, each once."""
        known = {document.id for document in self.corpus.documents}
        return tuple({doc_id: None for grades in self.qrels.values() for doc_id in grades if doc_id not in known})

    @cached_property
    def foreign(self) -> Mapping[str, int]:
        """Query language → queries, for the languages in which the corpus has no document.

        Empty where a document's language is unknown: it may be any of them.
        """
        counts: dict[str, int] = {}
        if UNKNOWN in self.corpus.languages:
            return counts
        for query in self.queries:
            if query.lang not in self.corpus.languages and query.lang != UNKNOWN:
                counts[query.lang] = counts.get(query.lang, 0) + 1
        return counts

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the scores should know, as sentences."""
        said = []
        if self.foreign:
            langs = ", ".join(f"{lang} ({count})" for lang, count in self.foreign.items())
            said.append(
                f"Queries in a language without documents: {langs}. Only a multilingual model can answer "
                "them; add documents in that language, or read these scores as cross-lingual."
            )
        if self.unknown_documents:
            said.append(
                f"Judged documents that the corpus lacks: {len(self.unknown_documents)}, such as "
                f"'{self.unknown_documents[0]}'. They count as not found."
            )
        if self.unknown_queries:
            said.append(
                f"Judged queries that queries.jsonl lacks: {len(self.unknown_queries)}, such as "
                f"'{self.unknown_queries[0]}'. They score 0."
            )
        return tuple(said)


def open_task(corpus: Corpus, split: str, *, allow_unknown: bool = False, exclude_self: bool | None = None) -> Task:
    """Read a split and check it before anything expensive.

    :param allow_unknown: Score judgments of unknown documents and queries as not found, with a warning.
    :param exclude_self: See :class:`Task`; what the corpus says if None.
    :raises BakehouseError: if the split is missing or empty, a query id stands twice, or judgments name
        unknown ids that are not allowed.
    """
    qrels = corpus.qrels(split)
    if not qrels:
        raise BakehouseError(
            f"{corpus.folder} has no judgment in qrels/{split}.tsv: wanted lines of query-id, corpus-id and score."
        )
    if len(corpus.queries) != len({query.id for query in corpus.queries}):
        raise BakehouseError(
            f"{corpus.folder / 'queries.jsonl'} has an id twice. "
            f"Run `python -m retrieval validate {corpus.folder}` to see which."
        )
    asked = tuple(query for query in corpus.queries if query.id in qrels)
    exclude = corpus.exclude_self if exclude_self is None else exclude_self
    task = Task(corpus, split, asked, qrels, unasked=len(corpus.queries) - len(asked), exclude_self=exclude)
    if not allow_unknown:
        _refuse_unknown(task)
    return task


def _refuse_unknown(task: Task) -> None:
    kinds = [("document", "corpus.jsonl", task.unknown_documents), ("query", "queries.jsonl", task.unknown_queries)]
    faults = [f"{kind} '{ids[0]}', which {file} lacks ({len(ids)} such)" for kind, file, ids in kinds if ids]
    if faults:
        raise BakehouseError(
            f"{task.corpus.folder / 'qrels' / task.split}.tsv names {' and '.join(faults)}: scores would be too low. "
            f"Run `python -m retrieval validate {task.corpus.folder}` for every line and mend the file, "
            "or count them as not found with --allow-unknown."
        )
