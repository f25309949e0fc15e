"""Older models hold their weights as a pickle: they are rewritten as safetensors once, and then loaded as such.

A pickle can run code when it is opened. PyTorch's restricted unpickler (``weights_only=True``) reads
tensors and refuses everything else, so that nothing in the file is executed.
"""

from __future__ import annotations

import logging
import pickle
import shutil
from pathlib import Path
from typing import Any

from retrieval.artifact import alone, building, read_manifest
from retrieval.errors import BakehouseError
from retrieval.home import home

PATTERN = "pytorch_model*.bin"
_SOURCE = "converted"

log = logging.getLogger(__name__)


def converted(name: str) -> Path | None:
    """The folder of a model that was converted before, or None."""
    folder = _folder(name)
    manifest = read_manifest(folder)
    return folder if manifest and manifest.get("source") == _SOURCE else None


def convert(name: str, source: Path) -> Path:
    """Rewrite the weights of a model folder as ``model.safetensors`` in ``workspace/models``.

    :raises BakehouseError: if the pickle holds anything but tensors.
    """
    from safetensors.torch import save_file
    from torch import load

    log.info("Rewriting the weights of %s as safetensors (once)", name)
    state: dict[str, Any] = {}
    for shard in sorted(source.glob(PATTERN)):
        try:
            state |= load(shard, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise BakehouseError(
                f"{name}: {shard.name} holds more than tensors, and opening it could run code. "
                "Ask its owner for safetensors, or choose another model."
            ) from error
    folder = _folder(name)
    with alone(folder), building(folder, {"source": _SOURCE, "model": name}, fresh=True) as partial:
        for path in source.iterdir():
            if path.is_file() and not path.name.startswith("pytorch_model"):
                shutil.copyfile(path, partial / path.name)
        # Tied weights share memory, which safetensors refuses: each gets its own copy, and is tied again on loading
        tensors = {key: value.clone().contiguous() for key, value in state.items()}
        save_file(tensors, partial / "model.safetensors", metadata={"format": "pt"})
    return folder


def _folder(name: str) -> Path:
    return home() / "models" / name.replace("/", "--")
