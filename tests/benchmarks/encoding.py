"""How many passages a second models encode, one beside the other in the same run.

``python -m tests.benchmarks.encoding CORPUS MODEL MODEL … [--passages 256] [--rounds 3]``

The models take turns, so that a busy machine slows all of them; the best round of each counts, and
the first model is the measure of the others.
"""

from __future__ import annotations

import argparse
import time

from retrieval.beir import open_corpus
from retrieval.encoder import encode, load
from retrieval.models import resolve


def main() -> None:
    """Print a line for each model."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.encoding", description=__doc__)
    parser.add_argument("corpus", help="a BEIR folder, or the name of one in the workspace")
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--passages", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    documents = open_corpus(args.corpus).documents
    texts = [document.full_text for document in documents[:: max(1, len(documents) // args.passages)]]
    loaded = {name: load(resolve(name)) for name in args.models}
    seconds: dict[str, list[float]] = {name: [] for name in args.models}
    for _ in range(1 + args.rounds):
        for name, model in loaded.items():
            start = time.perf_counter()
            encode(model, texts, "document")
            seconds[name].append(time.perf_counter() - start)
    fastest = {name: len(texts) / min(rounds[1:]) for name, rounds in seconds.items()}  # the first round warms up
    for name, rate in fastest.items():
        print(f"{rate:8.1f} passages a second  {rate / fastest[args.models[0]]:5.2f}×  {name}")


if __name__ == "__main__":
    main()
