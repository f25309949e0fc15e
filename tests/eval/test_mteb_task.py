"""A task of mteb becomes a BEIR folder, and is judged here as mteb judges it."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_texts import PASSAGES, QUESTIONS

from eval import mteb_task
from eval.commands import add_commands
from eval.evaluate import evaluate
from eval.mteb_results import measure_name
from eval.task import open_task
from retrieval import encoder
from retrieval.artifact import read_manifest
from retrieval.cli import Report
from retrieval.errors import BakehouseError

ROOT = Path(__file__).resolve().parents[2]
LANGSCRIPTS = {"en": "eng-Latn", "de": "deu-Latn", "ar": "ara-Arab"}
BY_LANGUAGE = {code: [tag] for code, tag in LANGSCRIPTS.items()}
Data = Mapping[str, Any]


def data_of(documents: Sequence[Mapping[str, Any]], queries: Sequence[Mapping[str, Any]], **more: Any) -> Data:
    """A subset as mteb holds it; each query is about the document of its own id less the ``q-``."""
    datasets = pytest.importorskip("datasets")
    return {
        "corpus": datasets.Dataset.from_list(list(documents)),
        "queries": datasets.Dataset.from_list(list(queries)),
        "relevant_docs": {each["id"]: {each["id"].removeprefix("q-"): 1} for each in queries},
        "top_ranked": None,
        **more,
    }


def loaves(lang: str) -> Data:
    """The tiny corpus in one language; its ids are the same in every language."""
    return data_of(
        [{"id": name, "title": title, "text": text} for name, (title, text) in PASSAGES[lang].items()],
        [{"id": f"q-{name}", "text": text} for name, text in QUESTIONS[lang].items()],
    )


def task_of(
    subsets: Mapping[str, Mapping[str, Data]], langs: Any = BY_LANGUAGE, *, revision: str = "1", **members: Any
) -> Any:
    """A real task of mteb over texts of this machine.

    :param subsets: Subset → split → its data.
    """
    pytest.importorskip("mteb")
    from mteb.abstasks import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata

    def load_data(self: Any, **_: Any) -> None:
        self.dataset = {name: dict(splits) for name, splits in subsets.items()}
        self.data_loaded = True

    metadata = TaskMetadata(
        name="Loaves",
        description="Questions on baking",
        type="Retrieval",
        eval_splits=list(next(iter(subsets.values()))),
        eval_langs=langs,
        main_score="ndcg_at_10",
        dataset={"path": "nobody/loaves", "revision": revision},
    )
    return type("Loaves", (AbsTaskRetrieval,), {"metadata": metadata, "load_data": load_data, **members})()


def three_languages(**more: Any) -> Any:
    return task_of({lang: {"test": loaves(lang)} for lang in LANGSCRIPTS}, **more)


def test_subsets_become_languages_of_one_corpus(home: Path) -> None:
    corpus, split = mteb_task.corpus_of(three_languages())
    assert (corpus.folder, split) == (home / "corpora" / "Loaves", "test")
    assert corpus.languages == {"ar": 8, "de": 8, "en": 8}
    by_id = {document.id: document for document in corpus.documents}
    assert (by_id["de-rye"].title, by_id["de-rye"].text) == PASSAGES["de"]["rye"]
    assert {query.id: query.lang for query in corpus.queries}["ar-q-bagel"] == "ar"
    assert corpus.qrels("test")["de-q-rye"] == {"de-rye": 1}
    assert len(open_task(corpus, "test").queries) == 15
    assert read_manifest(corpus.folder) == {
        "made_by": "eval run --mteb",
        "task": "Loaves",
        "revision": "1",
        "subsets": ["en", "de", "ar"],
        "split": "test",
        "documents": 24,
        "queries": 15,
        "judgments": 15,
        "languages": {"en": 8, "de": 8, "ar": 8},
    }


def test_a_single_subset_keeps_its_ids(home: Path) -> None:
    corpus, _ = mteb_task.corpus_of(three_languages(ignore_identical_ids=True), "de")
    assert corpus.name == "Loaves-de"
    assert corpus.qrels("test")["q-rye"] == {"rye": 1}
    assert corpus.languages == {"de": 8}
    assert corpus.exclude_self, "as mteb leaves out what has the query's own id"


def test_each_split_has_a_folder_where_there_are_several(home: Path) -> None:
    task = task_of({"default": {"dev": loaves("en"), "dev2": loaves("de")}}, ["eng-Latn"])
    assert [mteb_task.corpus_of(task, split=split)[0].name for split in ("", "dev2")] == ["Loaves-dev", "Loaves-dev2"]


def test_a_corpus_made_before_is_used_again(home: Path) -> None:
    corpus, _ = mteb_task.corpus_of(three_languages())
    before = (corpus.folder / "corpus.jsonl").stat()
    again = task_of({lang: {"test": {}} for lang in LANGSCRIPTS})  # it could not be made of this one
    assert mteb_task.corpus_of(again)[0].folder == corpus.folder
    assert (corpus.folder / "corpus.jsonl").stat() == before
    english = {lang: {"test": loaves("en")} for lang in LANGSCRIPTS}
    assert mteb_task.corpus_of(task_of(english, revision="2"))[0].languages == {"en": 8}, "the texts have changed"


def test_a_document_of_several_subsets_is_one(home: Path) -> None:
    """Questions in two languages on the same documents: which is in which language, the texts themselves say."""
    german = [{"id": name, "title": title, "text": text} for name, (title, text) in PASSAGES["de"].items()]
    asked = {lang: [{"id": f"q-{n}", "text": text} for n, text in QUESTIONS[lang].items()] for lang in ("de", "en")}
    langs = {"deu-deu": ["deu-Latn"], "eng-deu": ["eng-Latn", "deu-Latn"]}
    corpus, _ = mteb_task.corpus_of(
        task_of(
            {"deu-deu": {"test": data_of(german, asked["de"])}, "eng-deu": {"test": data_of(german, asked["en"])}},
            langs,
        )
    )
    assert corpus.languages == {"de": 8}
    assert corpus.qrels("test")["eng-deu-q-oven"] == {"deu-deu-oven": 1}
    assert {query.lang for query in corpus.queries if query.id.startswith("eng-deu")} == {"en"}


def test_instructions_stand_behind_the_query(home: Path) -> None:
    asked = [{"id": "q-rye", "text": "why sticky?", "instruction": "Find bread."}]
    corpus, _ = mteb_task.corpus_of(task_of({"default": {"test": {**loaves("en"), "queries": asked}}}, ["eng-Latn"]))
    assert [(query.text, query.lang) for query in corpus.queries] == [("why sticky? Find bread.", "en")]


def fails(self: Any, **_: Any) -> None:
    raise RuntimeError("no such file")


@pytest.mark.parametrize(
    ("changes", "members", "told"),
    [
        ({"top_ranked": {"q-rye": ["rye"]}}, {}, "gives the candidates of each query"),
        (
            {"queries": [{"id": "q", "text": ["hello", "again"]}]},
            {},
            "'q' has a text that is no text but of the kind list",
        ),
        ({}, {"load_data": fails}, r"\(nobody/loaves on the Hub\) cannot be loaded \(RuntimeError: no such file\)"),
    ],
)
def test_what_cannot_be_searched_is_a_sentence(
    home: Path, changes: dict[str, Any], members: dict[str, Any], told: str
) -> None:
    task = task_of({"default": {"test": {**loaves("en"), **changes}}}, ["eng-Latn"], **members)
    with pytest.raises(BakehouseError, match=told):
        mteb_task.corpus_of(task)
    assert list((home / "corpora").glob("Loaves*")) == []


def test_a_corpus_of_that_name_is_left_alone(home: Path) -> None:
    (home / "corpora" / "Loaves").mkdir(parents=True)
    with pytest.raises(BakehouseError, match="corpus 'Loaves' in the workspace that was not made of mteb's task"):
        mteb_task.corpus_of(three_languages())


@pytest.mark.parametrize(
    ("subset", "split", "told"),
    [
        ("dee", "", "has no subset 'dee': it has en, de, ar. Did you mean 'de'?"),
        ("", "tset", "has no split 'tset': it has test. Did you mean 'test'?"),
    ],
)
def test_unknown_parts_are_named(home: Path, subset: str, split: str, told: str) -> None:
    with pytest.raises(BakehouseError, match=re.escape(told)):
        mteb_task.corpus_of(three_languages(), subset, split)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("SciFac", "mteb has no task 'SciFac': .* Did you mean 'SciFact'?"),
        ("STS22", r"'STS22' is of the kind STS \(text\): wanted Retrieval \(text\)"),
        ("CQADupstackRetrieval", "is a collection of tasks: name one of them: CQADupstackAndroidRetrieval, "),
        ("VDRMultilingualRetrieval", r"is of the kind Retrieval \(text, image\)"),
    ],
)
def test_what_is_no_retrieval_task_is_refused(name: str, told: str) -> None:
    pytest.importorskip("mteb")
    with pytest.raises(BakehouseError, match=told):
        mteb_task.find_task(name)


def test_without_mteb_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(BakehouseError, match=r"mteb, which is not installed: pip install mteb\."):
        mteb_task.find_task("SciFact")


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_a_sentence(home: Path) -> None:
    pytest.importorskip("mteb")
    answer = subprocess.run(
        [sys.executable, "-m", "eval", "run", "--mteb", "SciFact", "--mode", "lexical"],
        cwd=ROOT,
        env={**os.environ, "BAKEHOUSE_HOME": str(home), "HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 2
    assert "SciFact' lie on the Hub (mteb/scifact), which cannot be reached (Connect" in answer.stderr


def report_of(*arguments: str) -> Report:
    """What ``python -m eval`` would print, from this process, in which mteb knows the tests' task."""
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    args = parser.parse_args(arguments)
    return args.run(args)  # type: ignore[no-any-return]


def test_the_command_judges_on_a_task(home: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = pytest.importorskip("mteb.get_tasks")._TASKS_REGISTRY
    monkeypatch.setitem(registry, "Loaves", type(three_languages()))
    said = report_of("run", "--mteb", "Loaves", "--model", str(tiny_bert), "--mode", "dense").machine
    assert (said["corpus"]["name"], said["split"], said["counts"]["queries"]) == ("Loaves", "test", 15)
    assert {lang: of["queries"] for lang, of in said["by_language"].items()} == {"ar": 5, "de": 5, "en": 5}
    assert set(said["systems"]) == {"dense", "hybrid", "lexical"}
    by_name = report_of("run", "Loaves", "--mode", "lexical").machine
    assert by_name["metrics"] == said["systems"]["lexical"], "from then on it is a corpus like any other"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "either DIR, a BEIR folder, or --mteb TASK"),
        (["handbook", "--mteb", "SciFact"], "either DIR, a BEIR folder, or --mteb TASK"),
        (["handbook", "--subset", "de"], "say which with --mteb TASK"),
        (["--mteb", "SciFact", "--model", "no/such/model"], "the model 'no/such/model' is not to be had"),
    ],
)
def test_what_does_not_go_together_is_said_first(home: Path, arguments: list[str], told: str) -> None:
    with pytest.raises(BakehouseError, match=told):
        report_of("run", *arguments)


def test_mteb_judges_the_same(home: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads the model and searches by itself, in full precision, and rounds what it finds to five digits."""
    mteb = pytest.importorskip("mteb")
    monkeypatch.setattr(encoder, "has_bf16", lambda device: False)
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_bert), device="cpu")
    theirs = mteb.evaluate(model, three_languages(), cache=None)[0].scores["test"]
    assert [scores["hf_subset"] for scores in theirs] == ["en", "de", "ar"]
    for scores in theirs:
        corpus, split = mteb_task.corpus_of(three_languages(), scores["hf_subset"])
        [ours] = evaluate(open_task(corpus, split), str(tiny_bert), ["dense"])
        for name, value in ours.summary.metrics.items():
            assert value == pytest.approx(scores[measure_name(name)], abs=1e-5), (scores["hf_subset"], name)
