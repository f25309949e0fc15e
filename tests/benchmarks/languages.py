"""How often a sentence's language is named, and how often rightly, on LASER's Tatoeba sentences.

``python -m tests.benchmarks.languages FOLDER [--most 200] [--batch 1000] [--all]``

FOLDER holds files named ``tatoeba.deu-eng.deu``. Sentences of all languages are mixed and identified in batches, as
those of a corpus are, with nothing known of them beforehand. Without ``--all`` the languages are the thirty that most
people speak and both sides know; the averages count each language the same.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from retrieval.languages import UNKNOWN, code_of, identify, known_codes, name_of

SPOKEN = (
    "en", "zh", "hi", "es", "fr", "ar", "bn", "pt", "ru", "id", "ur", "de", "ja", "sw", "mr", "te", "tr", "ta",
    "vi", "tl", "ko", "fa", "it", "th", "gu", "pl", "pa", "uk", "nl", "ro", "ms", "cs", "el", "hu", "he", "sv",
)  # fmt: skip
"""Roughly by how many people speak them, first or second language."""
COUNT = 30
SEED = 13


def read(folder: Path) -> dict[str, list[str]]:
    """Code → sentences, of the languages that lingua knows."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("tatoeba.*-eng.*")):
        code = code_of(path.suffix[1:]) or ""
        if code in known_codes():
            lines = path.read_text(encoding="utf-8").splitlines()
            found.setdefault(code, []).extend(line for line in dict.fromkeys(lines) if line.strip())
    return found


def identified(sentences: Mapping[str, Sequence[str]], batch: int) -> Counter[tuple[str, str]]:
    """(language, what it was taken for) → sentences."""
    mixed = [(code, text) for code, texts in sentences.items() for text in texts]
    random.Random(SEED).shuffle(mixed)
    counts: Counter[tuple[str, str]] = Counter()
    for at in range(0, len(mixed), batch):
        some = mixed[at : at + batch]
        counts.update(zip([code for code, _ in some], identify([text for _, text in some]), strict=True))
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.languages", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=200, help="sentences a language at most (default 200)")
    parser.add_argument("--batch", type=int, default=1000, help="sentences that are identified together (default 1000)")
    parser.add_argument("--all", action="store_true", help="every language that both know")
    args = parser.parse_args()
    every = read(args.folder)
    chosen = every if args.all else [code for code in SPOKEN if code in every][:COUNT]
    draw = random.Random(SEED)
    sentences = {code: draw.sample(every[code], min(args.most, len(every[code]))) for code in chosen}
    start = time.perf_counter()
    counts = identified(sentences, args.batch)
    middle = time.perf_counter()
    identified(sentences, args.batch)
    return report(sentences, counts, middle - start, time.perf_counter() - middle)


def report(
    sentences: Mapping[str, Sequence[str]], counts: Counter[tuple[str, str]], seconds: float, again: float
) -> int:
    named_shares, right_shares = [], []
    print(f"{'':<16}{'sentences':>10}{'named':>9}{'rightly':>9}  taken for")
    for code, texts in sentences.items():
        taken = {answer: n for (own, answer), n in counts.items() if own == code and answer != UNKNOWN}
        named = sum(taken.values())
        wrong = Counter({answer: n for answer, n in taken.items() if answer != code}).most_common(3)
        named_shares.append(named / len(texts))
        right_shares.append(taken.get(code, 0) / named if named else 0.0)
        mistaken = ", ".join(f"{answer} {n}" for answer, n in wrong)
        print(f"{name_of(code):<16}{len(texts):>10}{named_shares[-1]:>9.1%}{right_shares[-1]:>9.1%}  {mistaken}")
    total = sum(map(len, sentences.values()))
    means = [sum(shares) / len(shares) for shares in (named_shares, right_shares)]
    print(f"{f'mean of {len(sentences)}':<16}{total:>10}{means[0]:>9.1%}{means[1]:>9.1%}")
    print(f"{total / seconds:.0f} sentences a second, {total / again:.0f} once the models are loaded")
    return 0


if __name__ == "__main__":
    sys.exit(main())
