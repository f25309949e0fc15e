"""Every rule of the BEIR format, written down once.

The checks name the rules, and ``python -m retrieval validate --rules``, ``docs/format.md`` and the Data tab show them.
What beir and mteb do with a fault was tried out with beir 2.2.0 and mteb 2.26.24, and is tried again by the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retrieval.beir import CORPUS, QRELS, QUERIES

Severity = Literal["error", "warning"]

FOLDER = "the folder"
EVERY = "every file"
JSON_LINES = f"{CORPUS} and {QUERIES}"
JUDGMENTS = f"{QRELS}/SPLIT.tsv"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the format.

    :param place: Where it holds.
    :param says: What it asks for, as a sentence.
    :param example: A fault: what breaks the rule.
    :param harm: What comes of it.
    :param severity: An error is what beir, mteb or Bakehouse fails on or loads as something else than was meant; a
        warning is what they load, but a person may not mean.
    :param fix: What ``--fix`` makes of it; empty where only a person can know. Where a fault of this rule is of the
        kind that cannot be mended safely, it says so itself.
    """

    name: str
    place: str
    says: str
    example: str
    harm: str
    severity: Severity
    fix: str = ""


_OF_THE_FOLDER = (
    Rule(
        "missing-file", FOLDER, f"There is a {CORPUS}, and a {QUERIES} where there are judgments.",
        f"{QRELS}/test.tsv without a {QUERIES}", "Nothing loads.", "error",
    ),
    Rule(
        "empty-file", FOLDER, "Every file holds at least one document, query or judgment.",
        f"{QRELS}/dev.tsv with the header alone", "beir and mteb fail.", "error",
    ),
    Rule(
        "compressed", FOLDER, "Files are not compressed.",
        f"{CORPUS}.gz", "beir says that the file is not present.", "error", "unpacked; the .gz stays",
    ),
    Rule(
        "unreadable", FOLDER, "A file can be read to its end.",
        f"{CORPUS}.gz of a broken download", "Nothing loads.", "error",
    ),
    Rule(
        "one-document", FOLDER, "A corpus has more than one document.",
        f"{CORPUS} of one line", "Every search finds it, so every score is 1.", "warning",
    ),
    Rule(
        "split-name", FOLDER, "The name of a split is of letters, digits and underscores, parted by dots.",
        f"{QRELS}/dev-2.tsv", "The library datasets, which mteb loads with, refuses it.", "warning",
    ),
    Rule(
        "stray-file", FOLDER, f"{QRELS} holds files that end in .tsv, and nothing else.",
        f"{QRELS}/test.txt", "Nobody reads it.", "warning",
    ),
    Rule(
        "manifest", FOLDER, "manifest.json, where there is one, is a JSON object.",
        "manifest.json of 0 bytes", "Bakehouse does not know what the folder was made from.", "error",
    ),
)  # fmt: skip

_OF_EVERY_FILE = (
    Rule(
        "utf-8", EVERY, "Files are UTF-8.",
        "é written as the one byte E9 of Latin-1", "beir and mteb fail.", "error",
    ),
    Rule(
        "line-ending", EVERY, "Lines end with \\n.",
        "\\r\\n, as Windows writes", "Tools that split at \\n keep a \\r in the last column.", "warning",
        "\\n in its place",
    ),
    Rule(
        "blank-line", EVERY, "No line is blank.",
        "an empty line at the end", "beir fails.", "error", "removed",
    ),
    Rule(
        "long-line", EVERY, "A line has no more than 10 million characters.",
        "a whole book as one text", "Models read the first few hundred words; readers hold all of it.", "warning",
    ),
)  # fmt: skip

_OF_JSON_LINES = (
    Rule(
        "byte-order-mark", JSON_LINES, "No line begins with a byte order mark.",
        'EF BB BF before the first {"_id": …}, or where two files were joined', "beir fails.", "error", "removed",
    ),
    Rule(
        "json", JSON_LINES, "Each line is one JSON object.",
        '{"_id": "1", "text": "…"},', "beir and mteb fail.", "error",
    ),
    Rule(
        "control-character", JSON_LINES, "Tabs and other control characters in a string are escaped.",
        "a tab within a text, where \\t should stand", "beir and mteb fail.", "error", "escaped",
    ),
    Rule(
        "duplicate-field", JSON_LINES, "An object names a field once.",
        '{"_id": "1", "text": "a", "text": "b"}', "beir takes the last, mteb fails.", "error",
    ),
    Rule(
        "nan", JSON_LINES, "Numbers are numbers: NaN and Infinity are no JSON.",
        '"metadata": {"score": NaN}', "Python reads it, other languages fail.", "warning",
    ),
    Rule(
        "id", JSON_LINES,
        "Each object has an _id: text that is not empty, at most 131,072 characters, without tab, line break, null "
        "character or lone surrogate.",
        '{"text": "…"}', "Judgments cannot name it; beir calls it None.", "error",
    ),
    Rule(
        "id-number", JSON_LINES, "An _id is a string, even where it looks like a number.",
        '"_id": 17', "Judgments name '17', which beir does not find; mteb may put quotation marks around the other ids.",
        "error", "17 becomes \"17\", unless there is such an id",
    ),
    Rule(
        "white-space", EVERY, "No white space stands around ids.",
        '"_id": "d1 "', "\"d1 \" and \"d1\" are two ids to beir and mteb.", "error",
        "removed, unless there is such an id",
    ),
    Rule(
        "duplicate-line", JSON_LINES, "No line stands twice.",
        "the same document in line 3 and line 9", "mteb has it twice; Bakehouse refuses it.", "error",
        "the later one goes",
    ),
    Rule(
        "duplicate-id", JSON_LINES, "No _id stands twice in a file.",
        'two texts with "_id": "d1"', "beir forgets the first.", "error",
    ),
    Rule(
        "guessed-id", EVERY, "Ids do not pass for a missing value, all for dates, or all for numbers with odd digits.",
        "NA; or 007, where all others are numbers too", "mteb reads nothing, or 7.", "warning",
    ),
    Rule(
        "text", JSON_LINES, "Each document and query has a text, which is a string.",
        '"text": null', "beir and mteb hand None to the model, which fails.", "error",
    ),
    Rule(
        "no-words", CORPUS, "A document has words in its title or its text.",
        '{"_id": "d1", "title": "", "text": ""}', "No search can find it.", "warning",
    ),
    Rule(
        "no-question", QUERIES, "A query has words.",
        '{"_id": "q1", "text": " "}', "It finds nothing, or anything.", "warning",
    ),
    Rule(
        "title", CORPUS, "A document's title is a string; it may be empty.",
        '"title": ["Rye"]', "beir and mteb hand a list to the model, which fails.", "error",
    ),
    Rule(
        "no-title", CORPUS, "A document without a title has an empty one.",
        '{"_id": "d1", "text": "…"}', "beir and mteb read None for it.", "warning", 'given "title": ""',
    ),
    Rule(
        "null-character", JSON_LINES, "No text holds a null character.",
        "\\u0000 in a text", "It ends strings in half of all tools.", "warning", "removed",
    ),
    Rule(
        "surrogate", JSON_LINES, "No text holds half a character (a lone surrogate).",
        "\\ud83d without its other half", "mteb fails; so does whoever writes it as UTF-8.", "error",
        "replaced by U+FFFD",
    ),
    Rule(
        "metadata", JSON_LINES, "metadata, where there is any, is an object.",
        '"metadata": ["en"]', "mteb gives a list where it gives objects for the others.", "error",
    ),
    Rule(
        "lang", JSON_LINES, "metadata.lang, where there is any, is a language code of BCP 47.",
        '"metadata": {"lang": "German"}', "It counts as a language of its own.", "warning",
    ),
)  # fmt: skip

_OF_JUDGMENTS = (
    Rule(
        "qrels-mark", JUDGMENTS, "Judgments do not begin with a byte order mark.",
        "EF BB BF before query-id", "Some tools find no column query-id.", "warning", "removed",
    ),
    Rule(
        "qrels-header", JUDGMENTS, "Judgments begin with the header query-id, corpus-id, score.",
        "a first line q1 d1 1", "beir drops the first judgment; mteb finds no such columns.", "error",
        "written, where the first line is a judgment or has other names for the same columns",
    ),
    Rule(
        "qrels-columns", JUDGMENTS, "Each judgment has three columns, parted by tabs.",
        "q1,d1,1", "beir fails; with TREC's four columns it takes the 0 for the document.", "error",
    ),
    Rule(
        "qrels-score", JUDGMENTS, "A score is a whole number between −2147483648 and 2147483647.",
        "0.5", "beir and mteb fail.", "error", "1.0 becomes 1",
    ),
    Rule(
        "qrels-quotes", JUDGMENTS, "Cells do not begin with a quotation mark.",
        '"q1" in quotation marks', "beir and mteb take them away, or read on to the next one over many lines.", "error",
        "removed, where the id without them exists",
    ),
    Rule(
        "unknown-query", JUDGMENTS, "Judgments name queries that are there.",
        f"q9, which {QUERIES} lacks", "beir fails; mteb judges fewer queries.", "error",
    ),
    Rule(
        "unknown-document", JUDGMENTS, "Judgments name documents that are there.",
        f"d9, which {CORPUS} lacks", "Nothing can find it, so scores are too low.", "error",
    ),
    Rule(
        "duplicate-judgment", JUDGMENTS, "A query and a document are judged once in a split.",
        "q1 d1 1 twice", "Counts differ from the number of lines.", "warning", "the later one goes",
    ),
    Rule(
        "two-grades", JUDGMENTS, "A query and a document have one grade in a split.",
        "q1 d1 1 and q1 d1 2", "beir and mteb take the last.", "error",
    ),
    Rule(
        "unjudged-query", QUERIES, "Each query has a judgment in some split, where there are judgments.",
        f"q7, which no file of {QRELS} names", "It is left out of every score.", "warning",
    ),
    Rule(
        "two-splits", JUDGMENTS, "A query is judged in one split only.",
        "q1 in train.tsv and in test.tsv", "What was learnt from is judged with, so scores are too high.", "warning",
    ),
    Rule(
        "trained-on", JUDGMENTS,
        "Where the manifest says how judgments were divided by document, a document is judged in one split only.",
        '"splits": {…} in manifest.json, and d1 in train.tsv and test.tsv',
        "What was learnt from is judged with, so scores are too high.", "error",
    ),
    Rule(
        "shared-id", FOLDER, "No id names both a document and a query, unless the manifest says \"exclude_self\": true.",
        'a query and a document with "_id": "1"', "beir's evaluate drops that document from what the query found.",
        "warning",
    ),
)  # fmt: skip

RULES: dict[str, Rule] = {
    rule.name: rule for rule in (*_OF_THE_FOLDER, *_OF_EVERY_FILE, *_OF_JSON_LINES, *_OF_JUDGMENTS)
}
"""Name → rule, in the order in which the format is explained."""


def by_place() -> dict[str, list[Rule]]:
    """The rules by where they hold, from the folder to the judgments."""
    places: dict[str, list[Rule]] = {place: [] for place in (FOLDER, EVERY, JSON_LINES, CORPUS, QUERIES, JUDGMENTS)}
    for rule in RULES.values():
        places[rule.place].append(rule)
    return places


def explained() -> str:
    """All rules in words, as Markdown."""
    return "\n\n".join(
        "\n".join(
            [f"## {place[0].upper() if place in (FOLDER, EVERY) else place[0]}{place[1:]}", "", *map(_entry, rules)]
        )
        for place, rules in by_place().items()
    )


def _entry(rule: Rule) -> str:
    fix = f" `--fix`: {rule.fix}." if rule.fix else ""
    return f"- **{rule.name}** ({rule.severity}). {rule.says}\n  For example: {rule.example} → {rule.harm}{fix}"
