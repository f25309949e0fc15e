"""The kinds of data that embeddings are judged on: the numbers are those of sentence-transformers and of the papers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_texts import PASSAGES

from eval.embeddings import bitext, clusters, sts, triplets
from eval.embeddings.embedder import Embedder, Roles
from eval.embeddings.intervals import of_correlations, of_share
from eval.embeddings.judge import judge, save
from eval.embeddings.kinds import KINDS
from eval.embeddings.records import Kind, Options, Part, Scores
from retrieval.encoder import Encoder, load
from retrieval.models import resolve

EN, DE = ([text for _, text in PASSAGES[lang].values()] for lang in ("en", "de"))


def scores_of(kind: Kind, model: Path, roles: Roles | None = None, **values: list) -> Scores:
    embedder = Embedder(Encoder(resolve(str(model))), roles or kind.roles)
    return kind.judge(Part("x", values), embedder)


def test_triplets_as_the_evaluator_judges_the_model_itself(tiny_bert: Path, home: Path) -> None:
    from sentence_transformers.sentence_transformer.evaluation import TripletEvaluator

    titles = [title for title, _ in PASSAGES["en"].values()]
    texts = {"anchor": titles, "positive": EN, "negative": EN[1:] + EN[:1]}
    wanted = TripletEvaluator(*texts.values())(load(resolve(str(tiny_bert))))
    found = scores_of(triplets.KIND, tiny_bert, **texts)
    assert found.metrics == wanted == {"cosine_accuracy": 0.75}
    assert found.intervals["cosine_accuracy"] == pytest.approx((0.409276, 0.928521), abs=1e-6)


def test_equal_similarities_are_no_right_triplets(tiny_bert: Path, home: Path) -> None:
    """The tiny tokenizer reads no capitals, so positive and negative get the same vector."""
    upper = [text.upper() for text in EN]
    found = scores_of(triplets.KIND, tiny_bert, anchor=DE, positive=EN, negative=upper)
    assert found.metrics == {"cosine_accuracy": 0.0}


def test_each_text_gets_the_prompt_of_its_role(tiny_bert: Path, home: Path) -> None:
    embedder = Embedder(Encoder(resolve(str(tiny_bert))), triplets.KIND.roles)
    embedder.encode_query(EN)
    embedder.encode_document(DE)
    assert (embedder.first.role, embedder.second.role) == ("query", "document")
    assert len(list(embedder.first.folder.glob("*.ids"))) == len(list(embedder.second.folder.glob("*.ids"))) == 1
    assert {kind.name: kind.roles for kind in KINDS.values()} == {
        "triplets": Roles("query", "document"),
        "sts": Roles("query", "query"),
        "clusters": Roles("query", "query"),
        "bitext": Roles("query", "query"),
    }


def test_sts_as_the_evaluator_judges_the_model_itself(tiny_bert: Path, home: Path) -> None:
    from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator

    scores = [5.0, 1.0, 2.5, 4.0, 0.0, 3.0, 1.5, 2.0]
    wanted = EmbeddingSimilarityEvaluator(EN, DE, scores)(load(resolve(str(tiny_bert))))
    found = scores_of(sts.KIND, tiny_bert, sentence1=EN, sentence2=DE, score=scores)
    assert found.metrics == pytest.approx(wanted, abs=0.02), "bfloat16, where the hardware has it"
    assert set(found.metrics) == set(sts.KIND.titles) == set(found.intervals)
    for name, (low, high) in found.intervals.items():
        assert -1 <= low < found.metrics[name] < high <= 1


def test_clusters_by_the_entropies_of_the_paper(tiny_bert: Path, home: Path) -> None:
    """Two groups of the same vector; each holds three of its own label and one of the other's.

    The conditional entropy is H(1/4) = 0.811278 bits of the one bit that the labels have.
    """
    first, second = EN[0], EN[1]
    texts = [first, first.upper(), first.lower(), first.title(), second, second.upper(), second.lower(), second.title()]
    mixed = scores_of(clusters.KIND, tiny_bert, label=list("aaabbbba"), text=texts).metrics
    for name in ("homogeneity", "completeness", "v_measure"):
        assert mixed[name] == pytest.approx(1 - 0.8112781, abs=1e-6)
    assert mixed["v_measure_deviation"] == pytest.approx(0, abs=1e-9)
    pure = scores_of(clusters.KIND, tiny_bert, label=list("aaaabbbb"), text=texts).metrics
    assert pure["v_measure"] == pytest.approx(1)
    assert pure["v_measure_by_chance"] < 0.5


def test_bitext_with_two_sentences_exchanged(tiny_bert: Path, home: Path) -> None:
    exchanged = [text.upper() for text in [EN[1], EN[0], *EN[2:]]]
    found = scores_of(bitext.KIND, tiny_bert, source=EN, target=exchanged)
    assert found.metrics == {"src2trg_accuracy": 0.75, "trg2src_accuracy": 0.75, "error_rate": 0.25, "f1": 0.75}
    assert found.intervals["src2trg_accuracy"] == found.intervals["trg2src_accuracy"] == of_share(0.75, 8)


def test_bitext_f1_counts_what_is_found_too_often(tiny_bert: Path, home: Path) -> None:
    """Both copies find the first sentence, so its precision is one half and its F1 two thirds; the last is never found."""
    source = [EN[0], EN[0].upper(), EN[2]]
    found = scores_of(bitext.KIND, tiny_bert, source=source, target=[EN[0], EN[5], EN[2]])
    assert found.metrics["src2trg_accuracy"] == pytest.approx(2 / 3)
    assert found.metrics["f1"] == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_bitext_as_the_evaluator_judges_it(tiny_bert: Path, home: Path) -> None:
    """The first sentence stands twice: its second copy is found at the first, and that is right."""
    from sentence_transformers.sentence_transformer.evaluation import TranslationEvaluator

    source, target = [*EN, EN[0]], [*(text.upper() for text in EN[:4]), *DE[4:], EN[0].upper()]
    embedder = Embedder(Encoder(resolve(str(tiny_bert))), bitext.KIND.roles)

    class Tensors(TranslationEvaluator):
        def embed_inputs(self, model, sentences, **_):  # type: ignore[no-untyped-def]
            import torch

            return list(torch.from_numpy(model.encode(sentences)))

    wanted = Tensors(source, target)(embedder)
    found = bitext.judge(Part("x", {"source": source, "target": target}), embedder)
    assert wanted["src2trg_accuracy"] >= 5 / 9
    assert {name: found.metrics[name] for name in ("src2trg_accuracy", "trg2src_accuracy")} == {
        name: wanted[name] for name in ("src2trg_accuracy", "trg2src_accuracy")
    }
    assert found.metrics["error_rate"] == pytest.approx(1 - wanted["mean_accuracy"])


def test_intervals() -> None:
    assert of_share(1.0, 20) == pytest.approx((0.838875, 1.0), abs=1e-6), "certain of nothing after twenty rows"
    gold = list(np.linspace(0, 1, 50))
    noisy = np.asarray(gold) + np.random.default_rng(1).normal(0, 0.3, 50)
    found = of_correlations(gold, noisy)
    assert found == of_correlations(gold, noisy)
    low, high = found["pearson"]
    r = np.corrcoef(gold, noisy)[0, 1]
    by_fisher = np.tanh(np.arctanh(r) + np.array([-1.96, 1.96]) / np.sqrt(47))
    assert (low, high) == pytest.approx(tuple(by_fisher), abs=0.06)
    assert of_correlations([0, 0, 0, 0, 1], np.arange(5.0)) == {}, "some resample holds zeros only"


def test_a_result_is_kept_and_found_again_by_what_made_it(tiny_bert: Path, home: Path, tmp_path: Path) -> None:
    rows = [{"label": lang, "text": text} for lang, texts in (("en", EN), ("de", DE)) for text in texts]
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    first = save(judge(KINDS["clusters"], [tmp_path / "a.jsonl"], str(tiny_bert), Options()))
    assert first.path == home / "scores" / "embeddings" / f"{first.id}.json"
    kept = json.loads(first.path.read_text(encoding="utf-8"))
    assert kept["settings"] == {
        "seeds": [0, 1, 2, 3, 4],
        "starts": 1,
        "roles": {"first": "query", "second": "query"},
    }
    assert {"numpy", "scikit-learn", "sentence-transformers"} <= set(kept["versions"])
    assert (kept["model_fingerprint"], kept["rows"]) == (resolve(str(tiny_bert)).fingerprint, 16)
    shards = sorted((home / "vectors").rglob("*.npy"))
    again = judge(KINDS["clusters"], [tmp_path / "b.jsonl"], str(tiny_bert), Options())
    assert (again.id, again.metrics) == (first.id, first.metrics), "the same rows in a file of another name"
    assert sorted((home / "vectors").rglob("*.npy")) == shards, "nothing is encoded twice"
    other = judge(KINDS["clusters"], [tmp_path / "a.jsonl"], str(tiny_bert), Options(), Roles("document", "document"))
    assert other.id != first.id
