"""Tables of documents and queries beside TREC's judgments."""

from __future__ import annotations

from pathlib import Path

from converting import judgments, run, texts, write


def test_judgments_name_rows_of_tables(tmp_path: Path) -> None:
    write(tmp_path / "set" / "claims.tsv", "\tclaim\n0\tRye bread keeps for a week.\n1\tBuns are boiled in water.\n")
    for split, question in (("train", "does rye bread keep long?"), ("dev", "are buns boiled or fried?")):
        write(tmp_path / "set" / split / "asked.queries.tsv", f"\tquestion\n1\t{question}\n")
        write(tmp_path / "set" / split / "pairs.qrels", f"1\t0\t{int(split == 'dev')}\t1\n1\t0\t7\t1\n")
    report = run(tmp_path / "set", tmp_path / "out")
    assert texts(tmp_path / "out") == {"0": "Rye bread keeps for a week.", "1": "Buns are boiled in water."}
    assert texts(tmp_path / "out", "queries") == {"1": "are buns boiled or fried?", "1~2": "does rye bread keep long?"}
    assert judgments(tmp_path / "out", "dev") == [("1", "1", 1)]
    assert judgments(tmp_path / "out", "train") == [("1~2", "0", 1)]
    assert (report.counts.rejected, report.sources[0].format) == (2, "tables with judgments")


def test_without_judgments_a_table_of_queries_is_a_table(tmp_path: Path) -> None:
    write(tmp_path / "set" / "claims.csv", "text\nRye bread keeps for a week.\n")
    write(tmp_path / "set" / "queries.csv", "text\ndoes rye keep?\n")
    run(tmp_path / "set", tmp_path / "out")
    assert list(texts(tmp_path / "out")) == ["claims-1", "queries-1"]


def test_a_table_that_cannot_be_read_is_a_reject(tmp_path: Path) -> None:
    write(tmp_path / "set" / "claims.csv", "")
    write(tmp_path / "set" / "queries.csv", "text\ndoes rye keep?\n")
    write(tmp_path / "set" / "pairs.qrels", "1 0 1 1\n")
    report = run(tmp_path / "set", tmp_path / "out")
    assert (report.counts.documents, report.counts.rejected) == (1, 2)
