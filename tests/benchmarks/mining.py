"""Mining against sentence-transformers' ``mine_hard_negatives``, encoding aside, on the same vectors.

``python -m tests.benchmarks.mining [--passages 100000 --queries 5000]``

Each side runs in a process of its own and reads vectors that lie on disk, each in the cache that it keeps:
Bakehouse's ``vectors/KEY/``, the peer's ``cache_folder``. The time is that of one call, from texts to negatives.
The memory is the peak of the call above what the process held before it, with libraries and texts loaded.
The model is a real one without weights worth speaking of: nothing is encoded, which the run makes sure of.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.measuring import DIMENSION, Measured, clustered, in_its_own_process, measured, table, tell

DEPTH, NEGATIVES, CEILING = 50, 8, 0.95
SIDES = ("bakehouse", "peer", "peer, faiss", "peer, small batches")
_SMALL = 256


def passages(count: int) -> list[str]:
    return [f"passage {number}" for number in range(count)]


def queries(count: int) -> list[str]:
    return [f"question about passage {number}" for number in range(count)]


def prepare(folder: Path, n_passages: int, n_queries: int) -> None:
    """Save the model, and vectors in the cache of each side."""
    documents, asked = clustered(n_passages, n_queries)
    _model().save_pretrained(str(folder / "model"), create_model_card=False)
    _fill_own_cache(folder, documents, asked)
    _fill_peers_cache(folder, documents, asked)


def _model() -> Any:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "passage": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    module = StaticEmbedding(tokenizer, embedding_weights=np.ones((2, DIMENSION), np.float32))
    return SentenceTransformer(modules=[module], device="cpu")


def _fill_own_cache(folder: Path, documents: np.ndarray, asked: np.ndarray) -> None:
    from retrieval import vectors

    for role, texts, rows in (
        ("document", passages(len(documents)), documents),
        ("query", queries(len(asked)), asked),
    ):
        cache = _cache(folder, role)
        for at in range(0, len(rows), vectors.SHARD):
            digests = [vectors._digest(text) for text in texts[at : at + vectors.SHARD]]
            vectors._write_shard(cache.folder, digests, rows[at : at + vectors.SHARD])


def _cache(folder: Path, role: Any) -> Any:
    from retrieval.encoder import Encoder
    from retrieval.models import resolve
    from retrieval.vectors import Vectors

    return Vectors(Encoder(resolve(str(folder / "model"))), role)


def _fill_peers_cache(folder: Path, documents: np.ndarray, asked: np.ndarray) -> None:
    """The file names are those that ``mine_hard_negatives`` makes of model, prompts and texts."""
    cache = folder / "peers-cache"
    cache.mkdir()
    for kind, texts, rows in (
        ("corpus", passages(len(documents)), documents),
        ("query", queries(len(asked)), asked),
    ):
        name = hashlib.sha256(repr(("", None, None, texts)).encode(), usedforsecurity=False).hexdigest()
        np.save(cache / f"{kind}_embeddings_{name}.npy", rows)


def bakehouse(folder: Path, n_passages: int, n_queries: int) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    from retrieval.encoder import Encoder
    from retrieval.models import resolve
    from retrieval.records import Document, Query
    from training.config import Mine
    from training.mining.candidates import Asked, Pool
    from training.split import Shares

    encoder = Encoder(resolve(str(folder / "model")))
    documents = [Document(f"d{number}", text, "", {"lang": "en"}) for number, text in enumerate(passages(n_passages))]
    share = Shares("en", [], [], documents)
    asked = [Asked(Query(f"q{n}", text), n, (n,)) for n, text in enumerate(queries(n_queries))]
    settings = Mine(retrievers=("base",), depth=DEPTH, negatives=NEGATIVES, ceiling=CEILING)

    def mine() -> Pool:
        pool = Pool.of(share, settings, {"base": encoder})
        assert len(pool.negatives(asked)) == n_queries
        return pool

    def found(pool: Pool) -> list[list[int]]:
        return [of_query.positions[:NEGATIVES].tolist() for of_query in pool.candidates(asked)]

    return mine, found


def peer(
    folder: Path, n_passages: int, n_queries: int, **how: Any
) -> tuple[Callable[[], Any], Callable[[Any], list[list[int]]]]:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import mine_hard_negatives

    model = SentenceTransformer(str(folder / "model"), device="cpu")
    corpus, asked = passages(n_passages), queries(n_queries)
    dataset = Dataset.from_dict({"query": asked, "passage": corpus[:n_queries]})

    def mine() -> Any:
        return mine_hard_negatives(
            dataset,
            model,
            corpus=corpus,
            range_max=DEPTH,
            relative_margin=1 - CEILING,
            num_negatives=NEGATIVES,
            output_format="labeled-list",
            verbose=False,
            cache_folder=str(folder / "peers-cache"),
            **how,
        )

    def found(mined: Any) -> list[list[int]]:
        position_of = {text: number for number, text in enumerate(corpus)}
        of_query = {row["query"]: [position_of[text] for text in row["passage"][1:]] for row in mined}
        return [of_query.get(text, []) for text in asked]

    return mine, found


def side(name: str, folder: Path, n_passages: int, n_queries: int) -> Measured:
    """Measure one side, in this process."""
    how: dict[str, Any] = {
        "peer": {},
        "peer, faiss": {"use_faiss": True},
        "peer, small batches": {"faiss_batch_size": _SMALL},
    }.get(name, {})
    if name == "bakehouse":
        mine, found = bakehouse(folder, n_passages, n_queries)
    else:
        mine, found = peer(folder, n_passages, n_queries, **how)
    return measured(mine, found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.mining", description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many, sides taking turns")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        tell(side(args.side, args.folder, args.passages, args.queries))
        return 0
    with tempfile.TemporaryDirectory() as place:
        os.environ["BAKEHOUSE_HOME"] = place
        prepare(Path(place), args.passages, args.queries)
        return _report(Path(place), args)


def _report(folder: Path, args: argparse.Namespace) -> int:
    sizes = [f"--passages={args.passages}", f"--queries={args.queries}"]
    runs: dict[str, list[Measured]] = {name: [] for name in SIDES}
    for _ in range(args.repeats):
        for name in SIDES:
            arguments = [*sizes, f"--side={name}", f"--folder={folder}"]
            runs[name].append(in_its_own_process("tests.benchmarks.mining", *arguments))
    print(f"{args.passages:,} passages x {DIMENSION}, {args.queries:,} questions, best of {args.repeats}")
    print(table(runs))
    own = runs["bakehouse"]
    same = sum(a == b for a, b in zip(own[0].found, runs["peer"][0].found, strict=True))
    sets = sum(set(a) == set(b) for a, b in zip(own[0].found, runs["peer"][0].found, strict=True))
    print(f"the same top {NEGATIVES} negatives as the peer: {sets:,} of {args.queries:,} questions", end="")
    print(f", in the same order: {same:,}")
    return 0 if sets >= 0.999 * args.queries else 1


if __name__ == "__main__":
    sys.exit(main())
