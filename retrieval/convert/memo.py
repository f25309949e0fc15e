"""What a conversion that was killed had worked out, so that the next one need not.

Most of a conversion is fast and done anew. Naming languages, reading PDFs and counting tokens are slow, and always
come out the same for the same input. So what comes out is noted, a line each, in ``memo.jsonl`` of the partial
folder. The next conversion finds it there by a digest of the input: whatever has changed in between is worked out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from xxhash import xxh3_128_hexdigest

MEMO = "memo.jsonl"


class Memo:
    """Notes, in a file that only ever grows; a line that a killed process has not written to its end is cut off.

    :param path: The file; None notes nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._stream: BinaryIO | None = path.open("a+b") if path else None
        self._places: dict[str, int] = {}
        if self._stream:
            self._find(self._stream)
        self.known = len(self._places)

    def of(self, work: str, given: Any, work_out: Callable[[], Any]) -> Any:
        """What comes of some work: as noted, or worked out and noted.

        :param work: Its name.
        :param given: All that it depends on; JSON, or bytes.
        :param work_out: Gives what JSON can hold.
        """
        if self._stream is None:
            return work_out()
        told = given if isinstance(given, bytes) else json.dumps(given).encode()
        key = f"{work} {xxh3_128_hexdigest(told)}"
        if key in self._places:
            self._stream.seek(self._places[key])
            return json.loads(self._stream.readline())[1]
        found = work_out()
        self._places[key] = self._stream.seek(0, 2)
        self._stream.write(json.dumps([key, found]).encode() + b"\n")
        self._stream.flush()  # the system has it then, whatever becomes of this process
        return found

    def close(self) -> None:
        """No more notes."""
        if self._stream:
            self._stream.close()

    def _find(self, stream: BinaryIO) -> None:
        stream.seek(0)
        place = 0
        for line in stream:
            try:
                key, _ = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n"):
                break
            self._places[key] = place
            place += len(line)
        stream.truncate(place)
