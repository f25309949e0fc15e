"""``python -m eval``: what it prints, where, and how it exits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def call(home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "eval", *args],
        cwd=ROOT,
        env={**os.environ, "BAKEHOUSE_HOME": str(home), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_run_list_and_compare(tiny_corpus: Path, home: Path) -> None:
    test = call(home, "run", str(tiny_corpus), "--split", "test", "--mode", "lexical", "--json")
    assert test.returncode == 0, test.stderr
    said = json.loads(test.stdout)
    assert set(said["metrics"]) == {"ndcg@10", "recall@100", "mrr@10", "map@100"}
    assert set(said["by_language"]) == {"ar", "de", "en"}
    assert set(said["breakdown"]) == {"documents", "length", "relevant", "passage"}
    assert set(said["by_language"]["de"]) == {"ndcg@10", "recall@100", "mrr@10", "map@100", "queries"}
    assert said["by_language"]["de"]["queries"] == 3
    assert (said["counts"]["queries"], said["counts"]["unjudged"], said["counts"]["documents"]) == (9, 6, 24)
    assert said["systems"] == {"lexical": said["metrics"]}
    assert said["results"] == [str(home / "scores" / f"{said['id']}.json")]

    deeper = call(home, "run", str(tiny_corpus), "--split", "test", "--mode", "lexical", "-k", "150", "--json")
    other = json.loads(deeper.stdout)["id"]
    compared = json.loads(call(home, "compare", said["id"], other, "--json").stdout)
    assert (compared["difference"], compared["interval"], compared["p_value"]) == (0, [0, 0], 1)
    assert compared["verdict"] == "no difference shown"
    assert compared["queries"] == 9
    assert compared["drawn"] == {"resamples": 9999, "seed": 0}
    assert (compared["a"]["id"], compared["b"]["id"]) == (said["id"], other)
    assert set(compared["by_language"]) == {"ar", "de", "en"}
    assert compared["by_language"]["ar"]["interval"] == [0, 0]

    listed = json.loads(call(home, "list", "--json").stdout)
    assert [each["id"] for each in listed["results"]] == [said["id"], other]
    assert "BM25" in call(home, "list").stdout


def test_for_people(tiny_corpus: Path, home: Path) -> None:
    answer = call(home, "run", str(tiny_corpus), "--mode", "lexical", "--measure", "hit@1")
    assert answer.returncode == 0, answer.stderr
    head, systems, languages, remarks, ids = answer.stdout.strip().split("\n\n")
    assert head == "tiny · test · 9 queries · 24 documents"
    assert systems.split("\n")[0].split() == ["nDCG@10", "Recall@100", "MRR@10", "MAP@100", "Hit@1"]
    assert [line.split()[:2] for line in languages.split("\n")[2:]] == [["ar", "3"], ["de", "3"], ["en", "3"]]
    assert remarks.splitlines()[-1] == "6 queries that this split does not judge: left out"
    assert ids.endswith("  BM25")

    call(home, "run", str(tiny_corpus), "--mode", "lexical", "-k", "150")
    names = [each["id"] for each in json.loads(call(home, "list", "--json").stdout)["results"]]
    compared = call(home, "compare", *names)
    assert compared.stdout.startswith("No difference shown between BM25 and BM25: BM25 is the same in nDCG@10 (between")


def test_an_empty_workspace_says_what_to_do(home: Path) -> None:
    assert call(home, "list").stdout == "No results yet. Make one with `python -m eval run DIR --model M --split S`.\n"
    assert json.loads(call(home, "list", "--json").stdout) == {"results": []}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run", "no-such-corpus"], "there is no corpus 'no-such-corpus'"),
        (["run", "TINY", "--split", "tset"], "no split 'tset': it has dev, test. Did you mean 'test'?"),
        (
            ["run", "TINY", "--mode", "hybird"],
            "unknown mode 'hybird': choose all, hybrid, dense, lexical. Did you mean",
        ),
        (["run", "TINY", "--model", "no/such/model"], "the model 'no/such/model' is not to be had"),
        (["run", "TINY", "--mode", "lexical", "--measure", "f1@3"], "unknown measure 'f1@3'"),
        (["run", "TINY", "--weight", "2"], "weight is 2.0"),
        (
            ["run", "TINY", "--by", "langth"],
            "unknown kind of group 'langth': choose documents, length, relevant, passage.",
        ),
        (["run", "TINY", "--teacher", "no/such"], "the model 'no/such' is not to be had"),
        (["run", "TINY", "--teacher", "x", "--run", "y"], "--teacher orders our own ranking anew, and --run"),
        (["run", "TINY", "--efficiency", "--run", "y"], "--efficiency measures a model at work, and --run"),
        (["show", "x"], "there is no result 'x'"),
        (["compare", "x", "y"], "there is no result 'x'"),
    ],
)
def test_bad_input_is_a_sentence_and_status_2(tiny_corpus: Path, home: Path, args: list[str], message: str) -> None:
    answer = call(home, *(str(tiny_corpus) if arg == "TINY" else arg for arg in args), "--json")
    assert answer.returncode == 2
    assert message in json.loads(answer.stdout)["error"]
    assert message in answer.stderr and "Traceback" not in answer.stderr


def test_list_and_compare_load_nothing_heavy() -> None:
    heavy = ["torch", "sentence_transformers", "transformers", "scipy", "faiss", "bm25s", "pandas", "lingua"]
    code = f"import sys, eval.__main__; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.stdout.strip() == "[]", answer.stderr


def test_queries_in_a_language_without_documents_are_judged_only_when_meant(tiny_corpus: Path, home: Path) -> None:
    corpus = tiny_corpus / "corpus.jsonl"
    without = [line for line in corpus.read_text(encoding="utf-8").splitlines(True) if '"_id": "ar-' not in line]
    corpus.write_text("".join(without), encoding="utf-8")
    flags = ["run", str(tiny_corpus), "--mode", "lexical", "--allow-unknown"]
    refused = call(home, *flags)
    assert refused.returncode == 2
    assert "ar (3 queries)" in refused.stderr
    assert "--cross-lingual" in refused.stderr
    assert call(home, *flags, "--cross-lingual").returncode == 0


def test_a_corpus_of_one_document_measures_nothing(tiny_corpus: Path, home: Path) -> None:
    corpus = tiny_corpus / "corpus.jsonl"
    corpus.write_text(corpus.read_text(encoding="utf-8").splitlines(True)[0], encoding="utf-8")
    refused = call(home, "run", str(tiny_corpus), "--mode", "lexical", "--allow-unknown")
    assert refused.returncode == 2
    assert "a single document" in refused.stderr


def test_trec_files_out_and_in(tiny_corpus: Path, home: Path, tmp_path: Path) -> None:
    """What is written for trec_eval is judged the same when it comes back as another system's run."""
    place = tmp_path / "trec"
    first = call(home, "run", str(tiny_corpus), "--mode", "lexical", "--trec", str(place), "--json")
    assert first.returncode == 0, first.stderr
    assert sorted(path.name for path in place.iterdir()) == ["lexical.run", "test.qrels"]
    back = call(home, "run", str(tiny_corpus), "--run", str(place / "lexical.run"), "--label", "Lucene", "--json")
    assert back.returncode == 0, back.stderr
    own, theirs = json.loads(first.stdout), json.loads(back.stdout)
    assert theirs["metrics"] == own["metrics"]
    assert (theirs["system"]["mode"], theirs["system"]["label"]) == ("run", "Lucene")
    shown = call(home, "compare", "BM25", "Lucene")
    assert shown.stdout.startswith("No difference shown between Lucene and BM25: Lucene is the same in nDCG@10 ("), (
        shown
    )
    assert "Lucene" in call(home, "list").stdout


def test_a_run_of_other_queries_is_refused(tiny_corpus: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "x.run").write_text("nobody Q0 d1 1 0.5 x\n")
    answer = call(home, "run", str(tiny_corpus), "--run", str(tmp_path / "x.run"))
    assert answer.returncode == 2
    assert "answers none of the 9 queries that 'test' judges: it has 'nobody', wanted such as" in answer.stderr


def test_several_are_compared_with_one(tiny_corpus: Path, home: Path) -> None:
    for depth in ("100", "120", "150"):
        assert call(home, "run", str(tiny_corpus), "--mode", "lexical", "-k", depth).returncode == 0
    first, *others = [each["id"] for each in json.loads(call(home, "list", "--json").stdout)["results"]]
    shown = call(home, "compare", first, *others)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("Compared with BM25: nDCG@10 0.")
    assert [line.split()[-3:] for line in shown.stdout.strip().split("\n")[3:]] == [["no", "difference", "shown"]] * 2
    machine = json.loads(call(home, "compare", first, *others, "--json").stdout)
    assert [each["b"]["id"] for each in machine["comparisons"]] == others


def test_results_are_exported(tiny_corpus: Path, home: Path, tmp_path: Path) -> None:
    assert call(home, "run", str(tiny_corpus), "--mode", "lexical").returncode == 0
    shown = call(home, "export", "csv")
    assert shown.returncode == 0, shown.stderr
    assert [line.split(",")[9] for line in shown.stdout.strip().split("\n")] == ["language", "all", "ar", "de", "en"]
    written = call(home, "export", "csv", "BM25", "--out", str(tmp_path / "x.csv"))
    assert written.stdout.rstrip().endswith(f"tiny · test · BM25\n→ {tmp_path / 'x.csv'}")
    assert (tmp_path / "x.csv").read_text() == shown.stdout
    folder = tmp_path / "mteb"
    for_mteb = call(home, "export", "mteb", "--out", str(folder), "--json")
    assert [Path(file).name for file in json.loads(for_mteb.stdout)["files"]] == ["tiny.json"], for_mteb.stderr
    assert len(list(folder.glob("results/local__BM25/*/tiny.json"))) == 1
    for bad, told in (
        (["exel"], "unknown format 'exel'"),
        (["model-index"], "none, since BM25 has no card"),
        (["mteb"], "say which with --out FOLDER"),
    ):
        answer = call(home, "export", *bad)
        assert (answer.returncode, told in answer.stderr) == (2, True), answer.stderr


def test_what_it_takes_is_measured_and_drawn(tiny_corpus: Path, home: Path, tmp_path: Path) -> None:
    measured = call(home, "run", str(tiny_corpus), "--mode", "lexical", "--efficiency", "--json")
    assert measured.returncode == 0, measured.stderr
    taken = json.loads(measured.stdout)["efficiency"]["lexical"]
    assert taken["parameters"] is None and taken["index_bytes"] > 0 and taken["latency_p50"] <= taken["latency_p99"]
    again = call(home, "run", str(tiny_corpus), "--mode", "lexical")
    assert "index size" in again.stdout, "what was measured before stays"
    [listed] = json.loads(call(home, "list", "--json").stdout)["results"]
    assert listed["efficiency"] == taken
    picture = call(home, "export", "svg", "--out", str(tmp_path / "x.svg"))
    assert picture.returncode == 0, picture.stderr
    assert (tmp_path / "x.svg").read_text(encoding="utf-8").startswith("<svg xmlns=")
    for bad, told in (
        (["export", "svg", "--out", "x.png"], "'x.png' is no .svg"),
        (["export", "csv", "--against", "p50"], "--against draws a picture, and 'csv' is none"),
        (["export", "svg", "--against", "p5"], "Did you mean 'p50'?"),
        (
            ["export", "svg", "--split", "tset"],
            "none of 1 results is on what --corpus and --split name: found tiny (test)",
        ),
        (["run", str(tiny_corpus), "--run", "x.run", "--efficiency"], "leave one of them out"),
    ):
        answer = call(home, *bad)
        assert (answer.returncode, told in answer.stderr) == (2, True), answer.stderr


def test_watch_judges_what_is_there(tiny_corpus: Path, tiny_bert: Path, home: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_bert, tmp_path / "away" / "checkpoint-3")
    told = call(home, "watch", str(tmp_path / "away"), "--corpus", str(tiny_corpus), "--mode", "dense", "--once")
    assert told.returncode == 0, told.stderr
    assert told.stdout.split("\n")[1].startswith("away · step 3 · dense  ")
    assert "away · step 3 · dense  nDCG@10 0." in told.stderr
    again = call(home, "watch", str(tmp_path / "away"), "--corpus", str(tiny_corpus), "--mode", "dense", "--once")
    assert again.stdout == "away has no checkpoint that was not judged already.\n"
    refused = call(home, "watch", str(tmp_path / "away"), "--once")
    assert (refused.returncode, "add --corpus DIR" in refused.stderr) == (2, True)


def test_a_teacher_stands_above_as_a_bound(tiny_corpus: Path, tiny_cross_encoder: Path, home: Path) -> None:
    teacher = ["--teacher", str(tiny_cross_encoder), "--depth", "5"]
    answer = call(home, "run", str(tiny_corpus), "--mode", "lexical", *teacher, "--by", "length")
    assert answer.returncode == 0, answer.stderr
    _, systems, languages, lengths, *_ = answer.stdout.split("\n\n")
    assert systems.split("\n")[1].startswith("upper bound: tiny-cross-encoder, first 5 of BM25  ")
    assert systems.split("\n")[2].startswith("BM25  ")
    assert languages.split("\n")[0] == lengths.split("\n")[0] == "BM25"
    assert [line.split("  ")[0] for line in lengths.split("\n")[1:]] == ["query length", "1–4 words", "5–8 words"]
    assert "scored 30 of 30 pairs" in answer.stderr
    shown = call(home, "show", "tiny-cross-encoder", "--by", "relevant")
    assert "upper bound: tiny-cross-encoder, first 5 of BM25  " in shown.stdout
    assert ["1", "9"] in [line.split()[:2] for line in shown.stdout.split("\n")]
    machine = json.loads(call(home, "show", "BM25", "--json").stdout)
    assert machine["results"][0]["breakdown"]["relevant"]["1"]["queries"] == 9
    assert "tiny-cross-encoder · reranked" in call(home, "list").stdout
    compared = call(home, "compare", "BM25", "tiny-cross-encoder", "--json")
    assert json.loads(compared.stdout)["b"]["mode"] == "reranked"
    deep = call(home, "run", str(tiny_corpus), "--mode", "lexical", *teacher[:2], "--depth", "500")
    assert (deep.returncode, "give -k 500, or --depth 100 or less" in deep.stderr) == (2, True)
