"""The stage that makes questions: for each language its own generator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from retrieval.artifact import key_of, write_json
from retrieval.beir import write_qrels, write_queries
from retrieval.errors import BakehouseError
from retrieval.languages import code_of
from retrieval.models import Model, resolve
from retrieval.records import Document, Qrels, Query
from training import artefacts, shards
from training.config import Generate, Recipe
from training.generators import Generator
from training.generators.bring import DEV, TRAIN, Brought, brought
from training.generators.extract import Extract
from training.journal import Journal
from training.presets import DOC2QUERY
from training.questions.words import Words
from training.split import Shares, questions_a_passage

NAME = "generate"
PASSAGES = "passages.json"
"""Language → the ids of its passages in train and in dev: what an edited question is about decides where it goes."""
EXTRACT, BRING = "extract", "bring"
_PASSAGES_A_SHARD = 64
_EXTRACTED_A_SHARD = 512


@dataclass
class Questions:
    """What a stage of questions holds: as in a BEIR folder, raw. The filter stage decides what is kept."""

    queries: list[Query] = field(default_factory=list)
    qrels: dict[str, Qrels] = field(default_factory=lambda: {TRAIN: {}, DEV: {}})

    def add(self, query: Query, split: str, grades: dict[str, int]) -> None:
        """Add one question and the passages that it is about."""
        self.queries.append(query)
        self.qrels[split][query.id] = grades

    def write(self, folder: Path) -> dict[str, int]:
        """Write ``queries.jsonl`` and ``qrels/``; return how many there are of each."""
        write_queries(folder, self.queries)
        for split, judgments in self.qrels.items():
            (folder / "qrels" / f"{split}.tsv").unlink(missing_ok=True)
            if judgments:
                write_qrels(folder, split, judgments)
        return {"queries": len(self.queries), **{split: len(of_split) for split, of_split in self.qrels.items()}}


def run(run_path: Path, recipe: Recipe, corpus: str, languages: Sequence[Shares], journal: Journal) -> Path:
    """Make ``queries.jsonl``, ``qrels/train.tsv`` and, of the passages kept out, ``qrels/dev.tsv``.

    The result is in the format of a BEIR folder, so that a person can read, edit or replace it.

    :param corpus: The corpus' fingerprint.
    :returns: The stage's folder, complete.
    """
    settings = recipe.generate
    models = {share.lang: model_of(share.lang, settings) for share in languages}
    source = brought(settings.source) if settings.generator == BRING else None
    made_of = {
        "corpus": corpus,
        "split": recipe.split.model_dump(mode="json", exclude={"held_out"}),
        **_held_out(languages),
        "kept_out": sum(len(share.dev) for share in languages),
        "questions": questions_a_passage(settings, languages),
        "generate": settings.model_dump(mode="json", exclude={"batch_size", "source", "model", "models"}),
        "models": {lang: model.fingerprint for lang, model in models.items() if model},
        "brought": source.fingerprint if source else "",
    }
    artefact = artefacts.begin(run_path, NAME, made_of, journal)
    if not artefact.complete:
        with artefact.building() as partial:
            write_json(partial / PASSAGES, _by_language(languages))
            made = _chosen(source, languages) if source else _made(partial, recipe, languages, models, journal)
            if not made.qrels[TRAIN]:
                raise BakehouseError(
                    "no question could be made: the passages are too short, or hold no word of generate.must. "
                    "Give longer documents, or another generate.generator."
                )
            artefact.describe(partial, made.write(partial))
    return artefact.folder


def planned(recipe: Recipe, languages: Sequence[Shares]) -> dict[str, int]:
    """Language → training questions, at most: a short passage yields fewer, and the filter rejects some."""
    if recipe.generate.generator == BRING:
        of = _chosen(brought(recipe.generate.source), languages)
        train = Counter(query.lang for query in of.queries if query.id in of.qrels[TRAIN])
        return {share.lang: train[share.lang] for share in languages}
    count = questions_a_passage(recipe.generate, languages)
    return {share.lang: len(share.train) * count for share in languages}


def model_of(lang: str, settings: Generate) -> Model | None:
    """The generator model of a language: its own, else the one for all others, else the published one.

    :returns: None where no model is wanted, or ``seq2seq`` has none for the language: it is extracted then.
    :raises BakehouseError: if a model that is named is not to be had, or ``causal`` has none.
    """
    name = name_of(lang, settings)
    try:
        return resolve(name) if name else None
    except BakehouseError as error:
        raise BakehouseError(
            f"{error} Or name another generator for '{lang}' with generate.models.{lang}, or set generate.generator=extract."
        ) from error


def name_of(lang: str, settings: Generate) -> str:
    """The name of that model, whether it is to be had or not; empty where there is none.

    :raises BakehouseError: if ``causal`` has none.
    """
    if settings.generator in (EXTRACT, BRING):
        return ""
    name = settings.models.get(lang) or settings.model
    if settings.generator == "causal" and not name:
        raise BakehouseError(
            f"no instruction model for '{lang}': set generate.models.{lang} or generate.model, or "
            "generate.generator=extract."
        )
    return name or DOC2QUERY.get(code_of(lang) or lang, "")


def make_generator(share: Shares, model: Model | None, settings: Generate) -> Generator:
    """The generator of one language."""
    if model is None:
        return Extract.of(share.lang, share.pool, Words(settings.must, settings.must_not))
    if settings.generator == "seq2seq":
        from training.generators.seq2seq import Seq2Seq

        return Seq2Seq(model, settings)
    from training.generators.causal import Causal

    return Causal(model, settings, share.lang)


def _by_language(languages: Sequence[Shares]) -> dict[str, dict[str, list[str]]]:
    return {
        share.lang: {TRAIN: [passage.id for passage in share.train], DEV: [passage.id for passage in share.dev]}
        for share in languages
    }


def _held_out(languages: Sequence[Shares]) -> dict[str, str]:
    """What names the documents that nothing is made from, where there are any."""
    out = {share.lang: share.held_out for share in languages if share.held_out}
    return {"held_out": key_of(**out)} if out else {}


def _made(
    partial: Path, recipe: Recipe, languages: Sequence[Shares], models: dict[str, Model | None], journal: Journal
) -> Questions:
    """Ask language by language, then read all shards back."""
    count = questions_a_passage(recipe.generate, languages)
    kinds = {lang: recipe.generate.generator if model else EXTRACT for lang, model in models.items()}
    for share in languages:
        model = models[share.lang]
        told = f"by {model.name} ({model.source})" if model else "by extraction"
        if kinds[share.lang] != recipe.generate.generator:
            told += f": no {recipe.generate.generator} model is known for '{share.lang}' and generate.model is empty"
        journal.event(f"{share.lang}: {count} a passage, {told}", stage=NAME)
        _fill(partial, share, model, recipe.generate, count, journal)
    made = Questions()
    for row in shards.read_rows(partial):
        for number, question in enumerate(row["questions"], 1):
            metadata = {"lang": row["lang"], "generated": True, "by": kinds[row["lang"]]}
            made.add(Query(f"{row['passage']}-q{number}", question, metadata), row["split"], {row["passage"]: 1})
    return made


def _fill(partial: Path, share: Shares, model: Model | None, settings: Generate, count: int, journal: Journal) -> None:
    """One row a passage, longest first, so that batches pad little and want of memory shows at once."""
    dev = {passage.id for passage in share.dev}
    passages = sorted([*share.train, *share.dev], key=lambda passage: (-len(passage.text), passage.id))
    generator = make_generator(share, model, settings)

    def split(passage: Document) -> str:
        return DEV if passage.id in dev else TRAIN

    def ask(batch: Sequence[Document]) -> list[shards.Row]:
        questions = generator(batch, count, settings.seed)
        return [
            {"passage": passage.id, "lang": share.lang, "split": split(passage), "questions": asked}
            for passage, asked in zip(batch, questions, strict=True)
        ]

    if model is None:  # extraction knows every passage of the language, and is done sooner than compared
        shards.fill(partial, share.lang, passages, _EXTRACTED_A_SHARD, ask, journal)
        return
    own = {"model": model.fingerprint, "count": count, "prompt": settings.prompts.get(share.lang, settings.prompt)}
    others = settings.model_dump(exclude={"batch_size", "source", "models", "model", "prompt", "prompts"})
    shards.fill(
        partial,
        share.lang,
        passages,
        _PASSAGES_A_SHARD,
        ask,
        journal,
        digest=lambda passage: key_of(id=passage.id, text=passage.full_text, split=split(passage)),
        made_of=own | others,
    )


def _chosen(source: Brought, languages: Sequence[Shares]) -> Questions:
    """The questions about passages that were drawn; those about a kept-out passage judge, as the person's dev do."""
    lang_of = {passage.id: share.lang for share in languages for passage in [*share.pool, *share.dev]}
    chosen = Questions()
    for share in languages:
        kept_out = {passage.id for passage in share.dev}
        drawn = kept_out | {passage.id for passage in share.train}
        for query_id, grades in source.of_language(share.lang, lang_of).items():
            if drawn & grades.keys():
                split = DEV if query_id in source.dev or kept_out & grades.keys() else TRAIN
                query = source.queries[query_id]
                chosen.add(replace(query, metadata={"lang": share.lang, "by": BRING}), split, grades)
    return chosen
