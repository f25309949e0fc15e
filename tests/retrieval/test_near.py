"""Documents of nearly the same text are found in any script, proven word by word, and listed or merged."""

from __future__ import annotations

import argparse
import json
import random
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from converting import ENGLISH, judgments, read, texts, write_lines

from retrieval.beir import read_documents, write_documents, write_qrels, write_queries
from retrieval.cli import execute
from retrieval.convert.alike import LEAST, MOST, THRESHOLD
from retrieval.convert.commands import add_commands
from retrieval.convert.convert import convert
from retrieval.convert.division import Shares
from retrieval.convert.minhash import BANDS, signatures
from retrieval.convert.near import Near, treat_near
from retrieval.convert.options import Options
from retrieval.convert.shingles import folded, numbers_of, shingles_of, similarity, words_of
from retrieval.errors import BakehouseError
from retrieval.page.reading import verdict
from retrieval.records import Document, Query

WORDS = [
    "flour",
    "water",
    "salt",
    "yeast",
    "starter",
    "dough",
    "oven",
    "stone",
    "loaf",
    "crust",
    "crumb",
    "steam",
    "blade",
    "basket",
    "towel",
    "bench",
    "scale",
    "timer",
    "rye",
    "wheat",
    "spelt",
    "barley",
    "seed",
    "malt",
    "honey",
    "butter",
    "milk",
    "egg",
    "sugar",
    "spice",
]
RECIPE = " ".join(WORDS)
"""Thirty words: with one of them another, 25 of its 28 shingles stay, of 31 in both."""


def with_word(place: int, word: str, text: str = RECIPE) -> str:
    words = text.split()
    words[place] = word
    return " ".join(words)


def folder_of(folder: Path, *documents: Document) -> Path:
    write_documents(folder, documents)
    return folder


def plain(**contents: str) -> list[Document]:
    return [Document(id_, text, "", {"lang": "en"}) for id_, text in contents.items()]


def near(folder: Path) -> list[tuple[str, str, str]]:
    """Id, what it is like, and the reason, of each line that is about near duplicates."""
    return [(line["id"], line["like"], line["reason"]) for line in read(folder, "duplicates") if "like" in line]


def test_words_are_characters_where_no_spaces_part_them() -> None:
    told = folded("Ｂread, MADE in 東京; हिन्दी भाषा, 한국어 단어, ไทย, العربيّة — l'été 12,5")
    assert words_of(told) == [
        "bread", "made", "in", "東", "京", "हिन्दी", "भाषा", "한국어", "단어", "ไ", "ท", "ย", "العربيّة", "l", "été", "12", "5",
    ]  # fmt: skip
    assert numbers_of(words_of("no 17b of ٢٠٢١, part iii and xlix, 第四章")) == ["17", "٢٠٢١", "iii", "四"]
    assert words_of("") == words_of(" ,. ") == []


def test_similarity_is_the_share_of_shingles() -> None:
    shingles = shingles_of(words_of(RECIPE))
    assert (len(shingles), similarity(shingles, shingles)) == (28, 1.0)
    assert similarity(shingles, shingles_of(words_of(with_word(9, "rind")))) == 25 / 31
    assert similarity(shingles, shingles_of(words_of(with_word(0, "rind")))) == 27 / 29
    assert similarity(shingles_of([]), shingles_of([])) == 0.0


def test_keys_depend_on_the_text_alone() -> None:
    others = ["", "short", RECIPE, "東京都の麺麭屋の話", with_word(3, "sponge")]
    together, alone = signatures(others, 5), signatures([RECIPE], 5)
    assert together.rows.tolist() == [2, 3, 4]
    assert np.array_equal(together.keys[:, 0], alone.keys[:, 0])
    assert together.keys.shape == (BANDS, 3)
    assert 0 < (together.keys[:, 0] == together.keys[:, 2]).sum() < BANDS
    assert not (together.keys[:, 0] == together.keys[:, 1]).any()
    assert signatures(["", "a"], 5).keys.shape == (BANDS, 0)


def test_listed_ones_stay(tmp_path: Path) -> None:
    documents = plain(a=RECIPE, b="Something else.", c=with_word(9, "rind"), d=RECIPE.upper())
    folder = folder_of(tmp_path, *documents)
    before = (folder / "corpus.jsonl").read_bytes()
    found = treat_near(folder, "list")
    assert (folder / "corpus.jsonl").read_bytes() == before
    assert read(folder, "duplicates") == [
        {"id": "c", "kept_as": "c", "reason": "nearly the same text", "like": "a", "similarity": 0.8065},
        {"id": "d", "kept_as": "d", "reason": "nearly the same text", "like": "a", "similarity": 1.0},
    ]
    assert (found.compared, found.short, found.found, found.apart, found.merged) == (3, 1, 2, 0, 0)
    assert found.as_text() == (
        "Nearly the same text as an earlier document: 2 of 3 compared; none merged (listed in duplicates.jsonl)."
    )


def test_merged_ones_leave_and_what_was_judged_goes_to_the_first(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *plain(a=RECIPE, b="Something else.", c=with_word(9, "rind"), d=with_word(0, "rind")))
    write_queries(folder, [Query("q", "which"), Query("r", "what"), Query("s", "who")])
    write_qrels(folder, "test", {"q": {"c": 1}, "r": {"a": 1, "b": 0, "c": 2, "d": 0}, "s": {"d": 1, "c": 0}})
    write_qrels(folder, "dev", {"q": {"b": 1}})
    untouched = (folder / "qrels" / "dev.tsv").read_bytes()
    found = treat_near(folder, "merge")
    assert texts(folder) == {"a": RECIPE, "b": "Something else."}
    assert judgments(folder) == [("q", "a", 1), ("r", "a", 2), ("r", "b", 0), ("s", "a", 1)]
    assert (folder / "qrels" / "dev.tsv").read_bytes() == untouched
    assert (found.found, found.merged, found.judgments, dict(found.languages)) == (2, 2, 3, {"en": 2})
    assert [(line["id"], line["kept_as"], line["reason"]) for line in read(folder, "duplicates")] == [
        ("c", "a", "nearly the same text"),
        ("d", "a", "nearly the same text"),
        ("r c", "r a", "judged twice"),
        ("r d", "r a", "judged twice"),
        ("s c", "s a", "judged twice"),
    ]
    assert found.as_text().endswith("; 2 merged, and 3 of their judgments (listed in duplicates.jsonl).")


def test_another_title_number_or_language_is_never_merged(tmp_path: Path) -> None:
    def about(id_: str, text: str, title: str = "Bread", lang: str = "en") -> Document:
        return Document(id_, text, title, {"lang": lang})

    folder = folder_of(
        tmp_path,
        about("may", f"{RECIPE} 17"), about("june", f"{RECIPE} 18"), about("part", f"{RECIPE} iv"),
        about("rolls", f"{RECIPE} 17", "Rolls"), about("german", f"{RECIPE} 18", lang="de"),
        about("june-again", f"{RECIPE} 18!"), about("both", f"{RECIPE} 19", "Rolls"),
    )  # fmt: skip
    found = treat_near(folder, "merge")
    assert list(texts(folder)) == ["may", "june", "part", "rolls", "german", "both"]
    assert [(line["id"], line["kept_as"]) for line in read(folder, "duplicates")][-2] == ("june-again", "june")
    reasons = {id_: reason.removeprefix("nearly the same text") for id_, _, reason in near(folder)}
    assert reasons["june"] == reasons["part"] == ", other numbers" and reasons["rolls"] == ", other title"
    assert reasons["june-again"] == "" and "language" in reasons["german"]
    assert (found.found, found.apart, found.merged) == (6, 5, 1)
    assert ": 6 of 7 compared, 5 of them with another title, number or language; 1 merged (" in found.as_text()


def test_nothing_is_merged_into_what_it_does_not_resemble(tmp_path: Path) -> None:
    """The second resembles the first, the third only the second: it stays."""
    second = with_word(5, "sponge")
    third = with_word(20, "oats", second)
    folder = folder_of(tmp_path, *plain(a=RECIPE, b=second, c=third, d=with_word(29, "cloves", third)))
    assert similarity(*(shingles_of(words_of(text)) for text in (second, third))) > THRESHOLD
    treat_near(folder, "merge")
    assert list(texts(folder)) == ["a", "c"]
    assert near(folder) == [("b", "a", "nearly the same text"), ("d", "c", "nearly the same text")]


@pytest.mark.parametrize(
    ("lang", "text", "old", "new"),
    [
        ("zh", "面包师傅每天清晨四点起床，先检查酵头的状态，再把面粉、水和盐混合成面团，静置醒发之后放进烤箱烘烤，最后摆上货架。", "混合", "搅拌"),
        ("ja", "パン屋は毎朝四時に起きて、酵母の様子を見てから小麦粉と水と塩を混ぜ、生地を休ませた後で窯に入れて焼き上げます。", "休ませた", "寝かせた"),
        ("th", "คนทำขนมปังตื่นนอนตอนตีสี่ทุกวันเพื่อเตรียมแป้งและเชื้อหมักก่อนจะนำเข้าเตาอบร้อนจัดในตอนเช้าตรู่", "ร้อน", "เย็น"),
        ("ar", "يستيقظ الخباز كل يوم في الرابعة صباحا ويفحص الخميرة ثم يخلط الدقيق والماء والملح ويترك العجين يرتاح ساعتين قبل أن يضعه في الفرن الحجري الساخن ثم يرتب الأرغفة على الرفوف للزبائن", "الساخن", "البارد"),
        ("ko", "제빵사는 매일 새벽 네 시에 일어나 발효종의 상태를 살피고 밀가루와 물과 소금을 섞어 반죽을 만든 다음 충분히 쉬게 한 뒤에 뜨거운 돌 오븐에 넣어 굽고 아침마다 갓 구운 빵을 선반 위에 올려 놓는다", "뜨거운", "차가운"),
    ],
)  # fmt: skip
def test_any_script(tmp_path: Path, lang: str, text: str, old: str, new: str) -> None:
    other = text.replace(old, new)
    assert other != text
    folder = folder_of(tmp_path, Document("a", text, "", {"lang": lang}), Document("b", other, "", {"lang": lang}))
    found = treat_near(folder, "list")
    assert (found.compared, near(folder)) == (2, [("b", "a", "nearly the same text")])


def test_short_and_very_long_texts_are_not_compared(tmp_path: Path) -> None:
    exactly = " ".join(WORDS[: LEAST + 2])
    short, long = " ".join(WORDS[: LEAST + 1]), "loaf " * (MOST // 5)
    documents = plain(a=short, b=f"{short}.", c=exactly, d=f"{exactly}.", e=f"{long}e", f=f"{long}f", g="", h="!")
    found = treat_near(folder_of(tmp_path, *documents), "list")
    assert (found.compared, found.short, found.long) == (2, 4, 2)
    assert near(tmp_path) == [("d", "c", "nearly the same text")]


def test_what_is_found_is_what_comparing_all_would_find(tmp_path: Path) -> None:
    draw = random.Random(7)
    vocabulary = [f"w{chr(97 + a)}{chr(97 + b)}" for a in range(20) for b in range(20)]
    contents = [" ".join(draw.choices(vocabulary, k=draw.randrange(15, 120))) for _ in range(60)]
    for text in contents[:60]:
        changed = text
        for _ in range(draw.randrange(1, 5)):
            changed = with_word(draw.randrange(len(text.split())), draw.choice(vocabulary), changed)
        contents.append(changed)
    shingles = [shingles_of(words_of(text)) for text in contents]
    alike = {
        (one, two) for one, two in combinations(range(120), 2) if similarity(shingles[one], shingles[two]) >= THRESHOLD
    }
    treat_near(folder_of(tmp_path, *plain(**{str(n): text for n, text in enumerate(contents)})), "list")
    assert {(int(like), int(id_)) for id_, like, _ in near(tmp_path)} == alike
    assert len(alike) == 37


def test_many_forms_with_the_same_words_are_all_found(tmp_path: Path) -> None:
    forms = {f"form-{n}": with_word(n % 30, f"entry{chr(97 + n % 26)}") for n in range(300)}
    forms |= {f"bill-{n}": f"{RECIPE} {n}" for n in range(300)}
    found = treat_near(folder_of(tmp_path, *plain(**forms)), "merge")
    left = list(texts(tmp_path))
    assert (found.found, found.apart, found.merged) == (571, 300, 271)  # three of 574 are hidden by all the others
    assert [id_ for id_ in left if id_.startswith("bill")] == [f"bill-{n}" for n in range(300)]


def converted(tmp_path: Path, near_: Any, name: str = "out") -> Near | None:
    rows = [{"id": n, "text": f"{with_word(n % 3, 'rind')} {'.' * n}", "question": f"What of {n}?"} for n in range(6)]
    path = write_lines(tmp_path / "a.jsonl", *rows)
    report = convert([path], tmp_path / name, Options(languages=("en",), near=near_))
    assert report.counts.documents == len(read(tmp_path / name, "corpus")) == report.languages["en"]
    assert report.counts.judgments == len(judgments(tmp_path / name))
    assert (report.counts.rows, report.counts.kept) == (6, 6)
    assert report.as_json().get("near") == json.loads((tmp_path / name / "manifest.json").read_text()).get("near")
    if report.near:
        assert report.near.as_text() in report.as_text()
        assert "5 documents nearly the same as an earlier one." in verdict(report)
    return report.near


def test_a_conversion_lists_merges_or_does_not_look(tmp_path: Path) -> None:
    listed, merged = converted(tmp_path, "list"), converted(tmp_path, "merge", "merged")
    assert listed and merged and (listed.found, listed.merged, merged.found) == (5, 0, 5)
    assert {document for _, document, _ in judgments(tmp_path / "merged")} == set(texts(tmp_path / "merged"))
    assert converted(tmp_path, "off", "off") is None
    assert not (tmp_path / "off" / "duplicates.jsonl").exists()
    assert Options().near == ENGLISH.near == "list"


def test_two_conversions_give_the_same_bytes(tmp_path: Path) -> None:
    for treatment in ("list", "merge"):
        for name in ("one", "two"):
            converted(tmp_path, treatment, name)
        for path in (tmp_path / "one").rglob("*.*"):
            assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def call(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    return execute(parser, list(argv))


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(
        tmp_path / "a.jsonl", *({"text": with_word(place, "rind")} for place in (0, 1, 29)), {"text": "Bread."}
    )
    told = ["convert", str(path), "--out", str(tmp_path / "out"), "--language", "en"]
    assert call(*told, "--near", "merge", "--json") == 0
    assert json.loads(capsys.readouterr().out)["near"] == {
        "threshold": 0.8, "treatment": "merge", "compared": 3, "short": 1, "long": 0,
        "found": 2, "apart": 0, "merged": 2, "judgments": 0,
    }  # fmt: skip
    assert call(*told, "--near", "mrge") == 2
    assert "near duplicates cannot be treated with 'mrge': choose list, merge, off." in capsys.readouterr().err
    with pytest.raises(BakehouseError, match="Did you mean 'merge'"):
        Options(near="mrge")  # type: ignore[arg-type]


def test_copies_are_judged_in_the_same_part(tmp_path: Path) -> None:
    """Each text stands twice, with a word changed, and is asked about both times; forms with other numbers may part."""
    rows = [
        {"text": " ".join(random.Random(n).sample(WORDS, 30)) + ending, "question": f"What of {n}{ending}?"}
        for ending in ("", " daily")
        for n in range(8)
    ] + [{"text": f"{RECIPE} {n}", "question": f"And {n}?"} for n in range(4)]
    options = Options(languages=("en",), shares=Shares(50, 0, 50))
    report = convert([write_lines(tmp_path / "a.jsonl", *rows)], tmp_path / "out", options)
    assert report.near and (report.near.found, report.near.apart) == (11, 3)
    parts = [{document for _, document, _ in judgments(tmp_path / "out", part)} for part in ("train", "test")]
    assert sum(map(len, parts)) == 20 and report.division and report.division.met
    for line in read(tmp_path / "out", "duplicates")[:8]:
        assert any({line["id"], line["like"]} <= part for part in parts)
    assert (report.division.groups, report.division.largest) == (12, 2)


def test_documents_are_read_as_they_were(tmp_path: Path) -> None:
    """What stays keeps its bytes, whatever characters and line separators are in it."""
    odd = [Document("a", f"{RECIPE}\u2028é", "", {"lang": "en", "x": [1]}), *plain(b="\x85 über\u2029", c=RECIPE)]
    folder = folder_of(tmp_path, *odd)
    lines = (folder / "corpus.jsonl").read_bytes().splitlines(keepends=True)
    treat_near(folder, "merge")
    assert [document.id for document in read_documents(folder)] == ["a", "b"]
    assert (folder / "corpus.jsonl").read_bytes() == b"".join(lines[:2])
