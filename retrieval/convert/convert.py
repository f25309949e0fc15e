"""Sources in, a BEIR folder out: complete, or not there at all."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from retrieval.artifact import MANIFEST, building, read_manifest, write_json
from retrieval.beir import splits
from retrieval.convert.division import check_source
from retrieval.convert.documents import Documents
from retrieval.convert.entries import Plain
from retrieval.convert.folder import Counts, FolderWriter
from retrieval.convert.intake import Intake
from retrieval.convert.ledger import Ledger
from retrieval.convert.memo import MEMO, Memo
from retrieval.convert.namer import Namer
from retrieval.convert.opening import Source
from retrieval.convert.options import Options
from retrieval.convert.plain import pieces
from retrieval.convert.progress import Pace, Watch
from retrieval.convert.report import ConversionReport, describe
from retrieval.convert.reshaping import Work, balance, reshaped
from retrieval.convert.sources import open_sources
from retrieval.errors import BakehouseError
from retrieval.validate import Fault

MADE_BY = "retrieval convert"
"""In a manifest, it says that the folder is a conversion's and may be made anew."""

TO_CHOOSE_FROM = 2
"""A search in a single document has nothing to find."""

_log = logging.getLogger(__name__)


def convert(
    places: Sequence[Path],
    out: Path,
    options: Options | None = None,
    *,
    force: bool = False,
    least: int = 1,
    watch: Watch | None = None,
) -> ConversionReport:
    """Turn files and folders into a BEIR folder.

    ``out`` is written beside its place and moved there when it is complete; an earlier conversion
    stays until then.

    :param force: Replace ``out`` though it is not an earlier conversion.
    :param least: How many documents must come of it; people search among :data:`TO_CHOOSE_FROM` or more.
    :param watch: Is told now and then how far it is.
    :raises BakehouseError: if a source cannot be used, too few documents come of them, or ``out`` is
        something else than an earlier conversion.
    """
    options = options or Options()
    pace = Pace(watch)
    _check_out(out, places, force)
    _check_asked(places, options)
    pace.start("opening")
    sources = open_sources(places, options)
    ledger = Ledger()
    with _fresh(out) as (partial, memo):
        work = Work(partial, options, memo, pace)
        namer = Namer(options.languages, memo)
        counts = _write(_remembering(sources, memo), namer, ledger, work)
        if not counts.documents:
            raise BakehouseError(_nothing(counts, ledger.faults))
        languages, asked = balance(namer.documents), balance(namer.queries)
        report = ConversionReport(out, tuple(sources), counts, languages, asked, ledger.faults, options.split)
        report = replace(report, mixed=namer.mixed, of_source=namer.of_source)
        report = reshaped(report, work)
        if report.counts.documents < least:
            raise BakehouseError(_too_few(counts, ledger.faults))
        _write_manifest(report, partial)
    return replace(report, seconds=pace.seconds(languages=namer.seconds))


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
def _fresh(out: Path) -> Iterator[tuple[Path, Memo]]:
    """The folder to write into, empty but for the memo of a conversion that was killed.

    Nothing of it stays if the conversion fails.
    """
    with building(out) as partial:
        for left in partial.iterdir():
            if left.name != MEMO:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        memo = Memo(partial / MEMO)
        if memo.known:
            _log.info("going on from a conversion that was stopped: %s steps need no second time", f"{memo.known:,}")
        try:
            yield partial, memo
        except Exception:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        finally:
            memo.close()
        (partial / MEMO).unlink()


def _write(sources: Sequence[Source], namer: Namer, ledger: Ledger, work: Work) -> Counts:
    work.pace.start("reading")
    with FolderWriter(work.folder, namer) as writer:
        intake = Intake(work.options.split, writer.written)
        for source in sources:
            _log.info("reading %s", source.name)
            intake.start_source(links=source.links)
            writer.start_source(links=source.links)
            for piece in pieces(source, namer.told):
                if isinstance(piece, Plain) and intake.take(piece.ids, piece.digests, own=piece.own):
                    writer.add_plain(piece)
                    work.pace.step(piece.last, rows=len(piece.ids))
                    continue
                for entry in piece.entries() if isinstance(piece, Plain) else (piece,):
                    settled = intake.settle(entry)
                    writer.add(entry, settled)
                    ledger.add(entry, settled)
                    work.pace.step(entry.origin)
        return writer.finish()


def _remembering(sources: Sequence[Source], memo: Memo) -> list[Source]:
    """The same sources; files that take long to read are not read again."""
    return [
        replace(source, entries=replace(source.entries, memo=memo)) if isinstance(source.entries, Documents) else source
        for source in sources
    ]


def _write_manifest(report: ConversionReport, folder: Path) -> None:
    made: dict[str, Any] = replace(report, seconds={}).as_json()
    mapping = {source.name: source.mapping.roles for source in report.sources if source.mapping}
    del made["out"]
    described = {"made_by": MADE_BY, "sources": [describe(source) for source in report.sources], "mapping": mapping}
    write_json(folder / MANIFEST, {**described, **{name: made[name] for name in made if name != "sources"}})


def _nothing(counts: Counts, faults: Sequence[Fault]) -> str:
    which = "the only row gave no document" if counts.rows == 1 else f"none of {counts.rows:,} rows gave a document"
    return f"{which}, so nothing was written. {_reasons(faults)}"


def _too_few(counts: Counts, faults: Sequence[Fault]) -> str:
    rows = "one row" if counts.rows == 1 else f"{counts.rows:,} rows"
    said = f"a single document came of {rows}, so nothing was written: a corpus has at least two to choose from."
    return f"{said} Name more sources, or make passages of a long one with --chunk. {_reasons(faults)}".rstrip()


def _reasons(faults: Sequence[Fault]) -> str:
    return " ".join(f"{fault.file}: {fault.message}" for fault in faults[:3])
