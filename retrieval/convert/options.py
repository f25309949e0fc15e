"""What a person may set about a conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrieval.convert.division import Shares
from retrieval.convert.names import ROLES
from retrieval.convert.near import TREATMENTS, Treatment
from retrieval.convert.passages import Chunking
from retrieval.errors import BakehouseError, nearest
from retrieval.languages import code_of

NO_COLUMN = "-"
"""Given for a role, it says that no column has it."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings that overrule what is detected.

    :param columns: Role → column name, or ``"-"`` for none. Roles stand in ``names.ROLES``.
    :param keep: Columns to carry over into each document's metadata.
    :param split: The name of the split that judgments found in tables and SQuAD files get.
    :param languages: One code: the language of everything. Several: those to choose from. None: any.
    :param encoding: The encoding of every file, such as ``"cp1252"``; detected if empty.
    :param delimiter: Between the columns of tables; detected if empty.
    :param header: Whether tables begin with column names; detected if None.
    :param records: The path to the list of rows in JSON files, such as ``data.items``; found if empty.
    :param chunking: How long documents are cut; not at all if None.
    :param shares: How the judgments are divided into train, dev and test; used as they are if None.
    :param near: Whether documents of nearly the same text are listed, merged, or not looked for.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    split: str = "test"
    languages: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    header: bool | None = None
    records: str = ""
    chunking: Chunking | None = None
    shares: Shares | None = None
    near: Treatment = "list"

    def __post_init__(self) -> None:
        """:raises BakehouseError: if a role is unknown, the split no file name, a language no code,
        or a treatment none of :data:`TREATMENTS`.
        """
        for role in self.columns:
            if role not in ROLES:
                raise BakehouseError(f"unknown role '{role}': choose {', '.join(ROLES)}.{nearest(role, ROLES)}")
        if not self.split or not self.split.replace("-", "").replace("_", "").isalnum():
            raise BakehouseError(
                f"the split '{self.split}' is no name for a file: wanted letters, such as test or train."
            )
        for language in self.languages:
            if code_of(language) is None:
                raise BakehouseError(f"'{language}' is no language code: wanted one such as en, de or zh.")
        if len(self.delimiter) > 1:
            raise BakehouseError(f"the delimiter {self.delimiter!r} has {len(self.delimiter)} characters: wanted one.")
        if self.near not in TREATMENTS:
            raise BakehouseError(
                f"near duplicates cannot be treated with '{self.near}': choose {', '.join(TREATMENTS)}."
                + nearest(self.near, TREATMENTS)
            )
