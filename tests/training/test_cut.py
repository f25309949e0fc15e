"""A model with fewer layers is a model like any other, and no file is overwritten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from retrieval.encoder import encode, load
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from training.cut import cut
from training.fitting.layers import encoder_layers


def test_the_kept_layers_are_the_models_own(tiny_bert: Path, tmp_path: Path) -> None:
    whole = load(resolve(str(tiny_bert)))
    done = cut(resolve(str(tiny_bert)), [1], tmp_path / "small")
    small = load(resolve(str(tmp_path / "small")))
    (kept,) = encoder_layers(small[0])
    of_whole = encoder_layers(whole[0])[1].state_dict()
    assert all(torch.equal(tensor, of_whole[name]) for name, tensor in kept.state_dict().items())
    assert (done.layers_before, done.layers) == (2, 1)
    layer = sum(tensor.numel() for tensor in of_whole.values())
    assert done.parameters == done.parameters_before - layer == sum(p.numel() for p in small.parameters())


def test_all_layers_in_their_order_give_the_same_vectors(tiny_bert: Path, tmp_path: Path) -> None:
    cut(resolve(str(tiny_bert)), [0, 1], tmp_path / "same")
    cut(resolve(str(tiny_bert)), [1, 0], tmp_path / "other")
    texts = ["a passage", "another one"]
    whole, same, other = (
        encode(load(resolve(str(folder))), texts, "document")
        for folder in (tiny_bert, tmp_path / "same", tmp_path / "other")
    )
    assert np.array_equal(whole, same)
    assert not np.allclose(whole, other)


@pytest.mark.parametrize("layers", [[], [2], [-1], [0, 0]])
def test_layers_that_do_not_exist_are_refused(tiny_bert: Path, tmp_path: Path, layers: list[int]) -> None:
    with pytest.raises(BakehouseError, match="layers 0 to 1"):
        cut(resolve(str(tiny_bert)), layers, tmp_path / "small")
    assert not (tmp_path / "small").exists()


def test_what_stands_there_is_not_overwritten(tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(BakehouseError, match="exists already"):
        cut(resolve(str(tiny_bert)), [0], tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"
