"""The stages of a run, in order, and what they hand on to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from retrieval.artifact import read_manifest
from retrieval.beir import Corpus
from retrieval.errors import BakehouseError, nearest
from retrieval.models import BEST
from retrieval.records import Document
from training import artefacts, fit, generate, label, mine, verdict
from training import filter as sift
from training.config import Recipe
from training.data.inputs import Inputs, needs_negatives, needs_scores
from training.journal import Journal
from training.keeping import examine
from training.runs import RunFolder
from training.split import Shares, trained_on


@dataclass(frozen=True)
class Context:
    """What every stage may read.

    :param made: Stage → what it left, of those that came before.
    """

    run: RunFolder
    recipe: Recipe
    corpus: Corpus
    languages: Sequence[Shares]
    journal: Journal
    made: Mapping[str, Path] = field(default_factory=dict)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """The documents of the corpus by id."""
        return {document.id: document for document in self.corpus.documents}


@dataclass(frozen=True)
class Stage:
    """One step of the way.

    :param doing: What it does, for people.
    :param make: Returns what it left, complete; at once if that stands already.
    :param wanted: Whether a recipe has this stage.
    """

    name: str
    doing: str
    make: Callable[[Context], Path]
    wanted: Callable[[Recipe], bool] = lambda recipe: True

    def done(self, context: Context) -> Context:
        """The context with what this stage has made."""
        context.journal.event(self.doing, stage=self.name)
        return replace(context, made={**context.made, self.name: self.make(context)})


def _generate(to: Context) -> Path:
    return generate.run(to.run.path, to.recipe, to.corpus.fingerprint, to.languages, to.journal)


def _filter(to: Context) -> Path:
    generated = to.made[generate.NAME]
    return sift.run(to.run.path, to.recipe, generated, to.documents, to.languages, to.journal)


def _mine(to: Context) -> Path:
    return mine.run(to.run.path, to.recipe, to.made[sift.NAME], to.languages, to.journal)


def _label(to: Context) -> Path:
    made = to.made
    return label.run(to.run.path, to.recipe, made[sift.NAME], made[mine.NAME], to.documents, to.journal)


def _fit(to: Context) -> Path:
    """The checkpoints lie in the run itself; the artefact says that all are there, judged by these questions."""
    run, made = to.run.path, to.made
    questions = made.get(sift.NAME)
    documents = trained_on(to.corpus, to.recipe.split)
    inputs = Inputs.of(to.recipe, documents, questions, made.get(mine.NAME), made.get(label.NAME))
    examination = examine.prepare(to.corpus, questions, to.recipe, to.run.id)
    judged_by = {"examination": examination.key, "evaluate": to.recipe.evaluate.model_dump(exclude={"test"})}
    artefact = artefacts.begin(run, fit.NAME, inputs.made_of(to.recipe) | judged_by, to.journal)
    best = read_manifest(run / BEST)
    if artefact.complete and best and best["key"] == inputs.key(to.recipe):
        return artefact.folder
    with artefact.building() as partial:
        fit.run(run, to.recipe, inputs, examination, to.journal)
        artefact.describe(partial, {"steps": to.journal.status.total})
    return artefact.folder


def _verdict(to: Context) -> Path:
    to.journal.update(report=verdict.run(to.recipe, to.corpus, to.journal))
    return to.run.path


def _generates(recipe: Recipe) -> bool:
    return not recipe.fit.data_only


STAGES = (
    Stage(generate.NAME, "making questions", _generate, _generates),
    Stage(sift.NAME, "sorting the questions", _filter, _generates),
    Stage(mine.NAME, "looking for hard negatives", _mine, needs_negatives),
    Stage(label.NAME, "asking the teacher", _label, needs_scores),
    Stage(fit.NAME, "preparing the dev examination", _fit),
    Stage(verdict.NAME, "judging base and best", _verdict),
)
NAMES = tuple(stage.name for stage in STAGES)


def stages_of(recipe: Recipe) -> list[Stage]:
    """The stages that a recipe has, in order."""
    return [stage for stage in STAGES if stage.wanted(recipe)]


def check_has(recipe: Recipe, name: str) -> None:
    """Refuse the name of a stage that a recipe does not have.

    :raises BakehouseError: with the names that there are.
    """
    if name not in NAMES:
        raise BakehouseError(f"there is no stage '{name}': the stages are {', '.join(NAMES)}.{nearest(name, NAMES)}")
    if name not in [stage.name for stage in stages_of(recipe)]:
        have = ", ".join(stage.name for stage in stages_of(recipe))
        raise BakehouseError(
            f"this run has no stage '{name}', by its settings label.kind={recipe.label.kind}, "
            f"fit.loss={recipe.fit.loss} and fit.data_only={str(recipe.fit.data_only).lower()}: it has {have}."
        )
