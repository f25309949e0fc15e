"""Several teachers as one: the joined vectors keep who is near to whom, and stand near the student's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_models import save_bert
from tiny_texts import sentences

from retrieval.encoder import Encoder, Role
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from retrieval.vectors import Vectors
from training.data.inputs import Inputs
from training.settings import load_recipe
from training.teaching.targets import Targets, check_teacher
from training.teaching.teachers import name_of

pytestmark = pytest.mark.usefixtures("home")
TEXTS: dict[Role, list[str]] = {
    "query": ["how much salt", "why is rye sticky", "when does dough rise"],
    "document": [
        "Two grams of salt for flour.",
        "Rye holds much water.",
        "Warm dough rises fast.",
        "Steam makes crust.",
    ],
}


@pytest.fixture
def student(tiny_bert: Path) -> Model:
    return resolve(str(tiny_bert))


@pytest.fixture
def other(tmp_path: Path) -> Model:
    """A teacher with other words, so that its vectors differ."""
    return resolve(str(save_bert(tmp_path / "other", sentences()[::2])))


def _vectors(model: Model, role: Role) -> np.ndarray:
    return Vectors(Encoder(model), role).get(TEXTS[role])


def _scaled(model: Model) -> np.ndarray:
    cosines = _vectors(model, "query") @ _vectors(model, "document").T
    return cosines / cosines.std()


def test_the_base_can_be_named_as_a_teacher_among_others(student: Model, other: Model) -> None:
    joined, alone = ({"kind": "bi-encoder", "teacher": "base", "ensemble": more} for more in ([str(other.folder)], []))
    recipe = load_recipe({"corpus": "c", "base": student.name, "label": joined, "preset": "ensemble"})
    check_teacher(recipe)
    found = Inputs.of(recipe, {}, None, None, None).teachers
    assert [teacher.folder for teacher in found] == [student.folder, other.folder]
    with pytest.raises(BakehouseError, match="nothing to learn from its own vectors"):
        check_teacher(load_recipe({"corpus": "c", "base": "b", "label": alone, "fit": {"loss": "similarity-kl"}}))
    with pytest.raises(BakehouseError, match="cannot teach itself by scores"):
        name_of("de", recipe.label)


def test_one_teacher_gives_its_own_vectors(student: Model, other: Model) -> None:
    targets = Targets.of((other,), student, TEXTS)
    assert targets.turn is None
    assert np.array_equal(targets(TEXTS["query"], "query"), _vectors(other, "query"))


def test_the_student_joined_with_itself_has_nothing_to_learn(student: Model) -> None:
    targets = Targets.of((student, student), student, TEXTS)
    for role in TEXTS:
        assert np.allclose(targets(TEXTS[role], role), _vectors(student, role), atol=1e-4)


def test_joined_teachers_rank_as_the_sum_of_their_similarities(student: Model, other: Model) -> None:
    targets = Targets.of((student, other), student, TEXTS)
    query, document = (targets(TEXTS[role], role) for role in ("query", "document"))
    assert query.dtype == np.float32 and query.shape == (3, 32)
    assert np.allclose(np.linalg.norm(query, axis=1), 1, atol=1e-6)
    summed = _scaled(student) + _scaled(other)
    of_one = sum(1 / (_vectors(m, "query") @ _vectors(m, "document").T).std() for m in (student, other))
    assert np.allclose(query @ document.T, summed / of_one, atol=1e-4)
    assert not np.allclose(query @ document.T, _vectors(student, "query") @ _vectors(student, "document").T, atol=1e-3)


def test_joined_vectors_stand_as_near_the_students_own_as_turning_can_bring_them(student: Model, other: Model) -> None:
    targets = Targets.of((student, other), student, TEXTS)
    learned = np.concatenate([targets(TEXTS[role], role) for role in TEXTS])
    own = np.concatenate([_vectors(student, role) for role in TEXTS])
    draw = np.random.default_rng(0)
    turns = (np.linalg.qr(draw.normal(size=(32, 32)))[0] for _ in range(20))
    assert all((learned * own).sum() > (learned @ turn * own).sum() for turn in turns)
    assert (learned * own).sum(1).mean() > 0.5
