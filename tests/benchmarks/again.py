"""What a second look costs: the same evaluation again, and after one document in a hundred has changed.

``python -m tests.benchmarks.again CORPUS [--model M --split test]``

Each evaluation (dense, hybrid and BM25) runs in a process of its own, in a workspace that starts empty but for the
model; imports are not measured, loading the model is.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.measuring import in_its_own_process, measured, tell

CHANGED = 100


def one(corpus: Path, model: str, split: str) -> None:
    """Evaluate in this process."""
    import sentence_transformers  # noqa: F401  what a first text would import

    from eval.evaluate import evaluate
    from eval.task import open_task
    from retrieval.beir import open_corpus

    tell(
        measured(
            lambda: evaluate(open_task(open_corpus(corpus), split), model),
            lambda results: [result.summary.metrics["ndcg@10"] for result in results],
        )
    )


def changed(corpus: Path, target: Path) -> int:
    """Copy a corpus with another text in every hundredth document; how many these are."""
    from retrieval.beir import open_corpus, read_qrels, splits, write_documents, write_qrels, write_queries

    opened = open_corpus(corpus)
    documents = [
        replace(document, text=f"{document.text} Changed.") if row % CHANGED == 0 else document
        for row, document in enumerate(opened.documents)
    ]
    write_documents(target, documents)
    write_queries(target, opened.queries)
    for split in splits(opened.folder):
        write_qrels(target, split, read_qrels(opened.folder, split))
    return len(range(0, len(documents), CHANGED))


def main() -> int:
    from retrieval.models import DEFAULT, resolve

    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.again", description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--split", default="test")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.corpus, args.model, args.split)
        return 0
    with tempfile.TemporaryDirectory() as place:
        os.environ["BAKEHOUSE_HOME"] = place
        resolve(args.model)
        more = ["--one", "--model", args.model, "--split", args.split]
        first, again = (in_its_own_process("tests.benchmarks.again", str(args.corpus), *more) for _ in range(2))
        count = changed(args.corpus, Path(place) / "changed")
        after = in_its_own_process("tests.benchmarks.again", str(Path(place) / "changed"), *more)
    print(f"first            {first.seconds:8.2f} s")
    print(f"again            {again.seconds:8.2f} s   {again.seconds / first.seconds:6.1%}")
    print(f"{count:>4} changed     {after.seconds:8.2f} s   {after.seconds / first.seconds:6.1%}")
    print("the same figures:", first.found == again.found)
    return 0 if first.found == again.found else 1


if __name__ == "__main__":
    sys.exit(main())
