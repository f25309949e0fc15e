"""Questions that a person brings, from BEIR's files and from those of the GPL toolkit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retrieval.beir import open_corpus, read_qrels, read_queries, write_documents, write_qrels, write_queries
from retrieval.errors import BakehouseError
from retrieval.records import Document, Query
from training import generate, runs
from training.generators.bring import brought
from training.journal import Journal
from training.settings import load_recipe
from training.split import shares_of


def _write(
    folder: Path, queries: dict[str, str], qrels: dict[str, dict[str, dict[str, int]]], prefix: str = ""
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_queries(folder, [Query(name, text) for name, text in queries.items()])
    for split, judgments in qrels.items():
        write_qrels(folder, split, judgments)
    if prefix:
        (folder / "queries.jsonl").rename(folder / f"{prefix}-queries.jsonl")
        (folder / "qrels").rename(folder / f"{prefix}-qrels")
    return folder


ASKED = {"q1": "how often to feed", "q2": "wie oft füttern", "q3": "how hot", "q4": "unjudged"}
JUDGED = {"q1": {"en-starter": 1, "en-salt": 0}, "q2": {"de-starter": 2}, "q3": {"en-oven": 1}}


class Bakery:
    """A run whose questions are brought, over the tiny corpus."""

    def __init__(self, corpus: Path, source: Path, judged: bool = False, **split: Any) -> None:
        settings = {"generate": {"generator": "bring", "source": str(source)}, "split": split}
        self.corpus = open_corpus(corpus)
        self.recipe = load_recipe({"corpus": str(corpus), **settings})
        self.run = runs.create(self.recipe, "brought")
        self.shares = shares_of(self.corpus, self.recipe, judged=judged)

    def generate(self) -> Path:
        return generate.run(self.run.path, self.recipe, self.corpus.fingerprint, self.shares, Journal(self.run))


@pytest.mark.parametrize("prefix", ["", "qgen"])
def test_both_formats_are_read(home: Path, tiny_corpus: Path, tmp_path: Path, prefix: str) -> None:
    source = _write(tmp_path / "mine", ASKED, {"train": JUDGED}, prefix)
    bakery = Bakery(tiny_corpus, source, judged=True)
    folder = bakery.generate()
    assert read_qrels(folder, "train") == {"q2": {"de-starter": 2}, "q1": {"en-starter": 1}, "q3": {"en-oven": 1}}
    assert {query.id: (query.text, query.lang, query.metadata["by"]) for query in read_queries(folder)} == {
        "q1": ("how often to feed", "en", "bring"),
        "q2": ("wie oft füttern", "de", "bring"),
        "q3": ("how hot", "en", "bring"),
    }
    assert generate.planned(bakery.recipe, bakery.shares) == {"de": 1, "en": 2}


def test_passages_that_are_asked_about_are_kept_out_with_their_questions(
    home: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    source = _write(tmp_path / "mine", ASKED, {"train": JUDGED})
    bakery = Bakery(tiny_corpus, source)
    folder = bakery.generate()
    train, dev = read_qrels(folder, "train"), read_qrels(folder, "dev")
    [kept_out] = [passage.id for share in bakery.shares for passage in share.dev]
    assert {doc_id for grades in dev.values() for doc_id in grades} == {kept_out}
    assert kept_out not in {doc_id for grades in train.values() for doc_id in grades}
    assert train.keys() | dev.keys() == {"q1", "q2", "q3"}
    assert [(share.lang, len(share.pool)) for share in bakery.shares] == [("de", 8), ("en", 7)]


def test_the_own_dev_judges_and_languages_do_not_mix(home: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    qrels = {
        "train": {"q1": {"de-salt": 1, "en-salt": 1, "en-rye": 1}, "q2": {"de-starter": 1}},
        "dev": {"q3": {"en-oven": 1}},
    }
    source = _write(tmp_path / "mine", ASKED, qrels)
    write_queries(source, [Query(name, text, {"lang": "en"}) for name, text in ASKED.items()])
    folder = Bakery(tiny_corpus, source, judged=True).generate()
    assert read_qrels(folder, "train") == {"q2": {"de-starter": 1}, "q1": {"en-salt": 1, "en-rye": 1}}
    assert read_qrels(folder, "dev") == {"q3": {"en-oven": 1}}
    only = Bakery(tiny_corpus, source, judged=True, languages=["de"]).generate()
    assert read_qrels(only, "train") == {"q1": {"de-salt": 1}, "q2": {"de-starter": 1}}


def test_other_questions_are_another_stage(home: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    source = _write(tmp_path / "mine", ASKED, {"train": JUDGED})
    bakery = Bakery(tiny_corpus, source, judged=True)
    folder = bakery.generate()
    moved = source.rename(tmp_path / "elsewhere")
    settings = bakery.recipe.generate.model_copy(update={"source": str(moved)})
    bakery.recipe = bakery.recipe.model_copy(update={"generate": settings})
    assert bakery.generate() == folder
    _write(moved, {**ASKED, "q1": "another"}, {"train": JUDGED})
    assert bakery.generate() != folder


@pytest.mark.parametrize(
    ("queries", "qrels", "prefix", "message"),
    [
        (ASKED, {"test": JUDGED}, "", r"holds test.tsv, and training wants train.tsv: .*Those of the test split never"),
        (
            ASKED,
            {"train": {"q9": {"en-salt": 1}}},
            "",
            r"1 of 1 judged questions are not in .*such as 'q9'; it holds 4",
        ),
        (
            ASKED,
            {"train": JUDGED | {"q4": {"en-cake": 1, "en-pie": 1}}},
            "",
            r"2 of 5 passages that .* names are not in the corpus, such as 'en-cake'; the corpus holds 24, such as 'en-",
        ),
        (ASKED, {"train": {"q1": {"en-salt": 0}}}, "qgen", r"holds no judgment above 0"),
    ],
)
def test_what_does_not_fit_is_refused(
    home: Path, tiny_corpus: Path, tmp_path: Path, queries: dict[str, str], qrels: Any, prefix: str, message: str
) -> None:
    source = _write(tmp_path / "mine", queries, qrels, prefix)
    with pytest.raises(BakehouseError, match=message):
        Bakery(tiny_corpus, source)


def test_a_place_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BakehouseError, match=r"generate\.source is empty"):
        brought("")
    with pytest.raises(BakehouseError, match=r"nowhere is no folder: generate\.source wants queries\.jsonl"):
        brought(str(tmp_path / "nowhere"))
    with pytest.raises(BakehouseError, match=r"is empty: generate\.source wants"):
        brought(str(tmp_path))
    write_documents(tmp_path, [Document("d", "text")])
    with pytest.raises(BakehouseError, match=r"holds corpus\.jsonl: generate\.source wants"):
        brought(str(tmp_path))
    for prefix in ("qgen", "gen"):
        _write(tmp_path, ASKED, {"train": JUDGED}, prefix)
    with pytest.raises(BakehouseError, match=r"several sets of generated questions \(gen, qgen\)"):
        brought(str(tmp_path))


def test_the_folder_is_itself_one_that_can_be_brought(home: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    source = _write(tmp_path / "mine", ASKED, {"train": JUDGED})
    folder = Bakery(tiny_corpus, source, judged=True).generate()
    again = Bakery(tiny_corpus, folder, judged=True).generate()
    assert (again / "queries.jsonl").read_text() == (folder / "queries.jsonl").read_text()
    assert json.loads((again / "manifest.json").read_text())["counts"] == {"queries": 3, "train": 3, "dev": 0}
