"""Which ids are given out, and whose text is whose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from xxhash import xxh3_128_digest

SAME_TEXT = "same text"
SAME_ID = "same id, same text"
RENAMED = "same id, other text"

digest_of = xxh3_128_digest
"""Sixteen bytes that tell contents apart (XXH3): no two have the same by chance."""


class Ids:
    """The ids given out so far; about 200 bytes each.

    As long as every id comes once, nobody asks for texts, and digests are not worked out.

    :param written: The id and the content of all that :meth:`take` kept so far.
    """

    def __init__(self, written: Callable[[], Iterable[tuple[str, str]]] = tuple) -> None:
        self._written = written
        self._unasked = True
        self._text_of: dict[str, bytes | None] = {}
        self._id_of: dict[bytes, str] | None = None

    def settle(self, own: str, auto: str, content: str) -> tuple[str, str]:
        """The id to keep a content under, and why if that is not simply a new one."""
        digest = digest_of(content.encode())
        if not own and digest in self._ids_by_text():
            return self._ids_by_text()[digest], SAME_TEXT
        id_, number = own or auto, 1
        while id_ in self._text_of:
            if own and self._texts()[id_] == digest:
                return id_, SAME_ID
            number += 1
            id_ = f"{own or auto}~{number}"
        self._add({id_: digest})
        return id_, RENAMED if own and number > 1 else ""

    def take(self, ids: Sequence[str], digests: Callable[[], Sequence[bytes]], *, own: bool) -> bool:
        """Keep many contents under their ids, if :meth:`settle` would do so with each; else none.

        :param digests: Works out :func:`digest_of` each content.
        :param own: Whether the source gives the ids.
        """
        lazy = own and self._unasked
        new = dict.fromkeys(ids) if lazy else dict(zip(ids, digests(), strict=True))
        if len(new) < len(ids) or not self._text_of.keys().isdisjoint(new):  # it looks each of the latter up
            return False
        contents = () if own else set(new.values())
        if not own and (len(contents) < len(ids) or not self._ids_by_text().keys().isdisjoint(contents)):
            return False
        self._add(new)
        return True

    def _add(self, new: Mapping[str, bytes | None]) -> None:
        self._text_of.update(new)
        if self._id_of is not None:
            for id_, digest in new.items():
                self._id_of.setdefault(digest or b"", id_)

    def _texts(self) -> dict[str, bytes | None]:
        """Id → digest, of all."""
        if self._unasked:
            self._unasked = False
            for id_, content in self._written():
                self._text_of[id_] = digest_of(content.encode())
        return self._text_of

    def _ids_by_text(self) -> dict[bytes, str]:
        """Digest → the first id with it. Held only once a row has come that gives no id."""
        if self._id_of is None:
            self._id_of = {digest: id_ for id_, digest in reversed(self._texts().items()) if digest}
        return self._id_of
