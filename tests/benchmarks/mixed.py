"""How often a text in several languages is found, and how often one in a single language is taken for one.

``python -m tests.benchmarks.mixed BEIR... [--joined 150]``

Each BEIR is a folder of monolingual passages with ``metadata.lang``. Where one has several languages, passages of two
of them are joined in the ways that documents are mixed. The last column says what the looking costs, in processor
time, as a share of naming the same texts.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from retrieval.beir import read_documents
from retrieval.languages import identify
from retrieval.mixed import languages_in

SEED = 5
BATCH = 1000


def marked(name: str, texts: Sequence[str]) -> None:
    """Print how many are said to be in several languages."""
    identify(texts[:BATCH])  # loads the models
    count, naming, looking = 0, 0.0, 0.0
    for at in range(0, len(texts), BATCH):
        some = texts[at : at + BATCH]
        start = time.process_time()
        languages = identify(some)
        middle = time.process_time()
        count += sum(map(bool, languages_in(some, languages)))
        naming, looking = naming + middle - start, looking + time.process_time() - middle
    print(f"{name:<24}{len(texts):>8}{count:>8}{count / len(texts):>9.2%}{looking / naming:>9.0%}", flush=True)


def joined(passages: dict[str, list[str]], count: int) -> dict[str, list[str]]:
    """Way of joining → texts in two languages."""
    draw = random.Random(SEED)
    texts: dict[str, list[str]] = {}
    for _ in range(count):
        one, other = draw.sample(sorted(passages), 2)
        first, *rest = draw.sample(passages[one], 3)
        second, *body = draw.sample(passages[other], 5)
        texts.setdefault("two passages", []).append(f"{first}\n\n{second}")
        texts.setdefault("250 characters each", []).append(f"{first[:250]} {second[:250]}")
        texts.setdefault("an abstract before four", []).append("\n".join([first, *body]))
        turns = zip([first, *rest], [second, *body], strict=False)
        texts.setdefault("passages by turns", []).append("\n".join(text for pair in turns for text in pair))
    return texts


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.mixed", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="BEIR")
    parser.add_argument("--joined", type=int, default=150, help="texts joined in each way (default 150)")
    args = parser.parse_args()
    print(f"{'':<24}{'texts':>8}{'marked':>8}{'':>9}{'cost':>9}")
    for folder in args.folders:
        passages: dict[str, list[str]] = {}
        for document in read_documents(folder):
            passages.setdefault(document.lang, []).append(document.full_text)
        marked(folder.name, [text for texts in passages.values() for text in texts])
        if len(passages) > 1:
            for way, texts in joined(passages, args.joined).items():
                marked(f"  {way}", texts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
