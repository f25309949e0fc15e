"""The kinds of data that embeddings are judged on."""

from __future__ import annotations

from eval.embeddings import bitext, clusters, sts, triplets
from eval.embeddings.records import Kind
from retrieval.errors import BakehouseError, nearest

KINDS: dict[str, Kind] = {kind.name: kind for kind in (triplets.KIND, sts.KIND, clusters.KIND, bitext.KIND)}


def kind_of(name: str) -> Kind:
    """The kind of this name.

    :raises BakehouseError: if there is none.
    """
    if name not in KINDS:
        raise BakehouseError(f"unknown kind '{name}': choose {', '.join(KINDS)}.{nearest(name, KINDS)}")
    return KINDS[name]
