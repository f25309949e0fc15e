"""What a model weighs, read from the heads of its safetensors files: no tensor is loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from training.config import Fit

_ADAM = 12
"""Bytes for each parameter that learns: its gradient and Adam's two moments, in single precision."""
_NUMBERED = re.compile(r"^(.*?)\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Weights:
    """The size of a model.

    :param octets: The tensors as they are stored.
    :param total: Parameters.
    :param trainable: Those of them that learn under given settings.
    """

    octets: int
    total: int
    trainable: int

    @property
    def memory(self) -> int:
        """Bytes for weights, gradients and optimizer; what a batch takes comes on top."""
        return self.octets + _ADAM * self.trainable


def weigh(folder: Path, settings: Fit) -> Weights:
    """How much of a model learns, by the names of its tensors; :mod:`training.layers` then decides.

    The encoder is taken to be the longest numbered stack, the word embeddings the tallest table.
    """
    tensors = {
        (path.relative_to(folder).parent, name): head
        for path in sorted(folder.rglob("*.safetensors"))
        for name, head in _heads(path).items()
    }
    own = {name: _size(head) for (place, name), head in tensors.items() if place == Path()}
    behind = sum(_size(head) for (place, _), head in tensors.items() if place != Path())
    octets = sum(end - start for head in tensors.values() for start, end in [head["data_offsets"]])
    learns = behind + sum(size for name, size in own.items() if name in _learning(own, tensors, settings))
    return Weights(octets, sum(own.values()) + behind, learns)


def _learning(own: Mapping[str, int], tensors: Mapping[Any, Mapping[str, Any]], settings: Fit) -> set[str]:
    names = set(own)
    if settings.trainable == "top":
        names = _top_of_stack(names, settings.top_layers)
    tables = {name: tensors[Path(), name]["shape"] for name in own if "embed" in name}
    if settings.freeze_embeddings and tables:
        names.discard(max(tables, key=lambda name: tables[name][0]))
    return names


def _top_of_stack(names: set[str], layers: int) -> set[str]:
    stacks: dict[str, dict[int, set[str]]] = {}
    for name in names:
        if found := _NUMBERED.match(name):
            stacks.setdefault(found[1], {}).setdefault(int(found[2]), set()).add(name)
    if not stacks:
        return set()
    longest = max(stacks.values(), key=len)
    return {name for number in sorted(longest)[-layers:] for name in longest[number]}


def _heads(path: Path) -> dict[str, dict[str, Any]]:
    """Tensor name → ``dtype``, ``shape``, ``data_offsets``: a length in eight bytes, then JSON."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        heads = json.loads(stream.read(length))
    return {name: head for name, head in heads.items() if name != "__metadata__"}


def _size(head: Mapping[str, Any]) -> int:
    return prod(head["shape"])
