"""One line for each word of the trade that the page uses."""

from __future__ import annotations

from collections.abc import Mapping

GLOSSARY: Mapping[str, str] = {
    "hybrid": "Dense and lexical scores, each brought to 0–1, then mixed half and half.",
    "dense": "Compares meaning: the cosine between the vectors of question and passage, at most 1.",
    "lexical": "Compares words: BM25, higher when rare words of the question stand in the passage.",
    "rerank": "A slower model reads question and passage together and orders the best ones anew.",
    "corpus": "The passages that are searched: one line each in corpus.jsonl.",
    "queries": "Questions with ids, one line each in queries.jsonl.",
    "qrels": "Judgments: which passage answers which query, one line each in qrels/SPLIT.tsv.",
    "BEIR": "The usual layout of a retrieval test set: corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv.",
    "nDCG@10": "How well the first ten results are ordered: 1 when every good passage stands on top.",
    "Recall@100": "The share of the good passages that are among the first hundred.",
    "MRR@10": "One over the rank of the first good passage, averaged; 0 when it is not in the first ten.",
    "MAP@100": "Precision at each good passage among the first hundred, averaged.",
    "BM25": "Search by words alone: the baseline that a model has to beat.",
    "base": "The model before it was tuned.",
    "teacher": "A slower, better model whose scores the tuned model learns from.",
    "hard negative": "A passage that looks right and is not: what the model learns most from.",
    "margin": "How much higher the teacher scores the right passage than the wrong one.",
    "checkpoint": "The model as it was after a number of training steps, kept on disk.",
    "split": "A part of the judgments: train to learn from, dev to choose by, test to judge with.",
    "dev": "The judgments by which the best checkpoint is chosen.",
    "test": "The judgments looked at once, when training is over.",
    "interval": "Where the true difference lies in 95 of 100 such comparisons.",
    "p-value": "How often chance alone would give a difference this large.",
    "tokens": "Pieces of words as the model reads them; what is over its limit is cut off.",
    "epoch": "One pass over all training examples.",
    "learning rate": "How far each step moves the weights.",
    "loss": "How far the model is from what it should say; lower is better.",
    "synthetic": "Judged on questions made by a machine, for want of questions by people.",
    "latency": "How long one question takes to be answered.",
}
