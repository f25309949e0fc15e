"""What a stage leaves in a run: found again by what it is made of, and made again only when that changes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.artifact import MANIFEST, building, key_of, read_manifest, write_json
from training.journal import Journal

MADE_OF = "made_of.json"
"""Written first: what an artefact that is not complete yet is being made of."""
_NAMED = 4
_LONGEST_VALUE = 40


@dataclass(frozen=True)
class Artefact:
    """The folder ``stages/NAME-KEY`` of a run.

    :param made_of: Everything that decides its content, and nothing else: settings, keys of inputs, fingerprints
        of models. No path, since a copy of the run elsewhere must find it; no device, no batch size.
    """

    stage: str
    key: str
    folder: Path
    made_of: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        """Whether it stands and need not be made."""
        return read_manifest(self.folder) is not None

    @contextmanager
    def building(self) -> Iterator[Path]:
        """Yield the folder to write into. Before the block ends, it must :meth:`describe` what it wrote."""
        with building(self.folder) as partial:
            write_json(partial / MADE_OF, {"begun": time.time(), "made_of": self.made_of})
            yield partial

    def describe(self, partial: Path, counts: Mapping[str, Any]) -> None:
        """Write the manifest: what the artefact was made of and how much it holds."""
        manifest = {"stage": self.stage, "key": self.key, "made_of": dict(self.made_of), "counts": dict(counts)}
        write_json(partial / MANIFEST, manifest)


def begin(run: Path, stage: str, made_of: Mapping[str, Any], journal: Journal) -> Artefact:
    """The artefact of a stage. If it must be made again, an event says what changed since the last one.

    :raises NotReady: if it is not complete, and the job was asked for another stage alone.
    """
    key = key_of(stage=stage, **made_of)
    artefact = Artefact(stage, key, run / "stages" / f"{stage}-{key}", made_of)
    if not artefact.complete:
        journal.check_may_make(stage)
        if reason := why_again(artefact):
            journal.event(reason, stage=stage, metrics={"made_again": 1})
    return artefact


def why_again(artefact: Artefact) -> str:
    """What changed since the artefact of this stage that was begun last; empty if there is none, or it is this one."""
    paths = artefact.folder.parent.glob(f"{artefact.stage}-*/{MADE_OF}")
    begun = {path.parent.name.removesuffix(".partial"): json.loads(path.read_text(encoding="utf-8")) for path in paths}
    if not begun:
        return ""
    name = max(begun, key=lambda name: float(begun[name]["begun"]))
    if name == artefact.folder.name:
        return ""
    changed = differences(begun[name]["made_of"], artefact.made_of)
    named = ", ".join(changed[:_NAMED]) + (f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else "")
    return f"{artefact.stage} is made again, for what it is made of changed: {named}"


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, by dotted name, with the old and the new value where they are short."""
    old, new = (dict(_flat(json.loads(json.dumps(each, default=str)))) for each in (before, now))
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{name} ({_short(old.get(name))} → {_short(new.get(name))})" for name in names]


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{prefix}{name}.")
        else:
            yield prefix + str(name), inner


def _short(value: Any) -> str:
    if value in (None, "", [], {}):
        return "none"
    told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return told if len(told) <= _LONGEST_VALUE else told[: _LONGEST_VALUE - 1] + "…"
