"""The dev examination: the same questions for the base model and for every checkpoint."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.evaluate import judge, result_of, settings_of
from eval.measures import Judged
from eval.results import Result, System, save, scores_folder
from eval.task import Task, open_task
from retrieval.beir import Corpus, read_qrels, read_queries, splits
from retrieval.dense import TopK, exact
from retrieval.encoder import encode
from retrieval.fusion import DEPTH, fuse
from retrieval.lexical import document_languages, index_documents
from retrieval.records import Document, Query, Run
from retrieval.searcher import Mode, Options
from training.config import Evaluate, Recipe
from training.generators.extract import without
from training.journal import Journal

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MEASURE = "ndcg@10"
EXAMINED: tuple[Mode, ...] = ("hybrid", "dense")
_K = 100
DIGITS = 6
"""Decimals of the figures in events and status."""


@dataclass(frozen=True)
class Candidate:
    """A model under examination: the base at step 0, or a checkpoint."""

    name: str
    fingerprint: str
    label: str
    step: int


@dataclass(frozen=True)
class Examination:
    """Questions, judgments and documents, with BM25's answers ready: only the model's side is new each time."""

    task: Task
    judged: Judged
    documents: list[Document]
    lexical: TopK
    settings: Evaluate
    run: str

    def of(self, model: SentenceTransformer, candidate: Candidate) -> dict[str, Result]:
        """Judge a loaded model in each mode, and save the results in the run.

        :returns: Mode → result.
        """
        start = time.perf_counter()
        depth = min(DEPTH, len(self.documents))
        documents = encode(model, [document.full_text for document in self.documents], "document")
        queries = encode(model, [query.text for query in self.task.queries], "query")
        dense = exact(queries, documents, max(depth, _K))
        rankings = {
            "dense": TopK(dense.positions[:, :_K], dense.scores[:, :_K]),
            "hybrid": fuse(dense, self.lexical, _K, self.settings.weight),
        }
        seconds = time.perf_counter() - start
        return {mode: self._judge(mode, rankings[mode], candidate, seconds) for mode in EXAMINED}

    def _judge(self, mode: Mode, top: TopK, candidate: Candidate, seconds: float) -> Result:
        run = Run([query.id for query in self.task.queries], self.judged.doc_ids, top.positions, top.scores)
        result = result_of(
            judge(run, self.judged, self.task.queries),
            self.task,
            System(candidate.name, candidate.fingerprint, mode, candidate.label),
            settings={
                **settings_of(Options(mode=mode, k=_K, weight=self.settings.weight)),
                "ranked": len(self.documents),
            },
            seconds=seconds,
            run=self.run,
            step=candidate.step,
        )
        return save(result, scores_folder(self.run))


def prepare(corpus: Corpus, generated: Path, settings: Evaluate, run: str) -> Examination:
    """Set up the examination: human dev judgments where the corpus has them, else the questions generated
    from the passages kept out of training.
    """
    task = _sampled(_dev_task(corpus, generated), settings)
    documents = _ranked_documents(corpus, task, settings)
    languages = document_languages(documents)
    lexical = index_documents(documents, languages)
    depth = max(min(DEPTH, len(documents)), _K)
    answers = lexical.search([(query.text, query.lang) for query in task.queries], depth)
    judged = Judged.of(task.qrels, [document.id for document in documents])
    return Examination(task, judged, documents, answers, settings, run)


def _dev_task(corpus: Corpus, generated: Path) -> Task:
    if "dev" in splits(corpus.folder):
        return open_task(corpus, "dev")
    qrels = read_qrels(generated, "dev")
    queries = tuple(query for query in read_queries(generated) if query.id in qrels)
    return Task(corpus, "dev", queries, qrels, synthetic=True)


def _sampled(task: Task, settings: Evaluate) -> Task:
    if len(task.queries) <= settings.max_queries:
        return task
    drawn = random.Random(settings.seed).sample(range(len(task.queries)), settings.max_queries)
    queries: tuple[Query, ...] = tuple(task.queries[row] for row in sorted(drawn))
    qrels = {query.id: task.qrels[query.id] for query in queries}
    return Task(task.corpus, task.split, queries, qrels, task.synthetic, task.unasked)


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


def figures(results: Mapping[str, Result]) -> dict[str, Any]:
    """What events and the status say of an examination: mode → metrics, and mode → language → nDCG@10."""
    return {
        mode: {
            **{name: round(float(value), DIGITS) for name, value in result.summary.metrics.items()},
            "by_language": {lang: round(float(of[MEASURE]), DIGITS) for lang, of in result.summary.by_language.items()},
        }
        for mode, result in results.items()
    }


@dataclass
class Examiner:
    """Examines a model once a step, remembers the best checkpoint's figure, and tells the journal."""

    examination: Examination
    journal: Journal
    recipe: Recipe

    @property
    def best(self) -> float:
        """The figure of the best checkpoint so far; -1 before there is one."""
        dev = self.journal.status.best.get("dev")
        return float(dev[self.mode][MEASURE]) if dev else -1.0

    @property
    def mode(self) -> Mode:
        """The mode whose figure decides."""
        return self.recipe.evaluate.mode

    def __call__(self, model: SentenceTransformer, candidate: Candidate) -> float:
        """Judge the model as it stands; the base, once judged, keeps its figures."""
        status = self.journal.status
        if candidate.step == 0 and status.base.get("dev"):
            return float(status.base["dev"][self.mode][MEASURE])
        asked = f"examining {candidate.label} on {len(self.examination.task.queries)} questions"
        self.journal.event(asked, stage="fit", step=candidate.step, total=status.total if candidate.step else 0)
        training = model.training
        results = self.examination.of(model.eval(), candidate)
        model.train(training)
        found = {
            "step": candidate.step,
            "model": candidate.name,
            "synthetic": self.examination.task.synthetic,
            "dev": figures(results),
        }
        # As precise as the figures are written: else a score would beat its own rounded figure
        score = round(results[self.mode].summary.metrics[MEASURE], DIGITS)
        if candidate.step == 0:
            self.journal.update(base=found)
        elif score > self.best:
            self.journal.update(best=found)
        kind = "synthetic dev" if self.examination.task.synthetic else "dev"
        self.journal.event(
            f"{candidate.label}: {kind} nDCG@10 {score:.3f} ({self.mode})",
            stage="fit",
            step=candidate.step,
            total=status.total if candidate.step else 0,
            metrics={"dev": found["dev"]},
        )
        return score
