"""What a model card says, and what it never says."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from tiny_runs import finished, tiny_run

from retrieval.beir import open_corpus
from retrieval.models import BEST, Model
from training.keeping.card import Card
from training.settings import load_recipe

pytestmark = pytest.mark.usefixtures("home")

FOUND = {
    "synthetic": True,
    "dev": {
        "hybrid": {"ndcg@10": 0.75, "by_language": {"en": 0.75, "de": 0.25}},
        "dense": {"ndcg@10": 0.5, "by_language": {"en": 0.5, "de": 0.25}},
    },
}


@pytest.fixture
def card(tiny_corpus: Path, tiny_bert: Path) -> Card:
    recipe = load_recipe({"corpus": str(tiny_corpus), "base": str(tiny_bert), "fit": {"data": "/private/mine.csv"}})
    base = Model("intfloat/multilingual-e5-small", tiny_bert, "bundled")
    return Card("run-1", recipe, open_corpus(str(tiny_corpus)), base, {"en": 30, "de": 9, "own-en": 4})


def test_the_metadata_are_what_the_hub_reads(card: Card, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(card.text(20, {}, FOUND), encoding="utf-8")
    data = ModelCard.load(path).data
    assert (data.to_dict()["library_name"], data.pipeline_tag) == ("sentence-transformers", "sentence-similarity")
    assert (data.language, data.base_model) == (["de", "en"], "intfloat/multilingual-e5-small")
    assert data.license is None
    assert data.model_name == "run-1, step 20"
    told = {(one.metric_name, one.dataset_config): one.metric_value for one in data.eval_results}
    assert told == {
        ("nDCG@10, hybrid", "all"): 0.75,
        ("nDCG@10, hybrid", "en"): 0.75,
        ("nDCG@10, hybrid", "de"): 0.25,
        ("nDCG@10, dense", "all"): 0.5,
        ("nDCG@10, dense", "en"): 0.5,
        ("nDCG@10, dense", "de"): 0.25,
    }
    assert {one.dataset_name for one in data.eval_results} == {"tiny (synthetic dev)"}


def test_data_settings_and_scores_are_told(card: Card, tiny_corpus: Path) -> None:
    base = {"dev": {"hybrid": {"ndcg@10": 0.625, "by_language": {"en": 0.5}}}}
    text = card.text(20, base, FOUND)
    assert f"Corpus `tiny`, fingerprint `{open_corpus(str(tiny_corpus)).fingerprint}`." in text
    assert "| en | 8 | 34 |" in text
    assert "| ar | 8 | 0 |" in text
    assert "| hybrid | all | 0.625 | 0.750 |" in text
    assert "| hybrid | de | – | 0.250 |" in text
    assert "synthetic: generated from passages kept out of training" in text
    assert "learning_rate = 2e-05" in text
    assert 'data = "mine.csv"' in text
    assert str(tiny_corpus.parent) not in text
    assert "/private" not in text


def test_without_an_examination_there_are_no_scores(card: Card, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(card.text(20, {}), encoding="utf-8")
    assert ModelCard.load(path).data.eval_results is None
    assert "was not examined" in path.read_text()


def test_no_card_of_a_run_holds_a_training_text(tiny_corpus: Path, tiny_bert: Path) -> None:
    """The library's own card quotes the first rows of the training data."""
    run = tiny_run(tiny_corpus, tiny_bert, checkpoints={"keep": 3})
    finished(run)
    corpus = open_corpus(str(tiny_corpus))
    questions = [line for path in run.path.glob("stages/generate-*/*.jsonl") for line in path.read_text().splitlines()]
    texts = [document.text for document in corpus.documents] + [document.title for document in corpus.documents]
    assert questions
    cards = list(run.path.glob("checkpoints/*/README.md"))
    assert len(cards) == 3
    for path in cards:
        told = path.read_text()
        assert run.id in told
        assert not [text for text in texts if text and text in told]
        words = {" ".join(text.split()[start : start + 4]) for text in texts for start in range(len(text.split()) - 3)}
        assert not [piece for piece in words if len(piece) > 20 and piece in told]
        ModelCard.load(path)
    best = ModelCard.load(run.path / BEST / "README.md").data
    status = run.status()
    assert best.eval_results is not None
    assert best.eval_results[0].metric_value == status.best["dev"]["hybrid"]["ndcg@10"]
