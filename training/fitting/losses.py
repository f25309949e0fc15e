"""Which loss fits the data: one table, the choice from it, and the modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from retrieval.errors import BakehouseError
from retrieval.records import FloatArray
from training.config import Fit, LossName, Recipe
from training.data.shapes import WORDS, Shape
from training.teaching.targets import check_teacher

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

    from training.data.parts import TrainingData

_CACHED_AT_ONCE = 32
"""Rows that GradCache embeds at a time; the loss is the same whatever it is."""
_MARGIN = 0.2
"""How much nearer a positive shall be than a negative, in cosine distance (0 to 2).

The library's own default of 5 is for vectors of any length: between vectors of length 1 no triplet could meet it.
"""


@dataclass(frozen=True, slots=True)
class Loss:
    """One row of the table.

    :param shapes: The data it takes, the most natural first.
    :param build: Makes the module for a model and settings, and a bank where the loss has one.
    :param fits: When to take it, in a sentence.
    :param source: The paper it comes from.
    :param matryoshka: Whether shorter dimensions can be trained with it too.
    """

    name: LossName
    shapes: tuple[Shape, ...]
    build: Callable[..., nn.Module]
    fits: str
    source: str
    matryoshka: bool = True


def _plain(kind: str, **options: Any) -> Callable[[SentenceTransformer, Fit], nn.Module]:
    """A loss of the library as it is."""

    def build(model: SentenceTransformer, settings: Fit) -> nn.Module:
        from sentence_transformers.sentence_transformer import losses as library

        module: nn.Module = getattr(library, kind)(model, **options)
        return module

    return build


def _mnrl(model: SentenceTransformer, settings: Fit) -> nn.Module:
    return _plain("MultipleNegativesRankingLoss", scale=1 / settings.temperature)(model, settings)


def _cached_mnrl(model: SentenceTransformer, settings: Fit) -> nn.Module:
    options = {"scale": 1 / settings.temperature, "mini_batch_size": _CACHED_AT_ONCE}
    return _plain("CachedMultipleNegativesRankingLoss", **options)(model, settings)


def _margin_mse(model: SentenceTransformer, settings: Fit) -> nn.Module:
    """By cosine, as search compares: by the library's own dot product, vectors could just grow longer."""
    from sentence_transformers.util import pairwise_cos_sim

    return _plain("MarginMSELoss", similarity_fct=pairwise_cos_sim)(model, settings)


def _distill_kl(model: SentenceTransformer, settings: Fit) -> nn.Module:
    """The student's cosines are sharpened in the similarity: the loss's own temperature would shrink the gradient."""
    similarity = partial(_sharpened, temperature=settings.temperature)
    return _plain("DistillKLDivLoss", similarity_fct=similarity)(model, settings)


def _sharpened(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    from sentence_transformers.util import pairwise_cos_sim

    return pairwise_cos_sim(a, b) / temperature


def _triplet(model: SentenceTransformer, settings: Fit) -> nn.Module:
    from sentence_transformers.sentence_transformer.losses import TripletDistanceMetric

    options = {"distance_metric": TripletDistanceMetric.COSINE, "triplet_margin": _MARGIN}
    return _plain("TripletLoss", **options)(model, settings)


def _batch(kind: str) -> Callable[[SentenceTransformer, Fit], nn.Module]:
    def build(model: SentenceTransformer, settings: Fit) -> nn.Module:
        from sentence_transformers.sentence_transformer.losses import BatchHardTripletLossDistanceFunction as Distance

        return _plain(kind, distance_metric=Distance.cosine_distance, margin=_MARGIN)(model, settings)

    return build


def _similarity(model: SentenceTransformer, settings: Fit, bank: FloatArray) -> nn.Module:
    from training.fitting.bank import similarity_loss

    return similarity_loss(model, bank, settings.temperature)


def _tsdae(model: SentenceTransformer, settings: Fit) -> nn.Module:
    from training.fitting.tsdae import denoising_loss

    return denoising_loss(model, settings.seed)


_HERMANS = 'Hermans, Beyer and Leibe, "In Defense of the Triplet Loss for Person Re-Identification" (2017)'
_ROWS = (
    Loss(
        "margin-mse",
        (Shape.SCORED_TRIPLET, Shape.MARGIN),
        _margin_mse,
        "A teacher has scored passages: the student learns how far apart they are, so a wrong negative does no harm.",
        'Hofstätter et al., "Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation" (2020)',
    ),
    Loss(
        "distill-kl",
        (Shape.SCORED_TRIPLET,),
        _distill_kl,
        "A teacher has scored several passages of a question: the student learns how it spreads its belief over them.",
        'Lin, Yang and Lin, "Distilling Dense Representations for Ranking using Tightly-Coupled Teachers" (2020)',
    ),
    Loss(
        "mnrl",
        (Shape.PAIR, Shape.TRIPLET, Shape.SCORED_TRIPLET),
        _mnrl,
        "Questions with their passages and no scores: the other passages of the batch, and negatives if there are, are wrong.",
        'Henderson et al., "Efficient Natural Language Response Suggestion for Smart Reply" (2017)',
    ),
    Loss(
        "cached-mnrl",
        (Shape.PAIR, Shape.TRIPLET, Shape.SCORED_TRIPLET),
        _cached_mnrl,
        "As mnrl, for batches larger than memory holds (GradCache): the same loss, more slowly.",
        'Gao et al., "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup" (2021)',
    ),
    Loss(
        "cosent",
        (Shape.SCORED_PAIR, Shape.LABELLED_PAIR),
        _plain("CoSENTLoss"),
        "Pairs with scores on any scale: only which pair is the more alike counts, not by how much.",
        'Su, "CoSENT: A more efficient sentence vector scheme than Sentence-BERT" (2022)',
    ),
    Loss(
        "cosine",
        (Shape.SCORED_PAIR, Shape.LABELLED_PAIR),
        _plain("CosineSimilarityLoss"),
        "Pairs with scores that are meant as cosines, between -1 and 1.",
        'Reimers and Gurevych, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks" (2019)',
    ),
    Loss(
        "triplet",
        (Shape.TRIPLET, Shape.SCORED_TRIPLET),
        _triplet,
        "Triplets in which nothing but the given negative is known to be wrong.",
        'Schroff, Kalenichenko and Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering" (2015)',
    ),
    Loss(
        "batch-hard-triplet",
        (Shape.LABELLED_TEXT,),
        _batch("BatchHardTripletLoss"),
        "Texts with classes, cleanly labelled: only the hardest text of the own and of another class counts.",
        _HERMANS,
    ),
    Loss(
        "batch-semi-hard-triplet",
        (Shape.LABELLED_TEXT,),
        _batch("BatchSemiHardTripletLoss"),
        "Texts with classes, some labelled wrongly: negatives nearer than the positive are passed over.",
        'Schroff, Kalenichenko and Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering" (2015)',
    ),
    Loss(
        "batch-all-triplet",
        (Shape.LABELLED_TEXT,),
        _batch("BatchAllTripletLoss"),
        "Texts with classes: every triplet of the batch counts, which is the steadiest of the three.",
        _HERMANS,
    ),
    Loss(
        "contrastive",
        (Shape.LABELLED_PAIR,),
        _plain("ContrastiveLoss"),
        "Pairs marked as alike (1) or not (0): the one are drawn together, the other pushed apart up to a margin.",
        'Hadsell, Chopra and LeCun, "Dimensionality Reduction by Learning an Invariant Mapping" (2006)',
    ),
    Loss(
        "mse",
        (Shape.VECTOR, Shape.PARALLEL),
        _plain("MSELoss"),
        "A teacher's vectors are the target: makes a smaller student, or teaches a model further languages.",
        'Reimers and Gurevych, "Making Monolingual Sentence Embeddings Multilingual using Knowledge Distillation" (2020)',
    ),
    Loss(
        "similarity-kl",
        (Shape.VECTOR,),
        _similarity,
        "A teacher's vectors are the target, and whom the teacher finds near them: makes the better small student.",
        'Fang et al., "SEED: Self-supervised Distillation for Visual Representation" (2021)',
        matryoshka=False,
    ),
    Loss(
        "tsdae",
        (Shape.TEXT,),
        _tsdae,
        "Nothing but texts: each must be told again from the vector of what a heavy loss of words left of it.",
        'Wang, Reimers and Gurevych, "TSDAE: Using Transformer-based Sequential Denoising Auto-Encoder" (2021)',
        matryoshka=False,
    ),
)
TABLE: Mapping[str, Loss] = {loss.name: loss for loss in _ROWS}
"""Every loss by its name."""

OF_VECTORS = ("mse", "similarity-kl")
"""These learn the vectors of a teacher."""

RECOMMENDED: Mapping[Shape, LossName] = {
    Shape.PAIR: "mnrl",
    Shape.SCORED_PAIR: "cosent",
    Shape.LABELLED_PAIR: "contrastive",
    Shape.TRIPLET: "mnrl",
    Shape.SCORED_TRIPLET: "margin-mse",
    Shape.MARGIN: "margin-mse",
    Shape.LABELLED_TEXT: "batch-all-triplet",
    Shape.TEXT: "tsdae",
    Shape.VECTOR: "mse",
    Shape.PARALLEL: "mse",
}
"""Shape → what ``fit.loss=auto`` takes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A loss, and the shape that the rows shall have for it."""

    loss: Loss
    shape: Shape


def valid_for(shapes: Sequence[Shape], barred: Mapping[str, str] | None = None) -> list[Loss]:
    """The losses that take one of the shapes, less those that the data itself bars."""
    return [loss for loss in TABLE.values() if loss.name not in (barred or {}) and set(loss.shapes) & set(shapes)]


def recommended(shape: Shape, barred: Mapping[str, str]) -> Loss | None:
    """The loss that ``auto`` takes: the recommended one, or the first that the data does not bar."""
    fitting = valid_for([shape], barred)
    return next((loss for loss in fitting if loss.name == RECOMMENDED[shape]), fitting[0] if fitting else None)


def choose(
    settings: Fit, shapes: Sequence[Shape], whose: str = "the data", barred: Mapping[str, str] | None = None
) -> Choice:
    """The loss for rows that can have any of ``shapes``, the preferred one first.

    :param whose: What to call the rows in an error.
    :param barred: Loss → why these very rows cannot train it.
    :raises BakehouseError: if ``fit.loss`` does not fit; the message lists what does.
    """
    barred = barred or {}
    if settings.loss == "auto":
        best = recommended(shapes[0], barred)
        if best is None:
            raise BakehouseError(f"{whose} ({shapes[0]}) can train no loss: {barred[RECOMMENDED[shapes[0]]]}.")
        return _checked(Choice(best, shapes[0]), settings)
    loss = TABLE[settings.loss]
    shape = next((shape for shape in shapes if shape in loss.shapes), None)
    if shape is None or loss.name in barred:
        raise BakehouseError(_misfit(loss, shapes, whose, barred))
    return _checked(Choice(loss, shape), settings)


def _misfit(loss: Loss, shapes: Sequence[Shape], whose: str, barred: Mapping[str, str]) -> str:
    fitting = valid_for(shapes, barred)
    if loss.name in barred:
        why = barred[loss.name]
    else:
        why = f"it needs {' or '.join(f'{shape} ({WORDS[shape]})' for shape in loss.shapes)}"
    names = ", ".join(each.name for each in fitting) or "no loss"
    return (
        f"fit.loss is {loss.name}, which does not fit {whose} ({', '.join(shapes)}): {why}. "
        f"What fits: {names}. fit.loss=auto takes {RECOMMENDED[shapes[0]]}."
    )


def _checked(choice: Choice, settings: Fit) -> Choice:
    if settings.matryoshka and not choice.loss.matryoshka:
        raise BakehouseError(
            f"fit.matryoshka cannot train shorter dimensions with {choice.loss.name}, which reads the whole "
            "vector. Leave fit.matryoshka empty, or choose another loss."
        )
    if choice.loss.name == "tsdae" and settings.processes > 1:
        raise BakehouseError("tsdae trains in one process only: set fit.processes=1, or choose another loss.")
    if choice.loss.name == "tsdae" and settings.trainable not in ("all", "top"):
        raise BakehouseError(
            f"tsdae shares its weights with a decoder, which fit.trainable={settings.trainable} leaves no room for: set "
            "fit.trainable to all or top, or choose another loss."
        )
    return choice


def offered(recipe: Recipe) -> list[Shape]:
    """The shapes that the generated questions can have, the preferred one first."""
    scored = [Shape.SCORED_TRIPLET] if recipe.label.kind != "none" else []
    vectors = [Shape.VECTOR] if recipe.label.kind == "bi-encoder" else []
    return [*scored, Shape.TRIPLET if recipe.fit.negatives else Shape.PAIR, *vectors, Shape.TEXT]


def generated_loss(recipe: Recipe) -> LossName:
    """The loss that the generated questions train.

    :raises BakehouseError: if ``fit.loss`` does not fit them.
    """
    name = choose(recipe.fit, offered(recipe), "the generated questions").loss.name
    if name in OF_VECTORS:
        check_teacher(recipe)
    return name


def build(model: SentenceTransformer, data: TrainingData, settings: Fit) -> dict[str, nn.Module]:
    """The module of each dataset; datasets with the same loss, and the same bank, share one."""
    made: dict[tuple[LossName, int], nn.Module] = {}
    modules = {}
    for dataset, name in data.losses.items():
        banks = [data.banks[dataset]] if dataset in data.banks else []
        key = (name, id(banks[0]) if banks else 0)
        if key not in made:
            made[key] = _matryoshka(model, TABLE[name].build(model, settings, *banks), settings)
        modules[dataset] = made[key]
    return modules


def _matryoshka(model: SentenceTransformer, module: nn.Module, settings: Fit) -> nn.Module:
    """Kusupati et al., "Matryoshka Representation Learning" (2022); the full dimension is always trained too."""
    if not settings.matryoshka:
        return module
    from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss

    full = model.get_embedding_dimension() or 0
    too_large = [dim for dim in settings.matryoshka if not 0 < dim <= full]
    if too_large:
        raise BakehouseError(
            f"fit.matryoshka names {too_large[0]} dimensions, and the model has {full}: wanted numbers from 1 to {full}."
        )
    return MatryoshkaLoss(model, module, matryoshka_dims=sorted({full, *settings.matryoshka}, reverse=True))


def as_json(loss: Loss) -> dict[str, Any]:
    """A row of the table for a program."""
    return {
        "name": loss.name,
        "shapes": [str(shape) for shape in loss.shapes],
        "fits": loss.fits,
        "source": loss.source,
        "matryoshka": loss.matryoshka,
    }
