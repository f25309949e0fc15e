"""What the GPL toolkit writes beside a BEIR folder: mined negatives, and the triples it trains on.

Both name a query, passages that answer it and passages that were mined as unlike it. The former are
judgments, mostly those of ``qgen-qrels`` again; the latter nobody has judged, so they stay out, and
each row says so. Reference: Wang et al., "GPL: Generative Pseudo Labeling for Unsupervised Domain
Adaptation of Dense Retrieval" (2022), https://github.com/UKPLab/gpl
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from retrieval.convert.encoding import detect, open_text
from retrieval.convert.entries import Entry, Judgment, Origin, Problem
from retrieval.convert.files import File
from retrieval.convert.jsons import line_rows
from retrieval.convert.options import Options
from retrieval.convert.rows import Row, text_of

KIND = "qgen-"
"""What the files of its queries and judgments begin with."""

MINED, LABELLED = "hard-negatives.jsonl", "gpl-training-data.tsv"
SPLIT = "train"
NEGATIVES = "names mined negatives, which nobody judged and which are left out: training mines its own"
MARGIN = "names a mined negative, which nobody judged and which is left out: fit.data trains on it as it stands here"
_NO_NEGATIVES = Problem("no query with its passages", 'Write it as {"qid": "…", "pos": ["…"], "neg": {"bm25": ["…"]}}.')
_NO_TRIPLE = Problem("no training triple", "Write query, positive and negative id and the margin, parted by tabs.")


def _mined(file: File, options: Options) -> Iterator[Entry]:
    return map(_mined_entry, line_rows(file, detect(file, options.encoding), "")())


def _mined_entry(row: Row) -> Entry:
    query, passages = text_of(row.values.get("qid")), row.values.get("pos")
    ids = [text_of(each) or "" for each in passages] if isinstance(passages, list) else []
    if row.problem or not query or not all(ids) or not ids:
        return Entry(row.origin, row.raw, problems=(row.problem or _NO_NEGATIVES,))
    judgments = tuple(Judgment(KIND + query, id_, 1, SPLIT) for id_ in ids)
    return Entry(row.origin, row.raw, judgments=judgments, notes=(NEGATIVES,))


def _trained_on(file: File, options: Options) -> Iterator[Entry]:
    with open_text(file, detect(file, options.encoding)) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _triple(line.rstrip("\r\n").split("\t"), Origin("", 0, number))


def _triple(cells: list[str], origin: Origin) -> Entry:
    if len(cells) != 4 or not all(cell.strip() for cell in cells):
        return Entry(origin, cells, problems=(_NO_TRIPLE,))
    judgment = Judgment(KIND + cells[0].strip(), cells[1].strip(), 1, SPLIT)
    return Entry(origin, cells, judgments=(judgment,), notes=(MARGIN,))


READERS: Mapping[str, Callable[[File, Options], Iterator[Entry]]] = {
    MINED: _mined,
    LABELLED: _trained_on,
}
"""File name → its reader."""
