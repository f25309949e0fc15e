"""The scale doctor: each thing that it can find is made to happen."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_kitchen import Kitchen

from retrieval.cli import execute
from retrieval.encoder import encode, load
from retrieval.errors import BakehouseError
from retrieval.models import Model, resolve
from training import pipeline
from training.commands import add_commands
from training.config import LossName
from training.data.parts import Part, roles_of
from training.data.shapes import Shape
from training.teaching import doctor
from training.teaching.diagnosis import Diagnosis, Finding, Histogram, read
from training.teaching.teachers import Taught

CROSS = Taught("a-reranker", "cross-encoder", "Sigmoid")
WORDS = ("rye", "salt", "steam", "stone", "loaf", "yeast", "flour", "tin", "water", "malt")


@pytest.fixture(scope="module")
def student(tiny_bert: Path) -> Any:
    return load(resolve(str(tiny_bert)))


def _model(name: str = "tiny") -> Model:
    return Model(name, Path(name), "folder")


def _part(margins: Sequence[Any], name: str = "en", loss: LossName = "margin-mse") -> Part:
    """A row for each margin, each of a passage of its own."""
    rows = range(len(margins))
    texts = {
        "query": [f"what about {WORDS[row % 10]} and {WORDS[row // 10 % 10]}" for row in rows],
        "positive": [f"{WORDS[row % 10]} goes with {WORDS[row // 10 % 10]}, number {row}" for row in rows],
        "negative": [f"nothing of the kind {WORDS[(row + 3) % 10]} {row}" for row in rows],
    }
    return Part(name, Shape.MARGIN, loss, {**texts, "label": list(margins)}, roles_of(texts))


def _usual(size: int = 60, spread: float = 4.0, middle: float = 6.0) -> list[float]:
    return [float(margin) for margin in np.random.default_rng(3).normal(middle, spread, size)]


def _examined(
    student: Any, *parts: Part, teachers: Mapping[str, Taught] | None = None, base: str = "tiny"
) -> Diagnosis:
    return doctor.examine(parts, student, _model(base), {"en": CROSS} if teachers is None else teachers)


def _levels(diagnosis: Diagnosis, about: str) -> list[str]:
    return [finding.level for finding in diagnosis.findings if finding.about == about]


def _told(diagnosis: Diagnosis, about: str) -> str:
    return " ".join(finding.told for finding in diagnosis.findings if finding.about == about)


def test_margins_are_multiplied_to_what_the_student_can_express(student: Any) -> None:
    part = _part(_usual())
    diagnosis = _examined(student, part)
    vectors = {
        name: encode(student, part.columns[name], "query" if name == "query" else "document")
        for name in ("query", "positive", "negative")
    }
    own = np.abs(np.einsum("nd,nd->n", vectors["query"], vectors["positive"] - vectors["negative"]))
    taught = np.abs(np.array(part.columns["label"]))
    wanted = max(np.quantile(own, 0.9), 0.05) / np.quantile(taught, 0.9)
    assert diagnosis.scales["en"] == pytest.approx(wanted, rel=0.01)
    assert not diagnosis.refused
    diagnosis.check()
    assert _levels(diagnosis, "margins") == ["ok", "mended"]


def test_an_outlier_does_not_squeeze_the_others(student: Any) -> None:
    usual = _usual()
    calm, wild = (_examined(student, _part(margins)).scales["en"] for margins in (usual, [*usual[:-1], 60.0]))
    assert wild == pytest.approx(calm, rel=0.05)
    alone = _examined(student, _part([*usual[:-1], 1e5])).scales["en"]
    assert alone * 1e5 == pytest.approx(2.0)  # no cosines differ by more


def test_the_histograms_count_every_margin_before_and_after(student: Any) -> None:
    part = _part(_usual())
    diagnosis = _examined(student, part)
    before, after = diagnosis.before["a-reranker"], diagnosis.after["a-reranker"]
    for histogram in (before, after):
        assert len(histogram.edges) == len(histogram.teacher) + 1 == len(histogram.student) + 1
        assert sum(histogram.teacher) == sum(histogram.student) == 60
    assert before.edges[-1] > 10
    assert after.edges[-1] < 0.5
    bars = Histogram((0.0, 1.0, 2.0, 3.0), (0, 1, 8), (4, 4, 4)).told
    assert bars == ["teacher    +0.00 │ ▁█│ +3.00", "student    +0.00 │███│ +3.00"]


def test_a_students_unit_length_is_seen(student: Any, tiny_bert: Path) -> None:
    assert _levels(_examined(student), "student") == ["ok"]
    longer = load(resolve(str(tiny_bert)))
    del longer[2]  # the Normalize module
    diagnosis = _examined(longer, _part(_usual()))
    assert _levels(diagnosis, "student") == ["mended"]
    assert "compares them by cosine" in _told(diagnosis, "student")
    assert diagnosis.scales == pytest.approx(_examined(student, _part(_usual())).scales, rel=0.02)


def test_margins_are_trained_by_cosine(tiny_bert: Path) -> None:
    from training.config import Fit
    from training.fitting.losses import TABLE

    longer = load(resolve(str(tiny_bert)))
    del longer[2]
    texts = [longer.preprocess([text]) for text in ("rye", "rye dough", "steam")]
    import torch

    def loss(label: float) -> float:
        module = TABLE["margin-mse"].build(longer.eval(), Fit())
        with torch.inference_mode():
            return float(module([dict(each) for each in texts], torch.tensor([label])))

    rye, dough, steam = (encode(longer, [text], "document")[0] for text in ("rye", "rye dough", "steam"))
    assert loss(0.0) == pytest.approx(float(rye @ (dough - steam)) ** 2, abs=1e-4)


def test_a_student_that_has_collapsed_is_refused(tiny_bert: Path) -> None:
    import torch

    collapsed = load(resolve(str(tiny_bert)))
    with torch.no_grad():
        for name, weight in collapsed.named_parameters():
            if "LayerNorm.weight" in name:
                weight.zero_()
            if "LayerNorm.bias" in name:
                weight.fill_(0.5)
    diagnosis = _examined(collapsed, _part(_usual()))
    assert "gives every text the same vector" in diagnosis.refused[0].told
    assert diagnosis.scales == {}
    with torch.no_grad():
        for weight in collapsed.parameters():
            weight.fill_(float("nan"))
    assert "no numbers" in _examined(collapsed).refused[0].told
    with pytest.raises(BakehouseError, match="The scale doctor refuses: the student's vectors are no numbers"):
        _examined(collapsed).check()


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("my/e5-base-tuned", "refused"),
        ("intfloat/multilingual-e5-large-instruct", "ok"),
        ("some/bge-m3", "ok"),
        ("code5-x", "ok"),
    ],
)
def test_a_model_of_the_e5_family_needs_its_prompts(student: Any, name: str, level: str) -> None:
    assert _levels(_examined(student, base=name), "prompts") == [level]


def test_prompts_are_told(tiny_bert: Path) -> None:
    prompted = load(resolve(str(tiny_bert)))
    prompted.prompts = {"query": "query: ", "document": "passage: "}
    assert "'query: ', passages with 'passage: '" in _told(_examined(prompted, base="e5-tuned"), "prompts")


def test_the_teachers_activation_is_told(student: Any) -> None:
    squeezed = _examined(student, _part(_usual()))
    assert _levels(squeezed, "teacher") == ["mended"]
    assert "puts Sigmoid on its scores" in _told(squeezed, "teacher")
    plain = _examined(student, _part(_usual()), teachers={"en": replace(CROSS, activation="Identity")})
    assert _levels(plain, "teacher") == ["ok"]


def test_scores_that_look_squeezed_are_told(student: Any) -> None:
    sigmoid = [1 / (1 + np.exp(-margin)) - 0.5 for margin in _usual()]
    diagnosis = _examined(student, _part(sigmoid))
    assert "look squeezed, as by a sigmoid" in _told(diagnosis, "margins")
    assert "squeezed, as" not in _told(_examined(student, _part(_usual())), "margins")


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_margins_that_are_no_numbers_are_refused(student: Any, broken: float) -> None:
    diagnosis = _examined(student, _part([*_usual(), broken]))
    assert "1 of 61 margins of a-reranker are no numbers" in diagnosis.refused[0].told
    assert diagnosis.scales == {}


@pytest.mark.parametrize("constant", [0.0, 3.5])
def test_a_teacher_that_tells_nothing_apart_is_refused(student: Any, constant: float) -> None:
    assert "tells no passage from another" in _examined(student, _part([constant] * 40)).refused[0].told


def test_a_teacher_that_ranks_backwards_is_refused_in_its_language(student: Any) -> None:
    backwards = [-margin for margin in _usual()]
    both = [_part(_usual()), _part(backwards, "ar")]
    diagnosis = _examined(student, *both, teachers={"en": CROSS, "ar": CROSS})
    [refused] = diagnosis.refused
    assert "a-reranker scores the passage below the negative in" in refused.told
    assert "rows of 'ar'" in refused.told
    assert diagnosis.scales == {}
    # five passages can all be wrong by chance, and forty rows of one passage are one case
    assert not _examined(student, _part(backwards[:5])).refused
    one_passage = _part(backwards[:40])
    same = replace(one_passage, columns={**one_passage.columns, "positive": ["the same passage"] * 40})
    assert not _examined(student, same).refused


def test_negative_margins_are_counted(student: Any) -> None:
    assert "; 25% are negative" in _told(_examined(student, _part([4.0, 5.0, 6.0, -1.0] * 10)), "margins")


def test_each_teacher_has_a_scale_of_its_own_and_so_has_a_persons_data(student: Any) -> None:
    loud = Taught("loud", "cross-encoder", "Identity")
    parts = [_part(_usual()), _part([10 * margin for margin in _usual()], "de"), _part([1.0, 2.0] * 30, "own-en")]
    scales = _examined(student, *parts, teachers={"en": CROSS, "de": loud}).scales
    assert scales["en"] == pytest.approx(10 * scales["de"], rel=0.01)
    assert set(scales) == {"en", "de", "own-en"}
    one = _examined(student, *parts[:2], teachers={"en": CROSS, "de": CROSS}).scales
    assert one["en"] == one["de"]


def test_the_cosines_of_a_bi_encoder_are_left_as_they_are(student: Any) -> None:
    bi_encoder = Taught("a-larger-model", "bi-encoder", "")
    diagnosis = _examined(student, _part([0.3, 0.4, -0.1] * 20), teachers={"en": bi_encoder})
    assert diagnosis.scales == {"en": 1.0}
    assert _levels(diagnosis, "teacher") == []


def test_scores_of_several_passages_are_looked_at_and_left(student: Any) -> None:
    part = _part([[7.0, 3.0, 8.0]] * 30, loss="distill-kl")
    columns = dict(part.columns)
    negatives = columns.pop("negative")
    part = replace(part, columns={**columns, "negative_1": negatives, "negative_2": negatives})
    assert doctor.margins_of(part).tolist() == [4.0, -1.0] * 30
    diagnosis = _examined(student, part)
    assert diagnosis.scales == {}
    assert "50% are negative" in _told(diagnosis, "margins")
    assert sum(diagnosis.before["a-reranker"].teacher) == 60


def test_a_diagnosis_is_kept_and_read_again(tmp_path: Path) -> None:
    histogram = Histogram((0.0, 1.0), (3,), (4,))
    diagnosis = Diagnosis((Finding("mended", "margins", "told"),), {"en": 0.5}, {"x": histogram}, {"x": histogram})
    diagnosis.write(tmp_path)
    assert read(tmp_path) == diagnosis
    assert read(tmp_path / "elsewhere") is None


def _command(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    return execute(parser, words)


def test_the_fit_scales_and_tells_and_the_command_shows_it(
    home: Path, tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kitchen = Kitchen(
        tiny_corpus,
        base=str(tiny_bert),
        label={"kind": "cross-encoder", "teacher": str(tiny_cross_encoder)},
        fit={"max_steps": 1, "batch_size": 4, "precision": "fp32"},
        evaluate={"times": 1, "test": False},
    )
    assert _command(["doctor", kitchen.run.id]) == 2
    assert "has no labels yet" in capsys.readouterr().err
    pipeline.work(kitchen.run)
    assert kitchen.run.status().state == "finished", kitchen.run.log_tail()
    said = [event["message"] for event in kitchen.run.events()]
    assert any("they are multiplied by" in message for message in said)
    assert any("│" in message for message in said)
    kept = json.loads((kitchen.run.path / "stages" / "doctor.json").read_text())
    [metrics] = [event["metrics"] for event in kitchen.run.events() if "margin_scale_en" in event["metrics"]]
    assert metrics == {f"margin_scale_{lang}": scale for lang, scale in kept["scales"].items()}
    assert _command(["doctor", kitchen.run.id]) == 0
    shown = capsys.readouterr().out
    shutil.rmtree(tiny_corpus)  # elsewhere: the run carries its corpus
    assert _command(["doctor", kitchen.run.id, "--again"]) == 0
    assert capsys.readouterr().out == shown
    assert "margins of" in shown
