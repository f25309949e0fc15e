"""What a result stands for in a table of systems, and where it may stand beside others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from made_results import DATA, made

from eval.page.sides import loadable, sides
from eval.page.standing import best_step, of_steps, runs_of, standings
from eval.places import Place, find, places, titles
from eval.results import RERANKED, Summary
from retrieval.artifact import write_json
from retrieval.models import BEST


def summary(result_id: str, fingerprint: str = "f1", **changes: object) -> Summary:
    """A summary with an id and a model of its own."""
    found = made({"q": 0.5}, id=result_id, **changes).summary
    return replace(found, system=replace(found.system, model_fingerprint=fingerprint))


def of_run(step: int, score: float, mode: str = "hybrid", split: str = "dev") -> Summary:
    made_by = f"/w/runs/r1/checkpoints/step-{step}" if step else "org/e5"
    changes = {"run": "r1", "step": step, "metrics": {"ndcg@10": score}, "split": split}
    return summary(f"{mode}{step}", f"f{step}", model=made_by, mode=mode, **changes)


def test_bm25_and_the_base_stand_before_the_checkpoints(home: Path) -> None:
    results = [of_run(4, 0.6), of_run(2, 0.7), of_run(0, 0.5), summary("b", "", mode="lexical", label="BM25")]
    found = standings(results)
    assert [each.kind for each in found] == ["lexical", "base", "tuned", "tuned"]
    assert [each.name for each in found] == ["BM25", "e5", "step 2 · best", "step 4"]
    assert found[2].full_name == "step 2 · best · hybrid · r1"
    assert found[2].model == "r1" and found[3].model == "/w/runs/r1/checkpoints/step-4"


def test_a_run_of_another_program_stands_by_its_label(home: Path) -> None:
    brought = summary("x", "f9", mode="run", model="", label="Lucene")
    found = standings([of_run(4, 0.6), of_run(0, 0.5), brought])
    assert (found[0].kind, found[0].full_name) == ("brought", "Lucene")
    assert sides([of_run(0, 0.5), brought]).b.summary.id == "hybrid0", "there is no model behind it to lead with"
    assert loadable(found[0]) is None


def test_a_bound_stands_first_and_is_never_chosen_unasked(home: Path) -> None:
    settings = {"depth": 50, RERANKED: {"label": "e5", "mode": "dense"}}
    bound = summary("u", "f9", mode=RERANKED, model="org/mono", label="mono", settings=settings)
    found = standings([of_run(4, 0.6), of_run(0, 0.5), bound])
    assert (found[0].kind, found[0].found_by) == ("bound", "dense")
    assert found[0].full_name == "mono · first 50 of e5 · dense · reranked"
    assert [each.kind for each in sides([of_run(0, 0.5), bound, summary("b", "", mode="lexical")])] == [
        "lexical",
        "base",
    ]
    assert loadable(found[0]) is None


def test_the_manifest_says_which_checkpoint_is_best(home: Path) -> None:
    results = [of_run(2, 0.7), of_run(4, 0.6), of_run(6, 0.9, "dense")]
    assert best_step("r1", results) == 2
    write_json(home / "runs" / "r1" / BEST / "manifest.json", {"step": 4})
    assert best_step("r1", results) == 4
    assert [each.best for each in standings(results)] == [False, True, False]


def test_the_same_weights_judged_twice_stand_once(home: Path) -> None:
    write_json(home / "runs" / "r1" / BEST / "manifest.json", {"step": 4})
    again = replace(summary("again", "f4", model="r1"), created="2030-01-01T00:00:00.000+00:00")
    other = replace(summary("other", "f4", model="r1"), settings={"k": 100, "fusion": "rrf"})
    found = standings([of_run(4, 0.6), again, other])
    assert sorted((each.name, each.summary.id) for each in found) == [
        ("step 4 · best", "hybrid4"),
        ("step 4 · best · RRF", "other"),
    ]


def test_a_teacher_is_known_from_the_recipes_and_a_broken_recipe_is_passed_over(home: Path) -> None:
    for name, recipe in (("r1", '[label]\nteacher = "big/teacher"\n'), ("r2", "label = [")):
        (home / "runs" / name).mkdir(parents=True)
        (home / "runs" / name / "config.toml").write_text(recipe)
    found = standings([summary("t", "f9", model="big/teacher"), summary("o", "f8", model="org/other")])
    assert {each.name: each.kind for each in found} == {"other": "base", "teacher": "teacher"}


def test_the_steps_of_a_run_begin_with_its_base(home: Path) -> None:
    results = [of_run(4, 0.6), of_run(0, 0.5), summary("x")]
    assert [(each.step, each.kind, each.best) for each in of_steps(results, "r1")] == [
        (0, "base", False),
        (4, "tuned", True),
    ]
    assert runs_of(results) == ["r1"]


def test_only_what_was_judged_alike_shares_a_place() -> None:
    other = replace(DATA, judgments="beef")
    results = [
        summary("a", split="dev"),
        summary("b", corpus=other, split="dev"),
        summary("c", corpus=other, split="dev", synthetic=True),
        summary("d", split="dev", settings={"ranked": 5}),
        summary("e"),
        summary("f", corpus=replace(DATA, name="rolls")),
    ]
    found = places(results, "loaves")
    assert [[each.id for each in of] for of in found.values()] == [["e"], ["a", "b"], ["c"], ["d"]]
    assert list(titles(found).values()) == [
        "test", "dev · 9 documents · 2025-01-01 00:00", "dev · synthetic", "dev · 5 documents · 2025-01-01 00:00",
    ]  # fmt: skip


def test_a_place_is_found_again_by_its_key_or_by_its_split() -> None:
    found = places([summary("a"), summary("b", split="dev"), summary("c", split="dev", synthetic=True)])
    test, dev, synthetic = found
    assert find(found, synthetic.key) is synthetic
    assert find(found, "dev~gone00") is dev and find(found, None) is test
    assert find({}, test.key) is None
    assert Place.of(summary("z", split="dev")).key == dev.key
