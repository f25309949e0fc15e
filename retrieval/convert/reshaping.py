"""What is done to a folder when all of it is written: compared, cut, divided."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from retrieval.convert.division import divide
from retrieval.convert.memo import Memo
from retrieval.convert.near import Near, treat_near
from retrieval.convert.options import Options
from retrieval.convert.passages import Cut, cut_folder
from retrieval.convert.progress import Pace
from retrieval.convert.report import ConversionReport

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A conversion on its way.

    :param folder: What it writes into.
    """

    folder: Path
    options: Options
    memo: Memo
    pace: Pace


def reshaped(report: ConversionReport, work: Work) -> ConversionReport:
    """Find what is nearly the same, cut what is long, divide the judgments.

    In this order: whole documents are compared, and passages of one parent must know each other to be divided.
    """
    options, documents = work.options, report.counts.documents
    if options.near != "off":
        _log.info("looking for documents of nearly the same text")
        work.pace.start("comparing", documents)
        report = _without_near(report, treat_near(work.folder, options.near))
    if options.chunking:
        _log.info("cutting documents longer than %s tokens", options.chunking.tokens)
        work.pace.start("cutting", report.counts.documents)
        looked_at = partial(work.pace.step, total=report.counts.documents)
        report = _with_passages(report, cut_folder(work.folder, options.chunking, work.memo, looked_at))
    if options.shares and report.counts.judgments:
        work.pace.start("dividing")
        report = replace(report, division=divide(work.folder, options.shares))
    elif options.shares:
        _log.warning("there are no judgments, so nothing was divided into %s", options.shares.text)
    return report


def balance(counts: Mapping[str, int]) -> dict[str, int]:
    """Language code → how many, the most frequent first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _without_near(report: ConversionReport, near: Near) -> ConversionReport:
    counts = report.counts
    documents, judgments = counts.documents - near.merged, counts.judgments - near.judgments
    languages = balance(Counter(report.languages) - near.languages)
    counts = replace(counts, documents=documents, judgments=judgments)
    return replace(report, counts=counts, languages=languages, near=near)


def _with_passages(report: ConversionReport, cut: Cut) -> ConversionReport:
    documents = report.counts.documents - cut.documents + cut.passages
    judgments = report.counts.judgments - cut.judged + cut.judgments
    counts = replace(report.counts, documents=documents, judgments=judgments)
    return replace(report, counts=counts, languages=balance(cut.languages), cut=cut)
