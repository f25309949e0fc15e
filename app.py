"""The page: composes the tabs and serves them."""

from __future__ import annotations

import argparse
import logging
import os
import threading

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr

from eval.tabs import compare, scores
from retrieval import cli
from retrieval.corpora import HANDBOOK
from retrieval.errors import BakehouseError
from retrieval.home import on_space
from retrieval.models import DEFAULT
from retrieval.page import uploads
from retrieval.page.shelf import Shelf
from retrieval.tabs import data, header, search, theme
from training import tab as train
from training.page.headline import headline

_KEPT = (3600, 24 * 3600)
"""Seconds between two looks at uploaded files, and those after which one is removed, as long as a visit is kept."""


def compose(shelf: Shelf) -> gr.Blocks:
    """The whole page."""
    with gr.Blocks(title="Bakehouse", analytics_enabled=False, fill_width=True, delete_cache=_KEPT) as blocks:
        top = header.build()
        with gr.Tabs(elem_id="tabs") as tabs:
            page = header.connect(top, blocks, tabs, headline)
            with gr.Tab("Search", id="search"):
                search.build(page, shelf)
            with gr.Tab("Data", id="data"):
                data.build(page)
            with gr.Tab("Train", id="train"):
                train.build(page)
            with gr.Tab("Scores", id="scores"):
                board = scores.build(page)
            with gr.Tab("Compare", id="compare"):
                compare.build(page, board)
    return blocks


def serve(host: str, port: int) -> None:
    """Serve the page until the process ends; the first model is loaded once the page is up."""
    shelf = Shelf()
    blocks = compose(shelf).queue(default_concurrency_limit=4)
    blocks.launch(
        server_name=host,
        server_port=port,
        theme=theme.theme(),
        head=theme.head(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=uploads.largest(),
        quiet=True,
        prevent_thread_lock=True,
    )
    logging.getLogger("bakehouse").info("Bakehouse is at %s", blocks.local_url)
    threading.Thread(target=shelf.place, args=(HANDBOOK, DEFAULT), daemon=True).start()
    blocks.block_thread()


def main() -> None:
    """Read the flags and serve."""
    cli.prepare()
    parser = argparse.ArgumentParser(description="Serve the Bakehouse page.")
    parser.add_argument("--host", default="0.0.0.0" if on_space() else "127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("GRADIO_SERVER_PORT", "7860")))
    args = parser.parse_args()
    try:
        serve(args.host, args.port)
    except BakehouseError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"cannot serve on {args.host}:{args.port} ({error}). Choose another port with --port.")


if __name__ == "__main__":
    main()
