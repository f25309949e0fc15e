"""What ids, texts and language codes are told by."""

from __future__ import annotations

import re

LONGEST_ID = 131_072
"""Characters that Python's csv module, with which beir reads judgments, takes for one cell."""
NOT_IN_ID = re.compile("[\t\n\r\0\ud800-\udfff]")
SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""The escapes of null characters and surrogates: in UTF-8 that Python decodes they come in no other way."""
SURROGATES = re.compile("[\ud800-\udfff]")
DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?Z?)?")
"""What pyarrow, with which mteb reads JSON Lines, takes for a date."""
MISSING = frozenset(
    {
        *("#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "n/a", "NA", "None", "NULL", "null"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    }
)
"""What pandas, with which mteb reads judgments, takes for a missing value."""
LANG = re.compile(
    r"""[A-Za-z]{2,3} (-[A-Za-z]{3}){0,3}          # language, such as zh-yue
        (-[A-Za-z]{4})?                            # script, such as Hant
        (-([A-Za-z]{2}|\d{3}))?                    # region, such as BR or 419
        (-([A-Za-z\d]{5,8}|\d[A-Za-z\d]{3}))*      # variants, such as 1996
        (-[A-WY-Za-wy-z\d](-[A-Za-z\d]{2,8})+)*    # extensions
        (-x(-[A-Za-z\d]{1,8})+)?                   # private use""",
    re.VERBOSE,
)
"""A language tag of BCP 47 (RFC 5646, section 2.1), without the irregular ones of old."""
