"""Ranking and measures against beir, sentence-transformers and pytrec_eval, with encoding free.

``python -m tests.benchmarks.judging [--passages 100000 --queries 1000 --alone]``

Each side runs in a process of its own and is given the same vectors in memory. *Rank and judge* goes from vectors
to mean nDCG@10, Recall@100 and MAP@100; *judge alone* from a ranking, as the house holds it, to the same; *once
more* has the judgments as integers already, as every mode and checkpoint but the first has.
*Product alone* is the matrix product of rounded vectors with nothing before and after it: what an exact search by
products cannot go below. The memory is the peak of the call above what the process held before it, with libraries, texts and vectors loaded.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.measuring import Measured, clustered, in_its_own_process, measured, table, tell

RANK = ("bakehouse", "beir", "sentence-transformers", "product alone, bfloat16")
JUDGE = ("bakehouse, judge alone", "bakehouse, once more", "pytrec_eval, judge alone")
K = 100
NAMES = ("ndcg@10", "recall@100", "map@100")
_JUDGED = 5
Way = tuple[Callable[[], Any], Callable[[Any], dict[str, float]]]


def qrels(n_passages: int, n_queries: int) -> dict[str, dict[str, int]]:
    """The passage that each question was made from, and some that a seeded draw calls right or wrong."""
    draw = np.random.default_rng(7)
    grades: dict[str, dict[str, int]] = {}
    for query in range(n_queries):
        drawn = draw.integers(0, n_passages, _JUDGED)
        grades[f"q{query}"] = {f"d{at}": int(draw.integers(0, 3)) for at in drawn} | {f"d{query}": 2}
    return grades


def bakehouse(documents: np.ndarray, queries: np.ndarray, judgments: dict[str, dict[str, int]]) -> Way:
    from eval.measures import Judged, measure
    from retrieval.dense import exact
    from retrieval.encoder import has_bf16
    from retrieval.records import Run

    has_bf16("cpu")  # loads what the first search would
    doc_ids = [f"d{at}" for at in range(len(documents))]

    def work() -> Any:
        top = exact(queries, documents, K)
        run = Run([f"q{at}" for at in range(len(queries))], doc_ids, top.positions, top.scores)
        return measure(run, Judged.of(judgments, doc_ids), NAMES).means()

    return work, dict


def beir(documents: np.ndarray, queries: np.ndarray, judgments: dict[str, dict[str, int]]) -> Way:
    import torch
    from beir.retrieval.evaluation import EvaluateRetrieval
    from beir.retrieval.search.dense import DenseRetrievalExactSearch

    class Encoded:
        """Hands out the vectors that beir asks for, in its own order."""

        def encode_queries(self, texts: list[str], **_: Any) -> Any:
            return torch.from_numpy(queries)

        def encode_corpus(self, some: list[dict[str, str]], **_: Any) -> Any:
            return torch.from_numpy(documents[[int(document["text"]) for document in some]])

    corpus = {f"d{at}": {"title": "", "text": str(at)} for at in range(len(documents))}
    asked = {f"q{at}": str(at) for at in range(len(queries))}

    def work() -> Any:
        found = DenseRetrievalExactSearch(Encoded()).search(corpus, asked, K, "dot")
        return EvaluateRetrieval.evaluate(judgments, found, [10, 100], ignore_identical_ids=False)

    def values(parts: Any) -> dict[str, float]:
        ndcg, average, recall, _ = parts
        return dict(zip(NAMES, (ndcg["NDCG@10"], recall["Recall@100"], average["MAP@100"]), strict=True))

    return work, values


def sentence_transformers(documents: np.ndarray, queries: np.ndarray, judgments: dict[str, dict[str, int]]) -> Way:
    import torch
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
    from sentence_transformers.util import dot_score

    class Encoded:
        similarity_fn_name = "dot"
        similarity = staticmethod(dot_score)
        model_card_data = None

        def encode_query(self, texts: list[str], **_: Any) -> Any:
            return torch.from_numpy(queries[[int(text) for text in texts]])

        def encode_document(self, texts: list[str], **_: Any) -> Any:
            return torch.from_numpy(documents[[int(text) for text in texts]])

    relevant = {query: {doc for doc, grade in of.items() if grade > 0} for query, of in judgments.items()}
    evaluator = InformationRetrievalEvaluator(
        {f"q{at}": str(at) for at in range(len(queries))},
        {f"d{at}": str(at) for at in range(len(documents))},
        relevant,
        mrr_at_k=[10],
        ndcg_at_k=[10],
        accuracy_at_k=[10],
        precision_recall_at_k=[100],
        map_at_k=[100],
        write_csv=False,
        score_functions={"dot": dot_score},
    )

    def values(found: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
        """It knows no grades, so its nDCG is another one."""
        return {"recall@100": float(found["dot"]["recall@k"][100]), "map@100": float(found["dot"]["map@k"][100])}

    return lambda: evaluator.compute_metrices(Encoded()), values


def product(documents: np.ndarray, queries: np.ndarray, judgments: dict[str, dict[str, int]]) -> Way:
    """Into one memory, a slab at a time, as large as the house's."""
    import torch

    of_documents, of_queries = (torch.from_numpy(each).bfloat16() for each in (documents, queries))
    slab = 50_000
    room = torch.zeros((min(512, len(queries)), slab), dtype=torch.bfloat16)

    def work() -> None:
        for start in range(0, len(of_documents), slab):
            some = of_documents[start : start + slab].T
            for rows in of_queries.split(len(room)):
                torch.mm(rows, some, out=room[: len(rows), : some.shape[1]])

    return work, lambda _: {}


def _ranked(documents: np.ndarray, queries: np.ndarray) -> Any:
    from retrieval.dense import exact
    from retrieval.records import Run

    top = exact(queries, documents, K)
    doc_ids = [f"d{at}" for at in range(len(documents))]
    return Run([f"q{at}" for at in range(len(queries))], doc_ids, top.positions, top.scores)


def own_measures(documents: np.ndarray, queries: np.ndarray, judgments: dict[str, dict[str, int]]) -> Way:
    from eval.measures import Judged, measure

    run = _ranked(documents, queries)
    return lambda: measure(run, Judged.of(judgments, run.doc_ids), NAMES).means(), dict


def once_more(documents: np.ndarray, queries: np.ndarray, judgments: dict[str, dict[str, int]]) -> Way:
    from eval.measures import Judged, measure

    run = _ranked(documents, queries)
    judged = Judged.of(judgments, run.doc_ids)
    return lambda: measure(run, judged, NAMES).means(), dict


def pytrec(documents: np.ndarray, queries: np.ndarray, judgments: dict[str, dict[str, int]]) -> Way:
    """From the same ranking, which becomes the dictionaries it wants; its order is told by K − rank."""
    import pytrec_eval

    run = _ranked(documents, queries)

    def work() -> Any:
        scored = {
            query: {doc: float(K - rank) for rank, (doc, _) in enumerate(run.top(row))}
            for row, query in enumerate(run.query_ids)
        }
        return pytrec_eval.RelevanceEvaluator(judgments, {"ndcg_cut.10", "recall.100", "map_cut.100"}).evaluate(scored)

    def values(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
        answers = ("ndcg_cut_10", "recall_100", "map_cut_100")
        return {
            name: float(np.mean([of[answer] for of in found.values()]))
            for name, answer in zip(NAMES, answers, strict=True)
        }

    return work, values


SIDES: dict[str, Callable[..., Way]] = {
    **dict(zip(RANK, (bakehouse, beir, sentence_transformers, product), strict=True)),
    **dict(zip(JUDGE, (own_measures, once_more, pytrec), strict=True)),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.judging", description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many, sides taking turns")
    parser.add_argument("--alone", action="store_true", help="only judge rankings that are there")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    judgments = qrels(args.passages, args.queries)
    if args.side:
        documents, queries = (np.load(args.folder / f"{name}.npy") for name in ("documents", "queries"))
        tell(measured(*SIDES[args.side](documents, queries, judgments)))
        return 0
    with tempfile.TemporaryDirectory() as place:
        for name, vectors in zip(("documents", "queries"), clustered(args.passages, args.queries), strict=True):
            np.save(Path(place) / f"{name}.npy", vectors)
        return _report(args, place)


def _report(args: argparse.Namespace, place: str) -> int:
    sizes = [f"--passages={args.passages}", f"--queries={args.queries}", f"--folder={place}"]
    blocks = {"judge alone": JUDGE} if args.alone else {"rank and judge": RANK, "judge alone": JUDGE}
    runs: dict[str, list[Measured]] = {name: [] for names in blocks.values() for name in names}
    for _ in range(args.repeats):
        for name, several in runs.items():
            several.append(in_its_own_process("tests.benchmarks.judging", *sizes, f"--side={name}"))
    print(f"{args.passages:,} passages, {args.queries:,} queries, best of {args.repeats}\n")
    for title, names in blocks.items():
        print(f"{title}\n{table({name: runs[name] for name in names})}\n")
    for name, several in runs.items():
        print(f"{name:<26}" + "  ".join(f"{measure} {value:.4f}" for measure, value in several[0].found.items()))
    own = runs[JUDGE[0]][0].found
    apart = max(abs(own[measure] - value) for each in runs.values() for measure, value in each[0].found.items())
    print(f"largest difference between two sides: {apart:.6f}")
    return 0 if apart < 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
