"""Weights between those of the base and the tuned ones."""

from __future__ import annotations

import shutil
from pathlib import Path

from retrieval.encoder import load
from retrieval.models import Model


def between(base: Model, tuned: Path, share: float, folder: Path) -> Path:
    """Write the model whose weights are ``share`` of the tuned ones and the rest the base's.

    Wortsman et al., "Robust fine-tuning of zero-shot models" (2022): such a mean often keeps what tuning gained
    and loses less of what the base knew. Tensors that the base lacks, such as a new layer, stay as tuned.

    :param tuned: A checkpoint's folder.
    :param folder: Written anew.
    """
    import torch

    before = load(base, device="cpu").state_dict()
    model = load(Model(base.name, tuned, "folder"), device="cpu")
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name in before and tensor.is_floating_point() and tensor.shape == before[name].shape:
                tensor.lerp_(before[name].to(tensor.dtype), 1 - share)
    if folder.exists():
        shutil.rmtree(folder)
    model.save_pretrained(str(folder), create_model_card=False)
    return folder
