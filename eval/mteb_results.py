"""Results as mteb writes them, so that its loaders and tables read them; mteb itself is not needed for it.

``FOLDER/results/MODEL/REVISION/TASK.json``, with a ``model_meta.json`` in each revision: where mteb's ``ResultCache(FOLDER)``
looks (https://github.com/embeddings-benchmark/mteb, ``mteb/results`` and ``mteb/cache``). A task is a corpus. Queries in
several languages are as many of its subsets, as in mteb's own tasks, so its mean over a task is one over languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.measures import STANDARD, parse
from eval.results import RERANKED, Summary
from retrieval.artifact import key_of, write_json
from retrieval.errors import BakehouseError
from retrieval.languages import code_of, iso_639_3
from retrieval.records import UNKNOWN

FORMAT = "mteb"
VERSION = "2.26.24"
"""The mteb whose form this is; its loaders tell by it how to read a file."""
LOCAL = "local"
"""Stands for the owner of what has none on the Hub; mteb wants a name of two parts."""
META = "model_meta.json"
WHOLE = "default"
"""What mteb calls the only subset of a task."""

_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_KINDS = {"hit": "hit_rate"}
"""Measures whose name in mteb is another than ours."""
_TYPES = {"dense": ["dense"], "hybrid": ["hybrid"], "lexical": ["sparse"], "run": []}
"""Kind of search → mteb's types of model; what made the ranking of another system is not known."""
_UNTOLD = (
    "loader", "release_date", "languages", "n_parameters", "memory_usage_mb", "max_tokens", "embed_dim", "license",
    "open_weights", "public_training_code", "public_training_data", "use_instructions", "training_datasets",
)  # fmt: skip
_SCRIPTS = {
    "Arab": "ar fa ur", "Cyrl": "be bg kk mk mn ru sr uk", "Deva": "hi mr", "Beng": "bn", "Grek": "el", "Gujr": "gu",
    "Hebr": "he yi", "Armn": "hy", "Jpan": "ja", "Geor": "ka", "Hang": "ko", "Guru": "pa", "Taml": "ta", "Telu": "te",
    "Thai": "th", "Hans": "zh", "Ethi": "am", "Tibt": "bo", "Thaa": "dv", "Khmr": "km", "Knda": "kn", "Laoo": "lo",
    "Mlym": "ml", "Mymr": "my", "Orya": "or", "Sinh": "si", "Zyyy": UNKNOWN,
}  # fmt: skip
"""ISO 15924 → the languages written in it; all others are written in Latin."""
_SCRIPT_OF = {code: script for script, codes in _SCRIPTS.items() for code in codes.split()}


@dataclass(frozen=True, slots=True)
class ModelMeta:
    """Who was judged, as mteb names it.

    :param name: ``owner/model``.
    :param revision: A hash of what decides its vectors.
    :param kinds: mteb's model types.
    :param base: The model that a hybrid searches with, or None.
    """

    name: str
    revision: str
    kinds: tuple[str, ...]
    base: str | None = None

    @classmethod
    def of(cls, each: Summary) -> ModelMeta:
        """The system of a result. A hybrid is a model of its own, beside the one it searches with."""
        mode, kinds = each.system.mode, tuple(_TYPES[each.system.mode])
        revision = each.system.model_fingerprint or key_of(bm25=each.settings.get("bm25"))
        asked = each.system.model
        name = asked if _HUB_ID.fullmatch(asked) else f"{LOCAL}/{_word(each.system.label)}"
        if mode != "hybrid":
            return cls(name, revision, kinds)
        return cls(f"{LOCAL}/{name.partition('/')[2]}-hybrid", revision, kinds, name)

    @property
    def folder(self) -> Path:
        """Where its results lie, below ``results/``."""
        return Path(self.name.replace("/", "__")) / self.revision

    def to_dict(self) -> dict[str, Any]:
        """The content of ``model_meta.json``: ``null`` for what mteb would like to know and a result does not tell."""
        with_vectors = not {"dense", "hybrid"}.isdisjoint(self.kinds)
        return {
            "name": self.name,
            "revision": self.revision,
            "model_type": list(self.kinds),
            "adapted_from": self.base,
            "framework": ["Sentence Transformers"] if with_vectors else [],
            "similarity_fn_name": "cosine" if with_vectors else None,
            **dict.fromkeys(_UNTOLD),
        }


@dataclass(frozen=True, slots=True)
class Written:
    """What an export made.

    :param files: The tasks' files.
    :param results: What they hold.
    :param left_out: The results that mteb's form has no place for, with the reason.
    """

    files: tuple[Path, ...]
    results: tuple[Summary, ...]
    left_out: tuple[tuple[Summary, str], ...]


def write(results: Sequence[Summary], folder: Path) -> Written:
    """Write results below a folder; files of the same model and task are replaced.

    mteb knows one score of a model on a split of a task. Of several results, such as before and after a change of the
    corpus, the newest is written; those that searched only a part of the corpus are left out.

    :raises BakehouseError: if nothing can be written.
    """
    left_out = [(each, reason) for each in results if (reason := _unfit(each))]
    files: list[Path] = []
    held: list[Summary] = []
    for (model, task), of_task in _by_task([each for each in results if not _unfit(each)]).items():
        kept = _newest(of_task)
        left_out += [(each, f"{kept[0].id} is newer") for each in of_task if each not in kept]
        place = folder / "results" / model.folder
        write_json(place / META, model.to_dict())
        write_json(place / f"{task}.json", task_result(kept))
        files.append(place / f"{task}.json")
        held += kept
    if not files:
        raise BakehouseError(
            "there is no result of a whole corpus to export. Make one with `python -m eval run DIR --model M --split S`."
        )
    return Written(tuple(files), tuple(held), tuple(left_out))


def task_result(results: Sequence[Summary]) -> dict[str, Any]:
    """The content of ``TASK.json``.

    :param results: Of one model on one state of one corpus, each of another split.
    """
    first = results[0]
    return {
        "dataset_revision": first.corpus.fingerprint,
        "task_name": first.corpus.name,
        "mteb_version": VERSION,
        "scores": {_split(each): list(_subsets(each)) for each in results},
        "evaluation_time": sum(each.seconds for each in results),
        "kg_co2_emissions": None,
        "date": max(datetime.fromisoformat(each.created).timestamp() for each in results),
    }


def measure_name(name: str) -> str:
    """``ndcg@10`` as mteb writes it: ``ndcg_at_10``."""
    measure = parse(name)
    return f"{_KINDS.get(measure.kind, measure.kind)}_at_{measure.k}"


def language_name(code: str) -> str:
    """A language as mteb writes it: ISO 639-3 and ISO 15924.

    >>> language_name("de"), language_name("zh"), language_name("zh-Hant"), language_name("und")
    ('deu-Latn', 'zho-Hans', 'zho-Hant', 'und-Zyyy')
    """
    script = next((part.title() for part in re.split("[-_]", code)[1:] if len(part) == 4), "")
    return f"{iso_639_3(code)}-{script or _SCRIPT_OF.get(code_of(code) or code, 'Latn')}"


def _unfit(each: Summary) -> str:
    """Why a result is no model's on a whole corpus; empty if it is."""
    if each.system.mode == RERANKED:
        return "it is an upper bound, no way to search"
    return "it searched a part of the corpus only" if each.ranked < each.counts["documents"] else ""


def _by_task(results: Sequence[Summary]) -> dict[tuple[ModelMeta, str], list[Summary]]:
    found: dict[tuple[ModelMeta, str], list[Summary]] = {}
    for each in results:
        found.setdefault((ModelMeta.of(each), each.corpus.name), []).append(each)
    return found


def _newest(results: Sequence[Summary]) -> list[Summary]:
    """The newest result of each split on the newest state of the corpus."""
    newest_first = sorted(results, key=lambda each: each.created, reverse=True)
    kept: dict[str, Summary] = {}
    for each in newest_first:
        if each.corpus.fingerprint == newest_first[0].corpus.fingerprint:
            kept.setdefault(_split(each), each)
    return list(kept.values())


def _split(each: Summary) -> str:
    return f"synthetic-{each.split}" if each.synthetic else each.split


def _subsets(each: Summary) -> Iterator[dict[str, Any]]:
    if len(each.by_language) > 1:
        for code, values in each.by_language.items():
            yield _scores(each, values, code, [code])
    else:
        yield _scores(each, each.metrics, WHOLE, list(each.by_language) or [UNKNOWN])


def _scores(each: Summary, values: Mapping[str, float], subset: str, codes: Sequence[str]) -> dict[str, Any]:
    leading = STANDARD[0] if STANDARD[0] in each.metrics else next(iter(each.metrics))
    return {
        **{measure_name(name): values[name] for name in each.metrics},
        "main_score": values[leading],
        "hf_subset": subset,
        "languages": [language_name(code) for code in codes],
    }


def _word(label: str) -> str:
    """A label as a part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", label).strip("-.") or "unnamed"
