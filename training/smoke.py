"""Every stage tried on a sample, in a workspace that is thrown away: whether a run would go through."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from retrieval.beir import Corpus, open_corpus, splits, write_documents, write_qrels, write_queries
from retrieval.home import home
from retrieval.models import at_hand
from retrieval.records import Document, Qrels, Query
from training import jobs, pipeline, places, settings
from training.config import Recipe
from training.generators.bring import brought
from training.journal import Listener
from training.runs import Status

PASSAGES, STEPS = 100, 4
_SEED = 13


@dataclass(frozen=True)
class Trial:
    """What was tried.

    :param seconds: Stage → how long it took; only those that ended.
    :param status: How the run ended.
    """

    passages: int
    steps: int
    seconds: Mapping[str, float]
    status: Status


def smoke(recipe: Recipe, *listeners: Listener) -> Trial:
    """Run every stage of a recipe in this process on 100 passages and four steps; nothing of it stays.

    :raises BakehouseError: if the corpus or the base model is not to be had.
    """
    corpus = open_corpus(recipe.corpus)
    with tempfile.TemporaryDirectory(prefix="bakehouse-smoke-") as name:
        folder = Path(name)
        shortened = _shortened(recipe, _sample(corpus, recipe, folder / corpus.name), folder)
        with _workspace(folder / "home"):
            run = jobs.create(shortened)
            pipeline.work(run, *listeners)
            told = (event for event in run.events() if "stage_seconds" in event["metrics"])
            seconds = {event["stage"]: float(event["metrics"]["stage_seconds"]) for event in told}
            return Trial(len(open_corpus(shortened.corpus).documents), STEPS, seconds, run.status())


def _shortened(recipe: Recipe, corpus: Path, folder: Path) -> Recipe:
    source = str(folder / "questions") if recipe.generate.generator == "bring" else recipe.generate.source
    return settings.changed(
        places.renamed(recipe, places.MODELS, _place),
        {
            "corpus": str(corpus),
            "generate": {"source": source},
            "fit": {"max_steps": STEPS, "epochs": 1000.0},
            "evaluate": {"times": 1, "every": 0.0},
            "checkpoints": {"every": 0.0, "push": ""},
            "track": {"to": []},
        },
    )


def _place(name: str) -> str:
    """Where a model lies: the name of a run means nothing in another workspace."""
    found = at_hand(name)
    return str(found.folder) if found and found.source in ("folder", "run") else name


def _sample(corpus: Corpus, recipe: Recipe, folder: Path) -> Path:
    """Write a part of a corpus: what is judged or asked about first, the languages in turn."""
    qrels = {split: corpus.qrels(split) for split in splits(corpus.folder)}
    wanted = {doc_id for of_split in qrels.values() for grades in of_split.values() for doc_id in grades}
    own = brought(recipe.generate.source) if recipe.generate.generator == "bring" else None
    if own:
        wanted |= own.passages
    documents = _drawn(corpus.documents, wanted, recipe.split.languages)
    write_documents(folder, documents)
    _write_judgments(folder, corpus.queries, qrels, documents)
    if own:
        asked = {"train": {name: grades for name, grades in own.qrels.items() if name not in own.dev}}
        _write_judgments(folder.parent / "questions", own.queries.values(), asked, documents)
    return folder


def _drawn(documents: Collection[Document], first: Collection[str], languages: Collection[str]) -> list[Document]:
    """Half of them such as are wanted first, as far as there are so many; in the order of the corpus."""
    by_language: dict[str, list[Document]] = {}
    for document in random.Random(_SEED).sample(list(documents), len(documents)):
        if not languages or document.lang in languages:
            by_language.setdefault(document.lang, []).append(document)
    in_turn = [each for each in chain.from_iterable(zip_longest(*by_language.values())) if each]
    wanted = [document for document in in_turn if document.id in first][: PASSAGES // 2]
    drawn = set(list(dict.fromkeys(document.id for document in [*wanted, *in_turn]))[:PASSAGES])
    return [document for document in documents if document.id in drawn]


def _write_judgments(
    folder: Path, queries: Collection[Query], qrels: Mapping[str, Qrels], documents: Collection[Document]
) -> None:
    known = {document.id for document in documents}
    kept = {
        split: {
            query_id: there
            for query_id, grades in of_split.items()
            if (there := {doc_id: grade for doc_id, grade in grades.items() if doc_id in known})
        }
        for split, of_split in qrels.items()
    }
    judged = {query_id for of_split in kept.values() for query_id in of_split}
    write_queries(folder, (query for query in queries if query.id in judged))
    for split, of_split in kept.items():
        if of_split:
            write_qrels(folder, split, of_split)


@contextmanager
def _workspace(folder: Path) -> Iterator[None]:
    """Another workspace with the same bundled models, and no tracker, as long as the block lasts."""
    models = home() / "models"
    models.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    (folder / "models").symlink_to(models)
    changed = {"BAKEHOUSE_HOME": str(folder), "WANDB_MODE": "disabled", "WANDB_API_KEY": ""}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
