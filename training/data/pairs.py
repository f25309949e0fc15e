"""What the trainer reads: the generated questions and the person's own data, by language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.beir import read_qrels, read_queries, splits
from retrieval.encoder import Role
from retrieval.errors import BakehouseError
from retrieval.records import Document
from training import label, shards
from training.config import LossName, Recipe
from training.data import own, own_parts
from training.data.inputs import TEXT_LOSSES, Inputs
from training.data.parts import LABEL, Part, TrainingData, gathered, noisy_part, roles_of, vector_part
from training.data.shapes import Shape
from training.fitting import arguments, losses
from training.generators.extract import without
from training.journal import Journal
from training.teaching import doctor
from training.teaching.targets import Targets, check_dimension

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_AS_MANY = ("mnrl", "cached-mnrl", "distill-kl")
"""Losses whose rows hold the same number of negatives; for the others, each negative is a row of its own."""
Made = Iterator[tuple[str, dict[str, Any]]]
"""Pairs of a language and a row."""


def datasets_for(model: SentenceTransformer, recipe: Recipe, inputs: Inputs, journal: Journal) -> TrainingData:
    """Everything the trainer reads: a dataset for each source, language and role.

    :raises BakehouseError: if ``fit.loss`` does not fit the data, or there is none.
    """
    parts: list[Part] = []
    targets = _targets(recipe, inputs, journal)
    if not recipe.fit.data_only:
        parts += generated_parts(model, recipe, inputs, targets, journal)
    if recipe.fit.data or recipe.fit.data_only:
        parts += own_parts.parts(own.read(recipe.fit.data), model, recipe, targets)
    parts = doctor.mended(parts, model, inputs.base, inputs.labelled, journal)
    return TrainingData.of(model, parts, recipe.fit.max_length)


def check(recipe: Recipe) -> None:
    """Refuse, before any stage, a loss that does not fit the data, and settings that contradict each other.

    :raises BakehouseError: if ``fit.loss`` does not fit, or ``fit.data`` cannot be read.
    """
    arguments.check(recipe.fit)
    if not recipe.fit.data_only:
        losses.generated_loss(recipe)
    if recipe.fit.data or recipe.fit.data_only:
        own_parts.chosen(own.read(recipe.fit.data), recipe)


def _targets(recipe: Recipe, inputs: Inputs, journal: Journal) -> Targets | None:
    """What gives texts their vectors. Several teachers are joined over the texts of the corpus."""
    if not inputs.teachers:
        return None

    count = journal.counting("texts whose vectors are learned, encoded")
    alone = recipe.fit.data_only or losses.generated_loss(recipe) not in losses.OF_VECTORS
    if len(inputs.teachers) == 1 or alone:
        return Targets(inputs.teachers[:1], progress=count)
    texts: dict[Role, list[str]] = {"query": [], "document": []}
    for (_, role), of_language in corpus_texts(recipe, inputs).items():
        texts[role] += of_language
    return Targets.of(inputs.teachers, inputs.base, texts, count)


def generated_parts(
    model: SentenceTransformer, recipe: Recipe, inputs: Inputs, targets: Targets | None, journal: Journal
) -> list[Part]:
    """The rows made of the generated questions, as their loss wants them."""
    loss = losses.generated_loss(recipe)
    if loss in TEXT_LOSSES:
        return _of_texts(model, recipe, inputs, targets, loss)
    if loss in ("margin-mse", "distill-kl"):
        rows = list(label.trusted(shards.read_rows(_there(inputs.labelled)), recipe.label.ceiling))
    else:
        rows = list(shards.read_rows(_there(inputs.mined)))
    texts = Texts.of(inputs)
    wanted = recipe.fit.negatives if loss in ("mnrl", "cached-mnrl") else max(1, recipe.fit.negatives)
    _check_enough(rows, wanted if loss in _AS_MANY else 1, journal)
    if loss == "margin-mse":
        made, shape = margins(rows, texts), Shape.MARGIN
    elif loss == "distill-kl":
        sharpness = 1 / recipe.fit.temperature if recipe.label.kind == "bi-encoder" else 1.0
        made, shape = scored(rows, texts, wanted, sharpness), Shape.SCORED_TRIPLET
    elif loss == "triplet":
        made, shape = triplets(rows, texts, wanted), Shape.TRIPLET
    else:
        made, shape = contrasts(rows, texts, wanted), Shape.TRIPLET if wanted else Shape.PAIR
    return [Part(lang, shape, loss, columns, roles_of(columns)) for lang, columns in gathered(made).items()]


def _there(folder: Path | None) -> Path:
    assert folder is not None, "the stages that a loss needs run before the fit: see inputs.needs_negatives"
    return folder


@dataclass(frozen=True)
class Texts:
    """Looks up what ids stand for.

    :param queries: Query id → text.
    :param passages: Document id → title and text, one string however many rows hold it.
    """

    queries: Mapping[str, str]
    documents: Mapping[str, Document]
    passages: Mapping[str, str]

    @classmethod
    def of(cls, inputs: Inputs) -> Texts:
        """Read the questions."""
        queries = {query.id: query.text for query in read_queries(_there(inputs.generated))}
        passages = {document.id: document.full_text for document in inputs.documents.values()}
        return cls(queries, inputs.documents, passages)

    def asked(self, row: shards.Row, positive: str) -> dict[str, Any]:
        """The question and its passage, less the question if that was taken out of it."""
        query, document = self.queries[row["query"]], self.documents[positive]
        rest = replace(document, text=without(document.text, [query])).full_text
        return {"query": query, "positive": rest}

    def numbered(self, documents: Sequence[str]) -> dict[str, str]:
        """The negatives as columns."""
        return {f"negative_{number}": self.passages[each] for number, each in enumerate(documents, 1)}


def contrasts(rows: Iterable[shards.Row], texts: Texts, negatives: int) -> Made:
    """``query``, ``positive``, ``negative_1`` and on; questions with too few negatives are left out."""
    for row in rows:
        found = [negative["id"] for negative in row["negatives"][:negatives]]
        if len(found) == negatives:
            yield row["lang"], texts.asked(row, row["positive"]) | texts.numbered(found)


def triplets(rows: Iterable[shards.Row], texts: Texts, negatives: int) -> Made:
    """``query``, ``positive`` and ``negative``: a row for each negative."""
    for row in rows:
        asked = texts.asked(row, row["positive"])
        for negative in row["negatives"][:negatives]:
            yield row["lang"], asked | {"negative": texts.passages[negative["id"]]}


def margins(rows: Iterable[shards.Row], texts: Texts) -> Made:
    """``query``, ``positive``, ``negative`` and ``label``, the teacher's margin: a row for each negative."""
    for row in rows:
        positive, score = row["positive"]
        asked = texts.asked(row, positive)
        for negative, negative_score in row["negatives"]:
            yield row["lang"], asked | {"negative": texts.passages[negative], LABEL: score - negative_score}


def scored(rows: Iterable[shards.Row], texts: Texts, negatives: int, sharpness: float) -> Made:
    """``query``, ``positive``, ``negative_1`` and on, and ``label``, a list: the teacher's scores of all passages.

    :param sharpness: What the scores are multiplied by: a cross-encoder's logits are spread enough, cosines are not.
    """
    for row in rows:
        positive, score = row["positive"]
        chosen = row["negatives"][:negatives]
        if len(chosen) == negatives:
            label = [sharpness * each for each in (score, *(of_negative for _, of_negative in chosen))]
            numbered = texts.numbered([negative for negative, _ in chosen])
            yield row["lang"], texts.asked(row, positive) | numbered | {LABEL: label}


def _check_enough(rows: Sequence[shards.Row], least: int, journal: Journal) -> None:
    """Tell how many rows lack negatives, and refuse a fit in which all do."""
    short = sum(len(row["negatives"]) < least for row in rows)
    if short == len(rows):
        raise BakehouseError(
            f"none of the {len(rows)} generated questions has {least} negatives: set fit.negatives or label.ceiling "
            "lower, mine.depth or mine.negatives higher, or loosen mine.ceiling and mine.margin."
        )
    if short:
        journal.event(f"{short} of {len(rows)} questions do not train: they have fewer than {least} negatives")


def _of_texts(
    model: SentenceTransformer, recipe: Recipe, inputs: Inputs, targets: Targets | None, loss: LossName
) -> list[Part]:
    """Questions and passages that stand for themselves, each with the prompt of its role."""
    parts = []
    for (lang, role), texts in corpus_texts(recipe, inputs).items():
        name = f"{lang}-{role}"
        if loss == "tsdae":
            parts.append(noisy_part(name, texts, role, recipe.fit.seed))
        elif targets:
            vectors = targets(texts, role)
            check_dimension(vectors.shape[1], model, f"the teacher {recipe.label.teacher}")
            parts.append(vector_part(name, {"text": texts}, role, vectors, loss=loss))
    return parts


def corpus_texts(recipe: Recipe, inputs: Inputs) -> dict[tuple[str, Role], list[str]]:
    """Language and role → the training questions, and the passages less those kept out to judge by."""
    folder = _there(inputs.generated)
    queries = {query.id: query for query in read_queries(folder)}
    train = read_qrels(folder, "train")
    dev = read_qrels(folder, "dev") if "dev" in splits(folder) else {}
    kept_out = {document for grades in dev.values() for document in grades}
    lang_of = {document: queries[query].lang for query, grades in train.items() for document in grades}
    texts: dict[tuple[str, Role], dict[str, None]] = {}
    for query in train:
        texts.setdefault((queries[query].lang, "query"), {})[queries[query].text] = None
    for document in inputs.documents.values():
        lang = lang_of.get(document.id, document.lang)
        allowed = not recipe.split.languages or lang in recipe.split.languages
        if allowed and document.id not in kept_out and document.full_text:
            texts.setdefault((lang, "document"), {})[document.full_text] = None
    return {place: list(unique) for place, unique in texts.items()}
