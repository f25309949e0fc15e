"""The command ``doctor``: whether a run's student can learn what its teacher says."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from retrieval.artifact import MANIFEST, read_manifest
from retrieval.beir import Corpus, open_corpus
from retrieval.cli import Report, command
from retrieval.errors import BakehouseError
from training import label, runs, shards
from training.runs import RunFolder
from training.teaching import diagnosis
from training.teaching.diagnosis import Diagnosis


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``doctor``."""
    doctor = command(subparsers, "doctor", _doctor, "show whether a run's student can learn what its teacher says")
    doctor.add_argument("run_id", metavar="RUN", help="a run's id, the path of its folder, or 'last'")
    doctor.add_argument("--again", action="store_true", help="examine anew, even if the fit has done so already")


def _doctor(args: argparse.Namespace) -> Report:
    run = runs.find(args.run_id)
    found = (None if args.again else diagnosis.read(run.path)) or _examined(run)
    return Report(asdict(found), "\n".join(found.told), failed=bool(found.refused))


def _examined(run: RunFolder) -> Diagnosis:
    """Examine what the label stage has left, as the fit will."""
    from retrieval.encoder import load
    from retrieval.models import resolve
    from training.data.inputs import Inputs
    from training.data.pairs import Texts, margins
    from training.data.parts import Part, gathered, roles_of
    from training.data.shapes import Shape
    from training.teaching import doctor, teachers

    recipe = run.recipe()
    labelled = _labelled(run)
    mined = labelled.parent / _made_of(labelled, "mine")
    questions = labelled.parent / _made_of(mined, "generate")
    documents = {document.id: document for document in _corpus(run).documents}
    inputs = Inputs(resolve(recipe.base), questions, mined, labelled, documents)
    rows = label.trusted(shards.read_rows(labelled), recipe.label.ceiling)
    parts = [
        Part(lang, Shape.MARGIN, "margin-mse", columns, roles_of(columns))
        for lang, columns in gathered(margins(rows, Texts.of(inputs))).items()
    ]
    return doctor.examine(parts, load(inputs.base), inputs.base, teachers.read(labelled))


def _labelled(run: RunFolder) -> Path:
    """The label stage's last artefact."""
    begun = (run.path / "stages").glob(f"{label.NAME}-*/{MANIFEST}")
    complete = [path for path in begun if read_manifest(path.parent)]
    if not complete:
        raise BakehouseError(
            f"{run.id} has no labels yet: the doctor looks at a teacher's scores. "
            f"Make them with `python -m training stage {label.NAME} {run.id}`, in a run whose label.kind is not none."
        )
    return max(complete, key=lambda path: path.stat().st_mtime_ns).parent


def _made_of(folder: Path, stage: str) -> str:
    manifest = read_manifest(folder)
    if manifest is None:
        raise BakehouseError(f"{folder} is not complete, and the labels were made from it: resume the run.")
    return str(manifest["made_of"][stage])


def _corpus(run: RunFolder) -> Corpus:
    """The corpus where the settings say, or else the run's own copy."""
    kept = next((run.path / "corpus").glob("*"), None)
    try:
        return open_corpus(run.recipe().corpus)
    except BakehouseError:
        if kept is None:
            raise
        return open_corpus(kept)
