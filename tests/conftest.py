"""What the tests of every room share: a home of their own, tiny real models, a tiny corpus."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tiny_models import save_bert, save_cross_encoder, save_t5
from tiny_texts import sentences, write_tiny_corpus

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


def pytest_configure() -> None:
    """Keep every test, and every process it starts, off the network and off people's accounts.

    Empty values, not missing ones: what the environment has, ``.env`` does not replace.
    """
    os.environ.update(HF_HUB_OFFLINE="1", GRADIO_ANALYTICS_ENABLED="False")
    os.environ.update(HF_TOKEN="", WANDB_API_KEY="")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace, set as ``BAKEHOUSE_HOME``."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("BAKEHOUSE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a 2-layer sentence-transformers BERT with 32 dimensions. Copy it to change it."""
    return save_bert(tmp_path_factory.mktemp("models") / "tiny-bert", sentences())


@pytest.fixture(scope="session")
def tiny_cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a 2-layer BERT with one output for a pair of texts. Copy it to change it."""
    return save_cross_encoder(tmp_path_factory.mktemp("models") / "tiny-cross-encoder", sentences())


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a 2-layer T5 for generation. Copy it to change it."""
    return save_t5(tmp_path_factory.mktemp("models") / "tiny-t5", sentences())


@pytest.fixture
def tiny_corpus(tmp_path: Path) -> Path:
    """A BEIR folder of this test's own: 24 documents in en, de and ar, 15 queries, dev and test."""
    return write_tiny_corpus(tmp_path / "tiny")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data sets beside the repository; without them the test is skipped."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the data sets in {SHARED_DATA}, which the project does not ship")
    return SHARED_DATA
