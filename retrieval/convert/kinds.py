"""Which reader a file's ending calls for, and what to do with endings that none reads."""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.convert.files import File

READERS: Mapping[str, tuple[str, ...]] = {
    "table": (".csv", ".tsv", ".tab"),
    "json": (".json", ".jsonl", ".ndjson"),
    "parquet": (".parquet",),
    "arrow": (".arrow", ".feather"),
    "sheets": (".xlsx",),
    "text": (".txt", ".md", ".markdown", ".mdown", ".text"),
    "document": (".html", ".htm", ".xhtml", ".pdf", ".docx", ".pptx"),
}
"""Kind of reader → the endings it reads."""

TREC = (".xml", ".sgml", ".sgm", ".trec", ".trectext", ".qrels")
ARCHIVES = (".zip", ".gz")

ENDINGS = (*(ending for endings in READERS.values() for ending in endings), *TREC, *ARCHIVES)
"""Every ending that a file to convert may have."""

SUPPORTED = (
    "CSV and TSV (.csv .tsv .tab), JSON (.json .jsonl .ndjson), Parquet (.parquet), Arrow (.arrow .feather), "
    "Excel (.xlsx), Word (.docx), PowerPoint (.pptx), PDF (.pdf), web pages (.html .htm), text and Markdown (.txt .md, or no ending), "
    "TREC's documents, topics and judgments (.xml .sgml .trec .qrels), any of these as .gz, "
    "and folders and ZIP archives of these or in BEIR's format"
)
_REMEDIES = {
    ".doc": "Open it in an office program and save it as .docx.",
    ".xls": "Open it in an office program and save it as .xlsx, or each sheet as CSV.",
    ".ppt": "Open it in an office program and save it as .pptx.",
    ".odt": "Open it in an office program and save it as .docx.",
    ".rtf": "Open it in an office program and save it as .docx.",
    ".ods": "Open it in an office program and save it as .xlsx, or each sheet as CSV.",
    ".odp": "Open it in an office program and save it as .pptx.",
    ".epub": "Unpack it as a ZIP archive: its chapters are web pages.",
    ".xml": "Only TREC's is read, with <DOC> and <DOCNO> or with topics. Turn it into JSON Lines, an object a document.",
    ".qrels": "Judgments need the TREC documents and topics that they name: convert them together.",
    ".gz": "Unpack it and name the folder, or pack it as ZIP.",
    ".tar": "Unpack it and name the folder.",
    ".tgz": "Unpack it and name the folder.",
    ".7z": "Unpack it and name the folder.",
    ".rar": "Unpack it and name the folder.",
    ".bz2": "Unpack it and name the file inside.",
    ".xz": "Unpack it and name the file inside.",
    ".zst": "Unpack it and name the file inside.",
}
OTHERWISE = "If it is text, let its name end in .txt; else export it in a format that can."
"""What to do with a file whose ending nobody knows."""


def kind_of(file: File) -> str:
    """The kind of reader for a file, or an empty string. Without an ending, it may be text."""
    suffix = file.suffix.lower()
    if not suffix:
        return "text"
    return next((kind for kind, endings in READERS.items() if suffix in endings), "")


def of_other_kind(file: File) -> str:
    """Why a file without a reader is not read."""
    return f"files ending in {file.suffix} cannot be read"


def remedy(file: File) -> str:
    """What to do with a file that no reader reads, where its ending says; else an empty string."""
    return _REMEDIES.get(file.suffix.lower(), "")
