"""Sets of settings to start from, and the published models of each language."""

from __future__ import annotations

from typing import Any

_DOC2QUERY = "doc2query/msmarco-{}-mt5-base-v1"
_DOC2QUERY_LANGUAGES = {
    "ar": "arabic", "de": "german", "es": "spanish", "fr": "french", "hi": "hindi", "id": "indonesian",
    "it": "italian", "ja": "japanese", "nl": "dutch", "pt": "portuguese", "ru": "russian", "vi": "vietnamese",
    "zh": "chinese",
}  # fmt: skip

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "split": {"max_passages": 500},
        "fit": {"max_steps": 120},
        "evaluate": {"max_queries": 300, "max_documents": 1000},
    },
    "gpl": {
        "split": {"max_passages": 100_000},
        "generate": {
            "generator": "seq2seq",
            "model": "doc2query/msmarco-14langs-mt5-base-v1",
            "models": {
                "en": "doc2query/msmarco-t5-base-v1",
                **{lang: _DOC2QUERY.format(name) for lang, name in _DOC2QUERY_LANGUAGES.items()},
            },
        },
        "mine": {"retrievers": ("bm25", "base"), "negatives": 50, "ceiling": 1e9},
        "label": {"kind": "cross-encoder", "teacher": "cross-encoder/mmarco-mMiniLMv2-L12-H384-v1"},
        "fit": {
            "trainable": "all",
            "freeze_embeddings": False,
            "max_steps": 140_000,
            "epochs": 1000.0,
            "batch_size": 32,
            "max_length": 350,
        },
    },
}
"""``quick`` needs no Hub and trains the top layers in minutes. ``gpl`` follows Wang et al., "GPL: Generative
Pseudo Labeling for Unsupervised Domain Adaptation of Dense Retrieval" (2022), with a question generator
for each language: 50 negatives, MarginMSE, batches of 32, 140,000 steps."""
