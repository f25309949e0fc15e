"""What a person drops on the page becomes a draft, and a corpus only when they say so."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Literal, get_args

import pytest

from retrieval import drafts
from retrieval.beir import open_corpus
from retrieval.convert.options import Options
from retrieval.convert.passages import Chunking
from retrieval.convert.progress import Doing
from retrieval.convert.rejected import rejected
from retrieval.drafting import Step
from retrieval.errors import BakehouseError
from retrieval.page import dataset, layout, reading

ROWS = [
    "nr;frage;antwort;quelle",
    "1;Wie lange muss der Teig gehen?;Der Teig geht zwölf Stunden in der Kälte.;Buch",
    "2;Warum wird die Kruste dunkel?;Die Kruste wird von der Hitze des Ofens dunkel.;Buch",
    "3;Was ist Sauerteig?;;Buch",
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "fragen & antworten.csv"
    path.write_text("\n".join(ROWS) + "\n", encoding="utf-8")
    return path


def test_a_table_becomes_a_draft_that_can_be_kept_and_kept_again(home: Path, table: Path) -> None:
    made = drafts.draft([table])
    assert (made.report.counts.documents, made.report.counts.queries, made.report.counts.rejected) == (2, 2, 1)
    assert not (home / "corpora").exists()
    name = drafts.proposed_name([table])
    assert name == "fragen-antworten"
    for _ in range(2):
        assert drafts.keep(made, name) == home / "corpora" / name
    assert len(open_corpus(name).documents) == 2
    drafts.discard(made)
    assert not made.folder.exists()
    assert len(open_corpus(name).documents) == 2


def test_columns_can_be_chosen_and_a_wrong_one_leaves_nothing_behind(home: Path, table: Path) -> None:
    made = drafts.draft([table], Options({"text": "frage", "query": "-"}))
    assert [document.text for document in made.corpus.documents][:1] == ["Wie lange muss der Teig gehen?"]
    before = set(made.folder.parent.glob("bakehouse-draft-*"))
    with pytest.raises(BakehouseError, match="no column 'fargen'"):
        drafts.draft([table], Options({"text": "fargen"}))
    assert set(made.folder.parent.glob("bakehouse-draft-*")) == before
    drafts.discard(made)


def test_the_files_of_a_beir_folder_are_put_together_again(home: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    files = [tiny_corpus / "corpus.jsonl", tiny_corpus / "queries.jsonl", tiny_corpus / "qrels" / "test.tsv"]
    given = [Path(shutil.copy(file, loose)) for file in files]
    made = drafts.draft(given)
    whole = open_corpus(tiny_corpus)
    assert made.corpus.qrels("test") == whole.qrels("test")
    assert made.report.counts.documents == len(whole.documents)
    drafts.discard(made)


def test_the_files_of_the_gpl_toolkit_too(home: Path, tmp_path: Path) -> None:
    lines = {
        "corpus.jsonl": '{"_id": "d1", "text": "Bread of rye"}\n{"_id": "d2", "text": "Buns"}\n',
        "qgen-queries.jsonl": '{"_id": "q1", "text": "what is rye?"}\n',
        "train.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t1\n",
        "gpl-training-data.tsv": "q1\td1\td2\t3\n",
    }
    for name, content in lines.items():
        (tmp_path / name).write_text(content)
    made = drafts.draft([tmp_path / name for name in lines])
    assert made.corpus.qrels("train") == {"q1": {"d1": 1}}
    assert (made.report.counts.merged, made.report.counts.rejected) == (1, 0)
    drafts.discard(made)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "handbook", "x.partial", "x" * 61])
def test_a_name_that_cannot_be_a_corpus_is_refused(home: Path, table: Path, name: str) -> None:
    made = drafts.draft([table])
    with pytest.raises(BakehouseError):
        drafts.keep(made, name)
    assert not (home / "corpora").exists()
    drafts.discard(made)


def test_a_corpus_that_was_not_made_here_is_not_replaced(home: Path, table: Path, tiny_corpus: Path) -> None:
    (home / "corpora").mkdir()
    tiny_corpus.rename(home / "corpora" / "mine")
    made = drafts.draft([table])
    with pytest.raises(BakehouseError, match="was not made here"):
        drafts.keep(made, "mine")
    assert len(open_corpus("mine").documents) == 24
    drafts.discard(made)


def test_the_zip_holds_the_format(home: Path, tiny_corpus: Path) -> None:
    path = drafts.archive(open_corpus(tiny_corpus), "bread")
    assert path.name == "bread.zip"
    names = set(zipfile.ZipFile(path).namelist())
    assert {"corpus.jsonl", "queries.jsonl", "qrels/dev.tsv", "qrels/test.tsv"} <= names


def test_of_several_files_one_that_cannot_be_read_is_a_rejected_row(home: Path, table: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.doc"
    old.write_bytes(b"\xd0\xcf\x11\xe0")
    made = drafts.draft([table, old])
    assert (made.report.counts.documents, made.report.counts.rejected) == (2, 2)
    assert "save it as .docx" in dataset.rejected_table(made.corpus.folder)
    drafts.discard(made)
    with pytest.raises(BakehouseError, match=r"save it as \.docx"):
        drafts.draft([old])


def test_files_of_the_same_name_are_both_read(home: Path, table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / table.name
    other.parent.mkdir()
    other.write_text("text\nEin anderer Teig ruht.\n", encoding="utf-8")
    made = drafts.draft([table, other])
    assert made.report.counts.documents == 3
    drafts.discard(made)


@pytest.mark.parametrize(
    ("name", "file"), [("../x", "x.zip"), ("/etc/x", "etc-x.zip"), ("a b", "a-b.zip"), ("..", "corpus.zip")]
)
def test_a_zip_lies_where_it_should_whatever_its_name(home: Path, tiny_corpus: Path, name: str, file: str) -> None:
    path = drafts.archive(open_corpus(tiny_corpus), name)
    assert path.name == file and path.parent.name.startswith("bakehouse-zip-")


def test_what_is_shown_of_a_draft(home: Path, table: Path) -> None:
    made = drafts.draft([table])
    assert "3 rows → 2 documents, 2 queries, 2 judgments" in reading.verdict(made.report)
    assert "3 rows = 2 kept + 0 merged with an equal one + 1 rejected." in reading.verdict(made.report)
    source = reading.mapped(made.preview)
    assert source is not None and source.columns == ("nr", "frage", "antwort", "quelle")
    assert "'frage' is a usual name" in reading.evidence(source.source, "query")
    assert reading.evidence(source.source, "lang") == "the language of the row: no column"
    shown = reading.before_after(made.preview, dataset.becoming(made.corpus))
    assert "left out: quelle" in shown and shown.count("<tr>") == 4
    assert "line 4" in dataset.rejected_table(made.corpus.folder)
    drafts.discard(made)


def test_a_document_that_was_cut_is_shown_as_its_passages(home: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("Der Teig geht zwölf Stunden in der Kälte. " * 40, encoding="utf-8")
    with pytest.raises(BakehouseError, match="a single document came of one row"):
        drafts.draft([book])
    made = drafts.draft([book], Options(languages=("de",), chunking=Chunking(64)))
    counts = made.report.counts
    assert counts.rows == 1 and counts.documents == len(made.corpus.documents) > 3
    assert f"1 row → {counts.documents} passages" in reading.verdict(made.report)
    shown = reading.before_after(made.preview, dataset.becoming(made.corpus))
    assert "book.txt#1" in shown and f"and {counts.documents - 3} more passages." in shown
    assert "metadata.parent" in layout.format_panel(made.corpus)
    drafts.discard(made)


def test_rejected_rows_stand_by_reason_the_most_frequent_first(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    bad = ["one cell", *(f"{n},a,b" for n in range(8))]
    path.write_text("\n".join(["title,text", "Rye,It is sticky.", "Bun,It is soft.", *bad]) + "\n", encoding="utf-8")
    made = drafts.draft([path], Options(languages=("en",)))
    groups = rejected(made.corpus.folder)
    assert [(group.count, len(group.examples)) for group in groups] == [(9, 5)]
    assert groups[0].reason == "1 cells where there are 2 columns"
    shown = dataset.rejected_table(made.corpus.folder)
    assert "3 cells where there are 2 columns" in shown and "and 4 more rows." in shown
    drafts.discard(made)


def test_merged_rows_name_the_document_that_stands_for_both(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text\nRye is sticky.\nRye is sticky.\nBuns are soft.\n", encoding="utf-8")
    made = drafts.draft([path], Options(languages=("en",)))
    shown = dataset.merged_table(made.corpus.folder)
    assert "line 3" in shown and "rows-1" in shown and "Rye is sticky." in shown
    drafts.discard(made)


def test_tables_of_a_corpus_escape_and_stop(home: Path, tiny_corpus: Path) -> None:
    lines = "".join(f'{{"_id": "d{n}", "text": "<b>word</b> {n}"}}\n' for n in range(30))
    (tiny_corpus / "corpus.jsonl").write_text(lines, encoding="utf-8")
    corpus = open_corpus(tiny_corpus)
    made = dataset.documents_table(corpus)
    assert "<b>word" not in made and made.count("&lt;b&gt;word") == dataset.SHOWN
    assert "The first 20 of 30 documents." in made
    assert dataset.totals(corpus).startswith("30 documents in 1 language, 15 queries, judgments for dev and test")
    assert "<b>word" not in layout.format_panel(corpus)
    assert "Nothing was rejected." in dataset.rejected_table(tiny_corpus)
    assert "No judgments." not in dataset.judgments_table(corpus)


def test_a_corpus_of_documents_alone_says_that_no_more_is_needed(home: Path, tiny_corpus: Path) -> None:
    (tiny_corpus / "queries.jsonl").unlink()
    shutil.rmtree(tiny_corpus / "qrels")
    corpus = open_corpus(tiny_corpus)
    assert "No queries." in dataset.queries_table(corpus)
    assert "No judgments." in dataset.judgments_table(corpus)
    assert layout.format_panel(corpus).count("This corpus has none.") == 2


def test_what_is_rejected_names_files_and_not_where_they_were_put(home: Path, table: Path, tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(b"PK no workbook")
    (tmp_path / "page.txt").write_bytes(b"\xff\xfe\x00\xd8\x00")
    (tmp_path / "cut.json").write_text('[{"text": "Rye"}, {"text": ', encoding="utf-8")
    made = drafts.draft([table, tmp_path / "book.xlsx", tmp_path / "page.txt", tmp_path / "cut.json"])
    lines = (made.corpus.folder / "rejects.jsonl").read_text(encoding="utf-8")
    assert lines.count("\n") == 4 and "book.xlsx" in lines and str(made.folder) not in lines
    drafts.discard(made)


def test_the_page_has_words_for_each_part_of_a_conversion(table: Path) -> None:
    waiting: Literal["waiting"] = "waiting"
    told = [reading.progress(Step(doing, 5), [table]) for doing in (waiting, *get_args(Doing))]
    assert len(set(told)) == 6
    assert "Looking for documents of nearly the same text." in told[3]
