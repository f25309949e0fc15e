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

_NUMBERED = re.compile(r"^(.*?)\.(\d+)\.")
_WIDTHS = ("out_features", "embedding_dimension", "word_embedding_dimension")
"""What the modules behind an encoder call the dimension of their output, in older and newer releases."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The size of a model.

    :param octets: The tensors as they are stored.
    :param total: Parameters, those that training adds included.
    :param trainable: Those of them that learn under given settings.
    :param merged: Those that stand in memory twice: what adapters are merged into.
    """

    octets: int
    total: int
    trainable: int
    merged: int = 0


def weigh(folder: Path, settings: Fit) -> Weights:
    """How much of a model learns, by the names of its tensors; :mod:`training.fitting.layers` then decides.

    The encoder is taken to be the longest numbered stack, the word embeddings the tallest table.
    """
    tensors = {
        (path.relative_to(folder).parent, name): head
        for path in sorted(folder.rglob("*.safetensors"))
        for name, head in _heads(path).items()
    }
    own = {name: head["shape"] for (place, name), head in tensors.items() if place == Path()}
    total = sum(prod(head["shape"]) for head in tensors.values())
    octets = sum(end - start for head in tensors.values() for start, end in [head["data_offsets"]])
    if settings.trainable == "head":
        size = _dimension(folder)
        layer = size * size + size
        return Weights(octets, total + layer, layer)
    if settings.trainable == "lora":
        linear = [own[name] for name in _stack(own, None) if len(own[name]) == 2 and name.endswith(".weight")]
        adapters = sum(settings.lora_rank * sum(shape) for shape in linear)
        return Weights(octets, total + adapters, adapters, sum(map(prod, linear)))
    behind = total - sum(map(prod, own.values()))
    return Weights(octets, total, behind + sum(prod(own[name]) for name in _learning(own, settings)))


def _learning(own: Mapping[str, list[int]], settings: Fit) -> set[str]:
    names = _stack(own, settings.top_layers) if settings.trainable == "top" else set(own)
    tables = [name for name in own if "embed" in name]
    if settings.freeze_embeddings and tables:
        names.discard(max(tables, key=lambda name: own[name][0]))
    return names


def _stack(own: Mapping[str, list[int]], layers: int | None) -> set[str]:
    """The tensors of the last ``layers`` of the longest stack; of all its layers if None."""
    stacks: dict[str, dict[int, set[str]]] = {}
    for name in own:
        if found := _NUMBERED.match(name):
            stacks.setdefault(found[1], {}).setdefault(int(found[2]), set()).add(name)
    if not stacks:
        return set()
    longest = max(stacks.values(), key=len)
    return {name for number in sorted(longest)[-(layers or 0) :] for name in longest[number]}


def _dimension(folder: Path) -> int:
    """The size of the model's vectors: the last module's that tells it, else the encoder's own."""
    listed = folder / "modules.json"
    modules = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else []
    for module in reversed(modules):
        config = folder / module["path"] / "config.json"
        told = json.loads(config.read_text(encoding="utf-8")) if module["path"] and config.is_file() else {}
        if width := next((told[name] for name in _WIDTHS if name in told), 0):
            return int(width)
    return int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])


def _heads(path: Path) -> dict[str, dict[str, Any]]:
    """Tensor name → ``dtype``, ``shape``, ``data_offsets``: a length in eight bytes, then JSON."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        heads = json.loads(stream.read(length))
    return {name: head for name, head in heads.items() if name != "__metadata__"}
