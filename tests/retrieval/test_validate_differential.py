"""What validate says against what beir, mteb and Bakehouse load, on folders with faults put in on purpose."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seeded import LEFT, MENDED, WARNED, Draft, Loaded, Seed, document, good, query, read_with_bakehouse, read_with_beir

from retrieval.validate import RULES, examine, fix

IDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters='"\t'), min_size=1, max_size=6
).filter(lambda id_: id_ == id_.strip())
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)

PIECES = [
    *(b"\n", b"\r", b"\r\n", b"\t", b" ", b"\0", b'"', b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80", b"{", b"}", b"[", b"1", b"1.0"),
    *(b'{"_id": "a", "text": "x"}', b'{"_id":1,"text":"x","title":null}', b'"_id"', b'"\\ud800"', b"a", b"NaN", b"query-id"),
    *(b"query-id\tcorpus-id\tscore\n", b"a\ta\t1\n", b"1\ta\t0\n", b'"a"\t a\t1.0\n', b"qid\tdocid\trel\n"),
]  # fmt: skip
"""What random files are made of."""


def folders(place: Path, seed: Seed) -> tuple[Path, Path]:
    """The folder with the fault, and as it was meant."""
    broken, meant = good(), good()
    seed.broken(broken)
    seed.meant(meant)
    return broken.write(place / "broken"), meant.write(place / "meant")


@pytest.mark.parametrize("seed", [*MENDED, *LEFT], ids=repr)
def test_a_fault_is_named_and_those_stumble_who_are_said_to(tmp_path: Path, seed: Seed) -> None:
    broken, meant = folders(tmp_path, seed)
    assert examine(meant).faults == ()
    found = examine(broken)
    assert seed.rule in found.counts
    assert found.valid is (RULES[seed.rule].severity == "warning")
    for name, read in (("beir", read_with_beir), ("bakehouse", read_with_bakehouse)):
        assert (read(broken) != read(meant)) is (name in seed.stumble), name


def test_every_error_makes_someone_stumble() -> None:
    stumbled = {seed.rule for seed in (*MENDED, *LEFT) if seed.stumble}
    across = {"trained-on"}  # every reader takes the splits as they are; the scores are what is wrong
    assert {rule.name for rule in RULES.values() if rule.severity == "error"} - stumbled == across


@pytest.mark.parametrize("seed", MENDED, ids=repr)
def test_a_fix_gives_what_was_meant(tmp_path: Path, seed: Seed) -> None:
    broken, meant = folders(tmp_path, seed)
    fixed = fix(broken)
    assert fixed.mended == {seed.rule: 1}
    assert fixed.left.faults == ()
    assert read_with_beir(broken) == read_with_beir(meant) != None  # noqa: E711 - a failure would be None
    assert read_with_bakehouse(broken) == read_with_bakehouse(meant) == read_with_beir(meant)


@pytest.mark.parametrize("seed", WARNED, ids=repr)
def test_what_is_only_warned_of_is_loaded_by_all(tmp_path: Path, seed: Seed) -> None:
    draft = good()
    seed.broken(draft)
    if seed.rule == "guessed-id":
        draft.test.append(b"q1\tNA\t1")
    folder = draft.write(tmp_path)
    found = examine(folder)
    assert seed.rule in found.counts and found.valid
    agree(found.documents, found.judgments, read_with_beir(folder), read_with_bakehouse(folder))


def agree(documents: int, judgments: int, *readers: Loaded | None) -> None:
    """All readers load the same, and as much as validate counted."""
    first = readers[0]
    assert first is not None
    assert all(each == first for each in readers)
    assert len(first.corpus) == documents
    assert sum(len(grades) for split in first.qrels.values() for grades in split.values()) == judgments


@st.composite
def drafts(draw: st.DrawFn) -> Any:
    """A folder of strange but lawful ids and texts, with up to six faults in it."""
    draft = good()
    ids = draw(st.lists(IDS, unique=True, max_size=4))
    draft.corpus += [document(f"d-{id_}", draw(TEXTS)) for id_ in ids]
    draft.queries += [query(f"q-{id_}", draw(TEXTS)) for id_ in ids]
    draft.test += [f"q-{a}\td-{b}\t{draw(st.integers(-1, 3))}".encode() for a in ids for b in ids[:2]]
    seeds: Sequence[Seed] = draw(st.lists(st.sampled_from([*MENDED, *LEFT, *WARNED]), max_size=6))
    for seed in seeds:
        if not (seed.rule in ("qrels-header", "compressed") and seeds.count(seed) > 1):
            seed.broken(draft)
    return draft, seeds


@settings(max_examples=150, deadline=None)
@given(drafts())
def test_seeded_folders(made: Any) -> None:
    draft, seeds = made
    place = Path(tempfile.mkdtemp())
    try:
        folder = draft.write(place)
        found = examine(folder)
        if found.valid:
            agree(found.documents, found.judgments, read_with_beir(folder), read_with_bakehouse(folder))
        fixed = fix(folder)
        assert fixed.mended == found.fixable
        assert not fixed.left.fixable
        assert fix(folder).files == ()
        if not any(seed in LEFT for seed in seeds):
            left = fixed.left
            assert left.valid or set(left.counts) & {"duplicate-id", "two-grades"}
        if fixed.left.valid:
            left = fixed.left
            agree(left.documents, left.judgments, read_with_beir(folder), read_with_bakehouse(folder))
    finally:
        shutil.rmtree(place)


COLLIDING = [
    b'{"_id": %s, "title": "", "text": "%s"%s' % (id_, text, more)
    for id_ in (b"7", b'"7"', b'" 7"', b'"7 "', b'"x"', b'" x"')
    for text in (b"a", b"b", b"a\\u0000")
    for more in (b"}", b', "_id": 7}', b', "n": 1e999}', b"}\r", b"} ")
]
JUDGED = [b"q1\t7\t1", b"q1\t 7\t1", b"q1\t7 \t2", b'q1\t"7"\t1', b"q2\tx\t1.0", b" q2\t x\t1", b"", b"\xef\xbb\xbf"]


def texts(lines: Sequence[bytes]) -> set[str]:
    """The texts of a corpus, null characters apart."""
    objects = [json.loads(line.decode("utf-8-sig")) for line in lines if line.strip(b"\xef\xbb\xbf")]
    return {value["text"].replace("\0", "") for value in objects}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*COLLIDING, b"", b"\xef\xbb\xbf"]), max_size=7),
    st.lists(st.sampled_from(JUDGED), max_size=5),
    st.booleans(),
)
def test_ids_that_collide(corpus: list[bytes], judged: list[bytes], headless: bool) -> None:
    """A second run finds nothing to mend, and no text is lost."""
    draft = good()
    draft.corpus[:0] = corpus
    draft.test = (judged or [b"q1\td1\t1"]) if headless else [*draft.test, *judged]
    with tempfile.TemporaryDirectory() as place:
        folder = draft.write(Path(place))
        found = examine(folder)
        fixed = fix(folder)
        assert fixed.mended == found.fixable
        assert not fixed.left.fixable and not any(fault.fixable for fault in fixed.left.faults)
        assert fix(folder).files == ()
        assert texts((folder / "corpus.jsonl").read_bytes().split(b"\n")) == texts(draft.corpus)
        if fixed.left.valid:
            left = fixed.left
            agree(left.documents, left.judgments, read_with_beir(folder), read_with_bakehouse(folder))


@settings(max_examples=150, deadline=None)
@given(*(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join) | st.binary(max_size=60) for _ in range(3)))
def test_bytes_of_any_kind(corpus: bytes, queries: bytes, judged: bytes) -> None:
    """They end in faults, never in a traceback, and are mended once."""
    with tempfile.TemporaryDirectory() as place:
        files = {"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels/test.tsv": judged}
        folder = Draft(files=files).write(Path(place))
        found = examine(folder)
        assert fix(folder).mended == found.fixable
        assert fix(folder).files == ()
        if found.valid and judged:
            agree(found.documents, found.judgments, read_with_beir(folder), read_with_bakehouse(folder))


def read_with_mteb(folder: Path) -> Loaded | None:
    """As mteb loads a data set of the Hub: its files by the library datasets, then by its own loader.

    mteb takes all files of a data set to be of one format, so that which reader to use is said here.
    """
    from datasets import load_dataset
    from mteb.abstasks.retrieval_dataset_loaders import RetrievalDatasetLoader

    class Local(RetrievalDatasetLoader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.hf_repo, self.revision, self.split, self.config = str(folder), "", "test", None
            self.dataset_configs = ["default", "corpus", "queries"]

        def _load_dataset_split(self, config: str, num_proc: int | None) -> Any:
            cache = str(folder.parent / f"{folder.name}-cache")
            if config == "default":
                place = str(folder / "qrels" / "test.tsv")
                return load_dataset("csv", data_files=place, sep="\t", split="train", cache_dir=cache)
            return load_dataset("json", data_files=str(folder / f"{config}.jsonl"), split="train", cache_dir=cache)

    try:
        data = Local().load()
        rows, queries = list(data["corpus"]), {row["id"]: row["text"] for row in data["queries"]}
    except Exception:  # whatever pandas, pyarrow or datasets raise
        return None
    corpus = {
        (row["id"], [each["id"] for each in rows[:place]].count(row["id"])): (
            (row.get("title") or "", row["text"]), type(row.get("metadata") or {})
        )
        for place, row in enumerate(rows)
    }  # fmt: skip
    return Loaded(corpus, queries, {"test": data["relevant_docs"]})


@pytest.mark.slow
def test_mteb_stumbles_where_it_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mteb")
    for number, seed in enumerate([*MENDED, *LEFT]):
        broken, meant = folders(tmp_path / str(number), seed)
        wanted = read_with_mteb(meant)
        assert wanted is not None
        assert (read_with_mteb(broken) != wanted) is ("mteb" in seed.stumble), seed
        if seed in MENDED:
            fix(broken)
            shutil.rmtree(broken.parent / "broken-cache", ignore_errors=True)
            assert read_with_mteb(broken) == wanted, seed
