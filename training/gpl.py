"""A run's questions, negatives and margins as the GPL toolkit keeps them, so that it goes on from them.

The toolkit makes only the files that a folder lacks, in this order: ``corpus.jsonl``; ``qgen-queries.jsonl``
and ``qgen-qrels/train.tsv``; ``hard-negatives.jsonl``, a question a line as ``{"qid", "pos": [id, …], "neg":
{retriever: [id, …]}}``; ``gpl-training-data.tsv``, a line for each ``query, positive, negative, margin``, without
a header. It trains on these lines in their order, so they are shuffled.
Reference: https://github.com/UKPLab/gpl, ``gpl/train.py`` and ``gpl/toolkit``
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from retrieval.artifact import MANIFEST, building, read_manifest, write_json
from retrieval.beir import (
    CORPUS,
    QRELS,
    QUERIES,
    read_qrels,
    read_queries,
    splits,
    write_documents,
    write_qrels,
    write_queries,
)
from retrieval.convert.gpl import KIND, LABELLED, MINED
from retrieval.errors import BakehouseError
from retrieval.records import Document, Qrels
from training import filter as sift
from training import label, mine, shards
from training.config import Recipe
from training.generators.bring import TRAIN
from training.questions import queries
from training.runs import RunFolder

FORMAT = "gpl"
MADE_BY = "training export gpl"
"""In a manifest, it says that the folder is an export and may be made anew."""
BATCH = 32
"""Rows a batch of the toolkit, which counts ``--gpl_steps`` by it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    :param counts: File → how many lines it holds, the header apart.
    :param verbatim: Training questions that stand word for word in their passage. Training takes them out of it, the
        toolkit does not.
    """

    run: str
    folder: Path
    counts: dict[str, int]
    verbatim: int


def export(run: RunFolder, folder: Path) -> Exported:
    """Write what a run has made so far as the toolkit's files; those of stages that it has not done are left out.

    The folder appears in one step, whole.

    :raises BakehouseError: if the run has sorted no questions yet, its corpus has changed since, or the folder
        holds something else than an earlier export.
    """
    _check_place(folder)
    made = _Made.of(run)
    documents = queries.documents_of(run)
    asked = list(read_queries(made.questions))
    judged = {split: _relevant(read_qrels(made.questions, split)) for split in splits(made.questions)}
    _check_known(run, judged, documents)
    with building(folder, fresh=True) as partial:
        counts = {CORPUS: write_documents(partial, documents.values())}
        counts[f"{KIND}{QUERIES}"] = write_queries(partial, asked)
        (partial / QUERIES).rename(partial / f"{KIND}{QUERIES}")
        counts |= {f"{KIND}{QRELS}/{split}.tsv": write_qrels(partial, split, of) for split, of in judged.items()}
        (partial / QRELS).rename(partial / f"{KIND}{QRELS}")
        if made.mined:
            counts[MINED] = _write(partial / MINED, _negatives(made.mined, judged[TRAIN], run.recipe().base))
        if made.labelled:
            counts[LABELLED] = _write(partial / LABELLED, _triples(made.labelled, run.recipe()))
        write_json(partial / MANIFEST, {"made_by": MADE_BY, "run": run.id, "counts": counts})
    of = judged.get(TRAIN, {})
    verbatim = sum(any(query.text in documents[doc].text for doc in of.get(query.id, ())) for query in asked)
    return Exported(run.id, folder, counts, verbatim)


@dataclass(frozen=True, slots=True)
class _Made:
    """What the stages have left, each from the one before."""

    questions: Path
    mined: Path | None
    labelled: Path | None

    @classmethod
    def of(cls, run: RunFolder) -> _Made:
        questions = queries.stage_folder(run, sift.NAME)
        mined = _made_from(run, mine.NAME, "generate", questions)
        return cls(questions, mined, mined and _made_from(run, label.NAME, "mine", mined))


def _made_from(run: RunFolder, stage: str, of: str, before: Path) -> Path | None:
    """The last complete folder of a stage that was made from a folder of the stage before."""
    manifests = {path: read_manifest(path) for path in (run.path / "stages").glob(f"{stage}-*")}
    fitting = [path for path, manifest in manifests.items() if manifest and manifest["made_of"][of] == before.name]
    return max(fitting, key=lambda path: (path / MANIFEST).stat().st_mtime_ns, default=None)


def _relevant(qrels: Qrels) -> Qrels:
    """The toolkit takes every judged passage for a right one."""
    return {query: {doc: grade for doc, grade in grades.items() if grade > 0} for query, grades in qrels.items()}


def _negatives(mined: Path, judged: Qrels, base: str) -> Iterator[str]:
    """A line for each question, the negatives of all its passages together, best first."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in shards.read_rows(mined):
        systems = found.setdefault(row["query"], {})
        for each in row["negatives"]:
            name = base if each["from"] == "base" else each["from"]
            systems.setdefault(name, {}).setdefault(each["id"], each["rank"])
    for query, systems in found.items():
        negatives = {name: sorted(ranks, key=lambda id_: ranks[id_]) for name, ranks in systems.items()}
        yield json.dumps({"qid": query, "pos": list(judged[query]), "neg": negatives}) + "\n"


def _triples(labelled: Path, recipe: Recipe) -> list[str]:
    """The rows that margin-mse trains on, in an order drawn by the fit's seed."""
    lines = [
        f"{row['query']}\t{row['positive'][0]}\t{negative}\t{row['positive'][1] - score}\n"
        for row in label.trusted(shards.read_rows(labelled), recipe.label.ceiling)
        for negative, score in row["negatives"]
    ]
    random.Random(recipe.fit.seed).shuffle(lines)
    return lines


def _write(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for count, line in enumerate(lines, 1):  # noqa: B007 - the count is the result
            out.write(line)
    return count


def _check_place(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise BakehouseError(f"{folder} is a file: wanted the name of a folder to make. Choose another --out.")
    if folder.is_dir() and any(folder.iterdir()) and (read_manifest(folder) or {}).get("made_by") != MADE_BY:
        raise BakehouseError(
            f"{folder} is there already, and no earlier export: it stays as it is. Choose another --out."
        )


def _check_known(run: RunFolder, judged: Mapping[str, Qrels], documents: Mapping[str, Document]) -> None:
    lost = [doc for qrels in judged.values() for grades in qrels.values() for doc in grades if doc not in documents]
    if lost:
        raise BakehouseError(
            f"the questions of {run.id} name documents that its corpus no longer has, such as '{lost[0]}': "
            f"`python -m training resume {run.id}` makes them again."
        )
