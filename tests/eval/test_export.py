"""Results as other programs read them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from huggingface_hub import ModelCard
from made_results import made

from eval.export import as_csv, as_model_index, written
from eval.results import RERANKED, Summary
from retrieval.errors import BakehouseError

LANGUAGES = {"de": {"ndcg@10": 0.5, "queries": 2}, "ar": {"ndcg@10": 0.25, "queries": 1}}


def summary(**changes: object) -> Summary:
    return made({"q1": 0.5, "q2": 0.25}, **{"by_language": LANGUAGES, **changes}).summary


def test_the_table_has_a_line_for_each_language() -> None:
    bm25 = summary(mode="lexical", model="", label="=BM25", by_language={}, metrics={"mrr@10": 1.0})
    rows = list(csv.DictReader(io.StringIO(as_csv([summary(run="r1", step=0), bm25]))))
    assert [(row["language"], row["queries"], row["ndcg@10"], row["mrr@10"]) for row in rows] == [
        ("all", "2", "0.375", ""),
        ("de", "2", "0.5", ""),
        ("ar", "1", "0.25", ""),
        ("all", "2", "", "1.0"),
    ]
    assert (rows[0]["run"], rows[0]["step"], rows[3]["run"], rows[3]["step"]) == ("r1", "0", "", "")
    assert rows[3]["label"] == "'=BM25", "no spreadsheet shall run it"


def test_the_hub_reads_the_model_index() -> None:
    text = as_model_index([summary(), summary(mode="lexical", model="")])
    results = ModelCard(f"---\n{text}\n---\n").data.eval_results
    assert {(each.metric_name, each.dataset_config): each.metric_value for each in results} == {
        ("nDCG@10, hybrid", "all"): 0.375,
        ("nDCG@10, hybrid", "de"): 0.5,
        ("nDCG@10, hybrid", "ar"): 0.25,
    }
    assert {(each.metric_type, each.dataset_name, each.dataset_revision) for each in results} == {
        ("ndcg_at_10", "loaves (test)", "c0ffee")
    }


def test_what_does_not_suit_is_a_sentence() -> None:
    with pytest.raises(BakehouseError, match="about one model, and these results are of 2: m, other"):
        as_model_index([summary(), summary(model="other")])
    with pytest.raises(BakehouseError, match="none, since BM25 has no card"):
        as_model_index([replace(summary(), system=summary(model="").system)])
    bound = summary(mode=RERANKED, model="org/mono")
    with pytest.raises(BakehouseError, match="nor has a teacher's bound"):
        as_model_index([bound])
    assert "mono" not in as_model_index([summary(), bound])
    with pytest.raises(BakehouseError, match="no results to export"):
        written([], "csv")
