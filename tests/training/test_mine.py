"""Hard negatives: who is a candidate, who is barred, and that the result depends on nothing it should not."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_kitchen import Kitchen

from retrieval.beir import open_corpus, read_qrels, read_queries, write_documents, write_qrels, write_queries
from retrieval.encoder import Encoder
from retrieval.errors import BakehouseError
from retrieval.models import resolve
from retrieval.records import Document, Query
from tests.benchmarks import mining
from training import mine, shards
from training.config import Mine
from training.mining import known
from training.mining.candidates import Asked, Found, Pool
from training.split import Shares


@pytest.fixture
def kitchen(home: Path, tiny_corpus: Path, tiny_bert: Path) -> Kitchen:
    return Kitchen(tiny_corpus, base=str(tiny_bert))


def _pool(kitchen: Kitchen, **changes: object) -> Pool:
    share = next(share for share in kitchen.shares if share.lang == "en")
    settings = kitchen.recipe.mine.model_copy(update={"retrievers": ("base",), **changes})
    return Pool.of(share, settings, {"base": Encoder(resolve(kitchen.recipe.base))})


def _question(kitchen: Kitchen, positive: int = 0, right: tuple[int, ...] = (0,)) -> Asked:
    query = next(query for query in read_queries(kitchen.filter()) if query.lang == "en")
    return Asked(query, positive, right)


def _scores(pool: Pool, asked: Asked) -> np.ndarray:
    encoder, vectors = pool.dense["base"]
    return np.asarray(vectors[:] @ encoder([asked.query.text], "query")[0])


def _positions(found: Found) -> set[int]:
    return set(found.positions.tolist())


def test_negatives_are_of_the_language_and_never_the_source(kitchen: Kitchen) -> None:
    rows = list(shards.read_rows(kitchen.mine()))
    lang_of = {document.id: document.lang for document in kitchen.corpus.documents}
    kept_out = {document.id for share in kitchen.shares for document in share.dev}
    assert len(rows) == len(read_qrels(kitchen.filter(), "train"))
    for row in rows:
        ids = [negative["id"] for negative in row["negatives"]]
        assert len(set(ids)) == len(ids) == 6  # a pool of seven, less the source
        assert row["positive"] not in ids
        assert {lang_of[doc_id] for doc_id in ids} == {row["lang"]}
        assert not set(ids) & kept_out


def test_the_window_decides_who_is_a_candidate(kitchen: Kitchen) -> None:
    asked = _question(kitchen)
    [everyone] = _pool(kitchen, ceiling=1e9).candidates([asked])
    assert everyone.ranks.tolist() == sorted(everyone.ranks.tolist())
    assert _positions(everyone) == {1, 2, 3, 4, 5, 6}
    [skipped] = _pool(kitchen, ceiling=1e9, skip=3, depth=2).candidates([asked])
    assert set(skipped.ranks.tolist()) <= {4, 5}
    order = np.argsort(-_scores(_pool(kitchen), asked)).tolist()
    assert _positions(skipped) == set(order[3:5]) - {0}


def test_a_candidate_too_near_to_the_passage_is_barred(kitchen: Kitchen) -> None:
    asked = _question(kitchen)
    scores = _scores(_pool(kitchen), asked)
    others = sorted(scores[1:])
    limit = (others[2] + others[3]) / 2
    below = {position for position in range(1, 7) if scores[position] < limit}
    [by_share] = _pool(kitchen, ceiling=float(limit / scores[0])).candidates([asked])
    assert _positions(by_share) == below
    assert set(by_share.refused.tolist()) == set(range(1, 7)) - below
    moved = _question(kitchen, positive=int(np.argmax(scores)), right=(int(np.argmax(scores)),))
    margin = float(scores.max() - limit)
    [by_margin] = _pool(kitchen, ceiling=1e9, margin=margin).candidates([moved])
    assert _positions(by_margin) == below - {moved.positive}


def test_the_ceiling_lies_below_a_passage_that_scores_negatively(kitchen: Kitchen) -> None:
    """A share of a negative score would lie above it."""
    pool = _pool(kitchen, ceiling=0.9)
    encoder, vectors = pool.dense["base"]
    asked = _question(kitchen)
    away = -encoder([asked.query.text], "query")
    own = float(away[0] @ vectors[np.array([0], np.int32)][0])
    assert own < 0
    assert pool._limit(away, "base", [asked])[0] == pytest.approx(1.1 * own)


def test_the_guards_hold_whoever_found_the_candidate(kitchen: Kitchen) -> None:
    asked = _question(kitchen)
    by_words = _pool(kitchen, retrievers=("bm25",), ceiling=0.01)
    [unguarded] = replace(by_words, dense={}).candidates([asked])
    assert len(unguarded) > 0
    [guarded] = by_words.candidates([asked])  # no dense retriever was asked, yet its score of them counts
    assert len(guarded) == 0
    assert set(guarded.refused.tolist()) == _positions(unguarded)


def test_several_retrievers_look_at_once(kitchen: Kitchen) -> None:
    kitchen.set("mine", retrievers=("bm25", "base", kitchen.recipe.base), ceiling=1e9)
    rows = list(shards.read_rows(kitchen.mine()))
    assert {negative["from"] for row in rows for negative in row["negatives"]} == set(kitchen.recipe.mine.retrievers)


def test_other_known_answers_and_twins_of_the_passage_are_no_negatives(home: Path, tmp_path: Path) -> None:
    texts = ["salt slows the yeast down", "Salt slows  the yeast down", "rye stays sticky", "steam", "a tin", "malt"]
    documents = [Document(f"d{number}", text, "", {"lang": "en"}) for number, text in enumerate(texts)]
    corpus = tmp_path / "corpus"
    write_documents(corpus, documents)
    write_queries(corpus, [Query("judged", "What does  salt do?"), Query("secret", "what does salt do?")])
    write_qrels(corpus, "train", {"judged": {"d2": 1, "d3": 0}})
    write_qrels(corpus, "test", {"secret": {"d4": 1}})
    generated = tmp_path / "generated"
    write_queries(generated, [Query("q1", "what does salt do?"), Query("q2", "What does salt do?")])
    write_qrels(generated, "train", {"q1": {"d0": 1}, "q2": {"d5": 1}})
    queries, qrels = known.generated(generated)
    answers = known.answers(open_corpus(corpus), queries, qrels)
    # its own passage, that of the same question, that of the train judgments; what only judges says nothing
    assert answers == {"what does salt do?": frozenset({"d0", "d5", "d2"})}
    share = Shares("en", documents, [], documents)
    first = mine._asked(share, queries, qrels, answers)[0]
    assert (first.positive, first.right) == (0, (0, 2, 5))
    settings = Kitchen(corpus).recipe.mine.model_copy(update={"retrievers": ("bm25",), "negatives": 6})
    [negatives] = Pool.of(share, settings, {}).negatives([first])
    assert {one.position for one in negatives} == {3, 4}  # d1 is d0's twin


def test_a_question_with_two_passages_is_mined_for_each() -> None:
    documents = [Document(f"d{n}", f"passage {n} on salt", "", {"lang": "en"}) for n in range(5)]
    share = Shares("en", documents, [], documents)
    answers = {"why salt": frozenset({"d1", "d3", "elsewhere"})}
    asked = mine._asked(share, [Query("q", "Why salt")], {"q": {"d1": 1, "d0": 0, "d3": 2, "elsewhere": 1}}, answers)
    assert [(each.positive, each.right) for each in asked] == [(1, (1, 3)), (3, (1, 3))]


def test_questions_without_a_passage_in_the_pool_are_refused(kitchen: Kitchen, tmp_path: Path) -> None:
    folder = tmp_path / "foreign"
    write_queries(folder, [Query("q", "why salt")])
    write_qrels(folder, "train", {"q": {"nowhere": 1}})
    with pytest.raises(BakehouseError, match="none of the 1 training questions"):
        mine.run(kitchen.run.path, kitchen.recipe, folder, kitchen.shares, kitchen.journal)


def test_no_document_refused_by_a_guard_comes_back_while_there_are_others(home: Path, tiny_bert: Path) -> None:
    documents = [Document(f"d{n}", f"passage {n} on salt", "", {"lang": "en"}) for n in range(30)]
    share = Shares("en", documents, [], documents)
    settings = Mine(retrievers=("base",), depth=12, negatives=8, ceiling=0.01)
    encoder = Encoder(resolve(str(tiny_bert)))
    pool = Pool.of(share, settings, {"base": encoder})
    asked = [Asked(Query(f"q{n}", f"question {n} on salt"), n, (n,)) for n in range(5)]
    for each, found, drawn in zip(asked, pool.candidates(asked), pool.negatives(asked), strict=True):
        assert len(found) == 0  # twelve seen, all refused
        positions = {one.position for one in drawn}
        assert len(positions) == 8
        assert not positions & (set(found.refused.tolist()) | {each.positive})
        assert {one.source for one in drawn} == {"random"}
    few = Pool.of(Shares("en", [], [], documents[:10]), settings, {"base": encoder})
    [drawn] = few.negatives(asked[:1])
    assert [one.source for one in drawn] == ["refused"] * 8


def test_the_result_is_the_same_for_any_memory_and_says_what_was_drawn(kitchen: Kitchen) -> None:
    kitchen.set("mine", retrievers=("bm25", "base", kitchen.recipe.base))
    folder = kitchen.mine()
    rows = list(shards.read_rows(folder))
    kitchen.set("mine", memory_mb=1)
    assert kitchen.mine() == folder  # no part of the key
    again = Kitchen(kitchen.corpus.folder, base=kitchen.recipe.base, mine=kitchen.recipe.mine.model_dump())
    assert list(shards.read_rows(again.mine())) == rows
    counts = json.loads((folder / "manifest.json").read_text())["counts"]
    drawn = [negative["from"] for row in rows for negative in row["negatives"]]
    assert counts == {
        "queries": len(rows),
        "negatives": len(drawn),
        "random": drawn.count("random"),
        "refused": drawn.count("refused"),
    }


def test_a_model_that_lies_elsewhere_gives_the_same_key(kitchen: Kitchen, tmp_path: Path) -> None:
    kitchen.set("mine", retrievers=("bm25", kitchen.recipe.base))
    folder = kitchen.mine()
    moved = shutil.copytree(kitchen.recipe.base, tmp_path / "moved")
    kitchen.set("mine", retrievers=("bm25", str(moved)))
    assert kitchen.mine() == folder
    kitchen.set("mine", retrievers=(str(moved), "bm25"))
    assert kitchen.mine() != folder


def test_the_negatives_are_those_that_sentence_transformers_finds(home: Path) -> None:
    mining.prepare(home, 700, 60)
    mine_own, found = mining.bakehouse(home, 700, 60)
    mine_theirs, theirs = mining.peer(home, 700, 60)
    own = found(mine_own())
    assert own == theirs(mine_theirs())
    assert all(len(of_query) == mining.NEGATIVES for of_query in own)


def test_encoding_for_mining_shows_how_far_it_is(kitchen: Kitchen) -> None:
    kitchen.mine()
    said = [(e["message"], e["step"], e["total"]) for e in kitchen.run.events() if "encoded" in e["message"]]
    documents = len(next(share for share in kitchen.shares if share.lang == "en").pool)
    assert (f"en: texts encoded: {documents} of {documents}", documents, documents) in said
    assert len(said) == 2 * len(kitchen.shares), "documents and questions of each language"
