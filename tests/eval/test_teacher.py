"""A teacher orders the first hits anew: a real cross-encoder, a real bi-encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.evaluate import evaluate
from eval.results import RERANKED, load, save
from eval.task import open_task
from eval.teacher import Teacher
from retrieval.beir import Corpus
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from retrieval.records import Document, Query, Run
from retrieval.rerank import rerank_scores

TEXTS = [
    "Feed the starter with flour and water once a day until it doubles in height.",
    "Heat the stone",
    "Rye holds little gluten; its dough stays sticky and is baked in a tin.",
    "A cup of water in a hot pan gives steam",
    "Knead for ten minutes",
]
DOCUMENTS = [Document(f"d{at}", text) for at, text in enumerate(TEXTS)]
QUERIES = [Query("a", "why is rye dough sticky"), Query("b", "how long should the stone heat")]
RUN = Run(
    ["b", "a"],
    [document.id for document in DOCUMENTS],
    np.array([[4, 1, 0, 2, 3], [3, 2, -1, -1, -1]], np.int32),
    np.array([[0.9, 0.8, 0.7, 0.6, 0.4], [9, 8, -np.inf, -np.inf, -np.inf]], np.float32),
)


def test_the_first_hits_are_ordered_by_the_teacher_and_the_rest_stays_behind(tiny_cross_encoder: Path) -> None:
    found = Teacher.named(str(tiny_cross_encoder), 3).rerank(RUN, QUERIES, DOCUMENTS)
    logits = dict(
        zip(
            [4, 1, 0],
            rerank_scores(str(tiny_cross_encoder), QUERIES[1].text, [TEXTS[at] for at in (4, 1, 0)]),
            strict=True,
        )
    )
    expected = sorted(logits, key=lambda at: -logits[at])
    assert found.ranking[0].tolist() == [*expected, 2, 3]
    assert found.scores[0, :3] == pytest.approx([logits[at] for at in expected], abs=1e-3)
    assert found.scores[0, 3:] == pytest.approx([min(logits.values()) - 0.1, min(logits.values()) - 0.3], abs=1e-3)
    assert (np.diff(found.scores[0]) <= 0).all()
    assert sorted(found.ranking[1, :2].tolist()) == [2, 3] and found.ranking[1, 2:].tolist() == [-1, -1, -1]
    assert np.isneginf(found.scores[1, 2:]).all() and np.isfinite(found.scores[1, :2]).all()
    assert RUN.ranking[0].tolist() == [4, 1, 0, 2, 3], "the ranking that was handed in is untouched"


def test_a_bi_encoder_scores_by_cosine(tiny_bert: Path, home: Path) -> None:
    found = Teacher.named(str(tiny_bert)).rerank(RUN, QUERIES, DOCUMENTS)
    encoder = Encoder(resolve(str(tiny_bert)))
    cosines = encoder(TEXTS, "document") @ encoder([QUERIES[1].text], "query")[0]
    assert found.ranking[0].tolist() == np.argsort(-cosines, kind="stable").tolist()
    assert found.scores[0] == pytest.approx(np.sort(cosines)[::-1], abs=1e-5)


def test_a_bound_says_what_it_is_of(tiny_corpus: Path, tiny_bert: Path, tiny_cross_encoder: Path, home: Path) -> None:
    teacher = Teacher.named(str(tiny_cross_encoder), 4)
    task = open_task(Corpus(tiny_corpus), "test")
    *_, first, bound = evaluate(task, str(tiny_bert), ("dense",), teacher=teacher, trec_folder=home / "trec")
    about = bound.summary
    assert (about.system.mode, about.system.label, about.system.model) == (
        RERANKED,
        "tiny-cross-encoder",
        str(tiny_cross_encoder),
    )
    assert about.system.model_fingerprint == teacher.model.fingerprint != first.summary.system.model_fingerprint
    assert (about.settings["depth"], about.settings["teacher"]["kind"]) == (4, "cross-encoder")
    assert about.settings[RERANKED]["mode"] == "dense"
    assert about.settings[RERANKED]["model_fingerprint"] == first.summary.system.model_fingerprint
    assert about.metrics["recall@100"] == first.summary.metrics["recall@100"]
    assert set(about.breakdown) == set(first.summary.breakdown) == {"documents", "length", "relevant", "passage"}
    for before, after in zip(first.per_query.top, bound.per_query.top, strict=True):
        assert {doc for doc, _ in before[:4]} == {doc for doc, _ in after[:4]}
        assert [doc for doc, _ in before[4:]] == [doc for doc, _ in after[4:]]
    assert any(x != y for x, y in zip(first.per_query.top, bound.per_query.top, strict=True))
    assert (home / "trec" / "reranked.run").is_file()
    assert load(save(bound, home / "scores").summary).summary == about


def test_no_depth_and_no_model_are_sentences(tiny_cross_encoder: Path) -> None:
    with pytest.raises(BakehouseError, match="depth is 0: wanted a whole number of 1 or more"):
        Teacher.named(str(tiny_cross_encoder), 0)
    with pytest.raises(BakehouseError, match="not to be had"):
        Teacher.named("no/such/model")
