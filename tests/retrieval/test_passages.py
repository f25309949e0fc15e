"""Long documents of a folder become passages that know their parent; judgments follow them."""

from __future__ import annotations

from pathlib import Path

import pytest
from converting import judgments, read, texts, write, write_lines

from retrieval.beir import read_documents, write_documents, write_qrels, write_queries
from retrieval.convert.convert import convert
from retrieval.convert.division import Shares
from retrieval.convert.options import Options
from retrieval.convert.passages import Chunking, cut_folder
from retrieval.errors import BakehouseError
from retrieval.lengths import ruler_of
from retrieval.models import resolve
from retrieval.records import Document, Query

SALT, STARTER, OVEN = "Salt the dough.", "Feed the starter.", "Heat the oven for an hour."
LONG = f"{SALT} {STARTER} {OVEN}"


@pytest.fixture
def chunking(tiny_bert: Path) -> Chunking:
    """Room for 16 tokens of text: three times as much as a sentence has."""
    return Chunking(18, model=str(tiny_bert))


def folder_of(folder: Path, *documents: Document) -> Path:
    write_documents(folder, documents)
    return folder


def test_passages_keep_title_language_and_know_their_parent(tmp_path: Path, chunking: Chunking) -> None:
    about = {"lang": "en", "url": "x"}
    folder = folder_of(tmp_path, Document("a", f"{LONG} {LONG}", "Bread", about), Document("b", SALT, "", about))
    cut = cut_folder(folder, chunking)
    assert (cut.documents, cut.passages, cut.titles, cut.mark, dict(cut.languages)) == (1, 2, 0, "#", {"en": 3})
    assert [vars_of(document) for document in read_documents(folder)] == [
        ("a#1", LONG, "Bread", {**about, "parent": "a", "part": 1, "parts": 2}),
        ("a#2", LONG, "Bread", {**about, "parent": "a", "part": 2, "parts": 2}),
        ("b", SALT, "", about),
    ]
    assert [document.parent for document in read_documents(folder)] == ["a", "a", "b"]
    assert [path.name for path in folder.iterdir()] == ["corpus.jsonl"]


def vars_of(document: Document) -> tuple[str, str, str, dict[str, object]]:
    return document.id, document.text, document.title, dict(document.metadata)


def test_what_fits_stays_as_it_is(tmp_path: Path, chunking: Chunking) -> None:
    folder = folder_of(tmp_path, Document("a", LONG[:-1]), Document("b", "", ""), Document("c", "", "Bread"))
    before = (folder / "corpus.jsonl").read_bytes()
    cut = cut_folder(folder, chunking)
    assert (folder / "corpus.jsonl").read_bytes() == before
    assert cut.as_text() == f"Documents longer than 18 tokens of {chunking.model}: none."


def test_every_passage_fits_the_model(tmp_path: Path, chunking: Chunking) -> None:
    title = "the dough the oven the starter the loaf the flour"
    long = Document("a", LONG * 9, title), Document("t", "", title * 2), Document("b", f"{SALT} {STARTER} ", title)
    cut = cut_folder(folder_of(tmp_path, *long), chunking)
    ruler = ruler_of(resolve(chunking.model))
    documents = [document for document in read_documents(tmp_path) if document.id != "t"]
    assert max(ruler.whole([document.full_text for document in documents])) <= 18
    assert {document.title for document in documents} == {"the dough the oven the starter the…"}
    assert (cut.documents, cut.titles) == (2, 2)
    assert "t" in texts(tmp_path)  # a title alone stays as it is


def test_no_two_ids_can_be_the_same(tmp_path: Path, chunking: Chunking) -> None:
    folder = folder_of(
        tmp_path, Document("a", LONG * 2), Document("a#1", SALT), Document("b##7", LONG * 2), Document("c#x", SALT)
    )
    cut = cut_folder(folder, chunking)
    ids = [document.id for document in read_documents(folder)]
    assert cut.mark == "###"
    assert ids[0] == "a###1" and "b##7###1" in ids and {"a#1", "c#x"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_passages_that_are_cut_again_keep_their_first_parent(tmp_path: Path, chunking: Chunking) -> None:
    passage = Document("a#1", LONG * 2, "", {"parent": "a", "part": 1, "parts": 2})
    cut_folder(folder_of(tmp_path, passage), chunking)
    documents = list(read_documents(tmp_path))
    assert documents[0].id == "a#1##1"
    assert {document.parent for document in documents} == {"a"}


def test_judgments_go_to_the_passage_with_the_answer_else_to_all(tmp_path: Path, chunking: Chunking) -> None:
    folder = folder_of(tmp_path, Document("a", f"{LONG} Bake the loaf."), Document("b", SALT))
    queries = {
        "known": {"answers": ["THE  oven"]}, "squad": {"answers": {"text": ["the starter"], "answer_start": [0]}},
        "absent": {"answer": "nowhere"}, "none": {}, "short": {},
    }  # fmt: skip
    write_queries(folder, (Query(query, query, about) for query, about in queries.items()))
    write_qrels(folder, "test", {query: {"a": 2} for query in queries} | {"short": {"b": 1}})
    write_qrels(folder, "dev", {"none": {"a": 0, "b": 1}})
    cut = cut_folder(folder, chunking)
    assert texts(folder) == {"a#1": LONG, "a#2": "Bake the loaf.", "b": SALT}
    assert judgments(folder) == [
        ("known", "a#1", 2), ("squad", "a#1", 2), ("absent", "a#1", 2), ("absent", "a#2", 2),
        ("none", "a#1", 2), ("none", "a#2", 2), ("short", "b", 1),
    ]  # fmt: skip
    assert judgments(folder, "dev") == [("none", "a#1", 0), ("none", "a#2", 0), ("none", "b", 1)]
    assert (cut.judged, cut.judgments) == (5, 8)


def test_a_conversion_cuts_counts_and_records(tmp_path: Path, chunking: Chunking) -> None:
    rows = "".join(f"What of {n}?,{LONG} Loaf number {n}. {OVEN}\n" for n in range(4))
    path = write(tmp_path / "a.csv", f"question,text\n{rows}short?,{SALT}\n")
    options = Options(languages=("en",), chunking=chunking, shares=Shares(60, 0, 40))
    report = convert([path], tmp_path / "out", options)
    made = report.as_json()
    assert (report.counts.rows, report.counts.kept) == (5, 5)
    assert report.counts.documents == len(read(tmp_path / "out", "corpus")) == report.languages["en"]
    judged = {part: judgments(tmp_path / "out", part) for part in ("train", "test")}
    assert report.counts.judgments == sum(map(len, judged.values())) == made["chunks"]["judgments"] + 1
    parents = {document.id: document.parent for document in read_documents(tmp_path / "out")}
    sides = [{parents[document] for _, document, _ in judged[part]} for part in judged]
    assert (len(sides[0]), len(sides[1]), sides[0] & sides[1]) == (3, 2, set())
    assert made["chunks"]["documents"] == 4
    assert f"Documents longer than 18 tokens of {chunking.model}: 4, cut into " in report.as_text()


def test_two_conversions_give_the_same_bytes(tmp_path: Path, chunking: Chunking) -> None:
    path = write_lines(tmp_path / "a.jsonl", *({"id": n, "text": LONG * n} for n in range(1, 30)))
    options = Options(languages=("en",), chunking=chunking)
    for name in ("one", "two"):
        convert([path], tmp_path / name, options)
    for name in ("corpus.jsonl", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_bad_lengths_are_refused(tmp_path: Path, tiny_bert: Path) -> None:
    with pytest.raises(BakehouseError, match="passages of 8 tokens hold no sentence: wanted 16 or more"):
        Chunking(8)
    with pytest.raises(BakehouseError, match="an overlap of 40 tokens does not go with passages of 64: wanted 0 to 32"):
        Chunking(64, 40)
    path = write(tmp_path / "a.csv", "id,text\n1,Bread\n")
    for tokens, said in ((65, "reads 64 tokens and cuts off the rest"), (17, "needs 2 for its prompt .* choose 18")):
        with pytest.raises(BakehouseError, match=said):
            convert([path], tmp_path / "out", Options(chunking=Chunking(tokens, model=str(tiny_bert))))
    assert not (tmp_path / "out").exists()
