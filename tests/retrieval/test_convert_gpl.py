"""The GPL toolkit's files beside a BEIR folder's."""

from __future__ import annotations

from pathlib import Path

from converting import judgments, read, run, texts, write, write_lines


def test_generated_queries_are_queries_and_mined_negatives_stay_out(tmp_path: Path) -> None:
    folder = tmp_path / "gpl"
    write_lines(folder / "corpus.jsonl", *({"_id": f"d{n}", "title": "", "text": f"Loaf {n}"} for n in range(4)))
    write_lines(folder / "queries.jsonl", {"_id": "q1", "text": "asked by a person"})
    write_lines(folder / "qgen-queries.jsonl", {"_id": "q1", "text": "generated"}, {"_id": "q2", "text": "too"})
    header = "query-id\tcorpus-id\tscore\n"
    write(folder / "qrels" / "test.tsv", f"{header}q1\td3\t1\n")
    write(folder / "qgen-qrels" / "train.tsv", f"{header}q1\td0\t1\n")
    negatives = {"bm25": ["d2"], "msmarco": ["d3"]}
    write_lines(
        folder / "hard-negatives.jsonl",
        {"qid": "q1", "pos": ["d0"], "neg": negatives},
        {"qid": "q2", "pos": ["d1"], "neg": negatives},
        {"qid": "q2"},
    )
    write(folder / "gpl-training-data.tsv", "q1\td0\td2\t3.5\nq2\td1\td3\t-0.5\nq1\td0\n")
    report = run(folder, tmp_path / "out")
    assert texts(tmp_path / "out", "queries") == {"q1": "asked by a person", "q1~2": "generated", "q2": "too"}
    assert judgments(tmp_path / "out") == [("q1", "d3", 1)]
    assert judgments(tmp_path / "out", "train") == [("q1~2", "d0", 1), ("q2", "d1", 1)]
    assert [(each["file"], each["reason"]) for each in read(tmp_path / "out", "rejects")] == [
        ("gpl/hard-negatives.jsonl", "no query with its passages"),
        ("gpl/gpl-training-data.tsv", "no training triple"),
    ]
    assert (report.counts.rows, report.counts.kept, report.counts.merged) == (15, 10, 3)
