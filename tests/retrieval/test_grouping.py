"""The best passage of each document that was cut, and how many more of it rank."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.beir import open_corpus, write_documents
from retrieval.grouping import grouped, search_grouped
from retrieval.records import Document, Hit
from retrieval.searcher import Options, Searcher


def hits(*ids: str) -> list[Hit]:
    parents = ((id_, {"parent": id_.split("#")[0]} if "#" in id_ else {}) for id_ in ids)
    return [Hit(rank, 9.0 - rank, Document(id_, id_, "", about)) for rank, (id_, about) in enumerate(parents, 1)]


def told(found: list[Hit]) -> list[tuple[int, str, str, int | None]]:
    return [(hit.rank, hit.document.id, hit.name, hit.further) for hit in found]


def test_the_best_passage_stands_for_its_parent() -> None:
    ranking = hits("a#2", "b", "a#1", "c#1", "a#3", "d", "c#2")
    assert told(grouped(ranking, 3)) == [(1, "a#2", "a", 2), (2, "b", "b", 0), (3, "c#1", "c", 0)]
    assert told(grouped(ranking, 9))[2:] == [(3, "c#1", "c", 1), (4, "d", "d", 0)]
    assert [hit.name for hit in ranking[:2]] == ["a#2", "b"]


def test_it_is_searched_as_deep_as_it_takes() -> None:
    ranking = hits(*(f"a#{n}" for n in range(30)), "b", "c")
    asked: list[int] = []

    def search(depth: int) -> list[Hit]:
        asked.append(depth)
        return ranking[:depth]

    assert told(search_grouped(search, 2)) == [(1, "a#0", "a", 29), (2, "b", "b", 0)]
    assert asked == [8, 32]
    assert [hit.name for hit in search_grouped(search, 5)] == ["a", "b", "c"]


@pytest.fixture
def searcher(home: Path, tmp_path: Path, tiny_bert: Path) -> Searcher:
    texts = {"a#1": "salt the dough", "a#2": "salt and salt", "a#3": "the oven", "b": "salt the loaf", "c": "the rye"}
    documents = [
        Document(id_, text, "", {"lang": "en"} | ({"parent": "a"} if "#" in id_ else {})) for id_, text in texts.items()
    ]
    write_documents(tmp_path / "set", documents)
    return Searcher(open_corpus(tmp_path / "set"), str(tiny_bert))


@pytest.mark.parametrize("mode", ["lexical", "dense", "hybrid"])
def test_grouping_keeps_the_order_of_the_best_passages(searcher: Searcher, mode: str) -> None:
    ranking = [hit.document for hit in searcher.search("salt", Options(mode=mode, k=5))]  # type: ignore[arg-type]
    found = searcher.search("salt", Options(mode=mode, k=5, group=True))  # type: ignore[arg-type]
    first: dict[str, str] = {}
    for document in ranking:
        first.setdefault(document.parent, document.id)
    assert [hit.document.id for hit in found] == list(first.values())
    assert sum(1 + (hit.further or 0) for hit in found) == len(ranking)


def test_a_reranked_answer_is_grouped_too(searcher: Searcher, tiny_cross_encoder: Path) -> None:
    found = searcher.search("salt", Options(k=2, group=True, rerank=str(tiny_cross_encoder)))
    assert [hit.rank for hit in found] == [1, 2]
    assert len({hit.name for hit in found}) == 2
    assert all("rerank" in hit.why for hit in found)
