"""The dev examination: the same questions for the base model and for every checkpoint."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from eval.breakdown import Division, divisions
from eval.evaluate import judge, result_of, settings_of
from eval.measures import Judged
from eval.results import Result, System, save, scores_folder
from eval.task import Task, open_task
from retrieval.artifact import key_of
from retrieval.beir import Corpus, read_qrels, read_queries, splits
from retrieval.dense import TopK, exact, less
from retrieval.encoder import Encoder, Role, encode
from retrieval.errors import BakehouseError
from retrieval.fusion import DEPTH, fuse
from retrieval.lexical import document_languages, index_documents
from retrieval.models import Model
from retrieval.records import Document, FloatArray, Query, Run
from retrieval.searcher import Mode, Options, own_positions
from retrieval.vectors import Vectors
from training.config import Evaluate, Recipe
from training.generators.extract import without

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MEASURE = "ndcg@10"
EXAMINED: tuple[Mode, ...] = ("hybrid", "dense")
DIGITS = 6
"""Decimals of the figures in events and status."""
_K = 100
_LEAST = 200
"""Questions and documents of an examination, if there are so many: fewer would tell too little."""
_FEWEST = 30
"""Questions, where each has so many judged documents that fewer questions would fill the examination."""
_AT_LEAST_TWICE = 2
_TIMED = 8


@dataclass(frozen=True)
class Candidate:
    """A model under examination: the base at step 0, or a checkpoint."""

    name: str
    fingerprint: str
    label: str
    step: int


@dataclass(frozen=True)
class Student:
    """A model under training: what it says now, and what is kept of it on disk if it is unchanged.

    :param stored: The model it was loaded from, whose vectors are kept; None once it has learned.
    """

    loaded: SentenceTransformer
    stored: Model | None = None

    def vectors(self, texts: Sequence[str], role: Role) -> FloatArray:
        """Shape (texts, dimension), each row of unit length."""
        if self.stored is None:
            return encode(self.loaded, texts, role)
        return Vectors(_Loaded(self.stored, self.loaded), role).get(texts)


@dataclass(frozen=True)
class _Loaded(Encoder):
    """An encoder whose model is loaded already: a second copy would only take memory."""

    loaded: SentenceTransformer

    def __call__(self, texts: Sequence[str], role: Role) -> FloatArray:
        return encode(self.loaded, texts, role)


@dataclass(frozen=True)
class Examination:
    """Questions, judgments and documents, with BM25's answers ready: only the model's side is new each time.

    :param wanted: How many questions and documents the settings ask for, where these are fewer.
    """

    task: Task
    judged: Judged
    documents: list[Document]
    lexical: TopK
    settings: Evaluate
    run: str
    wanted: tuple[int, int] | None = None

    @cached_property
    def key(self) -> str:
        """Names what is asked, of whom it is asked apart: figures of the same key can be compared."""
        documents = {document.id: document.full_text for document in self.documents}
        others = {"exclude_self": True} if self.task.exclude_self else {}
        return key_of(task=self.task.fingerprint, documents=documents, weight=self.settings.weight, **others)

    @cached_property
    def divided(self) -> tuple[Division, ...]:
        """How the questions and the judgments are cut into groups."""
        return divisions(self.judged, self.task.queries, self.documents)

    @cached_property
    def texts(self) -> dict[Role, list[str]]:
        """What a model must encode: the documents, then the questions."""
        return {
            "document": [document.full_text for document in self.documents],
            "query": [query.text for query in self.task.queries],
        }

    def of(self, student: Student, candidate: Candidate) -> dict[str, Result]:
        """Judge a model in each mode, and save the results in the run.

        :returns: Mode → result.
        """
        start = time.perf_counter()
        documents, queries = (student.vectors(texts, role) for role, texts in self.texts.items())
        dense = _less_own(exact(queries, documents, _depth(self.documents, self.task)), self.task, self.documents)
        rankings = {
            "dense": TopK(dense.positions[:, :_K], dense.scores[:, :_K]),
            "hybrid": fuse(dense, self.lexical, _K, self.settings.weight),
        }
        seconds = time.perf_counter() - start
        return {mode: self._judge(mode, rankings[mode], candidate, seconds) for mode in EXAMINED}

    def expected_seconds(self, loaded: SentenceTransformer) -> float:
        """How long a model takes to encode everything, from a few documents: short, middling and long ones."""
        texts = sorted(sorted(self.texts["document"]), key=len)
        size = _TIMED if loaded.device.type == "cpu" else 4 * _TIMED
        places = (len(texts) * third // 6 for third in (1, 3, 5))
        groups = [texts[max(0, place - size // 2) :][:size] for place in places]
        encode(loaded, groups[0][:1], "document")  # what a first call costs on top is not paid again
        start = time.perf_counter()
        for group in groups:
            encode(loaded, group, "document")
        timed, all_of_them = (sum(map(len, chain(*some))) for some in (groups, self.texts.values()))
        return (time.perf_counter() - start) * all_of_them / max(1, timed)

    def _judge(self, mode: Mode, top: TopK, candidate: Candidate, seconds: float) -> Result:
        run = Run([query.id for query in self.task.queries], self.judged.doc_ids, top.positions, top.scores)
        result = result_of(
            judge(run, self.judged, self.task.queries, divided=self.divided),
            self.task,
            System(candidate.name, candidate.fingerprint, mode, candidate.label),
            settings={
                **settings_of(
                    Options(mode=mode, k=_K, weight=self.settings.weight, exclude_self=self.task.exclude_self)
                ),
                "ranked": len(self.documents),
            },
            seconds=seconds,
            run=self.run,
            step=candidate.step,
        )
        return save(result, scores_folder(self.run))


def prepare(corpus: Corpus, generated: Path | None, recipe: Recipe, run: str) -> Examination:
    """Set up the examination: human dev judgments where the corpus has them, else the questions generated
    from the passages kept out of training.

    It is made smaller than the settings say where it would take more than its share of the run.

    :raises BakehouseError: if there are neither.
    """
    settings = affordable(recipe, _questions(generated))
    full = _dev_task(corpus, generated)
    task = _sampled(full, settings)
    documents = _ranked_documents(corpus, task, settings)
    languages = document_languages(documents)
    lexical = index_documents(documents, languages)
    asking = [(query.text, query.lang) for query in task.queries]
    answers = _less_own(lexical.search(asking, _depth(documents, task)), task, documents)
    judged = Judged.of(task.qrels, [document.id for document in documents])
    asked = min(len(full.queries), recipe.evaluate.max_queries)
    ranked = min(len(corpus.documents), recipe.evaluate.max_documents)
    wanted = (asked, ranked) if len(task.queries) < asked or len(documents) < ranked else None
    return Examination(task, judged, documents, answers, settings, run, wanted)


def check_judged(corpus: Corpus, *, generates: bool) -> None:
    """Refuse a run whose checkpoints nothing could tell apart.

    :param generates: Whether questions are generated from passages kept out of training.
    :raises BakehouseError: if neither those nor human dev judgments are there.
    """
    if not generates and "dev" not in splits(corpus.folder):
        raise BakehouseError(
            f"{corpus.name} has no dev judgments to choose the best checkpoint by, and no questions are generated "
            "from passages kept out of training. Add qrels/dev.tsv, or set fit.data_only=false."
        )


def _depth(documents: Sequence[Document], task: Task) -> int:
    """How deep each side ranks: as far as fusion looks, and one more where each query leaves its own document out."""
    return max(min(DEPTH, len(documents)), _K) + task.exclude_self


def _less_own(top: TopK, task: Task, documents: Sequence[Document]) -> TopK:
    if not task.exclude_self:
        return top
    query_ids, doc_ids = ([each.id for each in some] for some in (task.queries, documents))
    return less(top, own_positions(query_ids, doc_ids))


def _questions(generated: Path | None) -> int:
    return len(read_qrels(generated, "train")) if generated and "train" in splits(generated) else 0


def affordable(recipe: Recipe, questions: int) -> Evaluate:
    """The settings with as many questions and documents as ``evaluate.share`` allows, and 200 at least.

    Training encodes each passage at least once, with gradients on top, so an examination of one text for each
    ten passages that training reads stays below a tenth of its time. Counted, not timed: the same recipe asks
    the same questions on every machine. What remains is left to :mod:`training.keeping.milestones`.

    :param questions: Training questions; 0 if they are not known, and nothing is changed.
    """
    wished = recipe.evaluate
    reads = _passages_read(recipe, questions)
    if not reads:
        return wished
    room = max(_LEAST, int(wished.share * reads / _AT_LEAST_TWICE))
    return wished.model_copy(
        update={
            "max_queries": min(wished.max_queries, room),
            "max_documents": min(wished.max_documents, room),
        }
    )


def _passages_read(recipe: Recipe, questions: int) -> int:
    """How many passages training encodes: each row has the right one and a wrong one, at least."""
    fit = recipe.fit
    rows = questions * fit.epochs * (recipe.mine.negatives if recipe.label.kind != "none" else 1)
    if fit.max_steps and fit.batch_size:
        rows = min(rows, fit.max_steps * fit.batch_size * fit.accumulate)
    return int(2 * rows)


def _dev_task(corpus: Corpus, generated: Path | None) -> Task:
    generates = generated is not None and "dev" in splits(generated)
    check_judged(corpus, generates=generates)
    if generated is None or "dev" in splits(corpus.folder):
        return open_task(corpus, "dev")
    qrels = read_qrels(generated, "dev")
    queries = tuple(query for query in read_queries(generated) if query.id in qrels)
    return Task(corpus, "dev", queries, qrels, synthetic=True)


def _sampled(task: Task, settings: Evaluate) -> Task:
    """Questions drawn until there are enough, or until their judged documents are."""
    drawn = random.Random(settings.seed).sample(range(len(task.queries)), min(settings.max_queries, len(task.queries)))
    judged: set[str] = set()
    kept: list[int] = []
    for row in drawn:
        judged |= task.qrels[task.queries[row].id].keys()
        if len(judged) > settings.max_documents and len(kept) >= _FEWEST:
            break
        kept.append(row)
    if len(kept) == len(task.queries):
        return task
    queries: tuple[Query, ...] = tuple(task.queries[row] for row in sorted(kept))
    qrels = {query.id: task.qrels[query.id] for query in queries}
    return replace(task, queries=queries, qrels=qrels)


def _ranked_documents(corpus: Corpus, task: Task, settings: Evaluate) -> list[Document]:
    """All judged documents, filled up by draw, sorted by id as ties want it."""
    judged = {doc_id for grades in task.qrels.values() for doc_id in grades}
    wanted = [document for document in corpus.documents if document.id in judged]
    others = [document for document in corpus.documents if document.id not in judged]
    room = max(0, settings.max_documents - len(wanted))
    drawn = random.Random(settings.seed).sample(others, min(room, len(others)))
    kept_out = _without_questions(wanted, task) if task.synthetic else wanted
    return sorted([*kept_out, *drawn], key=lambda document: document.id)


def _without_questions(documents: list[Document], task: Task) -> list[Document]:
    """The passages that questions were made from, less what was taken out of them verbatim."""
    taken: dict[str, list[str]] = {}
    for query in task.queries:
        for doc_id in task.qrels[query.id]:
            taken.setdefault(doc_id, []).append(query.text)
    return [replace(document, text=without(document.text, taken[document.id])) for document in documents]
