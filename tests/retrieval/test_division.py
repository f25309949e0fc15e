"""No document stands on two sides, no judgment is lost, and the draw is the same everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from converting import ENGLISH, judgments, write
from hypothesis import given
from hypothesis import strategies as st

from retrieval.artifact import read_manifest
from retrieval.beir import read_qrels, splits, write_documents, write_qrels, write_queries
from retrieval.convert.convert import convert
from retrieval.convert.division import PARTS, Shares, deal, divide, divide_again, groups, parse_shares
from retrieval.convert.options import Options
from retrieval.errors import BakehouseError
from retrieval.records import Document, Qrels, Query

TENTHS = Shares(80, 10, 10)


def folder_of(folder: Path, qrels: Qrels, split: str = "test", parents: dict[str, str] | None = None) -> Path:
    """A BEIR folder with what the judgments name."""
    ids = sorted({document for grades in qrels.values() for document in grades})
    about = parents or {}
    write_documents(folder, (Document(i, f"text {i}", "", {"parent": about[i]} if i in about else {}) for i in ids))
    write_queries(folder, (Query(query, f"question {query}") for query in qrels))
    write_qrels(folder, split, qrels)
    return folder


def singles(count: int) -> Qrels:
    return {f"q{n}": {f"d{n}": 1} for n in range(count)}


def test_queries_hang_together_by_documents_and_by_parents() -> None:
    qrels = {"a": {"1": 1, "2": 0}, "b": {"2": 1}, "c": {"3#1": 1}, "d": {"3#2": 1}, "e": {"4": 1}}
    parents = {"1": "1", "2": "2", "3#1": "3", "3#2": "3", "4": "4"}
    assert sorted(groups(qrels, parents)) == [["a", "b"], ["c", "d"], ["e"]]
    chain = {f"q{n}": {str(n): 1, str(n + 1): 1} for n in range(5)}
    assert groups(chain, {str(n): str(n) for n in range(6)}) == [["q0", "q1", "q2", "q3", "q4"]]


def test_the_largest_group_is_dealt_first_to_the_part_that_lacks_most() -> None:
    found = [["x"], ["a", "b", "c"], ["y", "z"]]
    part_of = deal(found, Shares(50, 0, 50))
    assert part_of["a"] == part_of["b"] == part_of["c"] == "train"
    assert {part_of[query] for query in "xyz"} == {"test"}


def test_single_queries_meet_the_shares(tmp_path: Path) -> None:
    division = divide(folder_of(tmp_path, singles(20)), TENTHS)
    assert division.queries == division.documents == division.judgments == {"train": 16, "dev": 2, "test": 2}
    assert (division.groups, division.largest, division.source, division.met) == (20, 1, ("test",), True)
    assert splits(tmp_path) == ["dev", "test", "train"]
    assert division.as_text() == "Queries divided by document (seed 0): train 16, dev 2, test 2."


def test_the_draw_is_the_same_on_every_machine(tmp_path: Path) -> None:
    divide(folder_of(tmp_path / "a", singles(10)), Shares(60, 20, 20, seed=3))
    assert {part: sorted(read_qrels(tmp_path / "a", part)) for part in PARTS} == {
        "train": ["q2", "q3", "q6", "q7", "q8", "q9"], "dev": ["q0", "q4"], "test": ["q1", "q5"],
    }  # fmt: skip
    divide(folder_of(tmp_path / "b", singles(10)), Shares(60, 20, 20, seed=4))
    assert sorted(read_qrels(tmp_path / "b", "test")) != ["q1", "q5"]


def test_a_group_too_large_for_the_shares_is_said(tmp_path: Path) -> None:
    qrels = {**{f"q{n}": {"same": 1} for n in range(9)}, "alone": {"other": 1}}
    division = divide(folder_of(tmp_path, qrels), Shares(50, 0, 50))
    assert (division.queries, division.largest) == ({"train": 9, "dev": 0, "test": 1}, 9)
    assert not division.met
    assert division.as_text() == (
        "Queries divided by document (seed 0): train 9, test 1. These are 90/0/10 percent, not 50/0/50: "
        "9 of 10 queries hang together by the documents they share, and stay in one part."
    )
    assert splits(tmp_path) == ["test", "train"]


def test_too_few_queries_are_said(tmp_path: Path) -> None:
    division = divide(folder_of(tmp_path, singles(2)), TENTHS)
    assert division.queries == {"train": 2, "dev": 0, "test": 0}
    assert division.as_text().endswith("These are 100/0/0 percent, not 80/10/10: 2 queries are too few for them.")


def test_splits_of_their_own_are_used_as_they_are_unless_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own", singles(10), "dev")
    write_qrels(folder, "test", {"q0": {"d1": 2}})
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(BakehouseError, match=r"own come in splits of their own \(dev, test\).*add --again"):
        divide_again(folder, Shares(50, 0, 50))
    with pytest.raises(BakehouseError, match=r"\(dev, test\)"):
        convert([folder], tmp_path / "out", Options(languages=("en",), shares=Shares(50, 0, 50)))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own"]
    division = divide_again(folder, Shares(50, 0, 50, again=True))
    assert division.source == ("dev", "test")
    assert division.judgments["train"] + division.judgments["test"] == 11
    part = next(part for part in ("train", "test") if "q0" in read_qrels(folder, part))
    assert read_qrels(folder, part)["q0"] == {"d0": 1, "d1": 2}
    assert "q1" in read_qrels(folder, part)


def test_a_pair_with_two_grades_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "set", {"q": {"d": 1}}, "dev")
    write_qrels(folder, "test", {"q": {"d": 2}})
    with pytest.raises(BakehouseError, match=r"query 'q' grades document 'd' 1 in one split and 2 in 'test'"):
        divide_again(folder, Shares(50, 0, 50, again=True))
    assert splits(folder) == ["dev", "test"]


def test_a_folder_is_divided_in_place_and_remembers_it(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "set", singles(10))
    write(folder / "manifest.json", json.dumps({"made_by": "me", "exclude_self": True}))
    corpus = (folder / "corpus.jsonl").read_bytes()
    division = divide_again(folder, TENTHS)
    manifest = read_manifest(folder)
    assert manifest == {"made_by": "me", "exclude_self": True, "splits": json.loads(json.dumps(division.as_json()))}
    assert (manifest["splits"]["seed"], manifest["splits"]["wanted"]) == (0, {"train": 80, "dev": 10, "test": 10})
    assert (folder / "corpus.jsonl").read_bytes() == corpus
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_nothing_to_divide(tmp_path: Path) -> None:
    write_documents(tmp_path / "set", [Document("a", "Bread")])
    with pytest.raises(BakehouseError, match="set has no judgments, so there is nothing to divide"):
        divide_again(tmp_path / "set", TENTHS)


def test_a_conversion_divides_and_records_it(tmp_path: Path) -> None:
    rows = "".join(f"What is bread {n}?,Bread {n} of rye\n" for n in range(10))
    path = write(tmp_path / "a.csv", f"question,answer\n{rows}")
    report = convert([path], tmp_path / "out", Options(languages=("en",), shares=TENTHS))
    assert [len(judgments(tmp_path / "out", part)) for part in PARTS] == [8, 1, 1]
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None and manifest["splits"] == report.as_json()["splits"]
    assert "Queries divided by document (seed 0): train 8, dev 1, test 1." in report.as_text()
    assert "splits" not in convert([path], tmp_path / "plain", ENGLISH).as_json()


def test_a_conversion_without_judgments_says_that_nothing_was_divided(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,Bread\n2,Buns\n")
    report = convert([path], tmp_path / "out", Options(languages=("en",), shares=TENTHS))
    assert report.division is None
    assert "there are no judgments, so nothing was divided into 80/10/10" in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("80/20", "found the shares '80/20', wanted whole numbers for train, dev and test"),
        ("80/-10/30", "found the shares '80/-10/30'"),
        ("80/10/20", "the shares 80/10/20 cannot be given"),
        ("100/0/0", "the shares 100/0/0 cannot be given"),
    ],
)
def test_shares_are_checked(text: str, said: str) -> None:
    with pytest.raises(BakehouseError, match=said):
        parse_shares(text)


JUDGED = st.dictionaries(
    st.integers(0, 30).map("q{}".format),
    st.dictionaries(st.integers(0, 25).map("d{}".format), st.integers(0, 2), min_size=1, max_size=4),
    min_size=1,
)
SHARES = st.sampled_from([(80, 10, 10), (50, 0, 50), (34, 33, 33), (0, 50, 50), (1, 1, 98)])


def parents_of(qrels: Qrels) -> dict[str, str]:
    """Every third document is a passage of the same parent as its neighbour."""
    ids = {document for grades in qrels.values() for document in grades}
    return {document: f"p{int(document[1:]) // 3}" if int(document[1:]) % 2 else document for document in ids}


@given(JUDGED, SHARES, st.integers(0, 5))
def test_nothing_leaks_and_nothing_is_lost(qrels: Qrels, percent: tuple[int, int, int], seed: int) -> None:
    parents, shares = parents_of(qrels), Shares(*percent, seed=seed)
    found = groups(qrels, parents)
    part_of = deal(found, shares)
    assert part_of.keys() == qrels.keys()
    sides = {part: {parents[d] for q in qrels if part_of[q] == part for d in qrels[q]} for part in PARTS}
    assert sum(map(len, sides.values())) == len(set.union(*sides.values()))
    for part, share in shares.of_parts.items():
        size = sum(value == part for value in part_of.values())
        assert size - share * len(qrels) / 100 < max(map(len, found))
        assert share or not size


@given(JUDGED, SHARES, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(qrels: Qrels, percent: tuple[int, int, int], random: object) -> None:
    turned = {query: dict(reversed(grades.items())) for query, grades in qrels.items()}
    lines = list(turned.items())
    random.shuffle(lines)  # type: ignore[attr-defined]
    parents, shares = parents_of(qrels), Shares(*percent)
    assert deal(groups(dict(lines), parents), shares) == deal(groups(qrels, parents), shares)
