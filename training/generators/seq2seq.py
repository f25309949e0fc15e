"""doc2query: a T5 or mT5 that was trained to ask what a passage answers.

Nogueira and Lin, "From doc2query to docTTTTTquery" (2019); Bonifacio et al., "mMARCO" (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from retrieval.encoder import autocast
from retrieval.models import Model
from retrieval.records import Document
from training.config import Generate
from training.generators.sampling import best_device, cleaned, sampling_options


@dataclass(frozen=True)
class Seq2Seq:
    """A sequence-to-sequence model; loads itself on first use."""

    model: Model
    settings: Generate

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        folder = str(self.model.folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForSeq2SeqLM.from_pretrained(folder, use_safetensors=True)
        return tokenizer, model.to(best_device()).eval()

    def __call__(self, passages: Sequence[Document], count: int, seed: int) -> list[list[str]]:
        """See :class:`~training.generators.Generator`."""
        import torch

        tokenizer, model = self._loaded
        torch.manual_seed(seed)
        batch = tokenizer(
            [passage.full_text for passage in passages],
            truncation=True, max_length=self.settings.max_passage_tokens, padding=True, return_tensors="pt",
        ).to(model.device)  # fmt: skip
        with torch.inference_mode(), autocast(model.device.type):
            output = model.generate(**batch, **sampling_options(self.settings, count))
        texts = tokenizer.batch_decode(output, skip_special_tokens=True)
        return [cleaned(texts[at : at + count]) for at in range(0, len(texts), count)]
