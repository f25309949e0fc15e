"""The commands as a person and a program call them."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.beir import write_documents
from retrieval.home import ROOT
from retrieval.records import Document


def _retrieval(*words: str, megabytes: int | None = None) -> subprocess.CompletedProcess[str]:
    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, ((megabytes or 0) << 20,) * 2)

    return subprocess.run(
        [sys.executable, "-m", "retrieval", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        preexec_fn=small_disk if megabytes else None,
        check=False,
    )


def test_index_and_search(home: Path, tiny_corpus: Path, tiny_bert: Path) -> None:
    model = ["--model", str(tiny_bert)]
    indexed = _retrieval("index", str(tiny_corpus), *model, "--hnsw", "--json")
    assert json.loads(indexed.stdout)["counts"]["documents"] == 24, indexed.stderr
    found = _retrieval("search", str(tiny_corpus), "why is rye dough sticky", *model, "-k", "3", "--json")
    hits = json.loads(found.stdout)["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert {"id", "score", "lang", "title", "text"} <= set(hits[0])
    told = _retrieval("search", str(tiny_corpus), "rye", "--mode", "lexical", "--lang", "en")
    assert told.stdout.startswith(" 1  ")
    assert "[en]  en-rye  Rye bread" in told.stdout


def test_search_groups_by_parent_and_reranks(
    home: Path, tmp_path: Path, tiny_bert: Path, tiny_cross_encoder: Path
) -> None:
    about = {"lang": "en", "parent": "salt"}
    passages = [Document(f"salt#{part}", "Salt the dough", "", about) for part in (1, 2)]
    write_documents(tmp_path / "set", [*passages, Document("rye", "Salt and rye", "", {"lang": "en"})])
    ask = ["search", str(tmp_path / "set"), "salt dough", "--mode", "lexical", "--group"]
    hits = json.loads(_retrieval(*ask, "--json").stdout)["hits"]
    assert [(hit["id"], hit["parent"], hit["further"]) for hit in hits] == [("salt#1", "salt", 1), ("rye", "rye", 0)]
    assert " · 1 more of salt\n" in _retrieval(*ask).stdout
    reranked = json.loads(_retrieval(*ask, "--rerank", str(tiny_cross_encoder), "--json").stdout)["hits"]
    assert all("rerank" in hit["why"] for hit in reranked)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["search", "nowhere", "x"], "there is no corpus 'nowhere'"),
        (["search", "CORPUS", "x", "--mode", "lexcal"], "Did you mean 'lexical'"),
        (["search", "CORPUS", " ", "--mode", "lexical"], "the question is empty"),
        (["search", "CORPUS", "x", "--lang", "xx", "--mode", "lexical"], "no document is in xx"),
        (["index", "CORPUS", "--model", "nobody/nothing"], "'nobody/nothing' is not to be had"),
    ],
)
def test_bad_input_is_named_with_status_2(home: Path, tiny_corpus: Path, words: list[str], said: str) -> None:
    words = [str(tiny_corpus) if word == "CORPUS" else word for word in words]
    ended = _retrieval(*words, "--json")
    assert ended.returncode == 2
    assert said in json.loads(ended.stdout)["error"]
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_full_disk_ends_in_a_sentence_and_leaves_nothing_half(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "large.csv"
    rows = (f"{n},Row number {n} of a table that is larger than the disk allows it to be.\n" for n in range(40_000))
    table.write_text("id,text\n" + "".join(rows))
    out = tmp_path / "corpus"
    ended = _retrieval("convert", str(table), "--out", str(out), "--language", "en", megabytes=1)
    assert ended.returncode == 2, ended.stderr
    assert "the disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not out.exists()
    assert _retrieval("convert", str(table), "--out", str(out), "--language", "en").returncode == 0
    assert len((out / "corpus.jsonl").read_text().splitlines()) == 40_000
