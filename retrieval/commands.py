"""The commands ``index`` and ``search``."""

from __future__ import annotations

import argparse
import time

from retrieval.beir import open_corpus
from retrieval.cli import Report, command
from retrieval.models import DEFAULT
from retrieval.records import Hit
from retrieval.searcher import MODES, Options, Searcher


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``index`` and ``search``."""
    index = command(subparsers, "index", _index, "encode a BEIR folder and build its BM25 index")
    search = command(subparsers, "search", _search, "ask a BEIR folder a question")
    for parser in (index, search):
        parser.add_argument("corpus", metavar="DIR", help="a BEIR folder, or a name under workspace/corpora")
        parser.add_argument("--model", default=DEFAULT, help=f"a folder, a run's id or a Hub id (default {DEFAULT})")
    index.add_argument("--hnsw", action="store_true", help="also build an approximate index, for very large corpora")
    search.add_argument("question")
    search.add_argument("--mode", default="hybrid", help=f"{' | '.join(MODES)} (default hybrid)")
    search.add_argument("-k", type=int, default=10, help="how many hits (default 10)")
    search.add_argument("--weight", type=float, default=0.5, help="share of the dense side in a hybrid (default .5)")
    search.add_argument("--fusion", choices=["minmax", "rrf"], default="minmax", help="how a hybrid fuses")
    search.add_argument("--lang", action="append", default=[], metavar="CODE", help="only documents in this language")
    search.add_argument("--rerank", default="", metavar="MODEL", help="a cross-encoder that orders the hits anew")
    search.add_argument("--group", action="store_true", help="the best passage of each document that was cut")


def _index(args: argparse.Namespace) -> Report:
    start = time.perf_counter()
    searcher = Searcher(open_corpus(args.corpus), args.model)
    model = searcher.encoder.model
    dimension = int(searcher.matrix.shape[1])
    terms = len(searcher.lexical.terms)
    if args.hnsw:
        searcher.build_hnsw()
    seconds = round(time.perf_counter() - start, 1)
    languages = searcher.corpus.languages
    machine = {
        "corpus": str(searcher.corpus.folder),
        "model": {"name": model.name, "source": model.source, "fingerprint": model.fingerprint},
        "counts": {"documents": len(searcher.documents), "dimensions": dimension, "terms": terms},
        "languages": languages,
        "seconds": seconds,
    }
    human = (
        f"{len(searcher.documents):,} documents in {', '.join(languages)}: {dimension} dimensions by {model.title}, "
        f"{terms:,} BM25 terms, {seconds} s.\n"
        f'Next: python -m retrieval search {args.corpus} "your question"'
    )
    return Report(machine, human)


def _search(args: argparse.Namespace) -> Report:
    options = Options(
        args.mode, args.k, args.weight, args.fusion, tuple(args.lang), rerank=args.rerank, group=args.group
    )
    hits = Searcher(open_corpus(args.corpus), args.model).search(args.question, options)
    machine = {"query": args.question, "mode": args.mode, "hits": [_as_json(hit) for hit in hits]}
    human = "\n\n".join(map(_as_text, hits)) or "No document shares a word with the question. Try --mode hybrid."
    return Report(machine, human)


def _as_json(hit: Hit) -> dict[str, object]:
    document = hit.document
    return {
        "rank": hit.rank,
        "id": document.id,
        "score": hit.score,
        "lang": document.lang,
        "title": document.title,
        "text": document.text,
        "why": dict(hit.why),
        **({} if hit.further is None else {"parent": document.parent, "further": hit.further}),
    }


def _as_text(hit: Hit) -> str:
    document = hit.document
    parts = [f"{name} {value:.2f}" for name, value in hit.why.items()]
    why = " · ".join([*parts, f"{hit.further} more of {document.parent}"] if hit.further else parts)
    text = document.text if len(document.text) <= 240 else document.text[:239] + "…"
    title = f"  {document.title}" if document.title else ""
    return f"{hit.rank:>2}  {hit.score:.3f}  [{document.lang}]  {document.id}{title}\n    {text}\n    {why}"
