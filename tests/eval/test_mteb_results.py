"""Results as mteb writes them: the exact files, and what mteb's own loaders make of them."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from made_results import made

from eval.mteb_results import language_name, measure_name, write
from eval.results import Summary
from retrieval.errors import BakehouseError
from retrieval.languages import known_codes

LANGUAGES = {"de": {"ndcg@10": 0.5, "queries": 2}, "ar": {"ndcg@10": 0.25, "queries": 1}}
RESULTS = Path("results")


def summary(**changes: Any) -> Summary:
    return made(
        {"q1": 0.5, "q2": 0.25}, **{"model": "intfloat/multilingual-e5-small", "mode": "dense", **changes}
    ).summary


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_the_files_of_a_model(tmp_path: Path) -> None:
    dev = summary(split="dev", by_language=LANGUAGES, created="2025-01-01T00:00:08.500+00:00")
    written = write([summary(), dev], tmp_path)
    folder = tmp_path / RESULTS / "intfloat__multilingual-e5-small" / "f1"
    assert written.files == (folder / "loaves.json",)
    assert read(folder / "loaves.json") == {
        "dataset_revision": "c0ffee",
        "task_name": "loaves",
        "mteb_version": "2.26.24",
        "scores": {
            "dev": [
                {"ndcg_at_10": 0.5, "main_score": 0.5, "hf_subset": "de", "languages": ["deu-Latn"]},
                {"ndcg_at_10": 0.25, "main_score": 0.25, "hf_subset": "ar", "languages": ["ara-Arab"]},
            ],
            "test": [{"ndcg_at_10": 0.375, "main_score": 0.375, "hf_subset": "default", "languages": ["eng-Latn"]}],
        },
        "evaluation_time": 0.5,
        "kg_co2_emissions": None,
        "date": 1735689608.5,
    }
    meta = read(folder / "model_meta.json")
    assert {name: value for name, value in meta.items() if value is not None} == {
        "name": "intfloat/multilingual-e5-small",
        "revision": "f1",
        "model_type": ["dense"],
        "framework": ["Sentence Transformers"],
        "similarity_fn_name": "cosine",
    }


@pytest.mark.parametrize(
    ("changes", "name", "kinds", "base"),
    [
        ({"mode": "hybrid"}, "local/multilingual-e5-small-hybrid", ["hybrid"], "intfloat/multilingual-e5-small"),
        ({"model": "/home/me/run/checkpoints/step-3", "label": "run · step 3"}, "local/run-step-3", ["dense"], None),
        ({"model": "../models/own", "label": "own"}, "local/own", ["dense"], None),
        ({"model": "", "mode": "lexical", "label": "BM25"}, "local/BM25", ["sparse"], None),
        ({"model": "", "mode": "run", "label": "Lucene 9/10"}, "local/Lucene-9-10", [], None),
    ],
)
def test_every_system_has_a_name_of_two_parts(
    tmp_path: Path, changes: dict[str, str], name: str, kinds: list[str], base: str | None
) -> None:
    [file] = write([summary(**changes)], tmp_path).files
    meta = read(file.with_name("model_meta.json"))
    assert (meta["name"], meta["model_type"], meta["adapted_from"]) == (name, kinds, base)
    assert file.parent.parent.name == name.replace("/", "__")


def test_bm25_has_a_revision_by_its_settings(tmp_path: Path) -> None:
    bm25 = summary(model="", mode="lexical", label="BM25", settings={"k": 100, "bm25": {"k1": 1.2}})
    bm25 = replace(bm25, system=replace(bm25.system, model_fingerprint=""))
    written = write([bm25, replace(bm25, settings={"k": 100, "bm25": {"k1": 0.9}})], tmp_path)
    assert len({file.parent.name for file in written.files}) == 2


def test_what_mteb_cannot_tell_apart_is_left_out_and_said(tmp_path: Path) -> None:
    old, new = summary(id="old", settings={"k": 10}), summary(id="new", created="2026-01-01T00:00:00.000+00:00")
    other_state = summary(id="dev", split="dev", corpus=replace(old.corpus, fingerprint="0ld"))
    part, generated = summary(id="part", settings={"ranked": 5}), summary(id="synthetic", synthetic=True)
    written = write([old, new, other_state, part, generated], tmp_path)
    assert [each.id for each in written.results] == ["new", "synthetic"]
    assert {each.id: reason for each, reason in written.left_out} == {
        "part": "it searched a part of the corpus only",
        "old": "new is newer",
        "dev": "new is newer",
    }
    assert list(read(written.files[0])["scores"]) == ["test", "synthetic-test"]
    with pytest.raises(BakehouseError, match="no result of a whole corpus to export"):
        write([part], tmp_path)


def test_names_of_measures() -> None:
    names = ["ndcg@10", "recall@100", "mrr@10", "map@100", "precision@5", "hit@1"]
    theirs = ["ndcg_at_10", "recall_at_100", "mrr_at_10", "map_at_100", "precision_at_5", "hit_rate_at_1"]
    assert [measure_name(name) for name in names] == theirs


def test_names_of_languages() -> None:
    assert [language_name(code) for code in ("de", "zh", "zh-Hant", "pt_BR", "km", "ceb", "und")] == [
        "deu-Latn",
        "zho-Hans",
        "zho-Hant",
        "por-Latn",
        "khm-Khmr",
        "ceb-Latn",
        "und-Zyyy",
    ]


def test_mteb_knows_every_language_by_the_same_name() -> None:
    pytest.importorskip("mteb")
    folder = resources.files("mteb.languages")
    three, scripts = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("iso_639_1_to_3", "iso_639_3_to_default_script")
    )
    codes = {*known_codes(), "km", "lo", "my", "si", "kn", "ml", "or", "am", "bo", "dv"} - {"yi"}  # it lacks Yiddish
    assert {code: language_name(code) for code in codes} == {
        code: f"{three[code]}-{scripts[three[code]]}" for code in codes
    }


def test_mteb_loads_what_is_written(tmp_path: Path) -> None:
    mteb = pytest.importorskip("mteb")
    from mteb.models.model_meta import ModelMeta

    several = summary(by_language=LANGUAGES, split="dev")
    bm25 = summary(model="", mode="lexical", label="BM25", metrics={"ndcg@10": 0.125})
    files = write([summary(), several, bm25], tmp_path).files
    loaded = mteb.TaskResult.from_disk(files[0])
    assert (loaded.task_name, loaded.dataset_revision, loaded.evaluation_time) == ("loaves", "c0ffee", 0.5)
    assert loaded.get_score(splits=["test"]) == 0.375
    assert loaded.get_score(splits=["dev"], languages=["ara"]) == 0.25
    assert loaded.get_score(getter=lambda scores: scores["ndcg_at_10"]) == 0.375, "the mean of three subsets"
    cache = mteb.ResultCache(tmp_path)
    table = cache.load_results().to_dataframe()
    assert table.to_dict("records") == [
        {"task_name": "loaves", "is_public": True, "intfloat/multilingual-e5-small": 0.375, "local/BM25": 0.125}
    ]
    assert cache.load_task_result("loaves", "local/BM25", "f1").get_score() == 0.125
    for file in files:
        meta = ModelMeta.model_validate_json_resolved(file.with_name("model_meta.json").read_text(encoding="utf-8"))
        assert meta.model_name_as_path() == file.parent.parent.name
