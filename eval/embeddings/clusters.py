"""Clusters: how well k-means over the embeddings finds the labels that people gave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.embeddings.columns import Column, read_table
from eval.embeddings.embedder import Embedder, Roles
from eval.embeddings.records import Kind, Options, Part, Scores
from retrieval.errors import BakehouseError

COLUMNS = (
    Column("label", "label labels class category topic cluster intent language lang"),
    Column("text", "text sentence", like="text"),
)
SEEDS = tuple(range(5))


def read(paths: Sequence[Path], options: Options) -> list[Part]:
    """Read files of labelled texts, one part each.

    :raises BakehouseError: if a column or a cell is missing, or the labels make no clusters.
    """
    return [_read(path, options) for path in paths]


def _read(path: Path, options: Options) -> Part:
    table = read_table(path, COLUMNS, options.columns, "labelled texts")
    values = {each.role: table.texts(each.role) for each in COLUMNS}
    labels, texts = (len(set(values[role])) for role in ("label", "text"))
    column = table.columns["label"]
    if labels == 1:
        raise BakehouseError(
            f"{path}: '{column}' holds one label, '{values['label'][0]}', so there is nothing to tell apart. "
            "Add texts of other labels, or say which column it is with --column label=NAME."
        )
    if texts <= labels:
        raise BakehouseError(
            f"{path} has {labels:,} labels in '{column}' for {texts:,} different texts: a cluster wants several. "
            "Add texts, or say which column it is with --column label=NAME."
        )
    return Part(path.name, values, table.columns)


def judge(part: Part, embedder: Embedder) -> Scores:
    """Judge by v-measure, the harmonic mean of homogeneity and completeness (Rosenberg and Hirschberg, 2007).

    Clusters are those of k-means, as many as there are labels; every measure is the mean over the seeds. V-measure
    is not corrected for chance, which helps many small clusters most (Vinh, Epps and Bailey, 2010): so the same
    clusters are judged by shuffled labels too.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import homogeneity_completeness_v_measure, v_measure_score

    vectors = embedder.encode(part.values["text"])
    labels = np.unique(np.asarray(part.values["label"]), return_inverse=True)[1]
    found = []
    for seed in SEEDS:
        clusters = KMeans(labels.max() + 1, n_init=1, random_state=seed).fit_predict(vectors)
        shuffled = np.random.default_rng(seed).permutation(labels)
        found.append((*homogeneity_completeness_v_measure(labels, clusters), v_measure_score(shuffled, clusters)))
    homogeneity, completeness, v_measure, chance = (float(mean) for mean in np.mean(found, axis=0))
    return Scores(
        {
            "v_measure": v_measure,
            "v_measure_deviation": float(np.std([each[2] for each in found])),
            "v_measure_by_chance": chance,
            "homogeneity": homogeneity,
            "completeness": completeness,
        }
    )


KIND = Kind(
    name="clusters",
    summary="does k-means over the embeddings find the labels?",
    rows="texts",
    columns=COLUMNS,
    roles=Roles(),
    titles={
        "v_measure": "v-measure",
        "v_measure_deviation": "deviation",
        "v_measure_by_chance": "by chance",
        "homogeneity": "homogeneity",
        "completeness": "completeness",
    },
    note=f"K-means with as many clusters as labels, the mean of {len(SEEDS)} seeds. deviation: of the v-measure over the "
    "seeds; by chance: the v-measure of the same clusters with the labels shuffled.",
    settings={"seeds": list(SEEDS), "starts": 1},
    read=read,
    judge=judge,
)
