"""Rows a second and memory of ``retrieval convert``, beside a plain read and write of the same table.

``python -m tests.benchmarks.converting [--rows 1000000] [--repeats 3]``

The table is made here: an id, a title, a text of fifty words, a language; every tenth text has a comma and so stands
in quotes. The plain read and write are polars', from CSV to JSON Lines, whole and as a stream. Each side runs in a
process of its own, by turns, and imports nothing beforehand but what the command line does; memory is the most that
the process held, interpreter and libraries included. What takes longer by nature has figures of its own: naming the
languages of texts whose rows do not say, and looking for near duplicates.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Measured, in_its_own_process, least, tell

SIDES = {
    "bakehouse": "convert",
    "polars, whole": "read_csv().write_ndjson()",
    "polars, as a stream": "scan_csv().sink_ndjson()",
}
LANGUAGES, NEAR = "languages named", "near duplicates sought"
TEXTS = {
    "en": "oven bread loaf baker flour crust water salt rises slowly before morning when the town wakes",
    "de": "Ofen Brot Laib Bäcker Mehl Kruste Wasser Salz geht langsam auf bevor morgens die Stadt erwacht",
    "fr": "four pain miche boulanger farine croûte eau sel lève lentement avant que la ville se réveille",
}


def write_table(path: Path, rows: int, *, told: bool) -> None:
    """Write the table, in three languages.

    :param told: Whether it has a column for the language.
    """
    draw = random.Random(13)
    letters = "abcdefghijklmnopqrstuvwxyzé"
    made = ["".join(draw.choices(letters, k=draw.randint(2, 10))) for _ in range(5000)]
    words = {lang: [*made, *(text.split() * 25)] if told else text.split() for lang, text in TEXTS.items()}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["id", "title", "text", *(["lang"] if told else [])])
        for row in range(rows):
            lang = list(TEXTS)[row % 3]
            text = " ".join(draw.choices(words[lang], k=50))
            text = text.replace(" ", ", ", 1) if row % 10 == 0 else text
            writer.writerow([f"doc-{row}", " ".join(draw.choices(words[lang], k=5)), text, *([lang] if told else [])])


def one(side: str, table: Path, out: Path) -> None:
    """Do it in this process."""
    action = _bakehouse(side, table, out) if side in ("bakehouse", LANGUAGES, NEAR) else _polars(side, table, out)
    start, cpu = time.perf_counter(), time.process_time()
    found = action()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    tell(Measured(seconds, cpu_seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found))


def _bakehouse(side: str, table: Path, out: Path) -> Callable[[], Any]:
    from retrieval.convert.convert import convert
    from retrieval.convert.options import Options

    options = Options(near="list" if side == NEAR else "off")
    return lambda: convert([table], out, options).counts.documents


def _polars(side: str, table: Path, out: Path) -> Callable[[], Any]:
    import polars

    if side == "polars, whole":
        return lambda: polars.read_csv(table).write_ndjson(out)
    return lambda: polars.scan_csv(table).sink_ndjson(out)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.converting", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        side, table, out = args.one
        one(side, Path(table), Path(out))
        return 0
    with tempfile.TemporaryDirectory() as place:
        table, untold = Path(place) / "rows.csv", Path(place) / "untold.csv"
        write_table(table, args.rows, told=True)
        write_table(untold, few := max(1, args.rows // 50), told=False)
        runs: dict[str, list[Measured]] = {side: [] for side in SIDES}
        for repeat in range(args.repeats):
            for side in SIDES:
                runs[side].append(_run(side, table, Path(place) / f"out-{side}-{repeat}"))
        near = _run(NEAR, table, Path(place) / "near")
        named = _run(LANGUAGES, untold, Path(place) / "named")
    print(f"{args.rows:,} rows, best of {args.repeats}\n")
    print(f"{'':<24}{'seconds':>9}{'of CPU':>9}{'rows a second':>16}{'MB':>7}{'of its rows a second':>23}")
    ours = least(runs["bakehouse"])
    for side, several in runs.items():
        seconds, cpu, peak = least(several)
        share = "" if side == "bakehouse" else f"{seconds / ours[0]:.2f}"
        print(f"{side:<24}{seconds:>9.2f}{cpu:>9.2f}{args.rows / seconds:>16,.0f}{peak:>7.0f}{share:>23}")
    more = near.seconds - ours[0]
    print(f"\n{NEAR}: {more:.2f} s more, {args.rows / more:,.0f} texts a second, {near.peak_mb:.0f} MB")
    print(f"{LANGUAGES}: {few:,} texts in {named.seconds:.2f} s, {few / named.seconds:,.0f} a second, "
          f"{named.peak_mb:.0f} MB")  # fmt: skip
    return 0 if runs["bakehouse"][0].found == args.rows else 1


def _run(side: str, table: Path, out: Path) -> Measured:
    try:
        return in_its_own_process("tests.benchmarks.converting", "--one", side, str(table), str(out))
    finally:
        if out.is_file():
            out.unlink()


if __name__ == "__main__":
    sys.exit(main())
