"""A person's own training data: pairs, triplets, labelled texts, texts, translations; or a BEIR folder's judgments;
or the labelled triples of the GPL toolkit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.artifact import hash_files
from retrieval.beir import CORPUS, QRELS, QUERIES, Corpus, open_corpus
from retrieval.convert.rows import Row, columns_of, text_of
from retrieval.convert.strict import ENDINGS, read_rows
from retrieval.encoder import Role
from retrieval.errors import BakehouseError
from retrieval.languages import code_of, identify
from retrieval.records import UNKNOWN
from training.data import triples
from training.data.examples import Example, build
from training.data.layout import Layout, recognise
from training.data.shapes import Shape

_SAMPLE = 400
"""Rows whose language is looked at before all are: where they agree, so will the others."""
_SURE = 0.98


@dataclass(frozen=True)
class Own:
    """Training data that was read.

    :param name: How to call it.
    :param evidence: Sentences that say why it has its shape.
    :param examples: Language → rows.
    :param roles: Text column → which of the model's prompts its texts get.
    :param barred: Loss → why these rows cannot train it, though their shape could.
    """

    name: str
    shape: Shape
    evidence: tuple[str, ...]
    examples: Mapping[str, Sequence[Example]]
    roles: Mapping[str, Role]
    barred: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(map(len, self.examples.values()))


def fingerprint(place: str) -> str:
    """A hash of the content of a file, or of what is read of a folder."""
    found = _find(place)
    if isinstance(found, Corpus):
        return hash_files([found.folder / CORPUS, found.folder / QUERIES, found.folder / QRELS / "train.tsv"])
    return hash_files(triples.files(found) if found.is_dir() else [found])


def read(place: str) -> Own:
    """Read a file, the train judgments of a BEIR folder, or the GPL toolkit's triples, and find its shape.

    :raises BakehouseError: if it is missing, cannot be read, or its columns or rows make no shape.
    """
    if not place:
        raise BakehouseError("fit.data_only is set and fit.data is empty: name a file of pairs, triplets or texts.")
    found = _find(place)
    if isinstance(found, Corpus):
        return _read_judgments(found)
    return _read_triples(found) if found.is_dir() else _read_file(found)


def _find(place: str) -> Path | Corpus:
    """A file, a folder with triples, or a BEIR folder."""
    path = Path(place).expanduser()
    if path.is_file() or triples.has_triples(path):
        return path
    if not path.exists() and path.suffix.lower() in ENDINGS:
        raise BakehouseError(f"{place} does not exist: wanted a file of training data, or a BEIR folder.")
    return open_corpus(place)


def _read_judgments(corpus: Corpus) -> Own:
    """The train judgments as pairs: each question with each of its relevant documents."""
    texts = {query.id: query for query in corpus.queries}
    documents = {document.id: document for document in corpus.documents}
    examples: dict[str, list[Example]] = {}
    for query_id, grades in corpus.qrels("train").items():
        for doc_id, grade in grades.items():
            if grade <= 0:
                continue
            if query_id not in texts or doc_id not in documents:
                missing = f"query '{query_id}'" if query_id not in texts else f"document '{doc_id}'"
                raise BakehouseError(
                    f"{corpus.folder}: the train judgments name {missing}, which is not there. "
                    f"Run `python -m retrieval validate {corpus.folder}` for all faults."
                )
            query, document = texts[query_id], documents[doc_id]
            lang = query.lang if query.lang != UNKNOWN else document.lang
            examples.setdefault(lang, []).append({"query": query.text, "positive": document.full_text})
    if not examples:
        raise BakehouseError(
            f"{corpus.folder} has no relevant document in qrels/train.tsv: there is nothing to train on."
        )
    told = (f"{corpus.name} is a BEIR folder, and qrels/train.tsv says which documents answer which queries",)
    return Own(corpus.name, Shape.PAIR, told, examples, {"query": "query", "positive": "document"})


def _read_triples(folder: Path) -> Own:
    told = (f"{triples.LABELLED} holds triples of the GPL toolkit, each with a teacher's margin",)
    examples = triples.read_triples(folder)
    return Own(folder.name, Shape.MARGIN, told, examples, {"query": "query", "positive": "document"})


def _read_file(path: Path) -> Own:
    rows = read_rows(path, "training data")
    layout = recognise(columns_of(rows), str(path))
    examples, verdict = build(rows, layout, str(path))
    by_language, told = _by_language(examples, rows, layout)
    return Own(
        path.name, verdict.shape, (*layout.evidence, *verdict.why, *told), by_language, verdict.roles, verdict.barred
    )


def _by_language(
    examples: Sequence[Example], rows: Sequence[Row], layout: Layout
) -> tuple[dict[str, list[Example]], list[str]]:
    """The rows by language: as a column says, as translations need not, or as identified."""
    told: list[str] = []
    if "lang" in layout:
        langs = [_code(text_of(row.values.get(layout.columns["lang"])) or "") for row in rows]
    elif any("source" in example for example in examples[:1]):
        langs = [example.pop("pair") for example in examples]
    else:
        langs = _identified([" ".join(map(str, list(example.values())[:2])) for example in examples])
        told = [f"no column says the language, so it was identified: {_counts(langs)}"]
    groups: dict[str, list[Example]] = {}
    for lang, example in zip(langs, examples, strict=True):
        groups.setdefault(lang, []).append(example)
    return groups, told


def _code(name: str) -> str:
    return (code_of(name) or UNKNOWN) if name.strip() else UNKNOWN


def _identified(texts: Sequence[str]) -> list[str]:
    """The language of each text. Where a sample is all in one, the rest is not looked at."""
    sample = identify(texts[:: max(1, len(texts) // _SAMPLE)])
    named = Counter(lang for lang in sample if lang != UNKNOWN)
    if not named:
        return [UNKNOWN] * len(texts)
    lang, count = named.most_common(1)[0]
    if count >= _SURE * named.total():
        return [lang] * len(texts)
    return identify(texts, candidates=[lang for lang, count in named.items() if count > 1] or list(named))


def _counts(langs: Iterable[str]) -> str:
    return ", ".join(f"{lang} {count}" for lang, count in Counter(langs).most_common())
