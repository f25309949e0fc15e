"""The scale doctor: looks at student, teacher and margins before anything is trained on them.

A margin is how much higher a teacher scores the right passage than a wrong one. Margin-MSE makes the student's
margins equal to it, which only works if the student can express such margins, and the teacher is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.encoder import Role, autocast, encode
from retrieval.models import Model
from retrieval.records import FloatArray
from training.data.parts import LABEL, Part
from training.journal import Journal
from training.teaching import teachers as taught_by
from training.teaching.diagnosis import Diagnosis, Finding, Histogram
from training.teaching.teachers import Taught

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

OWN = "your own data"
_SAMPLE = 256
_UNIT = 1e-2
"""How far from 1 the length of a vector may be: bfloat16 alone is wrong by less."""
_ALIKE = 1e-4
"""Two texts whose vectors are nearer together than this are one and the same to the student."""
_HIGH = 0.9
_LEAST = 0.05
"""A student that has collapsed expresses hardly any margins; it shall learn to express at least these."""
_MOST = 2.0
"""Cosines differ by no more."""
_SIGMAS = 3.0
_E5 = re.compile(r"(^|[/_.-])e5([/_.-]|$)", re.IGNORECASE)
_TEXTS = ("a question about bread", "Rye dough stays sticky.", "Steam keeps the crust soft.", "12 + 30 = 42")


def examine(
    parts: Sequence[Part], student: SentenceTransformer, base: Model, teachers: Mapping[str, Taught]
) -> Diagnosis:
    """Look at everything that training depends on; only those parts that carry a teacher's scores have margins.

    :param student: As it is before training.
    :param base: Where the student came from.
    :param teachers: Part → its teacher; a part that is not named is the person's own data.
    """
    findings = [*_student(student), *_prompts(student, base)]
    scales: dict[str, float] = {}
    before: dict[str, Histogram] = {}
    after: dict[str, Histogram] = {}
    for group in _groups(parts, teachers):
        findings += _teacher(group)
        findings += _margins(group)
        if any(finding.level == "refused" and finding.about in ("student", "margins") for finding in findings):
            continue
        own = _own_margins(student, group)
        before[group.whose] = Histogram.of(group.margins, own)
        if group.scaled:
            scale, finding = _scale(group, own)
            findings.append(finding)
            scales |= {part.name: scale for part in group.parts}
            after[group.whose] = Histogram.of(np.float32(scale) * group.margins, own)
    return Diagnosis(tuple(findings), scales, before, after)


def mended(
    parts: Sequence[Part], student: SentenceTransformer, base: Model, labelled: Path | None, journal: Journal
) -> list[Part]:
    """The parts as they can be trained, after :func:`examine`; what was found is told, and kept in the run.

    :param labelled: The folder of the label stage, if there is one.
    :raises BakehouseError: if anything found would train nonsense.
    """
    diagnosis = examine(parts, student, base, taught_by.read(labelled) if labelled else {})
    diagnosis.write(journal.run.path)
    for line in diagnosis.told:
        journal.event(line)
    if diagnosis.scales:
        journal.event(metrics={f"margin_scale_{name}": scale for name, scale in diagnosis.scales.items()})
    diagnosis.check()
    scales = diagnosis.scales
    return [part.relabelled(scales[part.name]) if part.name in scales else part for part in parts]


@dataclass(frozen=True, slots=True)
class _Group:
    """The parts whose margins are on one scale, since one teacher scored them.

    :param whose: The teacher, for people.
    :param taught: None for the person's own data.
    """

    whose: str
    taught: Taught | None
    parts: Sequence[Part]

    @property
    def margins(self) -> FloatArray:
        """All of them, shape (margins,)."""
        return np.concatenate([margins_of(part) for part in self.parts])

    @property
    def scaled(self) -> bool:
        """Whether the loss looks at the size of the margins, and not just at how scores compare."""
        return self.parts[0].loss == "margin-mse"


def margins_of(part: Part) -> FloatArray:
    """The margins of a part's rows: its labels, or what they make where the labels are scores of all passages."""
    labels = np.asarray(part.columns[LABEL], np.float32)
    return labels if labels.ndim == 1 else (labels[:, :1] - labels[:, 1:]).ravel()


def _groups(parts: Sequence[Part], teachers: Mapping[str, Taught]) -> Iterator[_Group]:
    groups: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        if part.loss in ("margin-mse", "distill-kl"):
            taught = teachers.get(part.name)
            groups.setdefault((taught.name if taught else OWN, part.loss), []).append(part)
    for (whose, _), of_group in groups.items():
        yield _Group(whose, teachers.get(of_group[0].name), of_group)


def _student(student: SentenceTransformer) -> Iterator[Finding]:
    vectors = _raw(student)
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.isfinite(vectors).all() or not lengths.all():
        yield Finding(
            "refused",
            "student",
            "the student's vectors are no numbers or zero: its weights are damaged. Name another base.",
        )
        return
    unit = vectors / lengths[:, None]
    if np.ptp(unit, axis=0).max() < _ALIKE:
        yield Finding(
            "refused",
            "student",
            "the student gives every text the same vector: it has collapsed, or its weights were not loaded. Name another base.",
        )
    elif np.abs(lengths - 1).max() <= _UNIT:
        yield Finding("ok", "student", "the student's vectors are of length 1, as search compares them.")
    else:
        yield Finding(
            "mended",
            "student",
            f"the student's vectors are {lengths.min():.2f} to {lengths.max():.2f} long; training compares them by cosine, as search does.",
        )


def _raw(student: SentenceTransformer) -> FloatArray:
    """The vectors of a few texts as the model gives them, shape (texts, dimension)."""
    import torch

    with torch.inference_mode(), autocast(student.device.type):
        return np.asarray(student.encode(list(_TEXTS), convert_to_numpy=True, show_progress_bar=False), np.float32)


def _prompts(student: SentenceTransformer, base: Model) -> Iterator[Finding]:
    query, document = student.prompts.get("query"), student.prompts.get("document") or student.prompts.get("passage")
    if query or document:
        told = f"questions begin with {query or 'nothing'!r}, passages with {document or 'nothing'!r}, in training as in search."
        yield Finding("ok", "prompts", told)
    elif _E5.search(base.name) and "instruct" not in base.name.lower():
        yield Finding(
            "refused",
            "prompts",
            f"'{base.name}' is of the E5 family, which wants 'query: ' and 'passage: ' before its texts, and it has no prompts. "
            'Add "prompts": {"query": "query: ", "document": "passage: "} to its config_sentence_transformers.json.',
        )
    else:
        yield Finding("ok", "prompts", "the student has no prompts: texts are read as they are.")


def _teacher(group: _Group) -> Iterator[Finding]:
    if group.taught is None or group.taught.kind != "cross-encoder":
        return
    if group.taught.activation == "Identity":
        yield Finding("ok", "teacher", f"{group.whose} answers with logits.")
    else:
        yield Finding(
            "mended",
            "teacher",
            f"the configuration of {group.whose} puts {group.taught.activation} on its scores, which squeezes margins; "
            "its logits were taken instead.",
        )


def _margins(group: _Group) -> Iterator[Finding]:
    """What is wrong with the margins, or that nothing is."""
    margins = group.margins
    broken = int((~np.isfinite(margins)).sum())
    if broken:
        told = f"{broken:,} of {len(margins):,} margins of {group.whose} are no numbers (NaN or infinite): score anew with another teacher."
        yield Finding("refused", "margins", told)
        return
    if np.ptp(margins) <= 1e-6 * max(1.0, float(np.abs(margins).max())):
        told = (
            f"all {len(margins):,} margins of {group.whose} are {margins[0]:.3g}: a teacher that tells no passage from another "
            "teaches nothing. Name another teacher, or check the scores."
        )
        yield Finding("refused", "margins", told)
        return
    backwards = [told for part in group.parts if (told := _backwards(part, group.whose))]
    if backwards:
        yield from (Finding("refused", "margins", told) for told in backwards)
        return
    share = float((margins < 0).mean())
    median, high = np.median(margins), np.quantile(np.abs(margins), _HIGH)
    told = f"{len(margins):,} margins of {group.whose}, half above {median:.3g}; {share:.0%} are negative."
    if group.taught and group.taught.kind == "cross-encoder" and np.abs(margins).max() <= 1:
        told += (
            f" None is above 1, and nine in ten are below {high:.3g}: the scores look squeezed, as by a sigmoid in the model "
            "itself, so that clear cases can hardly be told from clearer ones."
        )
        yield Finding("mended" if group.scaled else "ok", "margins", told)
    else:
        yield Finding("ok", "margins", told)


def _backwards(part: Part, whose: str) -> str:
    """Why a part's margins point the wrong way; empty if they do not, or there are too few passages to tell.

    A teacher that knows nothing is wrong in half of the cases, give or take: passages, not rows, count as cases, since
    the rows of one passage are wrong together.
    """
    shares: dict[str, list[float]] = {}
    margins = margins_of(part)
    for positive, wrong in zip(_positives(part, len(margins)), margins < 0, strict=True):
        shares.setdefault(positive, []).append(float(wrong))
    share = float(np.mean([np.mean(wrong) for wrong in shares.values()]))
    if share - 0.5 <= _SIGMAS * 0.5 / len(shares) ** 0.5:
        return ""
    return (
        f"{whose} scores the passage below the negative in {share:.0%} of the rows of '{part.name}': it is no judge of "
        "these texts (another language, another task), or its scores are distances. Name another teacher for them "
        "(label.teachers), or leave them out (split.languages)."
    )


def _positives(part: Part, margins: int) -> list[str]:
    each = margins // len(part)
    return [positive for positive in part.columns["positive"] for _ in range(each)]


def _own_margins(student: SentenceTransformer, group: _Group) -> FloatArray:
    """The student's margins of a sample, by cosine; shape (rows,)."""
    size = -(-_SAMPLE // len(group.parts))
    rows = [row for part in group.parts for row in part.sample(size)[:size]]
    negative = "negative" if "negative" in rows[0] else "negative_1"

    def vectors(column: str, role: Role) -> FloatArray:
        texts = [row[column] for row in rows]
        unique = list(dict.fromkeys(texts))
        place = {text: number for number, text in enumerate(unique)}
        return encode(student, unique, role)[[place[text] for text in texts]]

    right, wrong = vectors("positive", "document"), vectors(negative, "document")
    return np.asarray(np.einsum("nd,nd->n", vectors("query", "query"), right - wrong), np.float32)


def _scale(group: _Group, own: FloatArray) -> tuple[float, Finding]:
    """What to multiply the margins by, so that the student can express them.

    The ninth decile of their sizes becomes that of the student's own. Sizes, not the spread around the mean, since
    zero must stay zero: it divides right from wrong. A decile, not the largest, since a few passages that have nothing
    to do with the question must not squeeze all others. The cosines of a bi-encoder are on the student's own scale:
    a student smaller than its teacher shall learn to express as much.
    """
    if group.taught and group.taught.kind == "bi-encoder":
        told = f"the margins of {group.whose} are differences of cosines, as the student's are: trained as they are."
        return 1.0, Finding("ok", "margins", told)
    margins = np.abs(group.margins)
    high, reach = float(np.quantile(margins, _HIGH)), float(np.quantile(np.abs(own), _HIGH))
    scale = max(reach, _LEAST) / (high or float(margins.max()))
    scale = min(scale, _MOST / float(margins.max()))
    told = (
        f"nine in ten margins of {group.whose} are below {high:.3g}, of the student below {reach:.3g}: they are multiplied "
        f"by {scale:.4g}, to below {high * scale:.3g}."
    )
    return scale, Finding("mended", "margins", told)
