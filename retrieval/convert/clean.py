"""Characters that no JSON Lines file should hold.

- NUL is removed: it ends strings in half of all tools, and means nothing in text.
- A lone surrogate becomes U+FFFD: UTF-8 cannot write it.
- Line ends of Windows and old Macs become ``\\n``; white space around a text goes.

The first two are repairs, which the conversion reports; the last is not worth a word.
"""

from __future__ import annotations

import re
from typing import Any

NUL = "held NUL characters, which were removed"
SURROGATE = "held half of a character (a lone surrogate), which became U+FFFD"
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


def repairs(text: str) -> tuple[str, ...]:
    """What :func:`clean` has to mend in a text."""
    found = (NUL,) if "\0" in text else ()
    return found if text.isascii() or not _SURROGATES.search(text) else (*found, SURROGATE)


def has_stray_bytes(value: Any) -> bool:
    """Whether a text read with ``surrogateescape`` holds bytes that did not decode."""
    return isinstance(value, str) and not value.isascii() and bool(_ESCAPED_BYTES.search(value))
