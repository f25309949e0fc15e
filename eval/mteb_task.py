"""A retrieval task of mteb becomes a BEIR folder of the workspace, so that everything here works on it.

mteb (https://github.com/embeddings-benchmark/mteb) knows the tasks and where on the Hub their texts lie; it is asked for
nothing else. One folder holds one split, since mteb's splits may have documents of their own. So may its subsets, which
are mostly languages: together they are one corpus, harder to search than the subsets that mteb searches one by one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from textwrap import shorten
from typing import Any

from retrieval.artifact import MANIFEST, alone, building, read_manifest, write_json
from retrieval.beir import Corpus, write_documents, write_qrels, write_queries
from retrieval.errors import BakehouseError, nearest
from retrieval.home import home
from retrieval.languages import code_of, identify
from retrieval.records import UNKNOWN, Document, Qrels, Query

MADE_BY = "eval run --mteb"
"""In a manifest, it says that the folder is a task's and may be made anew."""

_HUB_TIMEOUT = 3.0
_SHOWN = 300
"""Some tasks have hundreds of subsets: so many characters of their names are shown."""
_TYPE = "Retrieval"
_CODE = "-Code"
"""How mteb marks languages that no person speaks, such as ``python-Code``."""

log = logging.getLogger(__name__)


def find_task(name: str) -> Any:
    """The task of that name, an ``mteb.abstasks.AbsTaskRetrieval``, without its texts.

    :raises BakehouseError: if mteb is not installed, knows no such task, or the task is not to find texts for texts.
    """
    if not find_spec("mteb"):
        raise BakehouseError("--mteb needs the package mteb, which is not installed: pip install mteb.")
    import mteb

    try:
        task = mteb.get_task(name)
    except KeyError as error:
        raise BakehouseError(
            f"mteb has no task '{name}': its retrieval tasks are listed by "
            f"`python -m mteb available-tasks --task-types {_TYPE}`.{nearest(name, _retrieval_tasks())}"
        ) from error
    _refuse_other_kinds(task)
    return task


def _retrieval_tasks() -> list[str]:
    from mteb.get_tasks import TASK_LIST

    return [each.metadata.name for each in TASK_LIST if each.metadata.type == _TYPE]


def _refuse_other_kinds(task: Any) -> None:
    from mteb.abstasks import AbsTaskRetrieval

    about = task.metadata
    if about.type != _TYPE or about.modalities != ["text"]:
        kind = f"{about.type} ({', '.join(about.modalities)})"
        raise BakehouseError(
            f"mteb's task '{about.name}' is of the kind {kind}: wanted {_TYPE} (text). Name such a one."
        )
    if not isinstance(task, AbsTaskRetrieval):
        parts = ", ".join(each.metadata.name for each in getattr(about, "tasks", ()))
        raise BakehouseError(f"mteb's task '{about.name}' is a collection of tasks: name one of them: {parts}.")


def corpus_of(task: Any, subset: str = "", split: str = "") -> tuple[Corpus, str]:
    """The corpus of a task, made unless the workspace has it, and the split that it holds.

    :param task: As :func:`find_task` gives it.
    :param subset: The only subset to take; all if empty.
    :param split: ``test`` if empty, or the first of a task that has no ``test``.
    :raises BakehouseError: if the task has no such subset or split, its texts cannot be loaded or are no texts, or the
        workspace has another corpus of that name.
    """
    about = task.metadata
    splits = list(about.eval_splits)
    split = _known(about.name, "split", split or ("test" if "test" in splits else splits[0]), splits)
    subsets = [_known(about.name, "subset", subset, about.hf_subsets)] if subset else list(about.hf_subsets)
    parts = [about.name, subset, split if len(splits) > 1 else ""]
    folder = home() / "corpora" / "-".join(part.replace("/", "-") for part in parts if part)
    made_of = {"task": about.name, "revision": about.dataset["revision"], "subsets": subsets, "split": split}
    with alone(folder):
        if not _is_made_of(folder, made_of):
            _write(folder, task, made_of)
    return Corpus(folder), split


def _known(task: str, what: str, wanted: str, have: Sequence[str]) -> str:
    if wanted not in have:
        raise BakehouseError(
            f"mteb's task '{task}' has no {what} '{wanted}': it has {shorten(', '.join(have), _SHOWN, placeholder=' …')}."
            + nearest(wanted, have)
        )
    return wanted


def _is_made_of(folder: Path, made_of: Mapping[str, Any]) -> bool:
    manifest = read_manifest(folder) or {}
    if folder.exists() and manifest.get("made_by") != MADE_BY:
        raise BakehouseError(
            f"there is a corpus '{folder.name}' in the workspace that was not made of mteb's task: rename {folder}, "
            f"or judge on it as it is with `python -m eval run {folder.name}`."
        )
    return bool(manifest) and {name: manifest.get(name) for name in made_of} == made_of


def _write(folder: Path, task: Any, made_of: Mapping[str, Any]) -> None:
    contents = Contents.of(_load(task, made_of["subsets"], made_of["split"]), task.metadata.hf_subsets_to_langscripts)
    if len(made_of["subsets"]) > 1:
        log.info(
            "%s: its %d subsets become one corpus; mteb searches each alone, as --subset NAME does",
            made_of["task"],
            len(made_of["subsets"]),
        )
    with building(folder, fresh=True) as partial:
        counts = {
            "documents": write_documents(partial, contents.documents.values()),
            "queries": write_queries(partial, contents.queries.values()),
            "judgments": write_qrels(partial, made_of["split"], contents.qrels),
            "languages": dict(Counter(document.lang for document in contents.documents.values()).most_common()),
        }
        exclude = {"exclude_self": True} if task.ignore_identical_ids else {}
        write_json(partial / MANIFEST, {"made_by": MADE_BY, **made_of, **counts, **exclude})
    log.info("%s: %d documents, %d queries → %s", folder.name, counts["documents"], counts["queries"], folder)


def _load(task: Any, subsets: Sequence[str], split: str) -> dict[str, Mapping[str, Any]]:
    """Each subset's corpus, queries and judgments, as mteb holds them."""
    name, place = task.metadata.name, task.metadata.dataset["path"]
    _ask_hub(name, place)
    task.filter_eval_splits([split])
    task.hf_subsets = list(subsets)
    try:
        task.load_data()
        task.convert_v1_dataset_format_to_v2(num_proc=None)
        return {subset: task.dataset[subset][split] for subset in subsets}
    except Exception as error:  # a hundred tasks have loaders of their own, and no kind of error in common
        raise BakehouseError(
            f"the texts of mteb's task '{name}' ({place} on the Hub) cannot be loaded "
            f"({type(error).__name__}: {error}). "
            "Connect to the Hub, and for a data set with terms accept them on its page and set HF_TOKEN."
        ) from error


def _ask_hub(name: str, place: str) -> None:
    """Fail at once where the Hub cannot be reached: mteb would try for minutes. Offline, the Hub's cache may do."""
    from huggingface_hub import HfApi, is_offline_mode
    from huggingface_hub.errors import HfHubHTTPError

    if is_offline_mode():
        return
    try:
        HfApi().dataset_info(place, timeout=_HUB_TIMEOUT)
    except HfHubHTTPError as error:
        log.info("The Hub says of %s: %s", place, error)  # it can be reached, and a cache or a token may yet do
    except Exception as error:  # whatever the HTTP library raises
        raise BakehouseError(
            f"the texts of mteb's task '{name}' lie on the Hub ({place}), which cannot be reached "
            f"({type(error).__name__}). Connect to it, or, if mteb has loaded them before, set HF_HUB_OFFLINE=1."
        ) from error


@dataclass(frozen=True, slots=True)
class Contents:
    """What a BEIR folder holds; documents and queries by their ids."""

    documents: dict[str, Document] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    qrels: Qrels = field(default_factory=dict)

    @classmethod
    def of(cls, subsets: Mapping[str, Mapping[str, Any]], languages: Mapping[str, Sequence[str]]) -> Contents:
        """Join the subsets of a task.

        Ids stay as they are in a single subset; of several, each begins with its subset's name, since the same ids stand
        for other texts there. A document that several subsets have, with the same id, is one document.

        :param subsets: Name → mteb's ``RetrievalSplitData``.
        :param languages: Name → its languages, such as ``deu-Latn``.
        :raises BakehouseError: if a document or a query is no text, or the candidates of each query are given.
        """
        contents = cls()
        shared: dict[tuple[str, str, str], str] = {}
        for name, data in subsets.items():
            _refuse_candidates(name, data)
            contents._add(data, f"{name}-" if len(subsets) > 1 else "", _codes(languages[name]), shared)
        return contents

    def _add(
        self, data: Mapping[str, Any], prefix: str, codes: Sequence[str], shared: dict[tuple[str, str, str], str]
    ) -> None:
        """Add a subset.

        :param shared: Id, title and text → the id here, of the documents so far.
        """
        rows = [(str(row["id"]), _text(row, "title"), _text(row, "text")) for row in data["corpus"]]
        named = {}
        for row, lang in zip(rows, _languages((f"{title} {text}" for _, title, text in rows), codes), strict=True):
            own, title, text = row
            named[own] = shared.setdefault(row, prefix + own)
            self.documents.setdefault(named[own], Document(named[own], text, title, {"lang": lang}))
        asked = [(prefix + str(row["id"]), _question(row)) for row in data["queries"]]
        for (query_id, text), lang in zip(asked, _languages((text for _, text in asked), codes), strict=True):
            self.queries.setdefault(query_id, Query(query_id, text, {"lang": lang}))
        for query, grades in data["relevant_docs"].items():
            self.qrels[f"{prefix}{query}"] = {
                named.get(str(own), f"{prefix}{own}"): int(grade) for own, grade in grades.items()
            }


def _refuse_candidates(subset: str, data: Mapping[str, Any]) -> None:
    if data.get("top_ranked"):
        raise BakehouseError(
            f"this task gives the candidates of each query (subset '{subset}'), to be ranked anew: wanted one that "
            "searches the whole corpus. Name another."
        )


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if value is not None and not isinstance(value, str):
        raise BakehouseError(
            f"'{row['id']}' has a {column} that is no text but of the kind {type(value).__name__}, such as a conversation: "
            "wanted a task of plain texts. Name another."
        )
    return value or ""


def _question(row: Mapping[str, Any]) -> str:
    """A query as mteb's models read it: its instruction stands behind it."""
    instruction = _text(row, "instruction")
    return f"{_text(row, 'text')} {instruction}" if instruction else _text(row, "text")


def _codes(langscripts: Iterable[str]) -> list[str]:
    """Our codes of mteb's languages, those of programs left out."""
    return list(dict.fromkeys(code_of(each) or each for each in langscripts if not each.endswith(_CODE)))


def _languages(texts: Iterable[str], codes: Sequence[str]) -> list[str]:
    """The language of each text: that of the subset, or which of its languages the text is in."""
    several = list(texts)
    return identify(several, codes) if len(codes) > 1 else [*codes, UNKNOWN][:1] * len(several)
