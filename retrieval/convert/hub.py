"""A data set of the Hub, streamed: ``hub:OWNER/NAME[:CONFIG[:SPLIT]]``; also a folder that ``datasets`` loads.

Code that a data set brings is never run: ``datasets`` no longer can.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from retrieval.convert.entries import Origin
from retrieval.convert.jsons import object_row
from retrieval.convert.rows import Row, Rows
from retrieval.errors import BakehouseError, nearest

PREFIX = "hub:"
SIBLING = "-qrels"
"""What is added to the name of a data set of BEIR's own for that of its judgments."""
_TIMEOUT = 5.0
_WANTED = "wanted hub:OWNER/NAME, hub:OWNER/NAME:CONFIG or hub:OWNER/NAME:CONFIG:SPLIT"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where on the Hub.

    :param config: Empty where the data set has one only.
    :param split: Empty for all.
    """

    name: str
    config: str = ""
    split: str = ""

    @classmethod
    def of(cls, place: Path) -> Address:
        """:raises BakehouseError: if it names no data set."""
        parts = str(place).removeprefix(PREFIX).split(":")
        if not parts[0] or len(parts) > 3:
            raise BakehouseError(f"'{place}' names no data set: {_WANTED}.")
        return cls(*parts)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of this machine."""
        return Path(self.name).is_dir()

    @property
    def shown(self) -> str:
        """As reports call it: a folder by its last name."""
        return f"{PREFIX}{Path(self.name).name if self.is_folder else self.name}"


@dataclass(frozen=True, slots=True)
class Split:
    """A split of a data set.

    :param name: As reports call it.
    :param stem: What the ids made for its rows begin with.
    """

    name: str
    stem: str
    rows: Rows


def is_hub(place: Path) -> bool:
    """Whether a place that a person named is a data set of the Hub."""
    return str(place).startswith(PREFIX)


def splits(address: Address) -> Iterator[Split]:
    """The splits that an address names.

    :raises BakehouseError: if the Hub cannot be reached, has no such data set, or the data set no
        such configuration or split.
    """
    loaded = loaded_splits(address)
    if address.split and address.split not in loaded:
        known = ", ".join(loaded)
        raise BakehouseError(
            f"{address.name} has no split '{address.split}': it has {known}.{nearest(address.split, list(loaded))}"
        )
    stem = Path(address.name).name
    for split in [address.split] if address.split else list(loaded):
        name = f"{address.shown}:{split}"
        yield Split(name, f"{stem}-{split}" if len(loaded) > 1 else stem, partial(rows, loaded[split], name))


def rows(stream: Any, name: str) -> Iterator[Row]:
    """The rows of a split.

    :param name: As reports call it.
    :raises BakehouseError: if it breaks off.
    """
    try:
        for number, value in enumerate(stream, 1):
            yield object_row(value, Origin(name, number))
    except (OSError, ValueError) as error:  # the connection, or a file of it that is none
        raise BakehouseError(
            f"{name} broke off ({_first_line(error)}). Convert it again, or download it and name the folder."
        ) from error


def configurations(address: Address) -> list[str]:
    """The names of a data set's configurations.

    :raises BakehouseError: see :func:`splits`.
    """
    with _opened(address):
        from datasets import get_dataset_config_names

        return list(get_dataset_config_names(address.name))


def loaded_splits(address: Address, features: Any = None) -> dict[str, Any]:
    """Split → its rows, none of which is read yet.

    :param features: The types of its columns, where they are not to be guessed.
    :raises BakehouseError: see :func:`splits`.
    """
    with _opened(address):
        from datasets import load_dataset

        _log.info("opening %s", address.name)
        return dict(load_dataset(address.name, address.config or None, streaming=True, features=features))


@contextmanager
def _opened(address: Address) -> Iterator[None]:
    """Say in a sentence why a data set cannot be opened."""
    if not address.is_folder:
        _check_reachable(address.name)
    try:
        yield
    except ValueError as error:  # its message lists the configurations there are
        raise BakehouseError(
            f"{address.name} cannot be opened so: {' '.join(str(error).split())} Name one as hub:{address.name}:CONFIG."
        ) from error
    except Exception as error:  # whatever the HTTP library or a reader raises
        raise BakehouseError(
            f"{address.name} cannot be loaded ({_first_line(error)}). Download its files and name the folder."
        ) from error


def is_there(address: Address) -> bool:
    """Whether a data set exists that was not named by a person."""
    if address.is_folder:
        return True
    if Path(address.name).parent.is_dir():  # beside a folder of this machine
        return False
    from huggingface_hub import HfApi

    with _opened(Address(address.name.removesuffix(SIBLING))):
        return bool(HfApi().repo_exists(address.name, repo_type="dataset"))


def _check_reachable(name: str) -> None:
    """Ask the Hub once, and not for long: ``datasets`` would try for minutes."""
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise BakehouseError(f"'{PREFIX}{name}' is neither a data set of the Hub nor a folder: {_WANTED}.")
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    download = "Download its files where there is a network, and name the folder."
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise BakehouseError(f"{name} is on the Hub, which is switched off (HF_HUB_OFFLINE). {download}")
    try:
        HfApi().dataset_info(name, timeout=_TIMEOUT)
    except GatedRepoError as error:
        raise BakehouseError(
            f"the Hub wants the terms of {name} accepted first: accept them on its page and set HF_TOKEN."
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise BakehouseError(
            f"the Hub has no data set '{name}' (a private one needs HF_TOKEN). Check its name."
        ) from error
    except Exception as error:  # whatever the HTTP library raises, an unreachable Hub must not end the program
        raise BakehouseError(
            f"{name} is on the Hub, which cannot be reached ({type(error).__name__}). {download}"
        ) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
