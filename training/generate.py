"""The stage that makes questions: for each language its own generator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from retrieval.artifact import MANIFEST, building, key_of, read_manifest, write_json
from retrieval.beir import write_qrels, write_queries
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.records import Document, Qrels, Query
from training import shards
from training.config import Generate, Recipe
from training.generators import Generator
from training.generators.extract import Extract
from training.journal import Journal
from training.split import Shares

NAME = "generate"
_PASSAGES_A_SHARD = 64
_EXTRACTED_A_SHARD = 512


def run(run_path: Path, recipe: Recipe, corpus: str, languages: Sequence[Shares], journal: Journal) -> Path:
    """Make ``queries.jsonl``, ``qrels/train.tsv`` and, of the passages kept out, ``qrels/dev.tsv``.

    The result is in the format of a BEIR folder, so that a person can read, edit or replace it.

    :param corpus: The corpus' fingerprint.
    :returns: The stage's folder, complete.
    """
    models = {share.lang: model_of(share.lang, recipe.generate) for share in languages}
    made_of = {
        "corpus": corpus,
        "split": recipe.split.model_dump(mode="json"),
        "kept_out": sum(len(share.dev) for share in languages),
        "generate": recipe.generate.model_dump(mode="json"),
        "models": {lang: model.fingerprint for lang, model in models.items() if model},
    }
    key = key_of(stage=NAME, **made_of)
    folder = shards.stage_folder(run_path, NAME, key)
    if read_manifest(folder) is None:
        with building(folder) as partial:
            for share in languages:
                generator = make_generator(share, models[share.lang], recipe.generate)
                _fill(partial, share, generator, recipe.generate, journal)
            counts = _merge(partial)
            write_json(partial / MANIFEST, shards.described(NAME, key, made_of, counts))
    return folder


def model_of(lang: str, settings: Generate) -> Model | None:
    """The generator model of a language: its own, else the one for all others; None for ``extract``.

    :raises BakehouseError: if a model is needed and none is named.
    """
    if settings.generator == "extract":
        return None
    name = settings.models.get(lang) or settings.model
    if not name:
        raise BakehouseError(
            f"no generator for '{lang}': set generate.models.{lang} or generate.model, or generate.generator=extract."
        )
    return resolve(name)


def make_generator(share: Shares, model: Model | None, settings: Generate) -> Generator:
    """The generator of one language."""
    if model is None:
        return Extract.of(share.lang, share.pool)
    if settings.generator == "seq2seq":
        from training.generators.seq2seq import Seq2Seq

        return Seq2Seq(model, settings)
    from training.generators.causal import Causal

    return Causal(model, settings, share.lang)


def _fill(partial: Path, share: Shares, generator: Generator, settings: Generate, journal: Journal) -> None:
    dev = {passage.id for passage in share.dev}
    passages = sorted([*share.train, *share.dev], key=lambda passage: (-len(passage.text), passage.id))
    size = _EXTRACTED_A_SHARD if settings.generator == "extract" else _PASSAGES_A_SHARD

    def ask(batch: Sequence[Document]) -> list[shards.Row]:
        # Seeded by the shard's own first passage: a resumed stage asks what an uninterrupted one would
        seed = int(key_of(seed=settings.seed, first=batch[0].id), 16) % 2**31
        questions = generator(batch, settings.queries_per_passage, seed)
        return [
            {
                "passage": passage.id,
                "lang": share.lang,
                "split": "dev" if passage.id in dev else "train",
                "questions": asked,
            }
            for passage, asked in zip(batch, questions, strict=True)
        ]

    shards.fill(partial, share.lang, passages, size, ask, journal)


def _merge(partial: Path) -> dict[str, int]:
    """Write the shards as one BEIR folder. A question asked of several passages tells none apart: it is left out."""
    rows = list(shards.read_rows(partial))
    asked = Counter(question.casefold() for row in rows for question in row["questions"])
    queries: list[Query] = []
    qrels: dict[str, Qrels] = {"train": {}, "dev": {}}
    for row in rows:
        for number, question in enumerate(row["questions"], 1):
            if asked[question.casefold()] == 1:
                query_id = f"{row['passage']}-q{number}"
                queries.append(Query(query_id, question, {"lang": row["lang"], "generated": True}))
                qrels[row["split"]][query_id] = {row["passage"]: 1}
    if not qrels["train"]:
        raise BakehouseError(
            "no question could be made: the passages are too short or all alike. Give longer documents, "
            "or another generate.generator."
        )
    write_queries(partial, queries)
    for split, judgments in qrels.items():
        if judgments:
            write_qrels(partial, split, judgments)
    dropped = sum(asked.values()) - len(queries)
    return {"queries": len(queries), "train": len(qrels["train"]), "dev": len(qrels["dev"]), "ambiguous": dropped}
