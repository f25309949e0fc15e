"""One model on one split, in each mode: rankings become results."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from eval import trec
from eval.breakdown import Breakdown, Division, break_down, divisions, means
from eval.efficiency import Gauge
from eval.measures import STANDARD, Counts, Judged, Measured, measure, parse
from eval.results import RERANKED, TOP, Data, PerQuery, Result, Summary, System
from eval.task import Task
from eval.teacher import Teacher
from retrieval import lexical, tokens
from retrieval.artifact import hash_files, key_of
from retrieval.dense import TopK, less
from retrieval.errors import BakehouseError
from retrieval.fusion import DEPTH, Fusion
from retrieval.records import Document, Query, Run
from retrieval.searcher import MODES, Mode, Options, Searcher, own_positions

BM25 = "BM25"
"""The label of the lexical system, which has no model."""
BROUGHT = "run"
"""The mode of a ranking that was made elsewhere."""
_LIBRARIES = ("numpy", "torch", "sentence-transformers", "transformers", "bm25s", "PyStemmer")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How well one run did. The members are those of :class:`eval.results.Summary`."""

    metrics: dict[str, float]
    by_language: dict[str, dict[str, float]]
    per_query: PerQuery
    counts: Counts
    breakdown: Breakdown = field(default_factory=dict)


def judge(
    run: Run,
    judged: Judged,
    queries: Iterable[Query],
    measures: Sequence[str] = STANDARD,
    divided: Sequence[Division] = (),
) -> Scores:
    """Judge a run, overall and for each query language. Reads nothing and writes nothing.

    :param judged: Made once from the judgments, by :meth:`eval.measures.Judged.of` with ``run.doc_ids``.
    :param queries: Give each judged query its language and text; one that is missing counts as ``und``.
    :param measures: Such as ``ndcg@10``; see :func:`eval.measures.parse`.
    :param divided: Made once from the judgments, by :func:`eval.breakdown.divisions`; each adds to the breakdown.
    """
    measured = measure(run, judged, measures)
    known = {query.id: query for query in queries}
    found = [known.get(query_id, Query(query_id, "")) for query_id in measured.query_ids]
    row_of = {query_id: row for row, query_id in enumerate(run.query_ids)}
    per_query = PerQuery(
        query_ids=measured.query_ids,
        languages=[query.lang for query in found],
        texts=[query.text for query in found],
        values=measured.values,
        top=[run.top(row_of[query.id], TOP) if query.id in row_of else [] for query in found],
    )
    return Scores(
        metrics=measured.means(),
        by_language=_by_language(measured, per_query.languages),
        per_query=per_query,
        counts=measured.counts,
        breakdown=break_down(run, judged, measured, divided),
    )


def evaluate(
    task: Task,
    model_name: str,
    modes: Sequence[Mode] = MODES,
    *,
    k: int | None = None,
    weight: float = 0.5,
    fusion: Fusion = "minmax",
    measures: Sequence[str] = STANDARD,
    run: str | None = None,
    step: int | None = None,
    label: str = "",
    trec_folder: Path | None = None,
    efficiency: bool = False,
    teacher: Teacher | None = None,
) -> list[Result]:
    """Search with a model in each mode and judge the rankings; no result is saved yet.

    :param k: Depth of the rankings; the deepest cut of the measures if None.
    :param run: The training run that the model belongs to, with its ``step`` and a ``label`` for people.
    :param trec_folder: Also write each ranking into this folder, as ``MODE.run``.
    :param efficiency: Also measure what each mode takes, which costs seconds.
    :param teacher: Orders the first hits of the first mode anew: one more system, and an upper bound.
    :returns: One result a mode, in the order of ``modes``, then the teacher's.
    :raises BakehouseError: if the model is not to be had, or ``k`` is too small for a measure.
    """
    depth = _depth(k, measures, teacher)
    searcher = Searcher(task.corpus, model_name)
    bench = _Bench.of(task, searcher, measures, trec_folder)
    asked = [query for query in task.queries if query.text.strip()]
    gauge = Gauge(searcher, asked) if efficiency and asked else None
    results: list[Result] = []
    rankings: list[Run] = []
    for mode in modes:
        start = time.perf_counter()
        options = Options(mode=mode, k=depth, weight=weight, fusion=fusion, exclude_self=task.exclude_self)
        system = system_of(searcher, mode, label)
        rankings.append(searcher.run(task.queries, options))
        scores = bench.judge(rankings[-1], system)
        seconds = time.perf_counter() - start
        found = result_of(scores, task, system, settings=settings_of(options), seconds=seconds, run=run, step=step)
        taken = gauge.efficiency(options) if gauge else None
        results.append(replace(found, summary=replace(found.summary, efficiency=taken)))
    return [*results, _bound(bench, teacher, rankings[0], results[0].summary)] if teacher else results


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """What every ranking of one evaluation is judged by, and where it is written to."""

    task: Task
    documents: Sequence[Document]
    measures: Sequence[str]
    judged: Judged
    divided: Sequence[Division]
    trec_folder: Path | None

    @classmethod
    def of(cls, task: Task, searcher: Searcher, measures: Sequence[str], trec_folder: Path | None) -> _Bench:
        judged = Judged.of(task.qrels, searcher.doc_ids)
        divided = divisions(judged, task.queries, searcher.documents)
        return cls(task, searcher.documents, measures, judged, divided, trec_folder)

    def judge(self, ranking: Run, system: System) -> Scores:
        scores = judge(ranking, self.judged, self.task.queries, self.measures, self.divided)
        log.info("%s, %s: judged %d queries", system.label, system.mode, len(self.judged.query_ids))
        if self.trec_folder:
            trec.write_run(self.trec_folder / f"{system.mode}.run", ranking, f"{system.label} {system.mode}")
        return scores


def _bound(bench: _Bench, teacher: Teacher, ranking: Run, first: Summary) -> Result:
    """The result of a teacher that orders the first hits of another system anew."""
    start = time.perf_counter()
    system = System(teacher.model.name, teacher.model.fingerprint, RERANKED, teacher.model.title)
    scores = bench.judge(teacher.rerank(ranking, bench.task.queries, bench.documents), system)
    settings = {
        "k": first.settings["k"],
        "depth": teacher.depth,
        "teacher": {"kind": teacher.kind, "fingerprint": teacher.model.fingerprint},
        RERANKED: {**asdict(first.system), "settings": dict(first.settings)},
    }
    return result_of(scores, bench.task, system, settings=settings, seconds=time.perf_counter() - start)


def evaluate_run(task: Task, path: Path, *, label: str = "", measures: Sequence[str] = STANDARD) -> Result:
    """Judge the ranking of another system, a TREC run; nothing is saved yet.

    :param label: What to call the system; what the file says if empty.
    :raises BakehouseError: if the file is no run, or asks none of the judged queries.
    """
    start = time.perf_counter()
    brought = trec.read_run(path, sorted(document.id for document in task.corpus.documents))
    run = _less_own(brought.run) if task.exclude_self else brought.run
    if not set(run.query_ids) & task.qrels.keys():
        raise BakehouseError(
            f"{path} answers none of the {len(task.qrels)} queries that '{task.split}' judges: it has "
            f"'{run.query_ids[0]}', wanted such as '{next(iter(task.qrels))}'. Give the run of this split, or another --split."
        )
    judged = Judged.of(task.qrels, run.doc_ids)
    scores = judge(run, judged, task.queries, measures, divisions(judged, task.queries, task.corpus.documents))
    system = System("", hash_files([path]), BROUGHT, label or ", ".join(brought.tags))
    settings = {"k": run.ranking.shape[1], "unknown_documents": brought.strangers}
    settings |= {"exclude_self": True} if task.exclude_self else {}
    return result_of(scores, task, system, settings=settings, seconds=time.perf_counter() - start)


def _less_own(run: Run) -> Run:
    """The same run without the document that has the query's own id."""
    one_more = ((0, 0), (0, 1))
    deeper = TopK(
        np.pad(run.ranking, one_more, constant_values=-1), np.pad(run.scores, one_more, constant_values=-np.inf)
    )
    top = less(deeper, own_positions(run.query_ids, run.doc_ids))
    return Run(run.query_ids, run.doc_ids, top.positions, top.scores)


def result_of(
    scores: Scores,
    task: Task,
    system: System,
    *,
    settings: Mapping[str, Any],
    seconds: float,
    run: str | None = None,
    step: int | None = None,
) -> Result:
    """Join scores with everything needed to repeat them."""
    corpus = Data(task.corpus.name, str(task.corpus.folder.resolve()), task.corpus.fingerprint, task.fingerprint)
    result_id = key_of(
        model=system.model_fingerprint,
        mode=system.mode,
        corpus=corpus.fingerprint,
        judgments=corpus.judgments,
        split=task.split,
        settings=settings,
        **({"run": run, "step": step} if run else {}),
    )
    summary = Summary(
        id=result_id,
        system=system,
        corpus=corpus,
        split=task.split,
        synthetic=task.synthetic,
        metrics=scores.metrics,
        by_language=scores.by_language,
        counts=_counts(scores.counts, task),
        warnings=task.warnings,
        settings=settings,
        versions=versions(),
        step=step,
        run=run,
        seconds=round(seconds, 3),
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        breakdown=scores.breakdown,
    )
    return Result(summary, scores.per_query)


def system_of(searcher: Searcher, mode: Mode, label: str = "") -> System:
    """Who is judged; the lexical mode has no model."""
    if mode == "lexical":
        return System("", "", mode, BM25)
    model = searcher.encoder.model
    return System(model.name, model.fingerprint, mode, label or model.title)


def settings_of(options: Options) -> dict[str, Any]:
    """The settings that decide a ranking in this mode, as results record them."""
    settings: dict[str, Any] = {"k": options.k}
    if options.exclude_self:
        settings["exclude_self"] = True
    if options.mode != "dense":
        settings["bm25"] = {"k1": lexical.K1, "b": lexical.B, "tokens": tokens.VERSION}
    if options.mode == "hybrid":
        settings |= {"fusion": options.fusion, "weight": options.weight, "depth": DEPTH}
    return settings


def _depth(k: int | None, measures: Sequence[str], teacher: Teacher | None) -> int:
    deepest = max((parse(name) for name in measures), key=lambda each: each.k)
    if k is not None and k < deepest.k:
        raise BakehouseError(
            f"rankings of depth {k} are too short for {deepest.name}: give -k {deepest.k} or more, or leave it out."
        )
    depth = k or deepest.k
    if teacher and teacher.depth > depth:
        raise BakehouseError(
            f"the teacher is to read {teacher.depth} hits a query, and the rankings hold {depth}: give -k {teacher.depth}, "
            f"or --depth {depth} or less."
        )
    return depth


def _by_language(measured: Measured, languages: Sequence[str]) -> dict[str, dict[str, float]]:
    """Means for each query language, the one with most queries first."""
    names, rows = np.unique(np.asarray(languages), return_inverse=True)
    found = means(measured.values, rows, names.tolist())
    return dict(sorted(found.items(), key=lambda item: -item[1]["queries"]))


def _counts(counts: Counts, task: Task) -> dict[str, int]:
    return {
        **asdict(counts),
        "unjudged": counts.unjudged + task.unasked,
        "unknown_queries": len(task.unknown_queries),
        "in_languages_without_documents": sum(task.foreign.values()),
        "documents": len(task.corpus.documents),
    }


def versions(libraries: Sequence[str] = _LIBRARIES) -> dict[str, str]:
    """The installed versions of the libraries that take part in a judgment."""
    installed = {}
    for library in libraries:
        try:
            installed[library] = version(library)
        except PackageNotFoundError:
            continue  # it took no part
    return installed
