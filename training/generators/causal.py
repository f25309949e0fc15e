"""An instruction model asked, in its own chat format, for a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from retrieval.encoder import autocast
from retrieval.languages import name_of
from retrieval.models import Model
from retrieval.records import Document
from training.config import Generate
from training.generators.sampling import best_device, cleaned, sampling_options


@dataclass(frozen=True)
class Causal:
    """A causal language model; loads itself on first use."""

    model: Model
    settings: Generate
    lang: str

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder = str(self.model.folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        model: Any = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True)
        return tokenizer, model.to(best_device()).eval()

    def __call__(self, passages: Sequence[Document], count: int, seed: int) -> list[list[str]]:
        """See :class:`~training.generators.Generator`."""
        import torch

        tokenizer, model = self._loaded
        torch.manual_seed(seed)
        prompts = [self._prompt(passage) for passage in passages]
        batch = tokenizer(prompts, padding=True, return_tensors="pt", add_special_tokens=False).to(model.device)
        with torch.inference_mode(), autocast(model.device.type):
            output = model.generate(
                **batch, **sampling_options(self.settings, count), pad_token_id=tokenizer.pad_token_id
            )
        new = output[:, batch["input_ids"].shape[1] :]
        texts = tokenizer.batch_decode(new, skip_special_tokens=True)
        return [cleaned(texts[at : at + count]) for at in range(0, len(texts), count)]

    def _prompt(self, passage: Document) -> str:
        tokenizer, _ = self._loaded
        ids = tokenizer(passage.full_text, truncation=True, max_length=self.settings.max_passage_tokens)["input_ids"]
        text = tokenizer.decode(ids, skip_special_tokens=True)
        prompt = self.settings.prompt.replace("{language}", name_of(self.lang)).replace("{text}", text)
        if tokenizer.chat_template is None:
            return prompt
        message = [{"role": "user", "content": prompt}]
        return str(tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True))
