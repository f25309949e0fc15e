"""Characters that no JSON Lines file should hold.

- NUL is removed: it ends strings in half of all tools, and means nothing in text.
- A lone surrogate becomes U+FFFD: UTF-8 cannot write it. Bytes that did not decode come as such.
- Line ends of Windows and old Macs become ``\\n``; white space around a text goes.

The first two are repairs, which the conversion reports; the last is not worth a word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

NUL = "held NUL characters, which were removed"
SURROGATE = "held parts of characters (lone surrogates or stray bytes), which became U+FFFD"
_SURROGATES = re.compile("[\ud800-\udfff]")
_ESCAPED_BYTES = re.compile("[\udc80-\udcff]")


def clean(text: str) -> str:
    """A text that can be written, searched and compared."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        text = _SURROGATES.sub("\ufffd", text)
    return text.strip()


def clean_value(value: Any) -> Any:
    """Metadata that JSON can write: text cleaned, missing numbers null, dates and the like as text."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(name)): clean_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_value(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float) else clean(str(value))


def repairs(text: str) -> tuple[str, ...]:
    """What :func:`clean` has to mend in a text."""
    found = (NUL,) if "\0" in text else ()
    return found if text.isascii() or not _SURROGATES.search(text) else (*found, SURROGATE)


def has_stray_bytes(value: Any) -> bool:
    """Whether a text read with ``surrogateescape`` holds bytes that did not decode."""
    return isinstance(value, str) and not value.isascii() and bool(_ESCAPED_BYTES.search(value))
