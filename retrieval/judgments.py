"""A person's own judgments of search results, kept in the BEIR format."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from retrieval.artifact import write_atomic
from retrieval.beir import QRELS, QRELS_HEADER, QUERIES, query_line, read_qrels, read_queries, splits
from retrieval.home import home
from retrieval.records import Qrels, Query

SPLIT = "judged"
"""The split that a person's own judgments make up."""

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Judgments:
    """Which document answers which question.

    :param questions: Query id → the question.
    :param grades: Query id → document id → 1 (answers it) or 0 (does not).
    """

    questions: Mapping[str, str] = field(default_factory=dict)
    grades: Qrels = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many documents were judged, over all questions."""
        return sum(len(grades) for grades in self.grades.values())

    def of(self, question: str) -> Mapping[str, int]:
        """Document id → grade for one question."""
        return self.grades.get(question_id(question), {})

    def judged(self, question: str, doc_id: str, grade: int) -> Judgments:
        """These and one more; judging the same again with the same grade takes it back."""
        key = question_id(question)
        grades = dict(self.grades.get(key, {}))
        if grades.get(doc_id) == grade:
            del grades[doc_id]
        else:
            grades[doc_id] = grade
        questions = {**self.questions, key: question.strip()}
        every = {**self.grades, key: grades}
        if not grades:
            del questions[key], every[key]
        return replace(self, questions=questions, grades=every)

    def qrels_text(self) -> str:
        """The judgments as ``qrels/SPLIT.tsv``."""
        lines = (f"{q}\t{d}\t{grade}\n" for q, grades in self.grades.items() for d, grade in grades.items())
        return "\t".join(QRELS_HEADER) + "\n" + "".join(lines)

    def queries_text(self) -> str:
        """The questions as ``queries.jsonl``."""
        return "".join(query_line(Query(key, text)) for key, text in self.questions.items())

    def archive(self) -> bytes:
        """A ZIP with ``queries.jsonl`` and ``qrels/judged.tsv``, to lay beside a ``corpus.jsonl``."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr(QUERIES, self.queries_text())
            out.writestr(f"{QRELS}/{SPLIT}.tsv", self.qrels_text())
        return stream.getvalue()


def question_id(question: str) -> str:
    """The query id of a question that a person typed: the same words, the same id."""
    return "q-" + hashlib.sha256(question.strip().encode()).hexdigest()[:10]


def read(corpus_name: str) -> Judgments:
    """The judgments kept for a corpus; none if there are none.

    :raises BakehouseError: if a file was edited into something unreadable.
    """
    folder = _folder(corpus_name)
    if SPLIT not in splits(folder):
        return Judgments()
    return Judgments({query.id: query.text for query in read_queries(folder)}, read_qrels(folder, SPLIT))


def record(corpus_name: str, question: str, doc_id: str, grade: int) -> Judgments:
    """Add one judgment to those kept for a corpus, and return them all."""
    folder = _folder(corpus_name)
    with _lock:
        judgments = read(corpus_name).judged(question, doc_id, grade)
        write_atomic(folder / QUERIES, judgments.queries_text())
        write_atomic(folder / QRELS / f"{SPLIT}.tsv", judgments.qrels_text())
    return judgments


def _folder(corpus_name: str) -> Path:
    return home() / "judgments" / corpus_name
