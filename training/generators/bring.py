"""Questions that a person brings: a BEIR folder's own, or those that the GPL toolkit has generated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from retrieval.artifact import hash_files
from retrieval.beir import QRELS, QUERIES, read_judgments, read_objects
from retrieval.errors import BakehouseError
from retrieval.records import UNKNOWN, Qrels, Query

TRAIN, DEV = "train", "dev"
_GPL_QUERIES, _GPL_QRELS = "-queries.jsonl", "-qrels"


@dataclass(frozen=True)
class Brought:
    """Questions and their judgments, all about passages of the corpus.

    :param files: Where they were read from.
    :param qrels: The positive judgments of train and dev together.
    :param dev: Ids of the questions that the person wants to judge by.
    """

    files: tuple[Path, ...]
    queries: Mapping[str, Query]
    qrels: Qrels
    dev: frozenset[str]

    @cached_property
    def passages(self) -> frozenset[str]:
        """Ids of the passages that are asked about."""
        return frozenset(doc_id for grades in self.qrels.values() for doc_id in grades)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the files' contents."""
        return hash_files(self.files)

    def of_language(self, lang: str, lang_of: Mapping[str, str]) -> Qrels:
        """The judgments of the questions in one language, on passages of that language only.

        A question is in the language that it states, if it has a passage in that language; else in that of its
        first passage.

        :param lang_of: Passage id → language, of all passages that questions may be about.
        """
        found: Qrels = {}
        for query_id, grades in self.qrels.items():
            known = [lang_of[doc_id] for doc_id in grades if doc_id in lang_of]
            stated = self.queries[query_id].lang
            if known and lang == (stated if stated in known else known[0]):
                found[query_id] = {doc_id: grade for doc_id, grade in grades.items() if lang_of.get(doc_id) == lang}
        return found


def brought(source: str, known: Collection[str] | None = None) -> Brought:
    """Read ``queries.jsonl`` and ``qrels/train.tsv`` (and ``dev.tsv``), or the GPL toolkit's ``qgen-…`` files.

    :param source: ``generate.source``.
    :param known: The ids of the corpus' passages; if None, they are not compared.
    :raises BakehouseError: if there are no such files, or they name questions or passages that are not there.
    """
    if not source:
        raise BakehouseError(
            "generate.generator is bring and generate.source is empty: name the folder that holds your questions."
        )
    queries_file, folder = _files(Path(source).expanduser())
    judged = {split: folder / f"{split}.tsv" for split in (TRAIN, DEV) if (folder / f"{split}.tsv").is_file()}
    if TRAIN not in judged:
        have = ", ".join(path.name for path in sorted(folder.glob("*.tsv"))) or "nothing"
        raise BakehouseError(
            f"{folder} holds {have}, and training wants {TRAIN}.tsv: rename the judgments that may be trained on. "
            "Those of the test split never are."
        )
    queries = {value["_id"]: _query(value) for _, value in read_objects(queries_file)}
    by_split = {split: _positive(read_judgments(path)) for split, path in judged.items()}
    qrels = by_split[TRAIN] | by_split.get(DEV, {})
    _check(qrels, queries, known, queries_file, folder)
    return Brought((queries_file, *judged.values()), queries, qrels, frozenset(by_split.get(DEV, {})))


def _files(folder: Path) -> tuple[Path, Path]:
    """The file of questions, and the folder of judgments."""
    prefixes = [
        path.name.removesuffix(_GPL_QUERIES)
        for path in sorted(folder.glob(f"*{_GPL_QUERIES}"))
        if path.with_name(path.name.removesuffix(_GPL_QUERIES) + _GPL_QRELS).is_dir()
    ]
    if len(prefixes) > 1:
        raise BakehouseError(
            f"{folder} holds several sets of generated questions ({', '.join(prefixes)}): keep one in a folder."
        )
    if prefixes:
        return folder / f"{prefixes[0]}{_GPL_QUERIES}", folder / f"{prefixes[0]}{_GPL_QRELS}"
    if (folder / QUERIES).is_file() and (folder / QRELS).is_dir():
        return folder / QUERIES, folder / QRELS
    have = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) if folder.is_dir() else ""
    raise BakehouseError(
        f"{folder} {f'holds {have}' if have else 'is empty' if folder.is_dir() else 'is no folder'}: generate.source "
        f"wants {QUERIES} and {QRELS}/{TRAIN}.tsv (BEIR), or qgen{_GPL_QUERIES} and qgen{_GPL_QRELS}/{TRAIN}.tsv "
        "(the GPL toolkit)."
    )


def _query(value: Mapping[str, object]) -> Query:
    metadata = value.get("metadata")
    kept = {key: each for key, each in metadata.items() if key == "lang"} if isinstance(metadata, dict) else {}
    return Query(str(value["_id"]), str(value.get("text") or ""), kept or {"lang": UNKNOWN})


def _positive(qrels: Qrels) -> Qrels:
    kept = {query: {doc: grade for doc, grade in grades.items() if grade > 0} for query, grades in qrels.items()}
    return {query: grades for query, grades in kept.items() if grades}


def _check(
    qrels: Qrels, queries: Mapping[str, Query], known: Collection[str] | None, queries_file: Path, folder: Path
) -> None:
    if not qrels:
        raise BakehouseError(f"{folder} holds no judgment above 0: there is nothing to train on.")
    strangers = [query_id for query_id in qrels if query_id not in queries]
    if strangers:
        raise BakehouseError(
            f"{len(strangers)} of {len(qrels)} judged questions are not in {queries_file}, such as '{strangers[0]}'; "
            f"it holds {len(queries)}, such as '{next(iter(queries), '')}'. Bring the files that belong together."
        )
    named = list(dict.fromkeys(doc_id for grades in qrels.values() for doc_id in grades))
    missing = [] if known is None else [doc_id for doc_id in named if doc_id not in known]
    if known is not None and missing:
        raise BakehouseError(
            f"{len(missing)} of {len(named)} passages that {folder} names are not in the corpus, such as "
            f"'{missing[0]}'; the corpus holds {len(known)}, such as '{next(iter(known), '')}'. Bring questions about "
            "this corpus, or train on the corpus that they are about."
        )
