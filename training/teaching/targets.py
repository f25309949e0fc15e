"""A teacher's vectors as what a student shall learn; several teachers' vectors as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.encoder import Encoder, Role
from retrieval.errors import BakehouseError
from retrieval.models import Model
from retrieval.records import FloatArray
from retrieval.vectors import Progress, Vectors
from training.config import Recipe

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Texts = Mapping[Role, Sequence[str]]
_SAMPLE = 2000
"""So many questions and passages tell how widely a teacher spreads its cosines."""


@dataclass(frozen=True)
class Targets:
    """Gives each text the vector that the student shall learn.

    Several teachers are joined: their vectors stand side by side, each shrunk so that its cosines
    spread as widely as the others', which ranks as the sum of their similarities would. The joined
    vectors are then projected to the student's dimension by principal components and turned towards
    the student's own (orthogonal Procrustes; Schönemann, 1966): both keep who is near to whom, and the
    student starts where it stands.

    :param shares: What each teacher's vectors are multiplied by.
    :param turn: Shape (dimensions of all teachers, dimension); None where there is one teacher, whose space is learned.
    :param progress: Called with how many texts are encoded and how many there are.
    """

    teachers: tuple[Model, ...]
    shares: tuple[float, ...] = (1.0,)
    turn: FloatArray | None = None
    progress: Progress | None = None

    @classmethod
    def of(cls, teachers: tuple[Model, ...], student: Model, texts: Texts, progress: Progress | None = None) -> Targets:
        """Look at all texts that are to be learned, and find how the teachers fit together.

        :param student: The base model, as it is before training.
        """
        if len(teachers) == 1:
            return cls(teachers, progress=progress)
        loose = cls(teachers, tuple(_share(teacher, texts) for teacher in teachers), progress=progress)
        joined = np.concatenate([loose.joined(of_role, role) for role, of_role in texts.items()])
        own = np.concatenate([_vectors(student, of_role, role, progress) for role, of_role in texts.items()])
        return cls(teachers, loose.shares, _turn(joined, own), progress)

    def joined(self, texts: Sequence[str], role: Role) -> FloatArray:
        """The teachers' vectors side by side: shape (texts, dimensions of all teachers)."""
        of_each = [
            _vectors(teacher, texts, role, self.progress) * np.float32(share)
            for teacher, share in zip(self.teachers, self.shares, strict=True)
        ]
        return np.concatenate(of_each, axis=1)

    def __call__(self, texts: Sequence[str], role: Role) -> FloatArray:
        """Shape (texts, dimension), float32, unit length; from the cache where the vectors are in it."""
        vectors = self.joined(texts, role)
        if self.turn is None:
            return vectors
        turned = vectors @ self.turn
        return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), np.float32)


def _vectors(model: Model, texts: Sequence[str], role: Role, progress: Progress | None = None) -> FloatArray:
    return Vectors(Encoder(model), role).get(texts, progress)


def _share(teacher: Model, texts: Texts) -> float:
    """One over the root of its cosines' spread: a teacher with crowded cosines would else be drowned out."""
    query, document = (_vectors(teacher, texts[role][:_SAMPLE], role) for role in ("query", "document"))
    return float(1 / np.sqrt((query @ document.T).std()))


def _turn(joined: FloatArray, own: FloatArray) -> FloatArray:
    components = np.linalg.eigh(joined.T @ joined)[1][:, ::-1][:, : own.shape[1]]
    left, _, right = np.linalg.svd((joined @ components).T @ own, full_matrices=False)
    return np.asarray(components @ left @ right, np.float32)


def check_teacher(recipe: Recipe) -> None:
    """Refuse to learn vectors that nobody gives, or that lie in several spaces.

    :raises BakehouseError: if there is no bi-encoder, it is the student itself, or there is one for each language.
    """
    if recipe.label.kind != "bi-encoder" or not recipe.label.teacher:
        raise BakehouseError(
            f"{recipe.fit.loss} learns a teacher's vectors, and label.kind is {recipe.label.kind} with "
            f"{recipe.label.teacher or 'no label.teacher'}: set label.kind=bi-encoder and label.teacher to its name."
        )
    if recipe.label.ensemble and recipe.fit.data_only:
        raise BakehouseError(
            "label.ensemble fits its teachers together over the corpus's questions and passages, and fit.data_only makes "
            "none: set fit.data_only=false, or leave label.ensemble empty."
        )
    if recipe.label.teacher in ("base", recipe.base) and not recipe.label.ensemble:
        raise BakehouseError(
            f"label.teacher and the base model are both {recipe.base}, which has nothing to learn from its own vectors. "
            f"Make a smaller student (`python -m training cut {recipe.base} --layers 0,4,8,11 --out DIR`) and name it "
            "with --base, or join other teachers with label.ensemble."
        )
    if recipe.label.teachers:
        raise BakehouseError(
            f"{recipe.fit.loss} learns the vectors of one teacher, and label.teachers names others for "
            f"{', '.join(recipe.label.teachers)}: their vectors lie in spaces of their own. Leave label.teachers empty; "
            "label.ensemble joins several teachers for all languages."
        )


def check_dimension(taught: int, student: SentenceTransformer, whose: str) -> None:
    """Refuse vectors that the student cannot come near.

    :raises BakehouseError: if the dimensions differ.
    """
    own = student.get_embedding_dimension()
    if taught != own:
        raise BakehouseError(
            f"a student learns vectors of its own dimension, and {whose} gives {taught} where the student gives {own}. "
            f"Take a student with {taught} dimensions (such as one cut from the teacher by `python -m training cut`), "
            "another teacher, or a loss that learns from scores: fit.loss=margin-mse."
        )
