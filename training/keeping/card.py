"""The model card of a checkpoint: data, settings and scores, and none of the texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.beir import Corpus
from retrieval.models import Model
from retrieval.records import UNKNOWN
from training.config import Recipe
from training.keeping.examine import MEASURE
from training.settings import to_toml

_TASK = "information-retrieval"
_BODY = """# {run}, step {step}

A retriever tuned by Bakehouse without labels: `{base}`, after {step} training steps on the corpus
`{corpus}`.

## Use

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("PATH OR REPOSITORY")
queries = model.encode_query(["..."])
passages = model.encode_document(["..."])
```

The prompts of queries and passages are in `config_sentence_transformers.json` and are added by these calls.

## Data

{data}

The texts themselves are not part of this model's files.

## Scores

{scores}

## Settings

```toml
{settings}```
"""


@dataclass(frozen=True)
class Card:
    """What is known of a run's checkpoints before any is examined.

    :param base: The model that is tuned.
    :param parts: Part of the training data → its rows; the names are those of :class:`training.data.parts.Part`.
    """

    run: str
    recipe: Recipe
    corpus: Corpus
    base: Model
    parts: Mapping[str, int]

    def text(self, step: int, base: Mapping[str, Any], found: Mapping[str, Any] | None = None) -> str:
        """The card of one checkpoint.

        :param base: The base model's figures, as the run's status has them.
        :param found: The checkpoint's own; None if it was not examined.
        """
        from huggingface_hub import ModelCardData

        metadata = ModelCardData(
            library_name="sentence-transformers",
            pipeline_tag="sentence-similarity",
            language=sorted(lang for lang in self.rows if lang != UNKNOWN and len(lang) <= 3) or None,
            base_model=self.base.name if self.base.source in ("Hub", "Hub cache", "bundled") else None,
            tags=["sentence-transformers", "feature-extraction", "bakehouse"],
            model_name=f"{self.run}, step {step}" if found else None,
            eval_results=self._results(found) if found else None,
        )
        body = _BODY.format(
            run=self.run,
            step=step,
            base=self.base.title,
            corpus=self.corpus.name,
            data="\n".join(self._data()),
            scores="\n".join(self._scores(base, found)) if found else "This checkpoint was not examined.",
            settings=to_toml(self._public()),
        )
        return f"---\n{metadata.to_yaml()}\n---\n{body}"

    @property
    def rows(self) -> dict[str, int]:
        """Language → training rows, whether generated or the person's own."""
        rows: dict[str, int] = {}
        for name, count in self.parts.items():
            lang = name.removeprefix("own-").partition("-")[0]
            rows[lang] = rows.get(lang, 0) + count
        return rows

    def _data(self) -> Iterator[str]:
        yield f"Corpus `{self.corpus.name}`, fingerprint `{self.corpus.fingerprint}`."
        yield ""
        yield "| language | documents | training rows |"
        yield "|---|---:|---:|"
        documents = self.corpus.languages
        for lang in sorted({*documents, *self.rows}):
            yield f"| {lang} | {documents.get(lang, 0):,} | {self.rows.get(lang, 0):,} |"

    def _scores(self, base: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
        yield f"nDCG@10 on {self._questions(found)}. Hybrid is this model together with BM25."
        yield ""
        yield "| mode | language | base | this checkpoint |"
        yield "|---|---|---:|---:|"
        for mode, of_mode in found["dev"].items():
            before = base.get("dev", {}).get(mode, {})
            yield f"| {mode} | all | {_told(before.get(MEASURE))} | {_told(of_mode[MEASURE])} |"
            for lang, value in of_mode["by_language"].items():
                yield f"| {mode} | {lang} | {_told(before.get('by_language', {}).get(lang))} | {_told(value)} |"

    def _questions(self, found: Mapping[str, Any]) -> str:
        if found.get("synthetic"):
            return "the dev questions, which are synthetic: generated from passages kept out of training"
        return "the corpus's own dev questions and judgments"

    def _results(self, found: Mapping[str, Any]) -> list[Any]:
        from huggingface_hub import EvalResult

        kind = "synthetic dev" if found.get("synthetic") else "dev"
        figures = {
            (mode, lang): value
            for mode, of_mode in found["dev"].items()
            for lang, value in (("all", of_mode[MEASURE]), *of_mode["by_language"].items())
        }
        return [
            EvalResult(
                task_type=_TASK,
                task_name="Information Retrieval",
                dataset_type=self.corpus.name,
                dataset_name=f"{self.corpus.name} ({kind})",
                dataset_config=lang,
                dataset_split="dev",
                metric_type="ndcg_at_10",
                metric_name=f"nDCG@10, {mode}",
                metric_value=value,
            )
            for (mode, lang), value in figures.items()
        ]

    def _public(self) -> Recipe:
        """The settings without the folders of this machine: of a path, the last part."""
        values = _without_folders(self.recipe.model_dump())
        return Recipe.model_validate(values | {"corpus": self.corpus.name, "base": self.base.title})


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _without_folders(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_folders(of) for name, of in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_without_folders(one) for one in value)
    is_folder = isinstance(value, str) and (value.startswith(("/", "~", ".", "\\")) or value[1:3] in (":\\", ":/"))
    return Path(value).name if is_folder else value
