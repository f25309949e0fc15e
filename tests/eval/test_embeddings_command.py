"""``python -m eval embeddings``: what it reads, prints and keeps, and what it says of bad input."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from tiny_texts import PASSAGES

from eval.embeddings import parallel, sts, triplets
from eval.embeddings.commands import add_commands
from eval.embeddings.records import Options
from retrieval.cli import execute
from retrieval.errors import BakehouseError

EN, DE, AR = ([text for _, text in PASSAGES[lang].values()] for lang in ("en", "de", "ar"))


def call(*args: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    return execute(parser, ["embeddings", *args])


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


@pytest.fixture
def laser(tmp_path: Path) -> Path:
    """A folder in LASER's layout: German and Arabic beside English."""
    folder = tmp_path / "laser"
    folder.mkdir()
    for code, texts in (("deu", DE), ("ara", AR)):
        write(folder / f"tiny.{code}-eng.{code}", *texts)
        write(folder / f"tiny.{code}-eng.eng", *EN)
    write(folder / "README.txt", "not a language")
    return folder


def test_a_folder_of_languages(laser: Path, tiny_bert: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("bitext", str(laser), "--model", str(tiny_bert)) == 0
    head, table, notes, where = capsys.readouterr().out.strip().split("\n\n")
    assert head == "tiny-bert · bitext · 16 sentences"
    assert [line.split()[:2] for line in table.split("\n")[1:]] == [["ara-eng", "8"], ["deu-eng", "8"], ["mean", "16"]]
    assert "All texts are encoded with the model's prompt for a query." in notes
    kept = json.loads(Path(where.split()[1]).read_text(encoding="utf-8"))
    assert call("bitext", str(laser), "--model", str(tiny_bert), "--lang", "de", "--json") == 0
    only = json.loads(capsys.readouterr().out)
    assert only["parts"] == [part for part in kept["parts"] if part["name"] == "deu-eng"]
    assert not list((home / "scores").glob("*.json")), "nothing that `list` or `compare` would take for a ranking"


def test_a_table_says_what_it_took_for_what(
    tmp_path: Path, tiny_bert: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{a};{b};{score}" for a, b, score in zip(EN, DE, range(8), strict=True) if ";" not in a + b]
    place = write(tmp_path / "pairs.csv", "question_1;question_2;similar", *rows)
    assert call("sts", str(place), "--model", str(tiny_bert)) == 0
    out = capsys.readouterr().out
    assert "'question_1' is the sentence1\n'question_2' is the sentence2\n'similar' is the score" in out
    assert out.split("\n\n")[1].split("\n")[0].split() == ["pairs", "Spearman", "from", "to", "Pearson", "from", "to"]


def test_columns_are_guessed_in_other_languages_or_told(tmp_path: Path) -> None:
    place = write(tmp_path / "a.tsv", "Frage\tAntwort\tneg\tid", "a?\tb\tc\t1", "d?\te\tf\t2")
    (part,) = triplets.read([place], Options())
    assert part.taken == {"anchor": "Frage", "positive": "Antwort", "negative": "neg"}
    assert part.values == {"anchor": ["a?", "d?"], "positive": ["b", "e"], "negative": ["c", "f"]}
    (part,) = triplets.read([place], Options({"negative": "id"}))
    assert part.values["negative"] == ["1", "2"]


def test_two_text_files_or_a_table_of_two_columns(tmp_path: Path) -> None:
    """Line separators of Unicode part no lines; Windows' line ends and another encoding are read."""
    one = write(tmp_path / "one.txt", "a\u2028b", "c")
    two = tmp_path / "two.txt"
    two.write_bytes("Höhe\r\nüber\r\n".encode("utf-16"))
    (part,) = parallel.read([one, two], Options())
    assert part.name == "one.txt – two.txt"
    assert part.values == {"source": ["a\u2028b", "c"], "target": ["Höhe", "über"]}
    (part,) = parallel.read([write(tmp_path / "x.tsv", "en\tde", "a\tb", "c\td")], Options())
    assert (part.values["source"], part.values["target"]) == (["a", "c"], ["b", "d"])


def test_the_two_files_of_a_pair_in_either_order(laser: Path) -> None:
    one, two, other = (laser / name for name in ("tiny.deu-eng.deu", "tiny.deu-eng.eng", "tiny.ara-eng.eng"))
    names = [parallel.read(list(paths), Options())[0].name for paths in ((one, two), (two, one), (one, other))]
    assert names == ["deu-eng", "eng-deu", "tiny.deu-eng.deu – tiny.ara-eng.eng"]


def test_a_folder_with_two_sets_names_both(laser: Path) -> None:
    write(laser / "other.deu-eng.deu", *DE)
    write(laser / "other.deu-eng.eng", *EN)
    names = [part.name for part in parallel.read([laser], Options(languages=("deu",)))]
    assert names == ["other.deu-eng", "tiny.deu-eng"]


@pytest.mark.parametrize(
    ("kind", "lines", "told"),
    [
        ("triplets", ["anchor,positive", "a,b"], "none looks like the negative. Rename it so, or say which"),
        ("triplets", ["anchor,positive,negative", "a,b,c"], "a single triplet"),
        ("triplets", ["anchor,positive,negative", "a,b,b", "a,b,c"], "line 2: the positive and the negative are the"),
        ("triplets", ["anchor,positive,negative", "a,b,c", "a,,c"], "line 3: 'positive' is empty. 1 row is so"),
        ("triplets", ["anchor,positive,negative", "a,b,c", "a,b"], "line 3: 2 cells where there are 3 columns"),
        ("sts", ["sentence1,sentence2,score", "a,b,1", "a,c,2"], "holds 2 pairs"),
        ("sts", ["sentence1,sentence2,score", *["a,b,3"] * 5], "every score in 'score' is 3, and nothing correlates"),
        ("sts", ["sentence1,sentence2,score", *["a,b,3"] * 4, "a,b,high"], "line 6: 'high' in 'score' is no number"),
        ("clusters", ["text,label", "a,x", "b,x"], "'label' holds one label, 'x'"),
        ("clusters", ["text,label", "a,x", "b,y"], "2 labels in 'label' for 2 different texts"),
        ("bitext", ["source,target", "a,b"], "a single sentence"),
        ("bitext", ["de,en,fr", "a,b,c", "d,e,f"], "none looks like the source or the target"),
        (
            "clutsers",
            ["text,label"],
            "unknown kind 'clutsers': choose triplets, sts, clusters, bitext. Did you mean 'cl",
        ),
    ],
)
def test_bad_rows_are_a_sentence_and_status_2(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], kind: str, lines: list[str], told: str
) -> None:
    place = write(tmp_path / "x.csv", *lines)
    assert call(kind, str(place), "--json") == 2
    assert told in json.loads(capsys.readouterr().out)["error"]


def test_files_that_do_not_belong_together(tmp_path: Path, laser: Path) -> None:
    one, two = write(tmp_path / "a.txt", *EN), write(tmp_path / "b.txt", *EN[:-1])
    empty = write(tmp_path / "c.txt", *EN[:2], "", *EN[3:])
    stray = tmp_path / "d.txt"
    stray.write_bytes("\n".join([*AR[:7], "x"]).encode() + b"\xff\n")
    for paths, told in (
        ([one, two], f"{one} has 8 lines and {two} has 7 lines"),
        ([one, empty], f"{empty}, line 3: it is empty. Fill it, or remove line 3 from both."),
        ([one, stray], f"{stray}, line 8: bytes that are not UTF-8"),
        ([one], "found 1 text files (a.txt), wanted two that are aligned"),
        ([tmp_path], "has no file named like tatoeba.deu-eng.deu"),
    ):
        with pytest.raises(BakehouseError) as error:
            parallel.read(paths, Options())
        assert told in str(error.value)
    (laser / "tiny.ara-eng.eng").unlink()
    with pytest.raises(BakehouseError, match=r"tiny\.ara-eng\.eng does not exist"):
        parallel.read([laser], Options())
    with pytest.raises(BakehouseError, match=r"has no 'deux': it has ara, deu\. Did you mean 'deu'"):
        parallel.read([laser], Options(languages=("deux",)))


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["sts", "none.csv"], "none.csv does not exist: wanted a file of pairs"),
        (["sts", "."], "scored pairs can be read from files of .csv"),
        (["sts", "x.csv", "--column", "score"], "found --column 'score', wanted ROLE=COLUMN"),
        (["sts", "x.csv", "--column", "scoer=a"], "unknown role 'scoer': choose sentence1, sentence2, score. Did you"),
        (
            ["sts", "x.csv", "--column", "score=marsk"],
            "has no column 'marsk': it has a, b, marks. Did you mean 'marks'",
        ),
        (["sts", "x.csv", "--lang", "de"], "--lang chooses among the languages of a folder"),
        (["bitext", "x.txt", "x.txt", "--column", "source=a"], "no table was named"),
    ],
)
def test_bad_flags_are_a_sentence_and_status_2(
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    told: str,
) -> None:
    write(tmp_path / "x.csv", "a,b,marks", "c,d,1")
    write(tmp_path / "x.txt", "a", "b")
    monkeypatch.chdir(tmp_path)
    assert call(*args) == 2
    assert told in capsys.readouterr().err


def test_a_model_that_tells_nothing_apart_is_said(tmp_path: Path, tiny_bert: Path, home: Path) -> None:
    from eval.embeddings.judge import judge

    place = write(tmp_path / "x.csv", "sentence1,sentence2,score", *(f"Salt,SALT,{score}" for score in range(4)))
    with pytest.raises(BakehouseError, match=r"x\.csv: the model gives every pair the same cosine"):
        judge(sts.KIND, [place], str(tiny_bert), Options())
