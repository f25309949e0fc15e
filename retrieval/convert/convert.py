"""Sources in, a BEIR folder out: complete, or not there at all."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from retrieval.artifact import MANIFEST, building, read_manifest, write_json
from retrieval.beir import splits
from retrieval.convert.division import check_source, divide
from retrieval.convert.folder import Counts, FolderWriter
from retrieval.convert.intake import Intake
from retrieval.convert.ledger import Ledger
from retrieval.convert.namer import Namer
from retrieval.convert.opening import Source
from retrieval.convert.options import Options
from retrieval.convert.passages import cut_folder
from retrieval.convert.report import ConversionReport, describe
from retrieval.convert.sources import open_sources
from retrieval.errors import BakehouseError
from retrieval.validate import Fault

MADE_BY = "retrieval convert"
"""In a manifest, it says that the folder is a conversion's and may be made anew."""

TO_CHOOSE_FROM = 2
"""A search in a single document has nothing to find."""
_OFTEN = 50_000
_log = logging.getLogger(__name__)


def convert(
    places: Sequence[Path], out: Path, options: Options | None = None, *, force: bool = False, least: int = 1
) -> ConversionReport:
    """Turn files and folders into a BEIR folder.

    ``out`` is written beside its place and moved there when it is complete; an earlier conversion
    stays until then.

    :param force: Replace ``out`` though it is not an earlier conversion.
    :param least: How many documents must come of it; people search among :data:`TO_CHOOSE_FROM` or more.
    :raises BakehouseError: if a source cannot be used, too few documents come of them, or ``out`` is
        something else than an earlier conversion.
    """
    options = options or Options()
    _check_out(out, places, force)
    _check_asked(places, options)
    sources = open_sources(places, options)
    ledger = Ledger()
    with _fresh(out) as partial:
        namer = Namer(options.languages)
        counts = _write(sources, partial, namer, ledger, options)
        if not counts.documents:
            raise BakehouseError(_nothing(counts, ledger.faults))
        if counts.documents < least:
            raise BakehouseError(_too_few(counts, ledger.faults))
        languages, asked = _balance(namer.documents), _balance(namer.queries)
        report = ConversionReport(out, tuple(sources), counts, languages, asked, ledger.faults, options.split)
        report = _reshaped(report, partial, options)
        _write_manifest(report, partial)
    return report


def _check_out(out: Path, places: Sequence[Path], force: bool) -> None:
    place = out.resolve()
    inside = [source for source in places if source.resolve() == place or place in source.resolve().parents]
    if inside:
        raise BakehouseError(
            f"{inside[0]} is to be read, and lies in {out}, which would be replaced. Choose another --out."
        )
    if Path.cwd().is_relative_to(place):
        raise BakehouseError(
            f"{out} holds the folder you are in, and would be replaced. Choose a new folder for --out."
        )
    if out.exists() and not out.is_dir():
        raise BakehouseError(f"{out} is a file: wanted the name of a folder to make. Choose another --out.")
    if out.is_dir() and any(out.iterdir()) and not force and not is_conversion(out):
        raise BakehouseError(
            f"{out} is there already, and no earlier conversion: it stays as it is. "
            "Choose another --out, or replace it and all it holds with --force."
        )


def _check_asked(places: Sequence[Path], options: Options) -> None:
    """Refuse beforehand what would be refused after hours."""
    if options.chunking:
        options.chunking.ruler()
    if options.shares:
        for place in places:
            check_source(splits(place), str(place), options.shares)


def is_conversion(folder: Path) -> bool:
    """Whether a folder was made by :func:`convert`."""
    manifest = read_manifest(folder)
    return manifest is not None and manifest.get("made_by") == MADE_BY


@contextmanager
def _fresh(out: Path) -> Iterator[Path]:
    """The folder to write into; nothing of it stays if the conversion fails."""
    with building(out, fresh=True) as partial:
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def _write(sources: Sequence[Source], folder: Path, namer: Namer, ledger: Ledger, options: Options) -> Counts:
    intake = Intake(options.split)
    with FolderWriter(folder, namer) as writer:
        for source in sources:
            _log.info("reading %s", source.name)
            intake.start_source(links=source.links)
            writer.start_source(links=source.links)
            for number, entry in enumerate(source.entries(), 1):
                settled = intake.settle(entry)
                writer.add(entry, settled)
                ledger.add(entry, settled)
                if number % _OFTEN == 0:
                    _log.info("  %s rows", f"{number:,}")
        return writer.finish()


def _reshaped(report: ConversionReport, folder: Path, options: Options) -> ConversionReport:
    """Cut what is long, then divide the judgments: passages of one parent must know each other by then."""
    if options.chunking:
        _log.info("cutting documents longer than %s tokens", options.chunking.tokens)
        cut = cut_folder(folder, options.chunking)
        documents = report.counts.documents - cut.documents + cut.passages
        judgments = report.counts.judgments - cut.judged + cut.judgments
        counts = replace(report.counts, documents=documents, judgments=judgments)
        report = replace(report, counts=counts, languages=_balance(cut.languages), cut=cut)
    if options.shares and report.counts.judgments:
        report = replace(report, division=divide(folder, options.shares))
    elif options.shares:
        _log.warning("there are no judgments, so nothing was divided into %s", options.shares.text)
    return report


def _write_manifest(report: ConversionReport, folder: Path) -> None:
    made: dict[str, Any] = report.as_json()
    mapping = {source.name: source.mapping.roles for source in report.sources if source.mapping}
    del made["out"]
    described = {"made_by": MADE_BY, "sources": [describe(source) for source in report.sources], "mapping": mapping}
    write_json(folder / MANIFEST, {**described, **{name: made[name] for name in made if name != "sources"}})


def _balance(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _nothing(counts: Counts, faults: Sequence[Fault]) -> str:
    which = "the only row gave no document" if counts.rows == 1 else f"none of {counts.rows:,} rows gave a document"
    return f"{which}, so nothing was written. {_reasons(faults)}"


def _too_few(counts: Counts, faults: Sequence[Fault]) -> str:
    rows = "one row" if counts.rows == 1 else f"{counts.rows:,} rows"
    said = f"a single document came of {rows}, so nothing was written: a corpus has at least two to choose from."
    return f"{said} Name more sources. {_reasons(faults)}".rstrip()


def _reasons(faults: Sequence[Fault]) -> str:
    return " ".join(f"{fault.file}: {fault.message}" for fault in faults[:3])
