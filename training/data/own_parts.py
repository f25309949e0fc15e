"""A person's own training data as the trainer wants it: their loss, and a part for each language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.encoder import Role
from retrieval.errors import BakehouseError
from retrieval.records import FloatArray
from training.config import LossName, Recipe
from training.data.examples import Example
from training.data.own import Own
from training.data.parts import LABEL, Part, gathered, noisy_part, vector_part
from training.data.shapes import Shape
from training.fitting.losses import Choice, choose
from training.teaching.targets import Targets, check_dimension, check_teacher

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_ROLES: tuple[Role, Role] = ("query", "document")
_BATCH_LOSSES = ("batch-hard-triplet", "batch-semi-hard-triplet", "batch-all-triplet")
_LEAST_BATCH = 4


def offered(own: Own, recipe: Recipe) -> list[Shape]:
    """The shapes that the rows can have: texts become targets where there is a teacher."""
    taught = recipe.label.kind == "bi-encoder" and own.shape is Shape.TEXT
    return [Shape.VECTOR, own.shape] if taught else [own.shape]


def barred(own: Own, recipe: Recipe) -> dict[str, str]:
    """Loss → why these rows, with these settings, cannot train it."""
    found = dict(own.barred)
    if own.shape is Shape.PARALLEL and recipe.label.kind != "bi-encoder":
        found["mse"] = "set label.kind=bi-encoder and label.teacher to the model whose vectors are to be learned"
    if own.shape is Shape.LABELLED_TEXT:
        size = recipe.fit.batch_size
        if size and (size < _LEAST_BATCH or size % 2):
            why = f"fit.batch_size is {size}, and a batch of classes wants an even number from {_LEAST_BATCH}"
            found |= dict.fromkeys(_BATCH_LOSSES, why)
        for lang, examples in own.examples.items():
            if sum(count > 1 for count in Counter(example[LABEL] for example in examples).values()) < 2:
                why = f"of the texts in '{lang}' fewer than two classes have two texts"
                found |= dict.fromkeys(_BATCH_LOSSES, why)
    return found


def chosen(own: Own, recipe: Recipe) -> Choice:
    """The loss that the rows train.

    :raises BakehouseError: if ``fit.loss`` does not fit them; the message lists what does.
    """
    choice = choose(recipe.fit, offered(own, recipe), f"fit.data, {own.name},", barred(own, recipe))
    if choice.shape in (Shape.VECTOR, Shape.PARALLEL) and own.shape is not Shape.VECTOR:
        check_teacher(recipe)
    return choice


def parts(own: Own, model: SentenceTransformer, recipe: Recipe, targets: Targets | None) -> list[Part]:
    """The rows as parts, those of languages that are not trained left out.

    :raises BakehouseError: if the loss does not fit, or no row is left.
    """
    choice = chosen(own, recipe)
    wanted = recipe.split.languages
    made = [
        part
        for lang, examples in own.examples.items()
        if not wanted or own.shape is Shape.PARALLEL or lang in wanted
        for part in _parts(own, lang, examples, choice, model, recipe, targets)
    ]
    if not made:
        raise BakehouseError(
            f"{own.name} has rows in {', '.join(own.examples)} and split.languages names {', '.join(wanted)}: "
            "nothing is left to train on."
        )
    return made


def _parts(
    own: Own,
    lang: str,
    examples: Sequence[Example],
    choice: Choice,
    model: SentenceTransformer,
    recipe: Recipe,
    targets: Targets | None,
) -> list[Part]:
    name = f"own-{lang}"
    if choice.shape is Shape.PARALLEL:
        return _translations(name, examples, model, targets)
    if choice.loss.name == "tsdae":
        return [noisy_part(name, [row["text"] for row in examples], own.roles["text"], recipe.fit.seed)]
    if choice.shape is Shape.VECTOR:
        return [_targets(name, examples, own.roles["text"], choice.loss.name, model, targets)]
    groups = gathered(_rows(name, examples, choice, _sharpness(own, recipe)))
    return [
        Part(group, _shape_of(choice, columns), choice.loss.name, columns, _roles(own, columns))
        for group, columns in groups.items()
    ]


def _targets(
    name: str,
    examples: Sequence[Example],
    role: Role,
    loss: LossName,
    model: SentenceTransformer,
    targets: Targets | None,
) -> Part:
    texts = [row["text"] for row in examples]
    if LABEL in examples[0]:
        vectors = np.asarray([row[LABEL] for row in examples], np.float32)
        check_dimension(vectors.shape[1], model, "the data")
    else:
        vectors = _taught(targets, texts, role, model)
    return vector_part(name, {"text": texts}, role, vectors, loss=loss)


def _translations(
    name: str, examples: Sequence[Example], model: SentenceTransformer, targets: Targets | None
) -> list[Part]:
    """Sentence and translation learn the teacher's vector of the sentence: half of them as queries, half as documents."""
    made = []
    for start, role in enumerate(_ROLES):
        rows = examples[start::2]
        if rows:
            columns = {column: [row[column] for row in rows] for column in ("source", "target")}
            vectors = _taught(targets, columns["source"], role, model)
            made.append(vector_part(f"{name}-{role}", columns, role, vectors, Shape.PARALLEL))
    return made


def _taught(targets: Targets | None, texts: Sequence[str], role: Role, model: SentenceTransformer) -> FloatArray:
    assert targets is not None, "a loss that learns vectors is only chosen where there is a teacher"
    vectors = targets(texts, role)
    check_dimension(vectors.shape[1], model, "the teacher")
    return vectors


def _rows(
    name: str, examples: Iterable[Example], choice: Choice, sharpness: float
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Rows as the loss wants them, each with the name of its group: as many negatives, the same columns."""
    for example in examples:
        texts = {column: value for column, value in example.items() if column not in (LABEL, "negatives")}
        negatives: list[str] = example.get("negatives", [])
        label = {LABEL: example[LABEL]} if LABEL in example else {}
        if choice.loss.name == "triplet":
            yield from ((name, texts | {"negative": negative}) for negative in negatives)
        elif choice.loss.name == "margin-mse":
            yield from ((name, row) for row in _margins(texts, negatives, example[LABEL]))
        else:
            numbered = {f"negative_{number}": negative for number, negative in enumerate(negatives, 1)}
            if choice.loss.name in ("mnrl", "cached-mnrl"):
                label = {}
            elif choice.loss.name == "distill-kl":
                label = {LABEL: [sharpness * score for score in example[LABEL]]}
            yield f"{name}-{len(negatives)}" if negatives else name, texts | numbered | label


def _margins(texts: Mapping[str, str], negatives: Sequence[str], label: Any) -> Iterator[Mapping[str, Any]]:
    margins = [label[0] - score for score in label[1:]] if isinstance(label, list) else [label]
    for negative, margin in zip(negatives, margins, strict=True):
        yield {**texts, "negative": negative, LABEL: margin}


def _sharpness(own: Own, recipe: Recipe) -> float:
    """What a teacher's scores are multiplied by: cosines lie too close together to tell passages apart."""
    if own.shape is not Shape.SCORED_TRIPLET:
        return 1.0
    scores = (score for examples in own.examples.values() for example in examples for score in example[LABEL])
    return 1 / recipe.fit.temperature if all(-1 <= score <= 1 for score in scores) else 1.0


def _shape_of(choice: Choice, columns: Mapping[str, Any]) -> Shape:
    return Shape.MARGIN if choice.loss.name == "margin-mse" else choice.shape


def _roles(own: Own, columns: Iterable[str]) -> dict[str, Role]:
    return {column: own.roles.get(column, "document") for column in columns if column != LABEL}
