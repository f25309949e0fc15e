"""Arrow and Feather, in both forms."""

from __future__ import annotations

from pathlib import Path

import pyarrow
import pytest
from converting import ENGLISH, run, texts, write
from pyarrow import feather, ipc

from retrieval.convert.convert import convert
from retrieval.errors import BakehouseError

TABLE = pyarrow.table({"id": list(range(2500)), "text": [f"Loaf {number}" for number in range(2500)]})


def in_file_form(path: Path) -> None:
    with ipc.new_file(path, TABLE.schema) as out:
        out.write_table(TABLE, max_chunksize=700)


def in_stream_form(path: Path) -> None:
    with ipc.new_stream(path, TABLE.schema) as out:
        out.write_table(TABLE)


@pytest.mark.parametrize("save", [in_file_form, in_stream_form, lambda path: feather.write_feather(TABLE, path)])
def test_every_row_is_read(tmp_path: Path, save) -> None:
    save(tmp_path / "a.arrow")
    report = run(tmp_path / "a.arrow", tmp_path / "out")
    assert texts(tmp_path / "out") == {str(number): f"Loaf {number}" for number in range(2500)}
    assert report.sources[0].format == "Arrow"


@pytest.mark.parametrize("content", [b"no table", b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0"])
def test_what_is_no_table(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BakehouseError, match=r"a.feather (is no Arrow or Feather file|holds no rows)"):
        convert([write(tmp_path / "a.feather", content)], tmp_path / "out", ENGLISH)
