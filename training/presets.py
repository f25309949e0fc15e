"""Sets of settings to start from, and the published models of each language."""

from __future__ import annotations

from typing import Any

from retrieval.models import DEFAULT

_DOC2QUERY = "doc2query/msmarco-{}-mt5-base-v1"
_OF_ONE_LANGUAGE = {
    "ar": "arabic", "de": "german", "es": "spanish", "fr": "french", "hi": "hindi", "id": "indonesian",
    "it": "italian", "ja": "japanese", "nl": "dutch", "pt": "portuguese", "ru": "russian", "vi": "vietnamese",
    "zh": "chinese",
}  # fmt: skip
_NEAR_THEM = (
    "af", "be", "bg", "ca", "da", "fa", "gl", "lb", "mk", "mr", "ms", "nb", "ne", "ro", "sr", "sv", "uk", "ur",
)  # fmt: skip

DOC2QUERY: dict[str, str] = {
    "en": "doc2query/msmarco-t5-base-v1",
    **{lang: _DOC2QUERY.format(name) for lang, name in _OF_ONE_LANGUAGE.items()},
    **dict.fromkeys(_NEAR_THEM, _DOC2QUERY.format("14langs")),
}
"""Language → the published question generator that ``seq2seq`` takes where the recipe names none.

The model of 14 languages also serves languages near to those it was tuned on, which mT5 has read too. It may
slip into the nearer language there: ``filter.wrong_language`` drops such questions. For languages that are
not here nothing was published, and the questions are extracted.
"""

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "split": {"max_passages": 500},
        "fit": {"max_steps": 120},
        "evaluate": {"max_queries": 300, "max_documents": 1000},
    },
    "ensemble": {
        "split": {"max_passages": 2000},
        "generate": {"queries_per_passage": 6},
        "label": {"kind": "bi-encoder", "teacher": "base", "ensemble": ("sentence-transformers/all-MiniLM-L6-v2",)},
        "fit": {
            "loss": "similarity-kl",
            "top_layers": 3,
            "dropout": False,
            "epochs": 3.0,
            "max_steps": 420,
            "batch_size": 64,
            "learning_rate": 2e-4,
        },
        "evaluate": {"times": 1, "max_queries": 300, "max_documents": 1000},
        "checkpoints": {"every": 0.1},
    },
    "gpl": {
        "split": {"max_passages": 100_000},
        "generate": {"generator": "seq2seq", "queries_per_passage": 0},
        "mine": {"retrievers": ("bm25", "base"), "negatives": 50, "ceiling": 1e9},
        "label": {
            "kind": "cross-encoder",
            "teacher": "cross-encoder/mmarco-mMiniLMv2-L12-H384-v1",
            "teachers": {"en": "cross-encoder/ms-marco-MiniLM-L6-v2"},
        },
        "fit": {
            "trainable": "all",
            "freeze_embeddings": False,
            "max_steps": 140_000,
            "epochs": 1000.0,
            "batch_size": 32,
            "max_length": 350,
        },
    },
    "small": {
        "split": {"max_passages": 100_000, "dev_share": 0.05},
        "generate": {"queries_per_passage": 12},
        "label": {"kind": "bi-encoder", "teacher": DEFAULT},
        "fit": {
            "loss": "similarity-kl",
            "trainable": "all",
            "dropout": False,
            "epochs": 5.0,
            "batch_size": 32,
            "max_length": 128,
            "learning_rate": 5e-4,
            "warmup": 0.05,
        },
        "evaluate": {"mode": "dense", "max_queries": 300, "max_documents": 1000},
    },
}
"""``quick`` needs no Hub and trains the top layers in minutes. ``ensemble`` teaches the base what itself and a second
model know together; its one examination is that of the judged recipe in docs/recipes.md. ``gpl`` follows Wang et al.,
"GPL: Generative Pseudo Labeling for Unsupervised Domain Adaptation of Dense Retrieval" (2022), with a question generator
for each language: about 250,000 questions, 50 negatives, MarginMSE, batches of 32, 140,000 steps. ``small`` makes a
student of few layers, from ``python -m training cut``, give the vectors of its teacher."""
