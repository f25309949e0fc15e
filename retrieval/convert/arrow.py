"""Arrow and Feather, a batch of rows at a time: the file form, which can be read anywhere, and the stream form.

Reference: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from retrieval.convert.files import File, seekable
from retrieval.convert.jsons import object_rows
from retrieval.convert.rows import Rows
from retrieval.errors import BakehouseError

_SLICE = 1000
_MAGIC = b"ARROW1"


def rows(path: File, file: str) -> Rows:
    """The rows of an Arrow file.

    :raises BakehouseError: if it is none; while reading, if it is damaged further on.
    """
    return object_rows(partial(_values, path), file)


def _values(path: File) -> Iterator[Any]:
    import pyarrow
    from pyarrow import ipc

    with seekable(path) as stream:
        in_file_form = stream.read(len(_MAGIC)) == _MAGIC
        stream.seek(0)
        try:
            if in_file_form:
                table = ipc.open_file(stream)
                batches: Iterable[Any] = map(table.get_batch, range(table.num_record_batches))
            else:
                batches = ipc.open_stream(stream)
            for batch in batches:
                batch.validate(full=True)  # else offsets that lie would be followed out of memory
                for start in range(0, batch.num_rows, _SLICE):
                    yield from batch.slice(start, _SLICE).to_pylist()
        except (pyarrow.ArrowException, OSError, ValueError) as error:  # ValueError: text that is not UTF-8
            raise BakehouseError(
                f"{path} is no Arrow or Feather file in spite of its name, or damaged: wanted one (Feather of version "
                "2), or a Parquet, CSV or JSON file."
            ) from error
