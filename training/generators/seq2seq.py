"""doc2query: a T5 or mT5 that was trained to ask what a passage answers.

Nogueira and Lin, "From doc2query to docTTTTTquery" (2019); Bonifacio et al., "mMARCO" (2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from retrieval.models import Model
from retrieval.records import Document
from training.config import Generate
from training.generators import sampling


@dataclass(frozen=True)
class Seq2Seq:
    """A sequence-to-sequence model; loads itself on first use."""

    model: Model
    settings: Generate

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        folder, device = str(self.model.folder), sampling.best_device()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForSeq2SeqLM.from_pretrained(
            folder, use_safetensors=True, dtype=sampling.precision(self.settings, device)
        )
        return tokenizer, model.to(device).eval()

    def __call__(self, passages: Sequence[Document], count: int, seed: int) -> list[list[str]]:
        """See :class:`~training.generators.Generator`."""
        return list(sampling.asked(passages, count, seed, self.settings, self._generate))

    def _generate(self, passages: Sequence[Document], streams: Sequence[Iterator[float]]) -> list[str]:
        import torch

        tokenizer, model = self._loaded
        batch = tokenizer(
            [passage.full_text for passage in passages],
            truncation=True, max_length=self.settings.max_passage_tokens, padding=True, return_tensors="pt",
        ).to(model.device)  # fmt: skip
        options = sampling.sampling_options(self.settings, tokenizer, streams, len(streams) // len(passages))
        with torch.inference_mode():
            output = model.generate(**batch, **options)
        return list(tokenizer.batch_decode(output, skip_special_tokens=True))
