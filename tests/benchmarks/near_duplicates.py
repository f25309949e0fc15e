"""How many near duplicates are found, how fast, and in how much memory.

``python -m tests.benchmarks.near_duplicates [N] [--corpus DIR]``

Recall: every document of a corpus (the handbook, unless another is named) is put beside an edited copy of itself, a
round for each kind of edit. Of the copies that are alike enough by an exact count, how many are found?

Speed: N documents of 300 characters, of words drawn as often as the corpus's first language has them; every twentieth
is an earlier one with a word changed. Memory is that above what the process held before.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.beir import HANDBOOK, read_documents, write_documents
from retrieval.convert.alike import LEAST, THRESHOLD
from retrieval.convert.folder import DUPLICATES
from retrieval.convert.near import treat_near
from retrieval.convert.shingles import codes_of, find_words, folded, shingles_of, similarity, words_of
from retrieval.records import Document
from tests.benchmarks.measuring import measured

SEED = 13
WANTED = 0.99
CHARACTERS, COPIED = 300, 20
FOOTER = "All rights reserved. Last updated by the editors; please report errors to the address above."


def changed(text: str, count: int, draw: random.Random) -> str:
    """A text with some of its words replaced by other words of it; of scripts without spaces, characters."""
    found = find_words(codes_of(text))
    spans = list(zip(found.starts.tolist(), found.ends.tolist(), strict=True))
    for start, end in sorted(draw.sample(spans, min(count, len(spans))), reverse=True):
        other = draw.choice(spans)
        text = text[:start] + text[slice(*other)] + text[end:]
    return text


def share(part: float) -> Callable[[str, random.Random], str]:
    """An edit of a share of the words, at least one."""
    return lambda text, draw: changed(text, max(1, round(part * len(find_words(codes_of(text)).starts))), draw)


EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "one word changed": lambda text, draw: changed(text, 1, draw),
    "2 % of words changed": share(0.02),
    "3 % of words changed": share(0.03),
    "5 % of words changed": share(0.05),
    "footer appended": lambda text, _: f"{text} {FOOTER}",
    "first tenth left out": lambda text, _: text[len(text) // 10 :],
}


def recall(documents: Sequence[Document], edit: Callable[[str, random.Random], str], place: Path) -> tuple[int, int]:
    """How many edited copies are alike enough, and how many of these are found."""
    draw = random.Random(SEED)
    copies = {f"copy-{n}": replace(each, text=edit(each.text, draw)) for n, each in enumerate(documents)}
    write_documents(place, [*documents, *(replace(copy, id=name) for name, copy in copies.items())])
    treat_near(place, "list")
    due = {name for name, one in zip(copies, documents, strict=True) if alike(one, copies[name])}
    return len(due), len(due & listed(place))


def alike(one: Document, other: Document) -> bool:
    first, second = (shingles_of(words_of(folded(each.full_text))) for each in (one, other))
    return min(len(first), len(second)) >= LEAST and similarity(first, second) >= THRESHOLD


def listed(place: Path) -> set[str]:
    path = place / DUPLICATES
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {json.loads(line)["id"] for line in lines}


def passages(documents: Sequence[Document], count: int) -> Iterator[Document]:
    """Texts of words as frequent as in a corpus; some are copies of one among the last thousand."""
    draw = random.Random(SEED)
    words = [word for document in documents if document.lang == documents[0].lang for word in document.text.split()]
    last: list[str] = []
    for number in range(count):
        if number % COPIED == COPIED - 1:
            text = changed(draw.choice(last), 1, draw)
        else:
            text = " ".join(draw.choices(words, k=CHARACTERS // 4))[:CHARACTERS]
            last = [*last[-999:], text]
        yield Document(str(number), text, "", {"lang": "en"})


def print_recall(documents: Sequence[Document], place: Path) -> float:
    """The table; the recall over all edits."""
    sums = [0, 0]
    print(f"{'':<24}{'copies':>9}{'alike':>9}{'found':>9}{'recall':>9}")
    for number, (name, edit) in enumerate(EDITS.items()):
        alike_, found = recall(documents, edit, place / str(number))
        sums = [sums[0] + alike_, sums[1] + found]
        print(f"{name:<24}{len(documents):>9,}{alike_:>9,}{found:>9,}{found / max(1, alike_):>9.2%}")
    print(f"{'all':<24}{len(documents) * len(EDITS):>9,}{sums[0]:>9,}{sums[1]:>9,}{sums[1] / max(1, sums[0]):>9.2%}")
    return sums[1] / max(1, sums[0])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=100_000, metavar="N", help="documents (default 100000)")
    parser.add_argument("--corpus", type=Path, default=HANDBOOK, metavar="DIR", help="a BEIR folder")
    args = parser.parse_args()
    documents = [document for document in read_documents(args.corpus) if document.text.strip()]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        reached = print_recall(documents, place)
        write_documents(place / "many", passages(documents, args.count))
        took = measured(lambda: treat_near(place / "many", "list"), lambda near: near.found)
    print(
        f"{args.count:,} documents: {args.count / took.seconds:,.0f} a second, {args.count / took.cpu_seconds:,.0f} a "
        f"second of CPU; {took.peak_mb:.0f} MB; {took.found:,} found of {args.count // COPIED:,} copies"
    )
    return 0 if reached >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
