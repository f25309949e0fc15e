"""Names become results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made_results import DATA, made

from eval.choose import candidates, choose
from eval.results import save, scores_folder
from retrieval.artifact import MANIFEST, write_json
from retrieval.errors import BakehouseError
from retrieval.models import BEST


def put(result_id: str, value: float = 0.5, **changes: object) -> Path:
    """Save a result under a sixteen-letter id that starts as given."""
    result = made({"q": value}, id=result_id.ljust(16, "0"), **changes)
    path = save(result, scores_folder(result.summary.run)).summary.path
    assert path is not None
    return path


@pytest.fixture
def bakery(home: Path) -> None:
    """A base in two modes, another model, BM25, and a run with three evaluated steps of which 10 is the best."""
    write_json(home / "runs" / "loaf" / BEST / MANIFEST, {"step": 10})
    put("aaaa1", mode="hybrid", model="org/small")
    put("aaaa2", mode="dense", model="org/small")
    put("9999", mode="dense", model="org/other")
    put("bbbb", mode="lexical", model="", label="BM25")
    for step, (hybrid, dense) in {0: (0.9, 0.9), 10: (0.7, 0.4), 20: (0.6, 0.8)}.items():
        of_run = {"run": "loaf", "step": step, "split": "dev", "synthetic": True, "label": f"loaf {step}"}
        put(f"c{step}h", hybrid, mode="hybrid", **of_run)
        put(f"c{step}d", dense, mode="dense", **of_run)
    put("d10", run="loaf", step=10, label="loaf best")
    put("d0", run="loaf", step=0, label="loaf base")


def ids(name: str) -> list[str]:
    return sorted(each.id.rstrip("0") for each in candidates(name))


@pytest.mark.usefixtures("bakery")
def test_what_a_name_may_mean() -> None:
    assert ids("aaaa2") == ["aaaa2"]
    assert ids("aaaa") == ["aaaa1", "aaaa2"]
    assert ids("org/small") == ["aaaa1", "aaaa2"]
    assert ids("BM25") == ["bbbb"]
    assert ids("loaf/base") == ["c0d", "c0h", "d"]
    assert ids("loaf/20") == ids("loaf/step-20") == ["c20d", "c20h"]
    assert ids("loaf") == ids("loaf/best") == ["c10d", "c10h", "d1"]


@pytest.mark.usefixtures("home")
def test_without_a_kept_checkpoint_a_run_means_its_latest_step() -> None:
    for step in (0, 5, 10):
        put(f"c{step}d", 0.9 - step / 100, run="loaf", step=step)
    assert ids("loaf") == ["c10d"]


@pytest.mark.usefixtures("home")
def test_a_run_without_a_trained_step_has_no_best() -> None:
    put("c0d", run="loaf", step=0)
    assert ids("loaf/base") == ["c0d"]
    with pytest.raises(BakehouseError, match="a run with an evaluated checkpoint"):
        candidates("loaf")


@pytest.mark.usefixtures("home")
def test_rankings_of_a_part_of_the_documents_are_not_paired_with_those_of_all() -> None:
    put("aaaa", settings={"k": 100}, model="all")
    put("bbbb", settings={"k": 100, "ranked": 5}, model="part")
    put("cccc", settings={"k": 100, "ranked": 9}, model="both")
    put("dddd", settings={"k": 100, "ranked": 5}, model="both")
    assert choose("all", "both").b.id.startswith("cccc")
    assert choose("part", "both").b.id.startswith("dddd")


@pytest.mark.usefixtures("bakery")
def test_files(home: Path, tmp_path: Path) -> None:
    path = put("eeee")
    assert candidates(str(path))[0].path == path
    with pytest.raises(BakehouseError, match="there is no result"):
        candidates(str(tmp_path / "no.json"))


@pytest.mark.usefixtures("bakery")
@pytest.mark.parametrize(
    ("a", "b", "how", "chosen"),
    [
        ("org/small", "loaf", {}, ("aaaa1", "d1")),  # the human split, in the same mode
        ("loaf/base", "loaf", {}, ("d", "d1")),  # test before dev
        ("loaf/base", "loaf", {"split": "dev"}, ("c0h", "c10h")),  # hybrid before dense
        ("loaf/base", "loaf", {"split": "dev", "mode": "dense"}, ("c0d", "c10d")),
        ("loaf/10", "loaf/20", {}, ("c10h", "c20h")),
        ("BM25", "org/small", {}, ("bbbb", "aaaa1")),
        ("BM25", "org/small", {"mode": "dense"}, ("bbbb", "aaaa2")),
        ("org/small", "aaaa2", {}, ("aaaa1", "aaaa2")),
        ("org/small", "org/other", {}, ("aaaa2", "9999")),  # one mode on both sides before hybrid on one
    ],
)
def test_a_pair_is_chosen(a: str, b: str, how: dict[str, str], chosen: tuple[str, str]) -> None:
    pair = choose(a, b, **how)
    assert tuple(each.id.rstrip("0") for each in pair) == chosen


@pytest.mark.usefixtures("bakery")
def test_the_newest_of_two_that_fit() -> None:
    put("ffff", model="other", created="2025-01-01")
    put("eeee", model="other", created="2025-06-01")
    assert choose("BM25", "other").b.id.startswith("eeee")


@pytest.mark.usefixtures("bakery")
@pytest.mark.parametrize(
    ("a", "b", "how", "message"),
    [
        ("laof", "BM25", {}, r"no result 'laof'.*Did you mean 'loaf'"),
        ("BM25", "BM25", {}, "no two results on the same queries"),
        ("BM25", "loaf/20", {}, r"no two results .*: found loaves/test and loaves/dev \(generated"),
        ("BM25", "org/small", {"split": "dev"}, "'BM25' has no result for the split 'dev': it has test"),
        ("org/small", "loaf", {"mode": "lexical"}, r"no result for the mode 'lexical': it has dense, hybrid"),
        ("org/small", "loaf", {"corpus": "loafs"}, r"for the corpus 'loafs': it has loaves\. Did you mean"),
        ("loaf/30", "BM25", {}, "no result 'loaf/30'"),
        ("a", "BM25", {}, "no result 'a'"),
    ],
)
def test_what_does_not_fit_is_said(a: str, b: str, how: dict[str, str], message: str) -> None:
    with pytest.raises(BakehouseError, match=message):
        choose(a, b, **how)


@pytest.mark.usefixtures("bakery")
def test_two_corpora_must_be_told_apart() -> None:
    rolls = replace(DATA, name="rolls")
    put("eeee1", corpus=rolls, model="org/small")
    put("eeee2", corpus=rolls, mode="lexical", label="BM25")
    with pytest.raises(BakehouseError, match=r"loaves, rolls: say which with --corpus"):
        choose("BM25", "org/small")
    assert choose("BM25", "org/small", corpus="rolls").b.id.startswith("eeee1")


@pytest.mark.usefixtures("home")
def test_generated_queries_of_two_runs_are_never_paired() -> None:
    for run, judgments in (("one", "j1"), ("two", "j2"), ("three", "j1")):
        data = replace(DATA, judgments=judgments)
        put(run, run=run, step=5, split="dev", synthetic=True, corpus=data)
        put(run + "x", run=run, step=5, split="dev", synthetic=True, corpus=data, mode="dense")
    with pytest.raises(BakehouseError, match=r"found loaves/dev \(generated queries j1\) and .* j2\)"):
        choose("one", "two")
    assert choose("one", "three").b.run == "three"
