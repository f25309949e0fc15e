"""A run whose models are not to be had is refused before it begins, and not hours later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retrieval.beir import Corpus
from retrieval.errors import BakehouseError
from training import jobs, runs
from training.config import Recipe
from training.needed import check_models
from training.settings import load_recipe

CROSS = {"kind": "cross-encoder", "teacher": "no/teacher"}


def recipe(corpus: Path, base: Path, **sections: Any) -> Recipe:
    return load_recipe({"corpus": str(corpus), "base": str(base), **sections})


@pytest.mark.parametrize(
    ("sections", "missing", "until"),
    [
        ({"preset": "gpl"}, "doc2query/msmarco-arabic-mt5-base-v1", ""),
        ({"generate": {"generator": "seq2seq", "models": {"de": "no/german"}}, "split": {"languages": ["de"]}}, "no/german", ""),
        ({"filter": {"round_trip": 3, "retriever": "no/finder"}}, "no/finder", "filter"),
        ({"mine": {"retrievers": ["bm25", "no/miner"]}}, "no/miner", "mine"),
        ({"label": CROSS}, "no/teacher", "label"),
        ({"preset": "ensemble"}, "sentence-transformers/all-MiniLM-L6-v2", "fit"),
    ],
)  # fmt: skip
def test_each_stage_s_model_is_looked_for(
    home: Path, tiny_corpus: Path, tiny_bert: Path, sections: Any, missing: str, until: str
) -> None:
    wanted = recipe(tiny_corpus, tiny_bert, **sections)
    with pytest.raises(BakehouseError, match=f"the model '{missing}' is not to be had"):
        jobs.start(wanted)
    assert not runs.all_runs(), "nothing was begun"
    with pytest.raises(BakehouseError, match=missing):
        check_models(wanted, Corpus(tiny_corpus), until)
    if until:
        check_models(wanted, Corpus(tiny_corpus), "generate")


def test_what_is_here_or_not_asked_for_is_no_hindrance(home: Path, tiny_corpus: Path, tiny_bert: Path) -> None:
    check_models(recipe(tiny_corpus, tiny_bert), Corpus(tiny_corpus))
    check_models(recipe(tiny_corpus, "intfloat/multilingual-e5-small"), Corpus(tiny_corpus))
    unused = {"filter": {"retriever": "no/finder"}, "fit": {"loss": "mnrl"}, "label": CROSS}
    check_models(recipe(tiny_corpus, tiny_bert, **unused), Corpus(tiny_corpus))
    assert jobs.create(recipe(tiny_corpus, tiny_bert, label=CROSS)).id, "another machine may have it"
