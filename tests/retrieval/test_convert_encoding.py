"""The encoding is found, said, and never guessed against the bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from converting import write

from retrieval.convert.encoding import detect, read_text
from retrieval.errors import BakehouseError

GERMAN = "Der Bäcker öffnet früh. Die Brötchen sind heiß, und das Mehl fürs Süßgebäck liegt im Käfig.\n"
FRENCH = "Le pâtissier prépare des crêpes à l'hôtel où l'on goûte des éclairs très sucrés, c'est drôle.\n"
CZECH = "Pekař peče čerstvý chléb každé ráno, a proto je před obchodem dlouhá řada žíznivých lidí.\n"
RUSSIAN = "Пекарь открывает лавку рано утром и продаёт свежий хлеб всем, кто приходит.\n"
CHINESE = "面包师傅每天早上六点开门，出售新鲜的面包和蛋糕。\n"
JAPANESE = "パン屋は毎朝六時に店を開けて、焼きたてのパンを売っています。\n"


@pytest.mark.parametrize(
    ("text", "codec", "found"),
    [
        ("plain ascii\n", "ascii", "utf-8"),
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8-sig"),
        (GERMAN, "utf-16", "utf-16"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "utf-32", "utf-32"),
        (GERMAN, "cp1252", "cp1252"),
        (FRENCH, "latin-1", "cp1252"),
        (CZECH, "cp1250", "cp1250"),
        (RUSSIAN, "cp1251", "cp1251"),
        (RUSSIAN, "koi8-r", "koi8_r"),
        (CHINESE, "gb2312", "gb18030"),
        (CHINESE.replace("面", "麵").replace("师", "師").replace("门", "門").replace("鲜", "鮮"), "big5", "big5"),
        (JAPANESE, "shift_jis", "cp932"),
        (JAPANESE, "iso2022_jp", "iso2022_jp"),
    ],
)
def test_encodings_are_found(tmp_path: Path, text: str, codec: str, found: str) -> None:
    path = write(tmp_path / "a.txt", (text * 4).encode(codec, "ignore"))
    encoding = detect(path)
    assert encoding.name == found
    assert read_text(path, encoding) == (text * 4).encode(codec, "ignore").decode(codec)


def test_the_evidence_is_a_sentence(tmp_path: Path) -> None:
    assert detect(write(tmp_path / "a", GERMAN)).evidence == "all of it decodes as UTF-8"
    assert (
        detect(write(tmp_path / "b", GERMAN.encode("utf-16"))).evidence
        == "it begins with the byte order mark of UTF-16"
    )
    legacy = detect(write(tmp_path / "c", (GERMAN * 3).encode("cp1252"))).evidence
    assert legacy == "it is not UTF-8, and reads well as cp1252 (the language looks like de)"


def test_a_legacy_letter_far_from_the_start_is_seen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"plain words\n" * 200_000 + (RUSSIAN * 3).encode("koi8-r"))
    assert detect(path).name == "koi8_r"


def test_an_encoding_must_fit_the_whole_file(tmp_path: Path) -> None:
    start = (GERMAN * 1000).encode("cp1252")
    path = write(tmp_path / "a.txt", start + b"\x81\n")  # a byte that cp1252 does not have
    assert detect(write(tmp_path / "b.txt", start)).name == "cp1252"
    encoding = detect(path)
    assert encoding.name != "cp1252"
    assert read_text(path, encoding).count("\n") == 1001


def test_utf_8_with_strays_stays_utf_8(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", (GERMAN * 5).encode() + "naïve\n".encode("cp1252"))
    encoding = detect(path)
    assert (encoding.name, encoding.mixed) == ("utf-8", True)
    assert encoding.evidence == "it is UTF-8, but for one place, byte 512"
    assert read_text(path, encoding).endswith("na\udcefve\n")


def test_a_named_encoding_is_checked(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", GERMAN.encode("cp1252"))
    assert detect(path, "latin-1").name == "latin-1"
    with pytest.raises(BakehouseError, match=r"a\.txt is not utf-8 throughout \(named with --encoding\): byte 5 does"):
        detect(path, "utf-8")
    with pytest.raises(BakehouseError, match=r"unknown encoding 'cp1259': .* Did you mean 'cp125\d'"):
        detect(path, "cp1259")
    with pytest.raises(BakehouseError, match="unknown encoding 'base64'"):
        detect(path, "base64")


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"PK\x03\x04", "a ZIP archive or an Office file"), (b"%PDF-1.7", "a PDF"), (b"\x1f\x8b\x08", "a gzip archive")],
)
def test_other_kinds_of_files_are_refused_by_name(tmp_path: Path, start: bytes, kind: str) -> None:
    with pytest.raises(BakehouseError, match=rf"table\.csv is {kind} in spite of its name"):
        detect(write(tmp_path / "table.csv", start + bytes(range(256))))


def test_noise_is_refused(tmp_path: Path) -> None:
    noise = b"\x81\xff\x00\x07" + os.urandom(4000)
    with pytest.raises(BakehouseError, match=r"is in no encoding that could be found.*--encoding"):
        detect(write(tmp_path / "a.txt", noise))
