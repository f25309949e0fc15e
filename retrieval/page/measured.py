"""The lengths of passages before and after long documents were cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from retrieval.drafts import Draft
from retrieval.lengths import Lengths


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of the files that a person looks at.

    :param whole: The lengths of the whole documents, where they were measured.
    :param cut: The tokens that passages have now at most; 0 where documents are whole.
    """

    files: tuple[Path, ...] = ()
    model: str = ""
    whole: Lengths | None = None
    cut: int = 0

    def with_lengths(self, lengths: Lengths, made: Draft | None, model: str) -> Measured:
        """After another measurement: of the same files, cut, or of others."""
        files = made.files if made else ()
        same = files == self.files and model == self.model
        if made and made.report.cut:
            return Measured(files, model, self.whole if same else None, made.report.cut.chunking.tokens)
        return replace(self, files=files, model=model, whole=lengths, cut=0)
